"""Nothing outlives its use: rooms, sessions and timers that came and went leave the process as it was."""

from __future__ import annotations

import asyncio
import gc
import random
from collections import Counter
from collections.abc import Sequence
from itertools import count

import msgspec
import pytest

from tests.rooms import HOST, HOUR_MS, defaults
from tests.service.world import ROOM, Plain, Probe, World, settle
from tutti.core import commands as c
from tutti.core.defaults import Control
from tutti.core.events import Recorded
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.infra.memory_log import MemoryLog
from tutti.service import dialect as d
from tutti.service.fanout import Audience, Subscription
from tutti.service.frames import Frame
from tutti.service.live_room import Accepted, Answer, LiveRoom
from tutti.service.ports import Past, Position, Unavailable
from tutti.service.presence import Presence
from tutti.service.session import Session
from tutti.service.steering import Helm
from tutti.service.timers import Timer

WATCHED = (LiveRoom, Presence, Helm, Audience, Subscription, Session, Probe, Timer)
OPEN = c.Open("night", "Host", defaults(control=Control.EVERYBODY, capacity=1_000))
SWEEP = 1
"""Timers that a node without rooms keeps."""
LONG_MS = 30 * 60_000.0
"""Longer than any grace and any idle replica's time."""


class Wide(Plain):
    """The test dialect with a word for everything."""

    def hear(self, name: str, args: Sequence[msgspec.Raw], received_ms: float) -> d.Sentence:
        given = [msgspec.json.decode(arg) for arg in args]
        match name:
            case "found":
                return d.Found(MemberId(given[0]), OPEN)
            case "close":
                return d.Ask(RoomId(given[0]), MemberId(given[1]), c.Close())
            case "expel":
                return d.Ask(RoomId(given[0]), MemberId(given[1]), c.Expel(MemberId(given[2])))
            case "renew":
                return d.Renew(RoomId(given[0]), MemberId(given[1]))
            case "resync":
                return d.Resync(RoomId(given[0]), MemberId(given[1]))
            case _:
                return super().hear(name, args, received_ms)


WIDE = Wide()


class SlowLog(MemoryLog):
    """A memory log that waits before and after everything it does, and fails when told to."""

    full = False

    async def append(self, room: RoomId, expected: Position | None, events: tuple[Recorded, ...]) -> None:
        await self._wait()
        await super().append(room, expected, events)
        await self._wait()

    async def read(self, room: RoomId) -> Past | None:
        await self._wait()
        past = await super().read(room)
        await self._wait()
        return past

    async def keep(self, snapshot: Room) -> None:
        await self._wait()
        await super().keep(snapshot)

    async def _wait(self) -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if self.full:
            raise Unavailable("no space left")


def alive() -> Counter[str]:
    gc.collect()
    return Counter(type(thing).__name__ for thing in gc.get_objects() if isinstance(thing, WATCHED))


async def say(session: Session, name: str, *args: object) -> None:
    session.hear(WIDE, name, [msgspec.Raw(msgspec.json.encode(arg)) for arg in args], None)


async def opened(world: World, room: RoomId = ROOM) -> Answer:
    answers: list[Answer] = []
    world.rooms.open(room, OPEN, HOST, answers.append)
    await settle()
    await settle()
    return answers[0]


async def live_at(world: World, room: RoomId = ROOM) -> LiveRoom:
    live = await world.rooms.live(room)
    assert isinstance(live, LiveRoom)
    return live


async def test_a_room_that_ends_while_people_listen_leaves_no_replica() -> None:
    async with World() as world:
        await opened(world)
        session, _ = world.connect()
        await world.say(session, "enter", ROOM, "ann")
        await world.turn(5 * 60_000)
        await world.rooms.ask(ROOM, c.Close(), HOST)
        await world.turn(5 * 60_000)
        assert world.rooms.alive() == ()
        assert len(world.wheel) == SWEEP


@pytest.mark.parametrize("how", [c.Expel(MemberId("ann")), c.Leave()])
async def test_a_room_whose_last_listener_was_let_go_leaves_no_replica(how: c.Command) -> None:
    async with World() as world:
        await opened(world)
        session, _ = world.connect()
        await world.say(session, "enter", ROOM, "ann")
        await world.turn(4 * 60_000)
        await world.rooms.ask(ROOM, how, MemberId("ann") if isinstance(how, c.Leave) else HOST)
        await world.turn(LONG_MS, step_ms=10_000)
        assert world.rooms.alive() == ()
        assert len(world.wheel) == SWEEP


