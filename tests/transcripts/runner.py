"""Runs a golden transcript against real rooms in this process, on a clock that stands still until it is turned.

A transcript is plain text, one step a line:

    # a comment
    > alice POST /api/sessions {"userId":"alice"}      an HTTP request; alice's token is `token-alice`
    < alice 201 {"sessionId":"<code>", …}              its answer: status, and body if it has one
    > alice join_session {"sessionId":"<code>"}        a Socket.IO event; her socket is opened on the first one
    >! alice join_session {"sessionId":"<code>"}       the same, asking for an acknowledgement
    < alice sync_status {"drift":0, …}                 an event that she receives
    < alice ack {"ok":true}                            an acknowledgement that she receives
    < alice ...                                        whatever she has received beyond that, up to the next line of hers
    > alice connect <code>                             she opens a native connection to that room
    > alice hello {"name":"Alice"}                     what she says there; she hears `type {…}` as others hear events
    < alice ended {"code":1000, …}                     the server ends that connection
    > alice meets <room>                               she opens a connection to the meeting in that room
    > alice raise-hand {"peerId":"…"}                  what she says there: an event and its `data`
    < bob raise-hand {"peerId":"…","seq":7}            what is heard there: `data`, and the number of what is numbered
    > alice hangup                                     she closes it with 1000
    > alice opens chat <room>                          she opens that line of the party in that room: party, sync, chat, …
    > alice opens notifications                        she opens her line to what is told to her alone
    > alice chat:typing {}                             what she says on it; `chat:typing {…}` is what is heard there
    > alice user:go_live                               guide 002's events need no object; her id there is `alice`
    > alice disconnect                                 her socket is lost; the next event opens another
    > ann POST /api/auth/login/ {…}                    where accounts are real she has no token till then
    = ann shows <access>                               from now on that is her token
    = ann's app shows <code> for <secret>              the code of an authenticator app, now
    < ann letter {"subject":"…","token":"<token>"}     mail that arrives at ann@example.org
    = bob is 40 ms away                                the half round trip of bob's next socket
    = 30 s                                             time passes (ms, s, min, h)

Where parties are asked for over HTTP there is a database, in which everybody who asks has an account, whose
token is their name.

Everything that a person receives stands there, in order; people are not ordered among each other. In what is sent and
received, `<name>` is a placeholder: bound where it is first received by itself, the same from then on, inside other
text as well. `"<*>"` is anything, and `"...":0` in an object stands for its other members.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import msgspec
from litestar import Litestar, Router

from tests.clocks import TurnedClock
from tests.dialects.neighbourhood import Neighbourhood
from tests.service.world import World, settle
from tests.transcripts.accounts import Accounts, accounts
from tests.transcripts.messaging import answered
from tests.transcripts.rows import Rows, rows
from tutti.core.ids import RoomId
from tutti.dialects.listen.codes import new_code
from tutti.dialects.listen.defaults import session_defaults
from tutti.dialects.listen.dialect import Listen
from tutti.dialects.listen.rest import router as listen_router
from tutti.dialects.meet import errors as meet_errors
from tutti.dialects.meet.dialect import Meet
from tutti.dialects.meet.fields import is_room
from tutti.dialects.meet.heard import SIGNALS
from tutti.dialects.meet.relay import relayed
from tutti.dialects.native import errors as native_errors
from tutti.dialects.native.dialect import SUBPROTOCOL, Native
from tutti.dialects.native.rest import router as native_router
from tutti.dialects.nearby.sockets import Conversation
from tutti.dialects.party.sockets import errors as party_errors
from tutti.dialects.party.sockets.lines import lines as party_lines
from tutti.dialects.party.sockets.lines import pong
from tutti.dialects.watch.choices import House
from tutti.dialects.watch.defaults import defaults as watch_defaults
from tutti.dialects.watch.dialect import Watch
from tutti.dialects.watch.providers import built_in
from tutti.dialects.watch.rest import router as watch_router
from tutti.service.dialect import Dialect
from tutti.service.frames import Frame
from tutti.service.ports import Clock, Principal
from tutti.service.session import Hall, Session
from tutti.transports.cors import Cors
from tutti.transports.engineio_admission import Admission, Caps
from tutti.transports.handshake import Handshake, Headers
from tutti.transports.json_socket import JsonSocket, JsonSockets, Manners
from tutti.transports.meeting_socket import Manners as MeetingManners
from tutti.transports.meeting_socket import MeetingSocket, MeetingSockets
from tutti.transports.party_socket import Manners as PartyManners
from tutti.transports.party_socket import PartyLines, PartySocket, PartySockets
from tutti.transports.people_socket import PeopleSocket
from tutti.transports.socketio_packets import event_frame
from tutti.transports.websocket import Accepted

STARTS_AT_MS = 1_760_956_200_000.0
"""2025-10-20T10:30:00Z, the guides' own example."""

