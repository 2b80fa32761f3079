"""How everybody is doing: in their own words where players know, reckoned from reports where they do not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rooms import HOST
from tests.service.timed import ANN, TIMED, enter, opened, room_of, say
from tests.service.world import PLAIN, ROOM, Probe, World
from tutti.core import commands as c
from tutti.core.ids import MemberId
from tutti.service.live_room import LiveRoom
from tutti.service.steering import FRESH_MS


async def playing(world: World) -> None:
    await opened(world, playing=True)
    await world.turn(10_000)


def status(probe: Probe) -> dict[str, Any]:
    return probe.last("status")


async def test_a_player_that_knows_is_believed_to_the_millisecond() -> None:
    async with World() as world:
        await playing(world)
        session, ann = await enter(world, "ann")
        _, bob = await enter(world, "bob")
        await say(session, "observe", "ann", 10_003.25, world.clock.now_ms(), 3.25, 1.5)
        await world.turn(1_200, step_ms=100)
        said = {"error_ms": 3.25, "bound_ms": 1.5, "doing": "playing"}
        assert status(ann) == status(bob) == {"event": "status", "ann": said}


async def test_of_those_who_only_report_the_error_is_reckoned_and_no_bound_is_claimed() -> None:
    async with World() as world:
        await playing(world)
        _, ann = await enter(world, "ann")
        session, _ = await enter(world, "bob", PLAIN)
        position = (await room_of(world)).position_at(world.clock.now_ms()) + 40.0
        await say(session, "report", "bob", position, dialect=PLAIN)
        await world.turn(1_200, step_ms=100)
        reckoned = {"error_ms": pytest.approx(40.0), "bound_ms": None, "doing": None}
        assert status(ann)["bob"] == reckoned


async def test_those_who_only_report_hear_of_those_who_know() -> None:
    async with World() as world:
        await playing(world)
        session, _ = await enter(world, "ann")
        _, bob = await enter(world, "bob", PLAIN)
        await say(session, "observe", "ann", 10_003.0, world.clock.now_ms(), 3.0, 1.5)
        await world.turn(1_200, step_ms=100)
        assert status(bob) == {"event": "status", "ann": "excellent"}


async def test_what_was_said_long_ago_is_not_repeated() -> None:
    async with World() as world:
        await playing(world)
        session, ann = await enter(world, "ann")
        await say(session, "observe", "ann", 10_000.0, world.clock.now_ms(), 0.0, 1.0)
        other, _ = await enter(world, "bob")
        await world.turn(FRESH_MS + 1_000)
        await say(other, "observe", "bob", 14_000.0, world.clock.now_ms(), 0.0, 1.0)
        await world.turn(1_200, step_ms=100)
        assert status(ann).keys() == {"event", "bob"}


async def test_nobody_is_fresh_by_claiming_to_speak_from_the_future() -> None:
    async with World() as world:
        await playing(world)
        session, ann = await enter(world, "ann")
        await say(session, "observe", "ann", 10_000.0, world.clock.now_ms() + 1e9, 0.0, 1.0)
        other, _ = await enter(world, "bob")
        await world.turn(FRESH_MS + 1_000)
        await say(other, "observe", "bob", 14_000.0, world.clock.now_ms(), 0.0, 1.0)
        await world.turn(1_200, step_ms=100)
        assert status(ann).keys() == {"event", "bob"}


async def test_everybody_hears_at_most_once_a_second_and_nothing_while_nobody_says_anything() -> None:
    async with World() as world:
        await playing(world)
        session, ann = await enter(world, "ann")
        for _ in range(40):
            await say(session, "observe", "ann", 10_000.0, world.clock.now_ms(), 0.0, 1.0)
            await world.turn(100, step_ms=100)
        assert 3 <= ann.names.count("status") <= 4
        await world.turn(2_000, step_ms=100)
        ann.heard.clear()
        await world.turn(10_000)
        assert ann.names == []


async def test_a_host_that_observes_moves_nothing() -> None:
    async with World() as world:
        await playing(world)
        session, host = await enter(world, HOST)
        before = await room_of(world)
        await say(session, "observe", HOST, 90_000.0, world.clock.now_ms(), 80_000.0, 1.0)
        await world.turn(3_000)
        assert await room_of(world) == before
        assert "TimelineMoved" not in host.names


async def test_nobody_is_steered_who_steers_itself() -> None:
    async with World() as world:
        await playing(world)
        session, ann = await enter(world, "ann")
        for _ in range(20):
            await say(session, "observe", "ann", 10_000.0, world.clock.now_ms(), -9_000.0, 1.0)
            await world.turn(500, step_ms=100)
        assert set(ann.names) == {"status"}


async def test_when_somebody_was_last_heard_of_counts_what_they_say_themselves() -> None:
    async with World() as world:
        await playing(world)
        session, _ = await enter(world, "ann")
        live = await world.rooms.live(ROOM)
        assert isinstance(live, LiveRoom)
        assert live.helm.seen_ms(ANN) is None
        await say(session, "observe", "ann", 10_000.0, world.clock.now_ms(), 0.0, 1.0)
        assert live.helm.seen_ms(ANN) == world.clock.now_ms()
        await world.rooms.ask(ROOM, c.Leave(), MemberId("ann"))
        assert live.helm.seen_ms(ANN) is None
        assert TIMED.steering.modelled is False