async def test_a_room_that_could_not_be_opened_leaves_nothing_at_once() -> None:
    log = SlowLog()
    async with World(log) as world:
        log.full = True
        assert await opened(world) == Refused(Reason.UNAVAILABLE)
        assert world.rooms.alive() == ()
        assert len(world.wheel) == SWEEP
        log.full = False
        assert isinstance(await opened(world), Accepted)


async def test_a_room_found_to_exist_when_it_was_to_be_opened_is_a_room_like_any_other() -> None:
    log = MemoryLog()
    async with World(log) as before:
        await opened(before)
        await before.rooms.ask(ROOM, c.Join("Ann"), MemberId("ann"))
    async with World(log) as world:
        assert await opened(world) == Refused(Reason.ROOM_EXISTS)
        (live,) = world.rooms.alive()
        assert live.presence.waiting, "its members have a grace to come back in"
        session, _ = world.connect()
        await world.say(session, "enter", ROOM, "host")
        await world.turn(25 * HOUR_MS, step_ms=60_000)
        over = await world.rooms.look(ROOM)
        assert over == Refused(Reason.ROOM_EXPIRED)  # though somebody is in it


async def test_who_asks_for_a_room_that_is_being_opened_is_answered_by_it() -> None:
    async with World(SlowLog()) as world:
        answers: list[Answer] = []
        world.rooms.open(ROOM, OPEN, HOST, answers.append)
        world.rooms.submit(ROOM, c.Join("Ann"), MemberId("ann"), answers.append)
        await settle()
        await settle()
        assert [type(answer) for answer in answers] == [Accepted, Accepted]


async def test_one_asker_that_fails_does_not_keep_a_loaded_room_from_the_others() -> None:
    log = MemoryLog()
    async with World(log) as before:
        await opened(before)

    def fail(_: object) -> None:
        raise RuntimeError("a bug of ours")

    async with World(log) as world:
        found: list[LiveRoom | Refused] = []
        world.rooms.find(ROOM, fail)
        world.rooms.find(ROOM, found.append)
        await settle()
        assert len(found) == 1


async def test_a_departure_and_an_end_that_could_not_be_kept_are_tried_again() -> None:
    log = SlowLog()
    async with World(log) as world:
        await opened(world)
        session, _ = world.connect()
        await say(session, "enter", ROOM, "ann")
        await settle()
        await world.rooms.ask(ROOM, c.Join("Bob"), MemberId("bob"))
        log.full = True
        await world.turn(6 * 60_000, step_ms=5_000)
        log.full = False
        await world.turn(20_000)
        room = await world.rooms.look(ROOM)
        assert isinstance(room, Room)
        assert list(room.members) == ["ann"]
        await world.turn(24 * HOUR_MS - 7 * 60_000, step_ms=60_000)
        log.full = True
        await world.turn(10 * 60_000, step_ms=10_000)
        log.full = False
        await world.turn(2 * 60_000)
        assert await world.rooms.look(ROOM) == Refused(Reason.ROOM_EXPIRED)


async def test_nobody_loses_a_seat_because_the_server_goes_away() -> None:
    async with World() as world:
        await opened(world)
        session, _ = world.connect()
        await world.say(session, "enter", ROOM, "ann")
        world.rooms.draining = True
        session.closed()
        await world.turn(10 * 60_000, step_ms=10_000)
        room = await world.rooms.look(ROOM)
        assert isinstance(room, Room)
        assert set(room.members) == {"ann", "host"}


async def test_a_dialect_that_fails_keeps_no_event_from_another() -> None:
    class Broken(Plain):
        name = "broken"

        def encode(self, recorded: Recorded, room: Room, now_ms: float) -> tuple[Frame, ...]:
            raise RuntimeError("a bug of ours")

    async with World() as world:
        await opened(world)
        broken, _ = world.connect()
        broken.hear(Broken(), "enter", [msgspec.Raw(b'"ROOM"'), msgspec.Raw(b'"eve"')], None)
        await settle()
        session, probe = world.connect()
        await world.say(session, "enter", ROOM, "ann")
        await world.rooms.ask(ROOM, c.Play(), HOST)
        await world.rooms.ask(ROOM, c.Expel(MemberId("eve")), HOST)
        assert probe.names == ["welcome", "TimelineMoved", "MemberLeft"]


