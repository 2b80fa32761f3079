"""A party's sockets: JSON WebSockets of guide 003, each one line of one person to one party.

The socket is accepted before it is known who opens it, since a page can read a close code and no status: 4001 nobody,
4003 somebody who may not, 4004 no such party, 4000 anything else. Until it is in, nothing that it says is read. It is
then entered for it, and told everything; what is not understood is answered, and it stays.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final

import msgspec
import structlog
from msgspec import Meta

from tutti.core.ids import Epoch, MemberId, RoomId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.service.dialect import Dialect
from tutti.service.frames import Frame
from tutti.service.hall import Hall
from tutti.service.ports import Principal, Unavailable
from tutti.service.session import Session
from tutti.transports.cors import Cors
from tutti.transports.engineio_admission import Admission
from tutti.transports.handshake import Handshake, Rejected
from tutti.transports.room_socket import RoomSocket, RoomSockets
from tutti.transports.token_param import token_of
from tutti.transports.websocket import Accepted, Heartbeat, WebSocket

log = structlog.get_logger("tutti.party")

MAX_MESSAGE: Final = 80 * 1024
"""A description for one peer may have 64 KiB, and there is something around it."""
BEAT_S: Final = 20.0
BURST: Final = 5
COMPLAIN_EVERY_MS: Final = 1_000.0
"""So often is one who is much too fast told so; the rest is dropped."""
ERROR, UNAUTHENTICATED, RESTART = 4000, 4001, 1012
PARTY_CODES: Final[Mapping[int, int]] = {1008: UNAUTHENTICATED, 1011: ERROR}
"""What the service closes with, as guide 003 says it."""
ENTER: Final = "enter"

_EMPTY: Final = msgspec.Raw(b"")
_NO_REF: Final = msgspec.Raw(b"null")

Entrance = Callable[[str, Principal], Awaitable[RoomId | Refused]]
"""The open room of the party with this id or code, if this person may enter it. Raises `Unavailable`."""


class _Head(msgspec.Struct, frozen=True, gc=False):
    type: str
    ref: msgspec.Raw = _NO_REF


class _Answer(msgspec.Struct, frozen=True, gc=False):
    code: str


_head = msgspec.json.Decoder(_Head)
_answer = msgspec.json.Decoder(_Answer)
_ref = msgspec.json.Decoder(
    Annotated[str, Meta(max_length=128)] | Annotated[int, Meta(ge=-(2**53), le=2**53)]
)
_json = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Manners:
    """What the transport has to know of the dialects. `entrance`: who may enter, and which room that is.

    `refused_with`: how a socket is closed that is refused with this code. `parted_with`: how one is closed that the
    room has let go of, in the state it is in then. `pong`: the answer to a `ping`, by room time.
    """

    entrance: Entrance
    refused_with: Mapping[str, int]
    parted_with: Callable[[Room, MemberId], tuple[int, str]]
    pong: Callable[[float], bytes]


class PartySockets(RoomSockets["PartySocket"]):
    """All sockets of one line. `events`: the types a client may say."""

    def __init__(
        self,
        hall: Hall,
        dialect: Dialect,
        events: frozenset[str],
        manners: Manners,
        *,
        cors: Cors,
        admission: Admission,
        new_id: Callable[[], str],
    ) -> None:
        super().__init__(hall, dialect, events, cors=cors, admission=admission, new_id=new_id)
        self.manners = manners

    def route(self, request: Handshake, party: str) -> Accepted | Rejected:
        """The channel for a WebSocket that asks to be let in."""
        refusal = self.of_another_origin(request) or self.one_too_many(request)
        if refusal is not None:
            return refusal
        shown = token_of(request)
        socket = PartySocket(self, self.new_id(), request.client, party, shown.token)
        heartbeat = Heartbeat(BEAT_S, BEAT_S, socket.round_trip, burst=BURST)
        return Accepted(socket, shown.subprotocol, max_payload=MAX_MESSAGE, heartbeat=heartbeat)


class PartyLines:
    """All lines. `addresses`: where each is, such as `/ws/party/{id}/`, and the party's id or code in its place."""

    def __init__(self, addresses: Iterable[tuple[str, PartySockets]]) -> None:
        self._lines = tuple((_pattern(address), sockets) for address, sockets in addresses)

    @property
    def open(self) -> tuple[PartySocket, ...]:
        return tuple(socket for _, sockets in self._lines for socket in sockets.open)

    def route(self, request: Handshake) -> Accepted | Rejected:
        for pattern, sockets in self._lines:
            found = pattern.fullmatch(request.path)
            if found is not None:
                return sockets.route(request, found[1])
        return Rejected(404, b"There is no WebSocket here.\n")


