"""How far apart two players are, and what guide 000 calls that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutti.core.drift import Observation, Quality, drift_ms, needs_seek, quality, target_ms
from tutti.core.timeline import Timeline

PLAYING = Timeline(position_ms=10_000.0, rate=1.0, playing=True, anchored_at_ms=1_000.0)
PAUSED = Timeline(position_ms=10_000.0, playing=False, anchored_at_ms=1_000.0)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("apart_ms", "expected"),
    [
        (0.0, Quality.EXCELLENT),
        (99.999, Quality.EXCELLENT),
        (100.0, Quality.GOOD),
        (499.999, Quality.GOOD),
        (500.0, Quality.FAIR),
        (999.999, Quality.FAIR),
        (1_000.0, Quality.POOR),
        (1e12, Quality.POOR),
        (float("inf"), Quality.POOR),
    ],
)
def test_the_scale_of_guide_000_at_its_edges(apart_ms: float, expected: Quality, sign: int) -> None:
    assert quality(sign * apart_ms) is expected


def test_what_is_not_a_number_is_poor() -> None:
    assert quality(float("nan")) is Quality.POOR


@pytest.mark.parametrize(
    ("apart_ms", "seek"),
    [(0.0, False), (1_000.0, False), (1_000.001, True), (-1_000.0, False), (-1_000.001, True)],
)
def test_a_player_seeks_when_more_than_a_second_apart(apart_ms: float, seek: bool) -> None:
    assert needs_seek(apart_ms) is seek


def test_a_player_at_the_timeline_has_no_drift_however_old_the_observation() -> None:
    observed = Observation(position_ms=12_000.0, at_ms=3_000.0, rate=1.0)
    for now_ms in (3_000.0, 4_500.0, 1e7):
        assert drift_ms(observed, PLAYING, offset_ms=0.0, now_ms=now_ms) == 0.0


@pytest.mark.parametrize("ahead_ms", [-700.0, 700.0])
def test_positive_means_ahead(ahead_ms: float) -> None:
    observed = Observation(12_000.0 + ahead_ms, 3_000.0, 1.0)
    assert drift_ms(observed, PLAYING, offset_ms=0.0, now_ms=3_500.0) == ahead_ms


def test_a_player_with_an_offset_should_be_just_that_far_off() -> None:
    observed = Observation(12_250.0, 3_000.0, 1.0)
    assert drift_ms(observed, PLAYING, offset_ms=250.0, now_ms=3_000.0) == 0.0
    assert drift_ms(observed, PLAYING, offset_ms=0.0, now_ms=3_000.0) == 250.0


def test_a_paused_player_falls_behind_a_playing_room_as_time_passes() -> None:
    stalled = Observation(12_000.0, 3_000.0, 0.0)
    assert drift_ms(stalled, PLAYING, offset_ms=0.0, now_ms=5_000.0) == -2_000.0
    assert drift_ms(stalled, PAUSED, offset_ms=0.0, now_ms=5_000.0) == 2_000.0


def test_nobody_should_be_before_the_beginning() -> None:
    assert target_ms(Timeline(), -5_000.0, 0.0) == 0.0
    assert Observation(100.0, 1_000.0, 1.0).position_at(0.0) == 0.0


def test_at_the_end_everybody_should_be_at_the_end() -> None:
    observed = Observation(60_000.0, 0.0, 0.0)
    assert drift_ms(observed, PLAYING, offset_ms=0.0, now_ms=1e7, duration_ms=60_000.0) == 0.0


@given(
    position=st.floats(5_000, 1e8),
    rate=st.sampled_from([0.25, 1.0, 1.5, 4.0]),
    offset=st.floats(-5_000, 5_000),
    elapsed=st.floats(0, 1e8),
)
def test_a_player_that_does_what_it_is_told_never_drifts(
    position: float, rate: float, offset: float, elapsed: float
) -> None:
    timeline = Timeline(position, rate, True, 1_000.0)
    observed = Observation(target_ms(timeline, offset, 1_000.0), 1_000.0, rate)
    assert abs(drift_ms(observed, timeline, offset_ms=offset, now_ms=1_000.0 + elapsed)) < 0.001