async def test_who_joins_a_room_that_ends_in_the_same_turn_is_told_so_and_not_left_listening() -> None:
    async with World() as world:
        await opened(world)
        session, probe = world.connect()
        world.rooms.submit(ROOM, c.Play(), HOST, lambda _: None)  # a turn is under way: what follows is one
        await say(session, "enter", ROOM, "ann")
        world.rooms.submit(ROOM, c.Close(), HOST, lambda _: None)
        await settle()
        assert probe.names == ["refused"]
        await world.turn(5 * 60_000)
        assert world.rooms.alive() == ()


async def test_what_was_asked_before_the_end_is_kept_and_answered() -> None:
    log, answers = SlowLog(), list[Answer]()
    async with World(log) as world:
        await opened(world)
        for n in range(40):
            world.rooms.submit(ROOM, c.Join(f"p{n}"), MemberId(f"p{n}"), answers.append)
            await asyncio.sleep(0)
        world.rooms.draining = True
    assert [type(answer) for answer in answers] == [Accepted] * 40
    past = await log.read(ROOM)
    assert past is not None
    assert len(past.events) == 41


async def test_after_a_long_night_rooms_are_ended_a_few_at_a_time() -> None:
    log = MemoryLog()
    async with World(log) as before:
        for n in range(600):
            before.rooms.open(RoomId(f"R{n}"), OPEN, HOST, lambda _: None)
        await settle()
        clock = before.clock
    clock.turn(25 * HOUR_MS)
    async with World(log, clock) as world:
        most = 0
        for _ in range(20):
            await world.turn(5_000)
            for _ in range(60):
                await settle()
            most = max(most, sum(1 for live in world.rooms.alive() if live.state and not live.state.closed))
        assert most <= 256
        assert await log.due(clock.now_ms()) == ()


async def test_thousands_of_rooms_and_sessions_come_and_go_and_leave_nothing() -> None:
    """Every session dies after another number of turns of the loop, in the middle of whatever it asked for."""
    await _churn(20, seed=0)  # whatever is made once is made now
    before = alive()
    await _churn(1_500, seed=1)
    assert alive() - before == Counter()


async def _churn(sessions: int, seed: int) -> None:
    chance = random.Random(seed)
    log, numbers = SlowLog(), count()
    async with World(log) as world:
        rooms = [RoomId(f"ROOM{n}") for n in range(12)]
        for n in range(sessions):
            if chance.random() < 0.3:
                rooms[chance.randrange(len(rooms))] = RoomId(f"NEW{next(numbers)}")
            room = chance.choice(rooms)
            if chance.random() < 0.5:
                world.rooms.open(room, OPEN, MemberId(f"p{n % 7}"), lambda _: None)
            log.full = chance.random() < 0.05
            session, _ = world.connect()
            for _ in range(chance.randrange(1, 6)):
                name, *args = _sentence(chance, room)
                await say(session, str(name), *args)
                for _ in range(chance.randrange(4)):
                    await asyncio.sleep(0)
            for _ in range(chance.randrange(14)):
                await asyncio.sleep(0)
            if chance.random() < 0.8:
                session.closed()
            else:
                world.wheel.turn(world.clock.turn(chance.choice((100.0, 5_000.0, 60_000.0))) / 1000)
                await settle()
                session.closed()
        log.full = False
        await world.turn(LONG_MS, step_ms=5_000)
        assert world.rooms.alive() == ()
        assert len(world.wheel) == SWEEP
        await world.turn(24 * HOUR_MS, step_ms=HOUR_MS)
        await world.turn(LONG_MS, step_ms=5_000)
        assert await log.due(world.clock.now_ms()) == ()
        assert world.rooms.alive() == ()
        assert len(world.wheel) == SWEEP


def _sentence(chance: random.Random, room: RoomId) -> tuple[object, ...]:
    who, other = (f"p{chance.randrange(7)}" for _ in range(2))
    return chance.choice(
        [
            ("enter", room, who),
            ("enter", room, who),
            ("exit", room, who),
            ("play", room, who),
            ("seek", room, who, chance.random() * 1e6),
            ("report", room, who, chance.random() * 1e6),
            ("expel", room, who, other),
            ("renew", room, who),
            ("resync", room, who),
            ("found", who),
            ("close", room, who),
            ("nonsense",),
        ]
    )
