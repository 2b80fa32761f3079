"""Nodes to test with: real rooms over a real log, on a clock that the test turns."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import count

import msgspec

from tests.clocks import TurnedClock
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.drift import quality
from tutti.core.events import EVENTS, Event, Recorded
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Refused
from tutti.core.relays import Relay
from tutti.core.room import Room
from tutti.infra.memory_log import MemoryLog
from tutti.service import dialect as d
from tutti.service.frames import Frame
from tutti.service.identity import Gate
from tutti.service.limits import Limits
from tutti.service.metrics import Metrics
from tutti.service.passes import is_pass
from tutti.service.ports import Principal
from tutti.service.rooms import Rooms, Store
from tutti.service.session import Hall, Session
from tutti.service.standing import Standing
from tutti.service.timers import TimerWheel

ROOM = RoomId("ROOM")


class Plain:
    """A dialect for tests: events by their own names, commands as Python expressions of this module's `c`."""

    name = "plain"
    unspoken: frozenset[type[Event]] = frozenset()
    unheard: frozenset[type[c.Command]] = frozenset()
    personal: frozenset[type[Event]] = frozenset()
    coalesced: frozenset[type[Event]] = frozenset({e.MemberJoined, e.MemberLeft})
    coalesce_above = 10
    steering = d.Steering(every_s=1.0, over_ms=750.0, hold_s=5.0, modelled=False)
    one_socket_per_member = False
    meets = False
    schedules = False
    echoes = True

    def hear(self, name: str, args: Sequence[msgspec.Raw], received_ms: float) -> d.Sentence:
        given = [json.loads(bytes(arg)) for arg in args]
        match name:
            case "enter":
                return d.Enter(RoomId(given[0]), MemberId(given[1]), None)
            case "exit":
                return d.Exit(RoomId(given[0]), MemberId(given[1]))
            case "play":
                return d.Ask(RoomId(given[0]), MemberId(given[1]), c.Play())
            case "seek":
                return d.Ask(RoomId(given[0]), MemberId(given[1]), c.Seek(given[2]))
            case "resync":
                return d.Resync(RoomId(given[0]), MemberId(given[1]))
            case "report":
                return d.Ask(RoomId(given[0]), MemberId(given[1]), c.Report(given[2], received_ms))
            case "sign in":
                return d.SignIn(given[0])
            case _:
                raise d.Malformed(f"no such event: {name}")

    def encode(self, recorded: Recorded, room: Room, now_ms: float) -> tuple[Frame, ...]:
        return (_frame(type(recorded.event).__name__, seq=recorded.seq, members=len(room.members)),)

    def tell(self, recorded: Recorded, room: Room, viewer: d.Viewer, now_ms: float) -> tuple[Frame, ...]:
        return ()

    def relay(self, relayed: Relay, room: Room, now_ms: float) -> tuple[Frame, ...]:
        return (_frame(type(relayed).__name__, **asdict(relayed)),)

    def welcome(
        self, room: Room, viewer: d.Viewer, now_ms: float, *, reason: d.Afresh | None = None
    ) -> tuple[Frame, ...]:
        return (_frame("welcome", seq=room.seq, position=room.position_at(now_ms), reason=reason),)

    def replay(
        self, events: Sequence[Recorded], room: Room, viewer: d.Viewer, now_ms: float
    ) -> tuple[Frame, ...]:
        resumed = _frame("resumed", missed=len(events))
        return (resumed, *(frame for recorded in events for frame in self.encode(recorded, room, now_ms)))

    def founded(self, room: Room, viewer: d.Viewer, now_ms: float) -> tuple[Frame, ...]:
        return (_frame("founded", seq=room.seq),)

    def resync(self, room: Room, viewer: d.Viewer, now_ms: float) -> tuple[Frame, ...]:
        return (_frame("resync", position=room.position_at(now_ms)),)

    def steer(
        self, room: Room, viewer: d.Viewer, drift_ms: float | None, now_ms: float, correct: bool
    ) -> tuple[Frame, ...]:
        return (_frame("steer", drift=drift_ms),) if correct else ()

    def status(self, room: Room, standings: Mapping[MemberId, Standing], now_ms: float) -> tuple[Frame, ...]:
        known = {m: s.error_ms for m, s in standings.items() if s.error_ms is not None}
        return (_frame("status", **{member: quality(error).value for member, error in known.items()}),)

    def refuse(self, refused: Refused) -> Frame:
        return _frame("refused", reason=refused.reason.code)

    def malformed(self, problem: str) -> Frame:
        return _frame("malformed", problem=problem)

    def answer(self, outcome: Room | Refused | d.Malformed | None) -> bytes:
        if isinstance(outcome, d.Malformed):
            return msgspec.json.encode("malformed")
        return msgspec.json.encode(outcome.reason.code if isinstance(outcome, Refused) else "ok")


