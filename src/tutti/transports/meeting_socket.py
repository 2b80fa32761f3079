"""Meetings: JSON WebSockets on which every message is `{event, data}`, and one connection is one person in one room.

What is for one peer goes past the room's turn: it is stamped with who sent it and passed on. Everything else is the
session's. Before `join` nothing is: a client that comes back may say what it had to say before it says who it is, so
that chat is kept a while and the rest is dropped; nobody is closed for it. See `docs/reference/protocol/meet.md`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

import msgspec

from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.service.dialect import Dialect, Malformed
from tutti.service.frames import Frame
from tutti.service.hall import Hall
from tutti.service.limits import Bucket, Rate
from tutti.service.rooms import canonical
from tutti.service.session import Session
from tutti.service.signalling import Kind, Outcome
from tutti.transports.cors import Cors
from tutti.transports.engineio_admission import Admission
from tutti.transports.handshake import Handshake, Rejected
from tutti.transports.room_socket import RoomSocket, RoomSockets
from tutti.transports.websocket import Accepted, Heartbeat, WebSocket

MAX_MESSAGE: Final = 64 * 1024
BEAT_S: Final = 10.0
DEAD_AFTER_S: Final = 15.0
"""After a ping that nothing answers: 25 s after the last sign of life."""
MOST_HELD, MOST_HELD_BYTES = 32, 64 * 1024
SIGNALS: Final = Rate(200.0, 2_000.0)
"""Of one connection. A newcomer to a large meeting offers to everybody at once, with a dozen candidates each."""
COMPLAIN_EVERY_MS: Final = 1_000.0
"""So often is one who is much too fast told so; the rest is dropped."""
NORMAL, UNSUPPORTED, RESTART, TRY_AGAIN = 1000, 1003, 1012, 1013

COOKIE: Final = "tutti_browser"
_BROWSER = re.compile(rf"(?:^|;)\s*{COOKIE}=([A-Za-z0-9_-]{{16,64}})(?:;|$)")
COOKIE_DAYS: Final = 30

_NULL: Final = msgspec.Raw(b"null")
_NOTHING: Final = msgspec.Raw(b"{}")


class _Head(msgspec.Struct, frozen=True, gc=False):
    event: str
    data: msgspec.Raw = _NOTHING


class _Tokens(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    token: str | None = None
    resume_token: str | None = None
    recorder_token: str | None = None


class _Said(msgspec.Struct, frozen=True, gc=False):
    id: str | None = None


class _Answer(msgspec.Struct, frozen=True, gc=False):
    code: str
    reason: str | None = None


_head = msgspec.json.Decoder(_Head)
_tokens = msgspec.json.Decoder(_Tokens)
_said = msgspec.json.Decoder(_Said)
_answer = msgspec.json.Decoder(_Answer)
_json = msgspec.json.Encoder().encode
_PONG: Final = Frame(b'{"event":"pong","data":{}}')
_BEGINNING: Final = len(b'{"event":"offer"')
"""As much of a message as browsers write it tells what it is, if it is a signal."""


def _beginning(event: str) -> bytes:
    return _json({"event": event, "data": {}})[:_BEGINNING]


class Words(Dialect, Protocol):
    """What a dialect of meetings can say besides."""

    def chat_ack(self, room: Room, member: MemberId, id_: str, up_to: int) -> Frame | None: ...

    def whisper_ack(self, id_: str, now_ms: float) -> Frame: ...

    def ice_servers(self, member: MemberId) -> Frame: ...


class Relayed(Protocol):
    """A message for one peer, ready to be sent."""

    @property
    def kind(self) -> Kind: ...

    @property
    def target(self) -> MemberId: ...

    @property
    def frame(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Manners:
    """What the transport has to know of the dialect. `objects`: the same, for front ends that want `peers` as objects.

    `events`: what a client may say; `signals`: what of that is for one peer. `stamped`: a signal of this sender, called
    so, as its peer hears it; raises `Malformed`. `refused_with`: how a connection is closed that is not let in, by the
    reason that is given; None: it may try again. `is_room`: whether there can be such a room.
    """

    objects: Words
    events: frozenset[str]
    signals: frozenset[str]
    stamped: Callable[[bytes, MemberId, str], Relayed]
    refused_with: Mapping[str, int | None]
    parted_with: Callable[[Room, MemberId], tuple[int, str]]
    is_room: Callable[[str], bool]


class MeetingSockets(RoomSockets["MeetingSocket"]):
    """All connections to meetings. `refresh_every_s`: so often is everybody told of the ICE servers anew; None: never."""

    def __init__(
        self,
        hall: Hall,
        dialect: Words,
        manners: Manners,
        *,
        cors: Cors,
        admission: Admission,
        new_id: Callable[[], str],
        refresh_every_s: float | None = None,
    ) -> None:
        super().__init__(hall, dialect, manners.events, cors=cors, admission=admission, new_id=new_id)
        self.words = dialect
        self.manners = manners
        self.signals = {_beginning(event): event for event in manners.signals}
        if refresh_every_s is not None:
            self._refresh_in(refresh_every_s)

    def route(self, request: Handshake, room: str) -> Accepted | Rejected:
        """The channel for a WebSocket that asks to be let in."""
        refusal = self.of_another_origin(request) or self.one_too_many(request)
        if refusal is not None:
            return refusal
        browser, headers = self._browser(request)
        objects = request.query.get("peers") == "objects"
        socket = MeetingSocket(
            self,
            request.client,
            room,
            words=self.manners.objects if objects else self.words,
            proof=self.hall.passes.proof(canonical(RoomId(room)), browser),
            token=request.query.get("token") or None,
        )
        heartbeat = Heartbeat(BEAT_S, DEAD_AFTER_S, socket.round_trip)
        chosen = next(iter(request.subprotocols), None)
        return Accepted(socket, chosen, max_payload=MAX_MESSAGE, heartbeat=heartbeat, headers=headers)

    def _refresh_in(self, wait_s: float) -> None:
        def refresh() -> None:
            for socket in tuple(self.open):
                socket.refresh()
            self._refresh_in(wait_s)

        self.hall.rooms.wheel.after(wait_s, refresh)

    def _browser(self, request: Handshake) -> tuple[str, tuple[tuple[str, str], ...]]:
        """By what this browser is known again, and how it is told. Scripts cannot read it."""
        known = _BROWSER.search(request.headers.get("cookie") or "")
        if known is not None:
            return known[1], ()
        browser = self.new_id()
        kept = f"{COOKIE}={browser}; Path=/room; Max-Age={COOKIE_DAYS * 86_400}; HttpOnly; SameSite=Lax"
        secure = (request.headers.get("origin") or "").startswith("https://")
        return browser, (("Set-Cookie", f"{kept}; Secure" if secure else kept),)


class MeetingSocket(RoomSocket):
    """`proof`: of the browser that it is. `token`: given in the address."""

    __slots__ = (
        "_complained_ms", "_context", "_held", "_held_bytes", "_home", "_joining", "_proof", "_room", "_session",
        "_signals", "_token", "_words",
    )  # fmt: skip

    def __init__(
        self, home: MeetingSockets, client: str, room: str, *, words: Words, proof: str, token: str | None
    ) -> None:
        super().__init__(home.new_id(), client)
        self._home = home
        self._words = words
        self._room = room
        self._context = msgspec.Raw(_json((room, proof)))
        self._token = token
        self._session: Session | None = None
        self._joining = False
        self._held: deque[_Head] = deque()
        self._held_bytes = 0
        limits = home.hall.rooms.limits
        self._signals = Bucket(SIGNALS, home.hall.rooms.clock.now_ms()) if limits else None
        self._complained_ms = -COMPLAIN_EVERY_MS

    # -- for the WebSocket

    def opened(self, socket: WebSocket) -> None:
        self.is_on(socket)
        self._home.entered(self)
        if not self._home.manners.is_room(self._room):
            self._say_error(
                self._words.answer(Refused(Reason.ROOM_NOT_FOUND, "There can be no such room")), "join"
            )
            self.close(NORMAL, "no such room")

    def text(self, data: bytes) -> None:
        likely = self._home.signals.get(data[:_BEGINNING])
        if likely is not None:  # it is read once, and that is where it is found out whether it is one
            self._home.count(likely)
            self._signal(likely, data)
            return
        try:
            head = _head.decode(data)
        except (msgspec.MsgspecError, RecursionError):
            self._wrong("Every message is a JSON object with an `event`, and `data` if there is more to say")
            return
        self._home.count(head.event)
        session = self._session
        if head.event in self._home.manners.signals:
            self._signal(head.event, data)
        elif head.event == "ping":
            if not self._too_fast(head.event):
                self.send(_PONG)
        elif head.event == "join":
            self._join(head)
        elif session is not None and session.where is not None:
            self._hear(session, head)
        elif head.event == "leave":
            self.close(NORMAL, "left")
        elif head.event == "chat-message":
            self._hold(head)

    def binary(self, _data: bytes) -> None:
        self.close(UNSUPPORTED, "text only")

    def closed(self, code: int, reason: str) -> None:
        self._home.left(self, code, reason)
        self._held.clear()
        if self._session is None:
            return
        if code == NORMAL:
            self._session.left()
        else:
            self._session.closed()

    def send_away(self) -> None:
        self.close(RESTART, "service restart")

    def refresh(self) -> None:
        where = None if self._session is None else self._session.where
        if where is not None:
            self.send(self._words.ice_servers(where[1].member))

    # -- for one peer alone

    def _signal(self, event: str, data: bytes) -> None:
        where = None if self._session is None else self._session.where
        if where is None:
            return
        live, subscription = where
        room, me = live.state, subscription.member
        member = None if room is None else room.members.get(me)
        if member is None:
            return
        if self._too_fast(event):
            return
        try:
            relayed = self._home.manners.stamped(data, me, member.name)
        except Malformed as problem:
            self._home.hall.rooms.metrics.malformed[self._words.name] += 1
            self._say_error(self._words.answer(problem), event)
            return
        outcome = live.topology.signal(relayed.kind, me, relayed.target, relayed.frame)
        if outcome is Outcome.UNKNOWN:
            self._refuse(Refused(Reason.MEMBER_NOT_FOUND), event)
        elif outcome is Outcome.TOO_MANY:
            self._refuse(Refused(Reason.RATE_LIMITED, "Too much waits for this peer already"), event)

    # -- for the room

    def _join(self, head: _Head) -> None:
        token = self._best_token(head.data)
        session = self._session
        if session is None:
            self._session = session = Session(
                self._home.hall, self, token=token, principal=None, parted=self._parted, entered=self._entered
            )
        else:
            session.present(token)
        session.hear(self._words, "join", self._args(head), self._joined)

    def _best_token(self, data: msgspec.Raw) -> str | None:
        """A pass of ours before anything else; tokens only where they are verified."""
        try:
            given = _tokens.decode(data)
        except msgspec.MsgspecError:
            return None  # the dialect says what is wrong with it
        hall, room = self._home.hall, canonical(RoomId(self._room))
        for one in (given.recorder_token, given.resume_token, given.token, self._token):
            if one is not None and hall.passes.holder(room, one) is not None:
                return one
        return (given.token or self._token) if hall.gate.verifies(self._words.name) else None

    def _hear(self, session: Session, head: _Head) -> None:
        where = session.where
        room = None if where is None else where[0].state
        reply = partial(self._answered, session, head, 0 if room is None else room.seq)
        session.hear(self._words, head.event, self._args(head), reply)

    def _args(self, head: _Head) -> tuple[msgspec.Raw, msgspec.Raw]:
        return (_NOTHING if head.data == _NULL else head.data, self._context)

    def _answered(self, session: Session, head: _Head, said_at: int, answer: bytes) -> None:
        """What it says a second time is acknowledged here; the first time it was, in its place among the events."""
        if answer:
            self._say_error(answer, head.event)
            return
        where = session.where
        if where is None or head.event not in ("chat-message", "private-message"):
            return
        live, subscription = where
        said = _said.decode(head.data).id
        if said is None or live.state is None:
            return
        if head.event == "chat-message":
            ack = self._words.chat_ack(live.state, subscription.member, said, said_at)
        else:
            ack = self._words.whisper_ack(said, self._home.hall.rooms.clock.now_ms())
        if ack is not None:
            self.send(ack)

    def _joined(self, answer: bytes) -> None:
        """`peers` has been said, or `waiting` will be, or this is why not."""
        if not answer:
            return
        self._say_error(answer, "join")
        session, why = self._session, _answer.decode(answer).reason
        if session is not None and session.where is None and why is not None:
            code = self._home.manners.refused_with[why]
            if code is not None:
                self.close(code, why)

    def _entered(self) -> None:
        """It is in: now what it said before it said who it is."""
        held, self._held, self._held_bytes = self._held, deque(), 0
        session = self._session
        for head in held:
            if session is not None:
                self._hear(session, head)

    def _hold(self, head: _Head) -> None:
        if len(self._held) < MOST_HELD and self._held_bytes + len(head.data) <= MOST_HELD_BYTES:
            self._held.append(head)
            self._held_bytes += len(head.data)

    def _parted(self, room: Room | None, member: MemberId) -> None:
        """The room has let go of this connection."""
        code, reason = (RESTART, "lost") if room is None else self._home.manners.parted_with(room, member)
        self.close(code, reason)

    # -- what is wrong

    def _refuse(self, refused: Refused, event: str | None) -> None:
        self._home.hall.rooms.metrics.refusals[self._words.name, refused.reason.code] += 1
        self._say_error(self._words.answer(refused), event)

    def _too_fast(self, event: str | None) -> bool:
        """One more of what the session does not count. Whoever is refused is told so, though not each time."""
        bucket = self._signals
        wait_s = 0.0 if bucket is None else bucket.take(SIGNALS, self._home.hall.rooms.clock.now_ms())
        if wait_s:
            self._refuse(Refused(Reason.RATE_LIMITED, retry_after_s=wait_s), event)
        return wait_s > 0

    def _wrong(self, problem: str) -> None:
        if self._too_fast(None):
            return
        self._home.hall.rooms.metrics.malformed[self._words.name] += 1
        self._say_error(self._words.answer(Malformed(problem)), None)

    def _say_error(self, answer: bytes, event: str | None) -> None:
        """Which of its messages it is about; and to one who floods us, not for each."""
        if _answer.decode(answer).reason == Reason.RATE_LIMITED.code:
            now_ms = self._home.hall.rooms.clock.now_ms()
            if now_ms - self._complained_ms < COMPLAIN_EVERY_MS:
                return
            self._complained_ms = now_ms
        about = b"" if event is None else b',"event":' + _json(event)
        self.send(Frame(b'{"event":"error","data":' + answer[:-1] + about + b"}}"))
