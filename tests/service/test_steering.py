"""Who is told that it is off, how far, and when: players that report, and players that are taken to do as told."""

from __future__ import annotations

import msgspec
import pytest

from tests.rooms import HOST, defaults
from tests.service.world import PLAIN, ROOM, Plain, Probe, World, settle
from tutti.core import commands as c
from tutti.core.defaults import Control
from tutti.core.ids import MemberId
from tutti.core.media import Media
from tutti.core.room import Room
from tutti.service import dialect as d
from tutti.service.frames import Frame
from tutti.service.live_room import LiveRoom
from tutti.service.session import Session
from tutti.service.steering import FRESH_MS, SETTLE_MS, Helm

ANN, BOB = MemberId("ann"), MemberId("bob")


class Obedient(Plain):
    """A dialect whose players need not report; each steering says whether it corrects."""

    name = "obedient"
    steering = d.Steering(
        every_s=60.0, over_ms=1_000.0, hold_s=10.0, modelled=True, restarts_under_ms=1_000.0
    )

    def steer(
        self, room: Room, viewer: d.Viewer, drift_ms: float | None, now_ms: float, correct: bool
    ) -> tuple[Frame, ...]:
        said = {"event": "steer", "drift": drift_ms, "correct": correct}
        return (Frame(msgspec.json.encode(said)),)


OBEDIENT = Obedient()


async def playing(world: World, *, at: float = 100_000.0) -> None:
    """A room whose timeline plays from there."""
    world.rooms.open(
        ROOM,
        c.Open("night", "Host", defaults(control=Control.EVERYBODY, correct_over_ms=50.0)),
        HOST,
        _ignore,
    )
    await settle()
    media = Media("603", "tmdb", "movie", duration_ms=7_200_000.0)
    await ask(world, c.Report(at, world.clock.now_ms(), True, media))


async def ask(world: World, command: c.Command, who: MemberId = HOST) -> None:
    await world.rooms.ask(ROOM, command, who)
    await settle()


async def enter(
    world: World, who: MemberId, dialect: d.Dialect = PLAIN, half_rtt_ms: float = 0.0
) -> tuple[Session, Probe]:
    session, probe = world.connect()
    probe.half_rtt_ms = half_rtt_ms
    session.hear(dialect, "enter", [msgspec.Raw(msgspec.json.encode(x)) for x in (ROOM, who)], None)
    await settle()
    probe.heard.clear()
    return session, probe


async def reports(world: World, session: Session, who: MemberId, position: float) -> None:
    await world.say(session, "report", ROOM, who, position)


async def helm_of(world: World) -> Helm:
    live = await world.rooms.live(ROOM)
    assert isinstance(live, LiveRoom)
    return live.helm


def drifts(probe: Probe) -> list[tuple[object, object]]:
    """What it was told of itself since the last time: how far off, and whether it was corrected."""
    told = [(one["drift"], one.get("correct", True)) for one in probe.heard if one["event"] == "steer"]
    probe.heard.clear()
    return told


async def where(world: World) -> float:
    room = await world.rooms.look(ROOM)
    assert isinstance(room, Room)
    return room.position_at(world.clock.now_ms())


async def test_a_player_that_is_off_is_corrected_and_then_given_time_to_seek() -> None:
    async with World() as world:
        await playing(world)
        session, probe = await enter(world, ANN)
        await world.turn(SETTLE_MS + 1_000)
        told = 0
        for _ in range(20):
            await reports(world, session, ANN, await where(world) + 2_000)
            await world.turn(500, step_ms=100)
            told += len(drifts(probe))
        assert told == 2  # ten seconds, and five of rest after each


async def test_a_player_that_is_where_it_should_be_is_left_alone() -> None:
    async with World() as world:
        await playing(world)
        session, probe = await enter(world, ANN)
        await world.turn(SETTLE_MS + 1_000)
        for _ in range(5):
            await reports(world, session, ANN, await where(world) + 700)
            await world.turn(1_500, step_ms=100)
        assert drifts(probe) == []


async def test_a_report_from_before_a_player_could_follow_says_nothing() -> None:
    async with World() as world:
        await playing(world)
        session, probe = await enter(world, ANN)
        await world.turn(SETTLE_MS + 1_000)
        await ask(world, c.Seek(500_000))
        await reports(world, session, ANN, 100_000)
        await world.turn(1_200, step_ms=100)
        assert drifts(probe) == []


async def test_a_player_that_has_stopped_reporting_is_not_judged() -> None:
    async with World() as world:
        await playing(world)
        session, probe = await enter(world, ANN)
        other, _ = await enter(world, BOB)
        await world.turn(SETTLE_MS + 1_000)
        await reports(world, session, ANN, await where(world))
        await world.turn(FRESH_MS + 1_000)
        await reports(world, other, BOB, await where(world))
        await world.turn(1_200, step_ms=100)
        assert probe.last("status").keys() == {"event", "bob"}


async def test_everybody_hears_of_everybody_at_most_once_a_second() -> None:
    async with World() as world:
        await playing(world)
        session, probe = await enter(world, ANN)
        await world.turn(SETTLE_MS + 1_000)
        for _ in range(40):
            await reports(world, session, ANN, await where(world))
            await world.turn(100, step_ms=100)
        assert 3 <= probe.names.count("status") <= 4