UNITS_MS = {"ms": 1.0, "s": 1_000.0, "min": 60_000.0, "h": 3_600_000.0}


@dataclass(frozen=True)
class Spoken:
    """A dialect as transcripts need it: what it hears, and its HTTP routes."""

    dialect: Dialect
    events: frozenset[str]
    router: Router


def listen(hall: Hall, clock: Clock) -> Spoken:
    dialect = Listen(event_frame, clock)
    return Spoken(dialect, dialect.events, listen_router(hall, session_defaults()))


def watch(hall: Hall, clock: Clock) -> Spoken:
    dialect = Watch(event_frame, clock, House(built_in(), watch_defaults(10)))
    return Spoken(dialect, dialect.events, watch_router(hall, dialect))


def native(hall: Hall) -> JsonSockets:
    ids = count(1)
    return JsonSockets(
        hall,
        Native(),
        Manners(SUBPROTOCOL, Native.events, native_errors.CLOSE_CODES, native_errors.farewell),
        cors=Cors(),
        admission=Admission(Caps(), lambda: 0.0),
        new_id=lambda: f"line{next(ids)}",
        below=lambda end: end // 2,
    )


def meet(hall: Hall, clock: Clock) -> MeetingSockets:
    ids = count(1)
    new_id = lambda: f"id{next(ids)}"  # noqa: E731 - a name for what is handed to several
    dialect = Meet(clock, issue=hall.passes.issue, new_id=new_id)
    manners = MeetingManners(
        objects=dialect,
        events=Meet.events,
        signals=frozenset(SIGNALS),
        stamped=relayed,
        refused_with=meet_errors.CLOSE_CODES,
        parted_with=meet_errors.farewell,
        is_room=is_room,
    )
    admission = Admission(Caps(), lambda: 0.0)
    return MeetingSockets(hall, dialect, manners, cors=Cors(), admission=admission, new_id=new_id)


PARTY_LINES = {
    "party": "/ws/party/{}/",
    "sync": "/ws/party/{}/sync/",
    "chat": "/ws/chat/{}/",
    "interactive": "/ws/interactive/{}/",
}


def party(hall: Hall, clock: Clock) -> PartyLines:
    """Every room is a party here, into which whoever shows a token may come: it is their name."""
    ids = count(1)
    new_id = lambda: f"id{next(ids)}"  # noqa: E731 - a name for what is handed to several

    async def entrance(room: str, _: Principal) -> RoomId:
        return RoomId(room)

    manners = PartyManners(entrance, party_errors.CLOSE_CODES, party_errors.farewell, partial(pong, clock))
    admission = Admission(Caps(), lambda: 0.0)
    return PartyLines(
        (
            address,
            PartySockets(hall, line, line.events, manners, cors=Cors(), admission=admission, new_id=new_id),
        )
        for address, line in party_lines(clock, lambda _, __: True, new_id)
    )


DIALECTS: tuple[Callable[[Hall, Clock], Spoken], ...] = (listen, watch)
"""A dialect that transcripts speak over Socket.IO has its line here; `native`, `meet` and `party` have connections."""


class Untold(AssertionError):
    """The transcript and the server disagree."""


