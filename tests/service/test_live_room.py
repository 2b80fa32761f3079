"""A room's turn: kept before told, in order, also when several nodes write at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.clocks import TurnedClock
from tests.rooms import HOST, defaults
from tests.service.world import ROOM, World, settle
from tutti.core import commands as c
from tutti.core.defaults import Control
from tutti.core.events import Recorded, TimelineMoved
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Reason, Refused
from tutti.infra.memory_log import MemoryLog
from tutti.service.live_room import Accepted, Answer
from tutti.service.ports import Hear, Past, Position, Unavailable

OPEN = c.Open("night", "Host", defaults(control=Control.EVERYBODY, capacity=1_000))


async def opened(world: World, room: RoomId = ROOM) -> None:
    answers: list[Answer] = []
    world.rooms.open(room, OPEN, HOST, answers.append)
    await settle()
    assert isinstance(answers[0], Accepted)


class FailingLog(MemoryLog):
    """A memory log whose disk can be full. `refused`: how often it was."""

    full = False
    refused = 0

    async def append(self, room: RoomId, expected: Position | None, events: tuple[Recorded, ...]) -> None:
        if self.full:
            self.refused += 1
            raise Unavailable("no space left")
        await super().append(room, expected, events)


async def test_nobody_is_told_before_it_is_kept() -> None:
    async with World() as world:
        await opened(world)
        session, probe = world.connect()
        await world.say(session, "enter", ROOM, "ann")
        probe.heard.clear()
        live = await world.rooms.live(ROOM)
        assert not isinstance(live, Refused)
        live.submit(c.Play(), HOST, lambda _: None)
        assert probe.heard == []
        await settle()
        assert probe.names == ["TimelineMoved"]
        past = await world.log.read(ROOM)
        assert past is not None
        assert isinstance(past.events[-1].event, TimelineMoved)


async def test_commands_of_one_tick_are_decided_each_on_what_the_one_before_left() -> None:
    async with World() as world:
        await opened(world)
        answers: list[Answer] = []
        for command in (c.Play(), c.Play(), c.Seek(60_000.0), c.Pause()):
            world.rooms.submit(ROOM, command, HOST, answers.append)
        await settle()
        moved = [len(a.events) for a in answers if isinstance(a, Accepted)]
        assert moved == [1, 0, 1, 1]
        room = await world.rooms.look(ROOM)
        assert not isinstance(room, Refused)
        assert (room.timeline.playing, room.timeline.position_ms, room.seq) == (False, 60_000.0, 4)


async def test_two_nodes_writing_at_once_both_succeed_and_agree() -> None:
    log, clock = MemoryLog(), TurnedClock()
    async with World(log, clock) as one, World(log, clock) as two:
        await opened(one)
        await two.rooms.live(ROOM)
        answers: list[Answer] = []
        for n in range(20):
            node = one if n % 2 else two
            node.rooms.submit(ROOM, c.Join(f"p{n}"), MemberId(f"p{n}"), answers.append)
        await settle()
        await settle()
        assert all(isinstance(answer, Accepted) for answer in answers)
        assert len(answers) == 20
        left, right = await one.rooms.look(ROOM), await two.rooms.look(ROOM)
        assert left == right
        assert not isinstance(left, Refused)
        assert len(left.members) == 21


async def test_listeners_of_both_nodes_hear_the_same_events_in_the_same_order() -> None:
    log, clock = MemoryLog(), TurnedClock()
    async with World(log, clock) as one, World(log, clock) as two:
        await opened(one)
        session, ann = one.connect()
        await one.say(session, "enter", ROOM, "ann")
        session, bob = two.connect()
        await two.say(session, "enter", ROOM, "bob")
        for n in range(5):
            (one if n % 2 else two).rooms.submit(ROOM, c.Seek(10_000.0 * (n + 1)), HOST, lambda _: None)
        await settle()
        await settle()
        told = [[m["seq"] for m in probe.heard if m["event"] == "TimelineMoved"] for probe in (ann, bob)]
        assert told[0] == told[1] == sorted(told[0])  # type: ignore[type-var] # JSON numbers
        assert len(told[0]) == 5


class LossyLog(MemoryLog):
    """A memory log that can lose what it has to tell, and read so slowly that the room goes on meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.losing = False
        self.reading = asyncio.Event()
        self.reading.set()

    def follow(self, room: RoomId, hear: Hear) -> Callable[[], None]:
        return super().follow(room, lambda events: None if self.losing else hear(events))

    async def read(self, room: RoomId) -> Past | None:
        past = await super().read(room)
        await self.reading.wait()
        return past


async def test_what_did_not_reach_a_node_is_read_as_soon_as_the_next_event_shows_it() -> None:
    log, clock = LossyLog(), TurnedClock()
    async with World(log, clock) as one, World(log, clock) as two:
        await opened(one)
        session, bob = two.connect()
        await two.say(session, "enter", ROOM, "bob")
        log.losing = True
        await one.rooms.ask(ROOM, c.Play(), HOST)
        log.losing = False
        clock.turn(1_000)
        await one.rooms.ask(ROOM, c.Seek(90_000.0), HOST)
        await settle()
        assert bob.names == ["welcome", "TimelineMoved", "TimelineMoved"]
        assert await one.rooms.look(ROOM) == await two.rooms.look(ROOM)


