"""The timeline is a vector: whatever is done to it, positions are continuous, bounded, and computed from `now`."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from tutti.core.timeline import MAX_RATE, MIN_RATE, Timeline

MOMENT = st.floats(0, 2e12)
SPAN = st.floats(0, 1e9)
POSITION = st.floats(0, 1e9)
RATE = st.floats(MIN_RATE, MAX_RATE)
DURATION = st.none() | st.floats(1, 1e9)
TIMELINE = st.builds(Timeline, POSITION, RATE, st.booleans(), MOMENT)


def near(position_ms: float, expected_ms: float) -> bool:
    """To a hundredth of a millisecond: 2e12 ms is some sixty years, where a float resolves a quarter of a µs."""
    return math.isclose(position_ms, expected_ms, rel_tol=1e-12, abs_tol=0.01)


@given(TIMELINE, MOMENT, DURATION)
def test_a_position_is_never_before_the_beginning_nor_after_the_end(
    timeline: Timeline, now: float, duration: float | None
) -> None:
    assert 0.0 <= timeline.position_at(now, duration) <= (duration if duration is not None else float("inf"))


@given(TIMELINE, SPAN)
def test_before_its_anchor_a_timeline_waits_at_the_anchor(timeline: Timeline, early: float) -> None:
    assert timeline.position_at(timeline.anchored_at_ms - early) == timeline.position_ms


@given(POSITION, RATE, MOMENT, SPAN)
def test_a_paused_timeline_stands_still(position: float, rate: float, anchor: float, elapsed: float) -> None:
    assert Timeline(position, rate, False, anchor).position_at(anchor + elapsed) == position


@given(POSITION, RATE, MOMENT, SPAN)
def test_a_playing_timeline_moves_at_its_rate(
    position: float, rate: float, anchor: float, elapsed: float
) -> None:
    now = anchor + elapsed
    assert near(Timeline(position, rate, True, anchor).position_at(now), position + (now - anchor) * rate)


@given(TIMELINE, SPAN, SPAN, DURATION)
def test_describing_a_movement_from_later_on_does_not_change_it(
    timeline: Timeline, until_then: float, after: float, duration: float | None
) -> None:
    then = timeline.anchored_at_ms + until_then
    again = timeline.anchored(then, duration)
    assert again.anchored_at_ms == then
    assert near(again.position_at(then + after, duration), timeline.position_at(then + after, duration))


@given(TIMELINE, SPAN, RATE, DURATION)
def test_play_pause_and_rate_never_jump(
    timeline: Timeline, elapsed: float, rate: float, duration: float | None
) -> None:
    now = timeline.anchored_at_ms + elapsed
    here = timeline.position_at(now, duration)
    moved = (
        timeline.play(now, duration),
        timeline.pause(now, duration),
        timeline.at_rate(rate, now, duration),
    )
    assert [after.position_at(now, duration) for after in moved] == [here] * 3
    assert [after.playing for after in moved] == [True, False, timeline.playing]


@given(TIMELINE, POSITION, MOMENT, SPAN)
def test_a_seek_goes_there_and_goes_on_as_before(
    timeline: Timeline, to: float, now: float, after: float
) -> None:
    sought = timeline.seek(to, now)
    assert (sought.position_at(now), sought.playing, sought.rate) == (to, timeline.playing, timeline.rate)
    moved = (now + after - now) * timeline.rate if timeline.playing else 0.0
    assert near(sought.position_at(now + after), to + moved)


@given(TIMELINE, SPAN)
def test_the_rate_that_people_chose_outlives_a_pause(timeline: Timeline, elapsed: float) -> None:
    now = timeline.anchored_at_ms + elapsed
    assert timeline.pause(now).play(now + 1).rate == timeline.rate


@dataclass(frozen=True)
class Step:
    """What a person does after so long."""

    wait_ms: float
    what: str
    amount: float


STEPS = st.lists(
    st.builds(
        Step, st.floats(0, 1e6), st.sampled_from(["play", "pause", "seek", "rate"]), st.floats(0.25, 4)
    ),
    max_size=40,
)


@given(STEPS)
def test_a_long_session_ends_where_a_ticking_player_would(steps: list[Step]) -> None:
    """The player adds up what it played in each stretch; the timeline only ever computes."""
    timeline, now, player, playing, rate = Timeline(), 0.0, 0.0, False, 1.0
    for step in steps:
        now += step.wait_ms
        player += step.wait_ms * rate if playing else 0.0
        match step.what:
            case "play":
                timeline, playing = timeline.play(now), True
            case "pause":
                timeline, playing = timeline.pause(now), False
            case "seek":
                timeline, player = timeline.seek(step.amount * 1e5, now), step.amount * 1e5
            case "rate":
                timeline, rate = timeline.at_rate(step.amount, now), step.amount
        assert math.isclose(timeline.position_at(now), player, rel_tol=1e-9, abs_tol=0.01)