async def test_a_modelled_player_is_where_it_was_told_to_be() -> None:
    async with World() as world:
        await playing(world)
        _, probe = await enter(world, ANN, OBEDIENT, half_rtt_ms=200)
        await world.turn(61_000)
        assert drifts(probe) == [(pytest.approx(0.0, abs=1e-6), False)]


async def test_a_small_correction_leaves_a_modelled_player_where_it_is() -> None:
    async with World() as world:
        await playing(world)
        _, probe = await enter(world, ANN, OBEDIENT)
        for _ in range(3):
            await world.turn(2_000)
            await ask(world, c.Report(await where(world) + 400, world.clock.now_ms(), True))
        assert drifts(probe) == [(-400.0, False), (-800.0, False), (-1_200.0, True)]
        await world.turn(2_000)
        assert drifts(probe) == [(0.0, False)]  # and is told that all is well again


async def test_corrections_of_a_modelled_player_need_not_wait_for_each_other() -> None:
    async with World() as world:
        await playing(world)
        _, probe = await enter(world, ANN, OBEDIENT)
        for position in (300_000, 50_000, 400_000):
            await world.turn(1_000)
            drifts(probe)
            await ask(world, c.Report(position, world.clock.now_ms(), True))
            assert [correct for _, correct in drifts(probe)] == [True]


async def test_a_pause_stops_a_modelled_player_where_it_was_when_it_heard() -> None:
    async with World() as world:
        await playing(world)
        _, probe = await enter(world, ANN, OBEDIENT, half_rtt_ms=300)
        await world.turn(5_000)
        await ask(world, c.Pause())
        assert drifts(probe) == [(300.0, False)]
        await world.turn(61_000)
        assert drifts(probe) == [(300.0, False)]


async def test_a_pause_far_from_where_a_modelled_player_is_corrects_it() -> None:
    async with World() as world:
        await playing(world)
        _, probe = await enter(world, ANN, OBEDIENT)
        await ask(world, c.Report(20_000, world.clock.now_ms(), False))
        assert drifts(probe) == [(80_000.0, True)]


async def test_a_modelled_player_begins_new_media_at_their_beginning() -> None:
    async with World() as world:
        await playing(world)
        _, probe = await enter(world, ANN, OBEDIENT)
        now = world.clock.now_ms()
        await ask(world, c.Report(600, now, True, Media("604", "tmdb", "movie")))
        await ask(world, c.Report(5_000, now, True, Media("605", "tmdb", "movie")))
        assert drifts(probe) == [(-600.0, False), (0.0, False)]


async def test_a_modelled_player_plays_at_its_own_speed_whatever_the_rate() -> None:
    async with World() as world:
        await playing(world)
        _, probe = await enter(world, ANN, OBEDIENT)
        await ask(world, c.SetRate(1.5))
        assert drifts(probe) == [(0.0, False)]
        await world.turn(61_000)
        ((drift, correct), *_) = drifts(probe)
        assert drift == pytest.approx(-30_500, abs=500)
        assert correct


async def test_a_new_offset_is_for_its_owner_alone_and_at_once() -> None:
    async with World() as world:
        await playing(world)
        _, ann = await enter(world, ANN, OBEDIENT)
        _, bob = await enter(world, BOB, OBEDIENT)
        await ask(world, c.SetOffset(40), ANN)
        assert drifts(ann) == [(0.0, True)]
        assert drifts(bob) == []


async def test_a_modelled_player_that_reports_is_believed_and_given_time_to_seek() -> None:
    async with World() as world:
        await playing(world)
        session, probe = await enter(world, ANN, OBEDIENT)
        said = []
        for _ in range(4):
            off = [msgspec.Raw(msgspec.json.encode(x)) for x in (ROOM, ANN, await where(world) + 3_000)]
            session.hear(OBEDIENT, "report", off, None)
            await settle()
            await world.turn(1_500, step_ms=100)
            said += drifts(probe)
        corrected = [correct for drift, correct in said if drift == 3_000]
        assert corrected == [True, False, False, False]


async def test_the_host_is_not_modelled_it_is_what_the_others_are_measured_by() -> None:
    async with World() as world:
        await playing(world)
        await enter(world, HOST, OBEDIENT)
        helm = await helm_of(world)
        before = helm.seen_ms(HOST)
        await world.turn(130_000)
        await ask(world, c.Seek(1_000), HOST)
        assert helm.seen_ms(HOST) == before  # only its own reports say where it is


async def test_somebody_who_has_left_is_forgotten() -> None:
    async with World() as world:
        await playing(world)
        await enter(world, ANN, OBEDIENT)
        helm = await helm_of(world)
        assert helm.seen_ms(ANN) is not None
        assert helm.drift_ms(ANN) == 0.0
        await ask(world, c.Leave(), ANN)
        assert helm.seen_ms(ANN) is None
        assert helm.drift_ms(ANN) is None


def _ignore(_: object) -> None: ...