async def test_what_happens_while_a_room_is_loaded_is_not_missed() -> None:
    log, clock = LossyLog(), TurnedClock()
    async with World(log, clock) as one, World(log, clock) as two:
        await opened(one)
        log.reading.clear()
        looking = asyncio.create_task(two.rooms.look(ROOM))
        await settle()
        await one.rooms.ask(ROOM, c.Play(), HOST)
        log.reading.set()
        assert await looking == await one.rooms.look(ROOM)


async def test_only_one_of_two_nodes_takes_the_last_seat() -> None:
    log, clock = MemoryLog(), TurnedClock()
    async with World(log, clock) as one, World(log, clock) as two:
        answers: list[Answer] = []
        one.rooms.open(ROOM, c.Open("small", "Host", defaults(capacity=2)), HOST, answers.append)
        await settle()
        await two.rooms.live(ROOM)
        for node, name in ((one, "ann"), (two, "bob")):
            node.rooms.submit(ROOM, c.Join(name), MemberId(name), answers.append)
        await settle()
        refusals = [a.reason for a in answers if isinstance(a, Refused)]
        assert refusals == [Reason.ROOM_FULL]


async def test_a_full_disk_refuses_plainly_changes_nothing_and_heals() -> None:
    log = FailingLog()
    async with World(log) as world:
        await opened(world)
        session, probe = world.connect()
        await world.say(session, "enter", ROOM, "ann")
        before = await world.rooms.look(ROOM)
        probe.heard.clear()
        log.full = True
        answer = await world.rooms.ask(ROOM, c.Play(), HOST)
        assert answer == Refused(Reason.UNAVAILABLE)
        assert await world.rooms.look(ROOM) == before
        assert probe.heard == []
        log.full = False
        assert isinstance(await world.rooms.ask(ROOM, c.Play(), HOST), Accepted)
        assert probe.names == ["TimelineMoved"]


async def test_a_new_node_finds_the_room_as_it_was_left() -> None:
    log, clock = MemoryLog(), TurnedClock()
    async with World(log, clock) as one:
        await opened(one)
        for n in range(600):
            await one.rooms.ask(ROOM, c.SetRate(1.0 + (n % 2) / 2), HOST)
        was = await one.rooms.look(ROOM)
    past = await log.read(ROOM)
    assert past is not None
    assert past.snapshot is not None, "a long log is bounded by a snapshot"
    async with World(log, clock) as two:
        assert await two.rooms.look(ROOM) == was


async def test_what_was_missed_can_be_replayed_by_position() -> None:
    async with World() as world:
        await opened(world)
        room = await world.rooms.look(ROOM)
        assert not isinstance(room, Refused)
        await world.rooms.ask(ROOM, c.Play(), HOST)
        await world.rooms.ask(ROOM, c.Seek(5_000.0), HOST)
        missed = await world.log.since(ROOM, Position(room.epoch, room.seq))
        assert missed is not None
        assert [recorded.seq for recorded in missed] == [2, 3]


@pytest.mark.parametrize("command", [c.Play(), c.Join("x"), c.Close()])
async def test_an_unknown_room_is_not_made_by_asking(command: c.Command) -> None:
    async with World() as world:
        assert await world.rooms.ask(RoomId("NOWHERE"), command, HOST) == Refused(Reason.ROOM_NOT_FOUND)
        assert await world.log.read(RoomId("NOWHERE")) is None


async def test_room_codes_are_found_in_any_case() -> None:
    async with World() as world:
        await opened(world)
        assert not isinstance(await world.rooms.look(RoomId(" room ")), Refused)


async def test_an_asker_that_raises_does_not_keep_the_others_from_their_answers() -> None:
    async with World() as world:
        await opened(world)
        answers: list[Answer] = []

        def bug(_: Answer) -> None:
            raise RuntimeError("a bug of ours")

        world.rooms.submit(ROOM, c.Play(), HOST, bug)
        world.rooms.submit(ROOM, c.Pause(), HOST, answers.append)
        await settle()
        assert isinstance(answers[0], Accepted)


class BrokenLog(MemoryLog):
    """A log with a bug in it."""

    broken = False

    async def append(self, room: RoomId, expected: Position | None, events: tuple[Recorded, ...]) -> None:
        if self.broken:
            raise ZeroDivisionError
        await super().append(room, expected, events)


async def test_a_bug_of_ours_is_answered_as_internal_and_the_room_goes_on() -> None:
    log = BrokenLog()
    async with World(log) as world:
        await opened(world)
        log.broken = True
        async with asyncio.timeout(5):
            assert await world.rooms.ask(ROOM, c.Play(), HOST) == Refused(Reason.INTERNAL)
        log.broken = False
        assert isinstance(await world.rooms.ask(ROOM, c.Play(), HOST), Accepted)
