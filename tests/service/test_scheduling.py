"""When what is wished takes effect: a little ahead where players can be told, at once where they cannot."""

from __future__ import annotations

import pytest

from tests.rooms import HOST
from tests.service.timed import TIMED, enter, opened, room_of, say
from tests.service.world import PLAIN, ROOM, World
from tutti.core import commands as c
from tutti.service.dialect import Dialect


async def lead_of(world: World, command: c.Command) -> float:
    """How far ahead the timeline is anchored by this wish."""
    await world.rooms.ask(ROOM, command, HOST)
    return (await room_of(world)).timeline.anchored_at_ms - world.clock.now_ms()


@pytest.mark.parametrize(
    ("round_trips", "lead_ms"),
    [
        ((0.0, 0.0), 150.0),
        ((66.0, 20.0), 150.0),
        ((20.0, 100.0), 200.0),
        ((400.0, 10.0), 650.0),
        ((30.0, 5_000.0), 1_000.0),
    ],
)
async def test_the_lead_is_one_and_a_half_of_the_largest_round_trip_and_fifty(
    round_trips: tuple[float, ...], lead_ms: float
) -> None:
    async with World() as world:
        await opened(world)
        for number, rtt_ms in enumerate(round_trips):
            await enter(world, f"p{number}", rtt_ms=rtt_ms)
        assert await lead_of(world, c.Play()) == lead_ms


async def test_where_nobody_can_be_told_ahead_nothing_is() -> None:
    async with World() as world:
        await opened(world)
        await enter(world, "ann", PLAIN, rtt_ms=400.0)
        assert await lead_of(world, c.Play()) == 0.0


async def test_when_the_last_who_could_be_told_ahead_has_gone_nothing_is() -> None:
    async with World() as world:
        await opened(world)
        session, _ = await enter(world, "ann")
        assert await lead_of(world, c.Play()) == 150.0
        session.closed()
        await world.turn(1_000)
        assert await lead_of(world, c.Pause()) == 0.0


async def test_slow_lines_of_others_count_as_well() -> None:
    async with World() as world:
        await opened(world)
        await enter(world, "ann", rtt_ms=10.0)
        await enter(world, "bob", PLAIN, rtt_ms=200.0)
        assert await lead_of(world, c.Play()) == 350.0


async def test_everybody_who_can_be_is_told_the_same_instant_ahead() -> None:
    async with World() as world:
        await opened(world)
        session, ann = await enter(world, "ann")
        _, bob = await enter(world, "bob", rtt_ms=200.0)
        await say(session, "play", "ann")
        told = [probe.last("TimelineMoved")["timeline"] for probe in (ann, bob)]
        instant = world.clock.now_ms() + 350.0
        assert told == [{"position_ms": 0.0, "rate": 1.0, "playing": True, "anchored_at_ms": instant}] * 2


async def test_what_a_player_did_already_is_not_scheduled_or_it_would_be_ahead_of_all() -> None:
    async with World() as world:
        await opened(world, playing=True)
        await enter(world, "ann", rtt_ms=200.0)
        session, _ = await enter(world, "bob", PLAIN)
        await world.turn(10_000)
        await say(session, "seek", "bob", 60_000.0, dialect=PLAIN)
        timeline = (await room_of(world)).timeline
        assert (timeline.position_ms, timeline.anchored_at_ms) == (60_000.0, world.clock.now_ms())


async def sought_again(world: World, dialect: Dialect) -> list[object]:
    """What Bob hears when Ann, who was told of a place, wishes to be there a little later."""
    await opened(world, playing=True)
    session, _ = await enter(world, "ann", dialect)
    _, bob = await enter(world, "bob")
    await world.turn(10_000)
    await world.rooms.ask(ROOM, c.Seek(60_000.0), HOST)
    await world.turn(2_000, step_ms=100)
    bob.heard.clear()
    await say(session, "seek", "ann", 60_000.0, dialect=dialect)
    return bob.names


async def test_those_who_repeat_nothing_mean_what_they_say() -> None:
    async with World() as world:
        assert await sought_again(world, PLAIN) == []
    async with World() as world:
        assert await sought_again(world, TIMED) == ["TimelineMoved"]