class PartySocket(RoomSocket):
    """`token`: as it was opened with, if it was."""

    __slots__ = ("_complained_ms", "_context", "_gone", "_home", "_party", "_session", "_token")

    def __init__(self, home: PartySockets, id_: str, client: str, party: str, token: str | None) -> None:
        super().__init__(id_, client)
        self._home = home
        self._party = party
        self._token = token
        self._context = _EMPTY
        self._session: Session | None = None
        self._gone = False
        self._complained_ms = -COMPLAIN_EVERY_MS

    # -- for the node

    def send_away(self) -> None:
        self.close(RESTART, "service restart")

    # -- for the WebSocket

    def opened(self, socket: WebSocket) -> None:
        self.is_on(socket)
        self.close = self._close
        self._home.entered(self)
        self.pause()
        self._home.hall.rooms.spawn(self._come_in())

    def text(self, data: bytes) -> None:
        session = self._session
        if session is None:
            return
        try:
            head = _head.decode(data)
        except (msgspec.MsgspecError, RecursionError):
            head = _Head("")  # the dialect says what is wrong with it
        self._home.count(head.type)
        if head.type == "ping":
            self._pong(session, _ref_of(head))
        else:
            self._hear(session, head, data)

    def binary(self, _data: bytes) -> None:
        if self._session is not None:
            self._hear(self._session, _Head(""), b"")

    def closed(self, code: int, reason: str) -> None:
        self._gone = True
        self._home.left(self, code, reason)
        if self._session is not None:
            self._session.closed()

    # -- coming in

    async def _come_in(self) -> None:
        try:
            await self._let_in()
        except Unavailable as problem:
            log.warning("party.unavailable", problem=str(problem))
            self._turn_away(Refused(Reason.UNAVAILABLE))
        except Exception:
            self.close(ERROR, "internal error")
            raise

    async def _let_in(self) -> None:
        hall = self._home.hall
        who = await hall.verify(self._token, self.client)
        if isinstance(who, Refused):
            self._turn_away(who)
            return
        room = await self._home.manners.entrance(self._party, who)
        if self._gone:
            return
        if isinstance(room, Refused):
            self._turn_away(room)
            return
        self._context = msgspec.Raw(_json((room, None)))
        self._session = session = Session(
            hall, self, token=self._token, principal=who, parted=self._parted, entered=self._entered
        )
        session.hear(self._home.dialect, ENTER, (_EMPTY, self._context), self._answered_at_the_door)
        self.resume()

    def _entered(self) -> None:
        """It has been told everything: what it says from now on is about the room's present life."""
        where = None if self._session is None else self._session.where
        if where is not None and where[0].state is not None:
            epoch: Epoch = where[0].state.epoch
            self._context = msgspec.Raw(_json((where[0].id, epoch)))

    def _answered_at_the_door(self, answer: bytes) -> None:
        if answer:
            self.send(Frame(answer))
            code = _answer.decode(answer).code
            self.close(self._home.manners.refused_with.get(code, ERROR), code)

    def _turn_away(self, why: Refused) -> None:
        if not self._gone:
            self._home.hall.rooms.metrics.refusals[self._home.dialect.name, why.reason.code] += 1
            self._answered_at_the_door(self._home.dialect.answer(why))

    def _parted(self, room: Room | None, member: MemberId) -> None:
        """The room has let go of this connection."""
        code, reason = (RESTART, "lost") if room is None else self._home.manners.parted_with(room, member)
        self.close(code, reason)

    def _close(self, code: int, reason: str) -> None:
        self._socket.close(PARTY_CODES.get(code, code), reason)

    # -- sentences

    def _hear(self, session: Session, head: _Head, data: bytes) -> None:
        ref = _ref_of(head)
        reply = partial(self._signed_in, ref) if head.type == "authenticate" else partial(self._answered, ref)
        session.hear(self._home.dialect, head.type, (msgspec.Raw(data), self._context), reply)

    def _pong(self, session: Session, ref: bytes | None) -> None:
        now_ms = self._home.hall.rooms.clock.now_ms()
        wait_s = session.too_fast(now_ms)
        if wait_s:
            self._answered(ref, self._home.dialect.answer(Refused(Reason.RATE_LIMITED, retry_after_s=wait_s)))
        else:
            self._say(self._home.manners.pong(now_ms), ref)

    def _answered(self, ref: bytes | None, answer: bytes) -> None:
        """What went well needs no answer but for one who asks for it; who floods us is not told each time."""
        if answer:
            if not self._floods(answer):
                self._say(answer, ref)
        elif ref is not None:
            self._say(b'{"type":"ack"}', ref)

    def _signed_in(self, ref: bytes | None, answer: bytes) -> None:
        if answer:
            self._answered(ref, answer)
        elif self._session is not None and self._session.where is None:
            self.close(UNAUTHENTICATED, "somebody else's token")
        else:
            self._say(b'{"type":"authenticated"}', ref)

    def _floods(self, answer: bytes) -> bool:
        if _answer.decode(answer).code != Reason.RATE_LIMITED.code:
            return False
        now_ms = self._home.hall.rooms.clock.now_ms()
        if now_ms - self._complained_ms < COMPLAIN_EVERY_MS:
            return True
        self._complained_ms = now_ms
        return False

    def _say(self, said: bytes, ref: bytes | None) -> None:
        self.send(Frame(said if ref is None else said[:-1] + b',"ref":' + ref + b"}"))


def _pattern(address: str) -> re.Pattern[str]:
    before, _, after = address.partition("{id}")
    return re.compile(f"{before}([^/]{{1,64}}){after.rstrip('/')}/?")


def _ref_of(head: _Head) -> bytes | None:
    """The JSON that comes back with the answer, as it was; what cannot be a ref is none."""
    if head.ref == _NO_REF:
        return None
    try:
        _ref.decode(head.ref)
    except msgspec.MsgspecError:
        return None
    return bytes(head.ref)