async def run(name: str, transcript: str, folder: Path) -> None:
    """Raises `Untold` with the line that went otherwise. `folder`: for what is kept."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(
            World(clock=TurnedClock(wall_ahead_ms=STARTS_AT_MS - 1_000_000.0))
        )
        kept = await _kept(world, folder, transcript, stack)
        stage = Stage(world, kept)
        for number, line in enumerate(transcript.splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            try:
                await stage.step(line)
            except Untold as wrong:
                raise Untold(f"{name}:{number}: {line}\n{wrong}") from None
        stage.nothing_untold()


async def _kept(world: World, folder: Path, transcript: str, stack: AsyncExitStack) -> Rows | Accounts | None:
    """What outlives rooms, for those who speak of it."""
    if " /api/auth/" in transcript:
        return await stack.enter_async_context(accounts(world, folder))
    if any(path in transcript for path in (" /api/parties", " /api/messaging", " /api/notifications")):
        return await stack.enter_async_context(rows(world, folder))
    return None


@dataclass(eq=False)
class Ear:
    """The far end of a socket, which keeps what it is sent in its owner's inbox."""

    id: str
    inbox: deque[tuple[str, object]]
    half_rtt_ms: float
    client: str = "192.0.2.1"
    rtt_ms: float = 0.0

    def send(self, frame: Frame) -> None:
        text = frame.text.decode()
        if not text.startswith("42["):
            raise Untold(f"not an event: {text}")
        name, *arguments = json.loads(text[2:])
        self.inbox.append((name, arguments[0] if arguments else None))

    def close(self, code: int, reason: str) -> None:
        self.inbox.append(("closed", {"code": code, "reason": reason}))

    def pause(self) -> None: ...

    def resume(self) -> None: ...


@dataclass(eq=False)
class Line:
    """The far end of a native connection."""

    inbox: deque[tuple[str, object]]

    def send(self, frame: Frame) -> None:
        self._receive(frame.text)

    def send_now(self, wire: bytes) -> None:
        self._receive(wire[2:])

    def close(self, code: int, reason: str) -> None:
        self.inbox.append(("ended", {"code": code, "reason": reason}))

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def _receive(self, text: bytes) -> None:
        said = json.loads(text)
        self.inbox.append((said.pop("type"), said))


@dataclass(eq=False)
class Wire(Line):
    """The far end of one of a party's lines."""

    called: str

    def _receive(self, text: bytes) -> None:
        said = json.loads(text)
        self.inbox.append((f"{self.called}:{said.pop('type')}", said))

    def close(self, code: int, reason: str) -> None:
        self.inbox.append((f"{self.called}:ended", {"code": code, "reason": reason}))


class Call(Line):
    """The far end of a connection to a meeting."""

    def _receive(self, text: bytes) -> None:
        said = json.loads(text)
        numbered = {"seq": said["seq"]} if "seq" in said else {}
        self.inbox.append((said["event"], {**said["data"], **numbered}))


@dataclass
class Person:
    name: str
    inbox: deque[tuple[str, object]] = field(default_factory=deque)
    session: Session | None = None
    clerk: Conversation | None = None
    line: JsonSocket | None = None
    call: MeetingSocket | None = None
    lines: dict[str, PartySocket | PeopleSocket] = field(default_factory=dict)
    half_rtt_ms: float = 0.0
    skips: bool = False


