"""JSON WebSockets: one connection is one person in one room, and every text message one sentence with a `type`.

Two things never wait for the room, nor behind what it says: clock probes are answered as they are read, with the
time at which the answer is written, and a sentence that is not understood is answered by the session as all are.
Who says nothing, or not `hello` first, or is not let in, hears why and is closed; who is let go later is closed with
the code that says why: see `docs/reference/protocol/native.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.service.dialect import Dialect
from tutti.service.frames import Frame, websocket_header
from tutti.service.hall import Hall
from tutti.service.session import Session
from tutti.service.timers import Timer
from tutti.transports.cors import Cors
from tutti.transports.engineio_admission import Admission
from tutti.transports.handshake import Handshake, Rejected
from tutti.transports.room_socket import RoomSocket, RoomSockets
from tutti.transports.websocket import Accepted, Heartbeat, WebSocket
from tutti.transports.wsframes import FINAL, TEXT

HELLO_WITHIN_S: Final = 10.0
MAX_MESSAGE: Final = 64 * 1024
BEAT_S: Final = 15.0
BURST: Final = 5
RECONNECT_AFTER_MS: Final = 500
RECONNECT_WITHIN_MS: Final = 5_000

NORMAL, UNSUPPORTED, POLICY, RESTART = 1000, 1003, 1008, 1012

_NO_REF: Final = msgspec.Raw(b"null")


class _Head(msgspec.Struct, frozen=True, gc=False):
    """What every sentence may have. The rest is the dialect's to read."""

    type: str
    ref: msgspec.Raw = _NO_REF


class _Token(msgspec.Struct, frozen=True, gc=False):
    token: str | None = None


class _Answer(msgspec.Struct, frozen=True, gc=False):
    type: str
    code: str | None = None


_head = msgspec.json.Decoder(_Head)
_token = msgspec.json.Decoder(_Token)
_answer = msgspec.json.Decoder(_Answer)
_ref = msgspec.json.Decoder(
    Annotated[str, Meta(max_length=128)] | Annotated[int, Meta(ge=-(2**53), le=2**53)]
)
_json = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Manners:
    """What the transport has to know of the dialect spoken on it.

    `events`: the types a client may say. `refused_with`: how a connection is closed whose `hello` is refused with
    this code. `parted_with`: how one is closed that the room has let go of, in the state it is in then.
    """

    subprotocol: str
    events: frozenset[str]
    refused_with: Mapping[str, int]
    parted_with: Callable[[Room, MemberId], tuple[int, str]]


class JsonSockets(RoomSockets["JsonSocket"]):
    """All connections in one dialect. `below(n)`: a random whole number under n."""

    def __init__(
        self,
        hall: Hall,
        dialect: Dialect,
        manners: Manners,
        *,
        cors: Cors,
        admission: Admission,
        new_id: Callable[[], str],
        below: Callable[[int], int],
    ) -> None:
        super().__init__(hall, dialect, manners.events, cors=cors, admission=admission, new_id=new_id)
        self.manners = manners
        self._below = below

    def route(self, request: Handshake, room: str) -> Accepted | Rejected:
        """The channel for a WebSocket that asks to be let in."""
        foreign = self.of_another_origin(request)
        if foreign is not None:
            return foreign
        offered, ours = request.subprotocols, self.manners.subprotocol
        if offered and ours not in offered:
            return Rejected(400, f"The subprotocol spoken here is {ours}.\n".encode())
        crowd = self.one_too_many(request)
        if crowd is not None:
            return crowd
        socket = JsonSocket(self, self.new_id(), request.client, room)
        heartbeat = Heartbeat(BEAT_S, BEAT_S, socket.round_trip, burst=BURST)
        chosen = ours if offered else None
        return Accepted(socket, chosen, max_payload=MAX_MESSAGE, heartbeat=heartbeat)

    def reconnect_in_ms(self) -> int:
        """Everybody is sent away at once, and is not to come back at once."""
        return RECONNECT_AFTER_MS + self._below(RECONNECT_WITHIN_MS - RECONNECT_AFTER_MS)


