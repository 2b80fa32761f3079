"""Coming back: hearing exactly what was missed, in order and once, or plainly that this cannot be told any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.rooms import HOST
from tests.service.timed import enter, opened, room_of, say
from tests.service.world import ROOM, Probe, World, settle
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.events import Recorded
from tutti.core.ids import MemberId, RoomId, Seq
from tutti.infra.memory_log import MemoryLog
from tutti.service.ports import Hear, Position, Unavailable


class SlowLog(MemoryLog):
    """A log that is read as slowly as the test wants, or not at all."""

    def __init__(self) -> None:
        super().__init__()
        self.may_read = asyncio.Event()
        self.may_read.set()
        self.reads = 0
        self.broken = False

    async def since(self, room: RoomId, after: Position) -> tuple[Recorded, ...] | None:
        self.reads += 1
        if self.broken:
            raise Unavailable("no disk")
        read = await super().since(room, after)
        await self.may_read.wait()
        return read


async def come_back(world: World, who: str, epoch: str, seq: int) -> Probe:
    session, probe = world.connect()
    await say(session, "come back", who, epoch, seq)
    return probe


def seqs(probe: Probe) -> list[object]:
    return [message["seq"] for message in probe.heard if "seq" in message]


async def test_whoever_comes_back_hears_what_was_missed_and_then_what_happens() -> None:
    async with World() as world:
        await opened(world)
        session, first = await enter(world, "ann")
        left_at = await room_of(world)
        session.closed()
        for command in (c.Play(), c.Seek(60_000.0), c.Pause()):
            await world.rooms.ask(ROOM, command, HOST)
        again = await come_back(world, "ann", left_at.epoch, left_at.seq)
        await world.rooms.ask(ROOM, c.Play(), HOST)
        assert again.names == ["resumed", *["TimelineMoved"] * 4]
        assert again.heard[0]["missed"] == 3
        assert seqs(again) == [left_at.seq + n for n in (1, 2, 3, 4)]
        assert first.heard == []


async def test_whoever_missed_nothing_hears_just_that() -> None:
    log = SlowLog()
    async with World(log) as world:
        await opened(world)
        session, _ = await enter(world, "ann")
        room = await room_of(world)
        session.closed()
        again = await come_back(world, "ann", room.epoch, room.seq)
        assert again.heard == [{"event": "resumed", "missed": 0}]
        assert log.reads == 0


async def test_somebody_whose_grace_was_over_hears_of_their_own_leaving_and_coming() -> None:
    async with World() as world:
        await opened(world)
        session, _ = await enter(world, "ann")
        room = await room_of(world)
        session.closed()
        await world.turn(60_000)
        again = await come_back(world, "ann", room.epoch, room.seq)
        assert again.names == ["resumed", "MemberLeft", "MemberJoined"]


@pytest.mark.parametrize(("epoch", "ahead"), [("another life", 0), (None, 1), (None, 1_000)])
async def test_a_place_that_there_never_was_is_answered_with_the_whole_picture(
    epoch: str | None, ahead: int
) -> None:
    async with World() as world:
        await opened(world)
        await enter(world, "ann")
        room = await room_of(world)
        again = await come_back(world, "ann", epoch or room.epoch, room.seq + ahead)
        [welcome] = again.heard
        assert (welcome["event"], welcome["seq"], welcome["reason"]) == ("welcome", room.seq, "unknown_epoch")


async def test_what_is_no_longer_kept_is_answered_with_the_whole_picture() -> None:
    async with World() as world:
        await opened(world)
        await enter(world, "ann")
        room = await room_of(world)
        for n in range(1_200):
            world.clock.turn(100)
            await world.rooms.ask(ROOM, c.SetRate(1.0 + (n % 2) / 2), HOST)
        again = await come_back(world, "ann", room.epoch, room.seq)
        assert (again.heard[0]["event"], again.heard[0]["reason"]) == ("welcome", "too_old")
        recent = await come_back(world, "bob", room.epoch, (await room_of(world)).seq - 400)
        assert recent.heard[0] == {"event": "resumed", "missed": 401}  # and the coming of Bob


async def test_what_cannot_be_read_now_is_answered_with_the_whole_picture() -> None:
    log = SlowLog()
    async with World(log) as world:
        await opened(world)
        room = await room_of(world)
        log.broken = True
        again = await come_back(world, "ann", room.epoch, room.seq)
        assert (again.heard[0]["event"], again.heard[0]["reason"]) == ("welcome", "too_old")


async def test_what_happens_while_the_past_is_read_is_neither_missed_nor_told_twice() -> None:
    log = SlowLog()
    async with World(log) as world:
        await opened(world)
        session, _ = await enter(world, "ann")
        room = await room_of(world)
        session.closed()
        await world.rooms.ask(ROOM, c.Play(), HOST)
        log.may_read.clear()
        session, again = world.connect()
        await say(session, "come back", "ann", room.epoch, room.seq)
        await world.rooms.ask(ROOM, c.Seek(60_000.0), HOST)
        await world.rooms.ask(ROOM, c.Seek(90_000.0), HOST)
        assert again.heard == []
        log.may_read.set()
        await settle()
        await world.rooms.ask(ROOM, c.Pause(), HOST)
        assert again.heard[0]["missed"] == 3
        assert seqs(again) == [room.seq + n for n in (1, 2, 3, 4)]


async def test_what_is_kept_but_has_not_reached_the_room_here_is_told_once() -> None:
    class Late(MemoryLog):
        """What it has to tell of what happens from now on reaches nobody before it is let go."""

        def __init__(self) -> None:
            super().__init__()
            self.held: list[Callable[[], None]] | None = None

        def follow(self, room: RoomId, hear: Hear) -> Callable[[], None]:
            return super().follow(room, lambda events: self.tell(lambda: hear(events)))

        def tell(self, told: Callable[[], None]) -> None:
            if self.held is None:
                told()
            else:
                self.held.append(told)

    log = Late()
    async with World(log) as world:
        await opened(world)
        session, _ = await enter(world, "ann")
        room = await room_of(world)
        session.closed()
        await world.rooms.ask(ROOM, c.Play(), HOST)
        held: list[Callable[[], None]] = []
        log.held = held
        elsewhere = Recorded(room.epoch, Seq(room.seq + 2), world.clock.now_ms(), e.SlowModeChanged(5.0))
        await log.append(ROOM, Position(room.epoch, Seq(room.seq + 1)), (elsewhere,))
        again = await come_back(world, "ann", room.epoch, room.seq)
        assert (again.heard[0]["missed"], seqs(again)) == (1, [room.seq + 1])
        log.held = None
        for told in held:
            told()
        await settle()
        assert seqs(again) == [room.seq + 1, room.seq + 2]


async def test_a_room_that_never_stands_still_is_not_read_for_ever() -> None:
    class Busy(SlowLog):
        """Something happens whenever the past is read."""

        world: World

        async def since(self, room: RoomId, after: Position) -> tuple[Recorded, ...] | None:
            read = await super().since(room, after)
            await self.world.rooms.ask(ROOM, c.SetRate(1.0 + self.reads / 100), HOST)
            return read

    log = Busy()
    async with World(log) as world:
        log.world = world
        await opened(world)
        room = await room_of(world)
        session, again = world.connect()
        await say(session, "come back", "ann", room.epoch, room.seq)
        for _ in range(20):
            await settle()
        assert (again.heard[0]["event"], again.heard[0]["reason"]) == ("welcome", "too_old")
        assert log.reads == 8


async def test_a_gap_on_a_connection_is_filled_by_saying_hello_again() -> None:
    async with World() as world:
        await opened(world)
        session, probe = await enter(world, "ann")
        room = await room_of(world)
        await world.rooms.ask(ROOM, c.Play(), HOST)
        probe.heard.clear()
        await say(session, "come back", "ann", room.epoch, room.seq)
        await world.rooms.ask(ROOM, c.Pause(), HOST)
        assert probe.names == ["resumed", "TimelineMoved", "TimelineMoved"]
        assert seqs(probe) == [room.seq + 1, room.seq + 2]


async def test_those_who_may_not_come_in_hear_nothing_of_what_they_missed() -> None:
    async with World() as world:
        await opened(world)
        await enter(world, "ann")
        room = await room_of(world)
        await world.rooms.ask(ROOM, c.Expel(MemberId("ann")), HOST)
        again = await come_back(world, "ann", room.epoch, room.seq)
        assert again.heard == [{"event": "refused", "reason": "expelled"}]


async def test_somebody_who_goes_while_the_past_is_read_is_told_nothing() -> None:
    log = SlowLog()
    async with World(log) as world:
        await opened(world)
        room = await room_of(world)
        log.may_read.clear()
        session, again = world.connect()
        await say(session, "come back", "ann", room.epoch, room.seq)
        session.closed()
        log.may_read.set()
        await settle()
        assert again.heard == []