PLAIN = Plain()


@dataclass(eq=False)
class Probe:
    """The far end of a connection: keeps what it is sent."""

    id: str
    client: str = "192.0.2.1"
    half_rtt_ms: float = 0.0
    rtt_ms: float = 0.0
    heard: list[dict[str, object]] = field(default_factory=list)
    closed_with: int | None = None
    paused: bool = False

    def send(self, frame: Frame) -> None:
        self.heard.append(json.loads(frame.text))

    def close(self, code: int, reason: str) -> None:
        self.closed_with = code

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    @property
    def names(self) -> list[object]:
        return [message["event"] for message in self.heard]

    def last(self, name: str) -> dict[str, object]:
        return next(message for message in reversed(self.heard) if message["event"] == name)


class NoTokens:
    """An identity under which a token is its owner's name, and `bad` is not one, nor is a pass."""

    async def verify(self, token: str) -> Principal | None:
        return None if token == "bad" or is_pass(token) else Principal(MemberId(token))


class World:
    """One node. Several share a `log` and a `clock` to be a cluster."""

    def __init__(
        self,
        log: Store | None = None,
        clock: TurnedClock | None = None,
        *,
        limits: Limits | None = None,
        closed: bool = False,
    ) -> None:
        self.clock = clock or TurnedClock()
        self.log = log or MemoryLog()
        self.wheel = TimerWheel(self.clock.now_ms() / 1000)
        self.metrics = Metrics()
        ids = count(1)
        self.rooms = Rooms(
            self.log,
            self.clock,
            self.wheel,
            self.metrics,
            random_text=lambda _: f"epoch{next(ids)}",
            limits=limits,
        )
        self.hall = Hall(
            self.rooms, Gate(NoTokens(), closed=closed), lambda dialect: RoomId(f"{dialect}{next(ids)}")
        )
        self._probes = count(1)

    async def __aenter__(self) -> World:
        await self.rooms.__aenter__()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.rooms.__aexit__(*exception)

    def connect(self, token: str | None = None) -> tuple[Session, Probe]:
        probe = Probe(f"socket{next(self._probes)}")
        return Session(self.hall, probe, token=token, principal=None), probe

    async def say(self, session: Session, name: str, *args: object) -> None:
        session.hear(PLAIN, name, [msgspec.Raw(msgspec.json.encode(arg)) for arg in args], None)
        await settle()

    async def turn(self, by_ms: float, step_ms: float = 1_000.0) -> None:
        """Let time pass, in steps, with everything that falls due in each."""
        left = by_ms
        while left > 0:
            now = self.clock.turn(min(step_ms, left))
            left -= step_ms
            self.wheel.turn(now / 1000)
            await settle()


async def settle() -> None:
    """Let every callback and task that can go on do so: the logs here answer within a few turns of the loop."""
    for _ in range(12):
        await asyncio.sleep(0)


def _frame(event: str, **facts: object) -> Frame:
    return Frame(msgspec.json.encode({"event": event, **facts}))


__all__ = ["EVENTS", "PLAIN", "ROOM", "Plain", "Probe", "World", "settle"]