class JsonSocket(RoomSocket):
    """The channel of one WebSocket, and the connection of the session on it."""

    __slots__ = ("_deadline", "_entered", "_home", "_room", "_session")

    def __init__(self, home: JsonSockets, id_: str, client: str, room: str) -> None:
        super().__init__(id_, client)
        self._home = home
        self._room = msgspec.Raw(_json(room))
        self._session: Session | None = None
        self._entered = False
        self._deadline: Timer | None = None

    # -- for the node

    def send_away(self) -> None:
        """The server goes: say so, and when to come back, which is another time for everybody."""
        told = {"type": "draining", "reconnectInMs": self._home.reconnect_in_ms()}
        self.send(Frame(_json(told)))
        self.close(RESTART, "service restart")

    # -- for the WebSocket

    def opened(self, socket: WebSocket) -> None:
        self.is_on(socket)
        self._home.entered(self)
        self._deadline = self._home.hall.rooms.wheel.after(HELLO_WITHIN_S, self._too_late)

    def text(self, data: bytes) -> None:
        try:
            head = _head.decode(data)
        except (msgspec.MsgspecError, RecursionError):
            head = _Head("")  # the dialect says what is wrong with it
        self._home.count(head.type)
        session = self._session
        if session is None:
            self._first(head, data)
        elif head.type == "ping":
            self._pong(session, _ref_of(head))
        else:
            self._hear(session, head, data)

    def binary(self, _data: bytes) -> None:
        self.close(UNSUPPORTED, "text only")

    def closed(self, code: int, reason: str) -> None:
        self._stop_waiting()
        self._home.left(self, code, reason)
        if self._session is not None:
            self._session.closed()

    # -- sentences

    def _first(self, head: _Head, data: bytes) -> None:
        """Everything begins with `hello`, whose token is the connection's."""
        if head.type != "hello":
            self._turn_away("Say hello first")
            return
        self._stop_waiting()
        self._session = session = Session(
            self._home.hall, self, token=_token_of(data), principal=None, parted=self._parted
        )
        self._hear(session, head, data)

    def _hear(self, session: Session, head: _Head, data: bytes) -> None:
        ref, reply = _ref_of(head), None
        if head.type == "hello":
            reply = partial(self._welcomed, ref)
        elif ref is not None:
            reply = partial(self._reply, ref)
        session.hear(self._home.dialect, head.type, (msgspec.Raw(data), self._room), reply)

    def _pong(self, session: Session, ref: bytes | None) -> None:
        clock = self._home.hall.rooms.clock
        wait_s = session.too_fast(clock.now_ms())
        if wait_s:
            refused = Refused(Reason.RATE_LIMITED, retry_after_s=wait_s)
            self._reply(ref, self._home.dialect.answer(refused))
            return
        before = b'{"type":"pong","ref":' + (ref or b"null") + b',"at":'
        payload = before + b"%.3f}" % clock.now_ms()
        self._socket.send_now(websocket_header(FINAL | TEXT, len(payload)) + payload)

    def _reply(self, ref: bytes | None, answer: bytes) -> None:
        """The dialect's answer, with what the client calls its question."""
        if ref is not None:
            answer = answer[:-1] + b',"ref":' + ref + b"}"
        self.send(Frame(answer))

    def _welcomed(self, ref: bytes | None, answer: bytes) -> None:
        """`welcome` has been said, or this is why not. Who is not let in has no further business here."""
        outcome = _answer.decode(answer)
        accepted = outcome.type == "ack"
        if ref is not None or not accepted:
            self._reply(ref, answer)
        if accepted:
            self._entered = True
        elif not self._entered:
            code = POLICY if outcome.code is None else self._home.manners.refused_with[outcome.code]
            self.close(code, outcome.code or outcome.type)

    def _parted(self, room: Room | None, member: MemberId) -> None:
        """The room has let go of this connection."""
        code, reason = (RESTART, "lost") if room is None else self._home.manners.parted_with(room, member)
        self.close(code, reason)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        self._deadline = None
        self._turn_away(f"Say hello within {HELLO_WITHIN_S:.0f} seconds")

    def _turn_away(self, why: str) -> None:
        self._stop_waiting()
        self.send(self._home.dialect.refuse(Refused(Reason.UNAUTHENTICATED, why)))
        self.close(POLICY, why)


def _ref_of(head: _Head) -> bytes | None:
    """The JSON that comes back with the answer, as it was; of what cannot be a ref the dialect will say so."""
    if head.ref == _NO_REF:
        return None
    try:
        _ref.decode(head.ref)
    except msgspec.MsgspecError:
        return None
    return bytes(head.ref)


def _token_of(data: bytes) -> str | None:
    """The token in a `hello`; if that is malformed the dialect will say so."""
    try:
        return _token.decode(data).token
    except msgspec.MsgspecError:
        return None
