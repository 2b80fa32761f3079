"""Commands that take effect a little later than they are decided, so that they reach every player before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.stage import ANN, FILM, Stage
from tests.rooms import HOST, defaults
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.defaults import Control
from tutti.core.events import Change, Move
from tutti.core.media import Media
from tutti.core.timeline import Timeline

LEAD_MS = 300.0
NEXT = Media("tt2", "vidcloud", "movie")


def playing() -> Stage:
    """The film has played for ten seconds, and what is wished from now on happens 300 ms later."""
    stage = Stage(ANN, of=defaults(control=Control.EVERYBODY))
    stage.does(HOST, c.Play())
    stage.after(10_000.0).lead_ms = LEAD_MS
    return stage


def told(stage: Stage, command: c.Command) -> tuple[Timeline, Move]:
    """The one movement that this makes."""
    [moved] = stage.does(HOST, command)
    assert isinstance(moved, e.TimelineMoved)
    return moved.timeline, moved.move


@pytest.mark.parametrize(
    ("command", "position_ms", "is_playing", "rate", "move"),
    [
        (c.Pause(), 10_300.0, False, 1.0, Move.PAUSE),
        (c.Pause(60_000.0), 60_000.0, False, 1.0, Move.PAUSE),
        (c.Seek(60_000.0), 60_000.0, True, 1.0, Move.SEEK),
        (c.SeekBy(5_000.0), 15_300.0, True, 1.0, Move.SEEK),
        (c.SetRate(2.0), 10_300.0, True, 2.0, Move.RATE),
    ],
    ids=repr,
)
def test_a_wish_happens_when_everybody_has_heard_of_it(
    command: c.Command, position_ms: float, is_playing: bool, rate: float, move: Move
) -> None:
    stage = playing()
    expected = Timeline(position_ms, rate, is_playing, stage.now_ms + LEAD_MS)
    assert told(stage, command) == (expected, move)


def test_other_media_begin_when_everybody_has_heard_of_them() -> None:
    stage = playing()
    [changed] = stage.does(HOST, c.ChangeMedia(NEXT.id))
    begins = Timeline(0.0, 1.0, True, stage.now_ms + LEAD_MS)
    assert changed == e.MediaChanged(NEXT, begins, Change.MEDIA, HOST)


def test_what_is_wished_meanwhile_does_not_happen_before_what_was_wished_first() -> None:
    stage = playing()
    first, _ = told(stage, c.Seek(60_000.0))
    stage.after(100.0).lead_ms = 0.0  # the last of those who could be told ahead has gone
    then, _ = told(stage, c.Pause())
    assert then == Timeline(60_000.0, 1.0, False, first.anchored_at_ms)


def test_a_report_moves_the_timeline_as_it_finds_it() -> None:
    stage = playing()
    timeline, _ = told(stage, c.Report(20_000.0, stage.now_ms, True))
    assert timeline == Timeline(20_000.0, 1.0, True, stage.now_ms)


def test_a_report_of_a_host_that_could_not_yet_obey_undoes_nothing() -> None:
    stage = playing()
    stage.does(ANN, c.Pause())
    stage.after(200.0)
    assert stage.does(HOST, c.Report(10_200.0, stage.now_ms, True)) == ()
    stage.after(200.0)
    assert stage.does(HOST, c.Report(10_400.0, stage.now_ms, True)) != ()


def test_repeating_what_is_about_to_happen_changes_nothing() -> None:
    stage = playing()
    stage.does(ANN, c.Seek(60_000.0))
    assert stage.does(HOST, c.Seek(60_000.0 - LEAD_MS)) == ()
    assert stage.does(HOST, c.Play()) == ()


def test_the_smallest_step_is_a_wish_of_those_who_repeat_nothing() -> None:
    stage = playing()
    assert stage.does(HOST, c.Seek(10_040.0)) == ()
    timeline, _ = told(stage, c.Seek(10_040.0, exact=True))
    assert timeline.position_ms == 10_040.0
    assert stage.does(HOST, c.Play(stage.room.extrapolated_at(stage.now_ms), exact=True)) == ()


@given(
    st.floats(0, 5e6), st.floats(0.25, 4.0), st.booleans(), st.floats(-1_000.0, 60_000.0), st.floats(0, 1e9)
)
def test_a_player_that_does_at_once_what_it_is_told_is_right_from_the_anchor_on(
    position_ms: float, rate: float, is_playing: bool, later_ms: float, anchor_ms: float
) -> None:
    timeline = Timeline(position_ms, rate, is_playing, anchor_ms)
    now_ms = anchor_ms + later_ms
    starts_ms = timeline.extrapolated_at(now_ms)
    if later_ms >= 0.0 or not is_playing:
        assert starts_ms == timeline.position_at(now_ms)
    elif starts_ms > 0.0:  # else it has to wait at the beginning
        arrives_ms = starts_ms + (anchor_ms - now_ms) * rate
        assert arrives_ms == pytest.approx(timeline.position_at(anchor_ms), abs=0.01)


def test_a_film_that_ends_is_not_sought_beyond_its_end() -> None:
    stage = playing()
    timeline, _ = told(stage, c.SeekBy(9e9))
    assert timeline.position_ms == FILM.duration_ms
