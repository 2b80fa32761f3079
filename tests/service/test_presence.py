"""Who is lost, after how long, and what becomes of the room."""

from __future__ import annotations

from tests.clocks import TurnedClock
from tests.rooms import HOST, HOUR_MS, defaults
from tests.service.world import ROOM, World, settle
from tutti.core import commands as c
from tutti.core.defaults import Defaults, Expiry, HostLost
from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.infra.memory_log import MemoryLog

GRACE_MS, HOST_GRACE_MS = 30_000.0, 60_000.0


async def opened(world: World, of: Defaults | None = None) -> None:
    world.rooms.open(ROOM, c.Open("night", "Host", of or defaults()), HOST, lambda _: None)
    await settle()


async def members(world: World) -> list[str]:
    room = await world.rooms.look(ROOM)
    return [] if isinstance(room, Refused) else list(room.members)


async def test_a_member_that_comes_back_within_its_grace_never_left() -> None:
    async with World() as world:
        await opened(world)
        session, _ = world.connect()
        await world.say(session, "enter", ROOM, "ann")
        watcher, probe = world.connect()
        await world.say(watcher, "enter", ROOM, "bob")
        session.closed()
        await world.turn(GRACE_MS - 2_000)
        again, _ = world.connect()
        await world.say(again, "enter", ROOM, "ann")
        await world.turn(2 * GRACE_MS)
        assert "ann" in await members(world)
        assert "MemberLeft" not in probe.names


async def test_a_member_that_stays_away_leaves_after_its_grace_and_not_before() -> None:
    async with World() as world:
        await opened(world)
        session, _ = world.connect()
        await world.say(session, "enter", ROOM, "ann")
        session.closed()
        await world.turn(GRACE_MS - 1_000)
        assert "ann" in await members(world)
        await world.turn(2_000)
        assert "ann" not in await members(world)


async def test_two_tabs_are_one_person_who_is_lost_with_the_last() -> None:
    async with World() as world:
        await opened(world)
        tabs = [world.connect()[0] for _ in range(2)]
        for tab in tabs:
            await world.say(tab, "enter", ROOM, "ann")
        tabs[0].closed()
        await world.turn(2 * GRACE_MS)
        assert "ann" in await members(world)
        tabs[1].closed()
        await world.turn(2 * GRACE_MS)
        assert "ann" not in await members(world)


async def test_a_lost_host_passes_the_seat_to_the_longest_present() -> None:
    async with World() as world:
        await opened(world)
        host, _ = world.connect()
        await world.say(host, "enter", ROOM, HOST)
        for name in ("ann", "bob"):
            session, probe = world.connect()
            await world.say(session, "enter", ROOM, name)
        host.closed()
        await world.turn(HOST_GRACE_MS + 2_000)
        room = await world.rooms.look(ROOM)
        assert not isinstance(room, Refused)
        assert room.host == "ann"
        assert "HostChanged" in probe.names


async def test_a_lost_host_ends_a_room_that_lives_by_its_host() -> None:
    async with World() as world:
        await opened(world, defaults(host_lost=HostLost.CLOSES))
        host, _ = world.connect()
        await world.say(host, "enter", ROOM, HOST)
        session, probe = world.connect()
        await world.say(session, "enter", ROOM, "ann")
        host.closed()
        await world.turn(HOST_GRACE_MS + 2_000)
        assert probe.names[-1] == "RoomClosed"
        assert await world.rooms.look(ROOM) == Refused(Reason.ROOM_CLOSED)


async def test_a_host_who_has_yet_to_come_does_not_end_the_room() -> None:
    async with World() as world:
        await opened(world, defaults(host_lost=HostLost.CLOSES))
        await world.turn(HOUR_MS, step_ms=10_000)
        assert not isinstance(await world.rooms.look(ROOM), Refused)


async def test_everybody_has_time_to_come_back_after_a_restart() -> None:
    log, clock = MemoryLog(), TurnedClock()
    async with World(log, clock) as before:
        await opened(before)
        session, _ = before.connect()
        await before.say(session, "enter", ROOM, "ann")
    async with World(log, clock) as after:
        assert "ann" in await members(after)
        await after.turn(GRACE_MS + 5_000)
        assert "ann" in await members(after)
        await after.turn(60_000)
        assert "ann" not in await members(after)


async def test_a_room_expires_on_time_with_people_in_it() -> None:
    async with World() as world:
        await opened(world, defaults(lives_ms=4 * HOUR_MS))
        session, probe = world.connect()
        await world.say(session, "enter", ROOM, "ann")
        await world.turn(4 * HOUR_MS - 60_000, step_ms=30_000)
        assert "RoomClosed" not in probe.names
        await world.turn(62_000)
        assert probe.names[-1] == "RoomClosed"
        assert await world.rooms.look(ROOM) == Refused(Reason.ROOM_EXPIRED)


async def test_a_room_that_counts_from_its_last_activity_stays_while_people_are_in_it() -> None:
    async with World() as world:
        await opened(world, defaults(lives_ms=HOUR_MS, expiry=Expiry.FROM_LAST_ACTIVITY))
        session, _ = world.connect()
        await world.say(session, "enter", ROOM, "ann")
        await world.turn(5 * HOUR_MS, step_ms=30_000)
        assert "ann" in await members(world)
        session.closed()
        await world.turn(2 * HOUR_MS, step_ms=30_000)
        assert await world.rooms.look(ROOM) == Refused(Reason.ROOM_EXPIRED)


async def test_a_room_that_nobody_has_touched_since_the_restart_expires_too() -> None:
    log, clock = MemoryLog(), TurnedClock()
    async with World(log, clock) as before:
        await opened(before, defaults(lives_ms=HOUR_MS))
    async with World(log, clock) as after:
        await after.turn(HOUR_MS + 10_000, step_ms=5_000)
        past = await log.read(ROOM)
        assert past is not None
        assert type(past.events[-1].event).__name__ == "RoomClosed"


async def test_replicas_that_nobody_needs_are_dropped_and_come_back_when_asked_for() -> None:
    async with World() as world:
        await opened(world, defaults(host_lost=HostLost.CLOSES))
        await world.turn(3 * 60_000.0)
        assert world.rooms.alive() == ()
        assert not isinstance(await world.rooms.look(ROOM), Refused)


async def test_somebody_expelled_hears_of_it_and_then_no_more() -> None:
    async with World() as world:
        await opened(world)
        session, probe = world.connect()
        await world.say(session, "enter", ROOM, "ann")
        await world.rooms.ask(ROOM, c.Expel(MemberId("ann")), HOST)
        assert probe.names[-1] == "MemberLeft"
        probe.heard.clear()
        await world.rooms.ask(ROOM, c.Play(), HOST)
        assert probe.heard == []