class Stage:
    """Where a transcript is played: one node, everybody's inbox, and what the placeholders stand for."""

    def __init__(self, world: World, kept: Rows | Accounts | None = None) -> None:
        self._kept = kept
        draws = count(7)
        world.hall.new_room_id = lambda _: RoomId(new_code(lambda n: next(draws) * 11 % n, 6))
        spoken = [build(world.hall, world.clock) for build in DIALECTS]
        self._world = world
        self._dialect_of = {name: one.dialect for one in spoken for name in one.events}
        self._native = native(world.hall)
        self._meetings = meet(world.hall, world.clock)
        self._party = party(world.hall, world.clock)
        self._nearby = Neighbourhood(world)
        routers = [*(one.router for one in spoken), native_router(world.hall), *self._nearby.routers]
        routers += kept.routers if kept is not None else ()
        app = Litestar(routers, openapi_config=None, logging_config=None)
        transport = httpx.ASGITransport(app=app, client=("192.0.2.1", 1))  # type: ignore[arg-type] # Litestar types ASGI's dicts more closely than ASGI does
        self._http = httpx.AsyncClient(transport=transport, base_url="http://tutti.test")
        self._people: dict[str, Person] = {}
        self._bound: dict[str, object] = {}
        self._sockets = count(1)

    async def step(self, line: str) -> None:
        sign, _, rest = line.partition(" ")
        if sign == "<":
            self._received(rest)
            return
        self.nothing_untold()
        if sign == "=":
            await self._elsewhere(rest)
        else:
            await self._said(rest, wants_ack=sign == ">!")

    def nothing_untold(self) -> None:
        for person in self._people.values():
            if person.skips:
                person.inbox.clear()
                person.skips = False
            if person.inbox:
                raise Untold(f"before this, {person.name} received what nobody told: {_told(person.inbox)}")

    async def _said(self, rest: str, *, wants_ack: bool) -> None:
        name, what, given = (*rest.split(" ", 2), "", "")[:3]
        person = self._person(name)
        if what in ("disconnect", "hangup"):
            _disconnect(person, 1006 if what == "disconnect" else 1000)
            await settle()
        elif what == "meets":
            self._meet(person, self._filled(given))
        elif person.call is not None and what in Meet.events:
            said = json.loads(self._filled(given) or "{}")
            person.call.text(msgspec.json.encode({"event": what, "data": said}))
            await settle()
        elif what == "opens" and given == "notifications":
            await self._open_notifications(person)
        elif what == "opens":
            await self._open(person, *self._filled(given).split(" "))
        elif ":" in what and what.partition(":")[0] in person.lines:
            on, _, kind = what.partition(":")
            said = json.loads(self._filled(given) or "{}")
            line = person.lines[on]
            line.text(msgspec.json.encode({"type": kind, **said}))
            await (answered(line) if isinstance(line, PeopleSocket) else settle())
        elif what == "connect":
            self._connect(person, self._filled(given))
        elif person.line is not None and what in Native.events:
            said = json.loads(self._filled(given) or "{}")
            person.line.text(msgspec.json.encode({"type": what, **said}))
            await settle()
        elif what.isupper():
            await self._request(person, what, *(*given.split(" ", 1), "")[:2])
        else:
            await self._emit(person, what, self._filled(given), wants_ack)

    def _connect(self, person: Person, room: str) -> None:
        accepted = self._native.route(Handshake("GET", "", "", Headers(()), "192.0.2.1"), room)
        assert isinstance(accepted, Accepted)
        assert isinstance(accepted.channel, JsonSocket)
        person.line = accepted.channel
        person.line.opened(Line(person.inbox))  # type: ignore[arg-type] # a far end that only keeps what it is sent
        if person.half_rtt_ms:
            person.line.round_trip(person.half_rtt_ms / 500)

    async def _open(self, person: Person, line: str, room: str) -> None:
        request = Handshake(
            "GET", PARTY_LINES[line].format(room), f"token={person.name}", Headers(()), "192.0.2.1"
        )
        accepted = self._party.route(request)
        assert isinstance(accepted, Accepted)
        assert isinstance(accepted.channel, PartySocket)
        person.lines[line] = accepted.channel
        accepted.channel.opened(Wire(person.inbox, line))  # type: ignore[arg-type] # a far end that only keeps what it is sent
        await settle()

    async def _open_notifications(self, person: Person) -> None:
        assert isinstance(self._kept, Rows), "nobody is told anything here"
        await self._kept.know(person.name)
        line = person.lines["notifications"] = self._kept.messaging.line(person.name)
        line.opened(Wire(person.inbox, "notifications"))  # type: ignore[arg-type] # a far end that only keeps what it is sent
        await answered(line)

    def _meet(self, person: Person, room: str) -> None:
        accepted = self._meetings.route(Handshake("GET", "", "", Headers(()), "192.0.2.1"), room)
        assert isinstance(accepted, Accepted)
        assert isinstance(accepted.channel, MeetingSocket)
        person.call = accepted.channel
        person.call.opened(Call(person.inbox))  # type: ignore[arg-type] # a far end that only keeps what it is sent

    async def _request(self, person: Person, method: str, path: str, body: str) -> None:
        headers = {
            "Content-Type": "application/json",
            "X-User-Id": person.name,  # guide 002's requests have no other place for it
        }
        if self._kept is not None:
            await self._kept.know(person.name)
        token = f"token-{person.name}" if self._kept is None else self._kept.token(person.name)
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self._http.cookies.clear()
        content = self._filled(body) or None
        answer = await self._http.request(method, self._filled(path), headers=headers, content=content)
        person.inbox.append((str(answer.status_code), answer.json() if answer.content else None))
        await settle()
        if isinstance(self._kept, Accounts):
            await self._kept.jobs.run_due()
            self._deliver(self._kept)

    async def _emit(self, person: Person, event: str, payload: str, wants_ack: bool) -> None:
        args = [msgspec.Raw(payload.encode())] if payload else []

        def acknowledged(answer: bytes) -> None:
            person.inbox.append(("ack", json.loads(answer)))

        reply = acknowledged if wants_ack else None
        if event in self._nearby.desk.events:
            if person.clerk is None:
                person.clerk = self._nearby.connect(self._ear(person), person.name)
            person.clerk.hear(event, args, reply)
        else:
            if person.session is None:
                token = f"token-{person.name}"
                person.session = Session(self._world.hall, self._ear(person), token=token, principal=None)
            person.session.hear(self._dialect_of[event], event, args, reply)
        await settle()

    def _ear(self, person: Person) -> Ear:
        return Ear(f"socket{next(self._sockets)}", person.inbox, person.half_rtt_ms)

    async def _elsewhere(self, rest: str) -> None:
        away = re.fullmatch(r"(\S+) is (\d+) ms away", rest)
        if away:
            self._person(away[1]).half_rtt_ms = float(away[2])
            return
        if isinstance(self._kept, Accounts) and " shows " in rest:
            self._shown(self._kept, rest)
            return
        amount, unit = rest.split(" ")
        by_ms = float(amount) * UNITS_MS[unit]
        await self._world.turn(by_ms, step_ms=100.0 if by_ms <= 300_000 else 1_000.0)
        if self._kept is not None:
            await self._kept.jobs.run_due()

    def _shown(self, accounts: Accounts, rest: str) -> None:
        if app := re.fullmatch(r"\S+'s app shows <([a-z-]+)> for (\S+)", rest):
            self._bound[app[1]] = accounts.code(self._filled(app[2]))
        elif token := re.fullmatch(r"(\S+) shows (\S+)", rest):
            accounts.shows(token[1], self._filled(token[2]))
        else:
            raise Untold(f"nobody shows {rest}")

    def _deliver(self, accounts: Accounts) -> None:
        for name, letter in accounts.letters():
            self._person(name).inbox.append(("letter", letter))

    def _received(self, rest: str) -> None:
        name, what, expected = (*rest.split(" ", 2), "", "")[:3]
        person = self._person(name)
        if what == "...":
            person.skips = True
            return
        wanted = json.loads(expected) if expected else None
        while person.inbox:
            got, said = person.inbox.popleft()
            difference = self._difference(wanted, said, "$") if got == what else f"{got}, not {what}"
            if difference is None:
                person.skips = False
                return
            if not person.skips:
                raise Untold(f"{name} received {got} {json.dumps(said)}\n{difference}")
        raise Untold(f"{name} received no {what}")

    def _difference(self, wanted: Any, said: Any, where: str) -> str | None:
        """Where the two differ; None if they do not."""
        if isinstance(wanted, str) and (placeholder := re.fullmatch(r"<([a-z*-]+)>", wanted)):
            if placeholder[1] == "*":
                return None
            wanted = self._bound.setdefault(placeholder[1], said)
        elif isinstance(wanted, str):
            wanted = self._filled(wanted)
        if isinstance(wanted, dict) and isinstance(said, dict):
            keys = wanted.keys() - {"..."}
            if not keys <= said.keys() or (keys != said.keys() and "..." not in wanted):
                return f"{where} has {sorted(said)}, not {sorted(wanted)}"
            return _first(
                self._difference(wanted[key], said[key], f"{where}.{key}") for key in wanted if key in keys
            )
        if isinstance(wanted, list) and isinstance(said, list) and len(wanted) == len(said):
            pairs = enumerate(zip(wanted, said, strict=True))
            return _first(self._difference(w, s, f"{where}[{i}]") for i, (w, s) in pairs)
        return None if wanted == said else f"{where} is {json.dumps(said)}, not {json.dumps(wanted)}"

    def _filled(self, text: str) -> str:
        return re.sub(r"<([a-z-]+)>", lambda found: str(self._bound.get(found[1], found[0])), text)

    def _person(self, name: str) -> Person:
        return self._people.setdefault(name, Person(name))


def _first(differences: Iterable[str | None]) -> str | None:
    return next((difference for difference in differences if difference is not None), None)


def _disconnect(person: Person, code: int) -> None:
    """Everything that she has open."""
    if person.session is not None:
        person.session.closed()
    if person.clerk is not None:
        person.clerk.closed()
    for socket in (person.line, person.call, *person.lines.values()):
        if socket is not None:
            socket.closed(code, "")
    person.session = person.clerk = person.line = person.call = None
    person.lines.clear()


def _told(inbox: Iterable[tuple[str, object]]) -> str:
    return "; ".join(f"{name} {json.dumps(said)}" for name, said in inbox)
