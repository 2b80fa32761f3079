"""The end of a wait: by the last who gets ready, or by the clock, whatever becomes of the server meanwhile."""

from __future__ import annotations

from tests.clocks import TurnedClock
from tests.rooms import HOST
from tests.service.test_live_room import FailingLog
from tests.service.timed import enter, opened, room_of, say
from tests.service.world import ROOM, World
from tutti.core import commands as c
from tutti.core.ids import MemberId
from tutti.infra.memory_log import MemoryLog
from tutti.service.ports import Position


async def waiting(world: World) -> None:
    """A room that waits for Ann, who is not here any more."""
    await opened(world)
    ann = MemberId("ann")
    for command, who in (
        (c.Join("Ann"), ann),
        (c.SetWaiting(True), HOST),
        (c.SetReady(False), ann),
        (c.Play(), HOST),
    ):
        await world.rooms.ask(ROOM, command, who)
    assert (await room_of(world)).waiting is not None


async def test_the_last_who_gets_ready_starts_everybody_at_one_instant() -> None:
    async with World() as world:
        await opened(world, playing=True)
        session, ann = await enter(world, "ann", rtt_ms=200.0)
        other, bob = await enter(world, "bob")
        await say(session, "ready", "ann", True)
        await world.rooms.ask(ROOM, c.SetWaiting(True), HOST)
        await world.turn(10_000)
        await say(other, "seek", "bob", 60_000.0)
        ann.heard.clear()
        await world.turn(700, step_ms=100)
        await say(session, "ready", "ann", True)
        assert ann.names == ["ReadyChanged", "WaitEnded", "TimelineMoved"]
        timeline = (await room_of(world)).timeline
        assert (timeline.position_ms, timeline.playing) == (60_000.0, True)
        assert timeline.anchored_at_ms == world.clock.now_ms() + 350.0
        assert bob.last("WaitEnded")["missing"] == []


async def test_it_plays_after_five_seconds_whoever_is_missing() -> None:
    async with World() as world:
        await waiting(world)
        _, bob = await enter(world, "bob")
        began_ms = world.clock.now_ms()
        await world.turn(4_900, step_ms=100)
        assert bob.names == []
        await world.turn(500, step_ms=100)
        assert bob.names == ["WaitEnded", "TimelineMoved"]
        assert bob.last("WaitEnded")["missing"] == ["ann"]
        at_ms = bob.last("WaitEnded")["at_ms"]
        assert isinstance(at_ms, float)
        assert 5_000 <= at_ms - began_ms <= 5_200


async def test_a_wait_that_was_under_way_when_the_server_died_ends_with_the_next() -> None:
    log, clock = MemoryLog(), TurnedClock()
    async with World(log, clock) as world:
        await waiting(world)
    clock.turn(60_000)
    async with World(log, clock) as world:
        await room_of(world)
        await world.turn(300, step_ms=100)
        room = await room_of(world)
        assert (room.waiting, room.timeline.playing) == (None, True)


async def test_an_end_that_cannot_be_kept_is_tried_again() -> None:
    log = FailingLog()
    async with World(log) as world:
        await waiting(world)
        log.full = True
        await world.turn(8_000, step_ms=100)
        assert (await room_of(world)).waiting is not None
        assert 3 <= log.refused <= 4  # in three seconds: once a second, and not all the time
        log.full = False
        await world.turn(1_200, step_ms=100)
        assert (await room_of(world)).waiting is None


async def test_two_nodes_end_a_wait_once() -> None:
    log, clock = MemoryLog(), TurnedClock()
    async with World(log, clock) as one, World(log, clock) as two:
        await waiting(one)
        before = (await room_of(two)).seq
        for _ in range(60):
            clock.turn(100)
            for world in (one, two):
                world.wheel.turn(clock.now_ms() / 1000)
                await world.turn(0.001)
        room = await room_of(one)
        past = await log.since(ROOM, Position(room.epoch, before))
        assert past is not None
        assert [type(recorded.event).__name__ for recorded in past] == ["WaitEnded", "TimelineMoved"]


async def test_a_room_that_ends_waits_no_more() -> None:
    async with World() as world:
        await waiting(world)
        await world.rooms.ask(ROOM, c.Close(), HOST)
        await world.turn(6_000, step_ms=100)
        past = await world.log.read(ROOM)
        assert past is not None
        assert type(past.events[-1].event).__name__ == "RoomClosed"
