"""Moving the timeline, and telling a wish from its echo."""

from __future__ import annotations

import math

import pytest

from tests.core.stage import ANN, FILM, Stage
from tests.rooms import HOST, defaults
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.defaults import Control
from tutti.core.events import Change, Move
from tutti.core.media import Media
from tutti.core.refusals import Reason
from tutti.core.timeline import Timeline

END_MS = 5_400_000.0
NO_POSITION = [math.nan, math.inf, -math.inf, -0.001, -1e308, 1e308, 3_600_000_001.0]


def moved(
    move: Move, position_ms: float, *, playing: bool, at_ms: float, rate: float = 1.0
) -> tuple[e.Event, ...]:
    return (e.TimelineMoved(Timeline(position_ms, rate, playing, at_ms), move, HOST),)


def playing(*, correct_over_ms: float = 2_000.0) -> Stage:
    """The film began to play from the beginning ten seconds ago."""
    stage = Stage(ANN, of=defaults(control=Control.EVERYBODY, correct_over_ms=correct_over_ms))
    stage.does(HOST, c.Play())
    return stage.after(10_000.0)


class TestPlayAndPause:
    def test_playing_goes_on_from_where_the_timeline_stands(self) -> None:
        stage = Stage()
        assert stage.does(HOST, c.Play()) == moved(Move.PLAY, 0.0, playing=True, at_ms=stage.now_ms)
        assert stage.after(2_500.0).position_ms == 2_500.0

    def test_pausing_stops_where_the_timeline_is(self) -> None:
        stage = playing()
        assert stage.does(HOST, c.Pause()) == moved(Move.PAUSE, 10_000.0, playing=False, at_ms=stage.now_ms)
        assert stage.after(9e6).position_ms == 10_000.0

    def test_a_player_may_say_from_where(self) -> None:
        stage = Stage()
        assert stage.does(HOST, c.Play(60_000.0)) == moved(
            Move.PLAY, 60_000.0, playing=True, at_ms=stage.now_ms
        )
        stage.after(5_000.0)
        assert stage.does(HOST, c.Pause(70_000.0)) == moved(
            Move.PAUSE, 70_000.0, playing=False, at_ms=stage.now_ms
        )

    def test_a_position_half_a_second_off_is_the_timelines_own(self) -> None:
        stage = playing()
        assert stage.does(HOST, c.Pause(10_500.0)) == moved(
            Move.PAUSE, 10_000.0, playing=False, at_ms=stage.now_ms
        )
        assert stage.does(HOST, c.Play(9_500.0)) == moved(
            Move.PLAY, 10_000.0, playing=True, at_ms=stage.now_ms
        )

    def test_asking_for_what_is_so_already_changes_nothing(self) -> None:
        stage = playing()
        assert stage.does(HOST, c.Play()) == ()
        assert stage.does(HOST, c.Play(10_400.0)) == ()
        stage.does(HOST, c.Pause())
        assert stage.does(HOST, c.Pause()) == ()

    def test_playing_from_elsewhere_while_playing_is_a_wish(self) -> None:
        stage = playing()
        assert stage.does(HOST, c.Play(60_000.0)) == moved(
            Move.PLAY, 60_000.0, playing=True, at_ms=stage.now_ms
        )

    @pytest.mark.parametrize("position_ms", NO_POSITION)
    def test_what_is_no_position_is_refused(self, position_ms: float) -> None:
        stage = playing()
        before = stage.room
        for command in (
            c.Play(position_ms),
            c.Pause(position_ms),
            c.Seek(position_ms),
            c.Report(position_ms, 1.0),
        ):
            assert stage.refuses(HOST, command) is Reason.OUT_OF_RANGE
        assert stage.room == before


class TestSeeking:
    def test_a_seek_goes_there_and_goes_on_playing(self) -> None:
        stage = playing()
        assert stage.does(HOST, c.Seek(60_000.0)) == moved(
            Move.SEEK, 60_000.0, playing=True, at_ms=stage.now_ms
        )

    def test_a_seek_beyond_the_end_goes_to_the_end(self) -> None:
        stage = playing()
        stage.does(HOST, c.Seek(END_MS + 60_000.0))
        assert stage.position_ms == END_MS

    @pytest.mark.parametrize(("to_ms", "is_news"), [(10_500.0, False), (9_500.0, False), (10_500.1, True)])
    def test_a_seek_to_where_everybody_is_asks_for_nothing(self, to_ms: float, is_news: bool) -> None:
        assert bool(playing().does(HOST, c.Seek(to_ms))) is is_news

    @pytest.mark.parametrize(("by_ms", "lands_ms"), [(5_000.0, 15_000.0), (-60_000.0, 0.0), (1e12, END_MS)])
    def test_a_relative_seek_stays_within_the_film(self, by_ms: float, lands_ms: float) -> None:
        stage = playing()
        stage.does(HOST, c.SeekBy(by_ms))
        assert stage.position_ms == lands_ms

    def test_a_relative_seek_is_bounded_where_nobody_knows_the_length(self) -> None:
        stage = Stage(media=None)
        stage.does(HOST, c.SeekBy(1e300))
        assert stage.position_ms == 3_600_000_000.0

    @pytest.mark.parametrize("by_ms", [math.nan, math.inf, -math.inf])
    def test_a_relative_seek_by_no_number_is_refused(self, by_ms: float) -> None:
        assert playing().refuses(HOST, c.SeekBy(by_ms)) is Reason.OUT_OF_RANGE


class TestRate:
    def test_the_rate_changes_without_a_jump(self) -> None:
        stage = playing()
        expected = moved(Move.RATE, 10_000.0, playing=True, at_ms=stage.now_ms, rate=2.0)
        assert stage.does(HOST, c.SetRate(2.0)) == expected
        assert stage.does(HOST, c.SetRate(2.0)) == ()
        assert stage.after(1_000.0).position_ms == 12_000.0

    @pytest.mark.parametrize("rate", [0.25, 4.0])
    def test_the_slowest_and_the_fastest(self, rate: float) -> None:
        stage = playing()
        stage.does(HOST, c.SetRate(rate))
        assert stage.room.timeline.rate == rate

    @pytest.mark.parametrize("rate", [0.2499, 4.0001, 0.0, -1.0, math.nan, math.inf, -math.inf])
    def test_slower_or_faster_is_refused(self, rate: float) -> None:
        assert playing().refuses(HOST, c.SetRate(rate)) is Reason.OUT_OF_RANGE


class TestEchoes:
    """A player that was told something says it back, as if it had wished it."""

    def test_a_seek_back_to_what_was_just_told_is_an_echo_though_the_film_went_on(self) -> None:
        stage = playing()
        stage.does(HOST, c.Seek(60_000.0))
        told = c.Told(60_000.0, stage.now_ms)
        stage.after(4_000.0)  # a slow seek on a slow line
        assert stage.does(ANN, c.Seek(60_000.0, told)) == ()
        assert stage.does(ANN, c.Seek(60_500.0, told)) == ()
        assert stage.does(ANN, c.Play(60_000.0, told)) == ()

    @pytest.mark.parametrize(("late_ms", "is_wish"), [(5_000.0, False), (5_000.1, True)])
    def test_after_five_seconds_it_is_a_wish(self, late_ms: float, is_wish: bool) -> None:
        stage = playing()
        stage.does(HOST, c.Seek(60_000.0))
        told = c.Told(60_000.0, stage.now_ms)
        assert bool(stage.after(late_ms).does(ANN, c.Seek(60_000.0, told))) is is_wish

    def test_another_position_is_a_wish_however_soon(self) -> None:
        stage = playing()
        stage.does(HOST, c.Seek(60_000.0))
        told = c.Told(60_000.0, stage.now_ms)
        stage.after(3_000.0)
        assert stage.does(ANN, c.Seek(60_501.0, told))

    def test_a_pause_told_and_said_back_is_an_echo_though_somebody_played_on_meanwhile(self) -> None:
        stage = playing()
        stage.does(HOST, c.Pause())
        told = c.Told(stage.position_ms, stage.now_ms, playing=False)
        stage.after(100.0).does(HOST, c.Play())
        stage.after(100.0)
        assert stage.does(ANN, c.Pause(10_000.0, told)) == ()
        assert stage.does(ANN, c.Pause(None, told)) == ()
        assert stage.does(ANN, c.Pause(None))

    def test_a_pause_where_playing_was_told_is_a_wish(self) -> None:
        stage = playing()
        told = c.Told(stage.position_ms, stage.now_ms, playing=True)
        assert stage.does(ANN, c.Pause(None, told))


class TestReports:
    """Observations: the host's may move the timeline; nobody else's does."""

    def test_a_members_report_changes_nothing_however_far_off(self) -> None:
        stage = playing()
        assert stage.does(ANN, c.Report(900_000.0, stage.now_ms, playing=False)) == ()

    def test_a_host_where_it_should_be_changes_nothing(self) -> None:
        stage = playing()
        assert stage.does(HOST, c.Report(10_000.0, stage.now_ms, playing=True)) == ()

    def test_a_hosts_report_from_before_somebody_elses_pause_does_not_undo_it(self) -> None:
        stage = playing()
        sampled_at_ms = stage.now_ms
        stage.after(200.0).does(ANN, c.Pause())
        assert stage.does(HOST, c.Report(10_000.0, sampled_at_ms, playing=True)) == ()
        assert stage.after(100.0).does(HOST, c.Report(10_200.0, stage.now_ms, playing=True))

    def test_an_older_observation_is_carried_on_to_now(self) -> None:
        stage = playing()
        assert stage.does(HOST, c.Report(7_000.0, stage.now_ms - 3_000.0)) == ()

    @pytest.mark.parametrize(("off_ms", "corrects"), [(2_000.0, False), (2_000.1, True), (-2_000.1, True)])
    def test_the_timeline_follows_a_host_that_is_further_off_than_the_room_allows(
        self, off_ms: float, corrects: bool
    ) -> None:
        stage = playing(correct_over_ms=2_000.0)
        events = stage.does(HOST, c.Report(10_000.0 + off_ms, stage.now_ms))
        expected = moved(Move.CORRECTION, 10_000.0 + off_ms, playing=True, at_ms=stage.now_ms)
        assert events == (expected if corrects else ())

    def test_corrections_of_its_own_movement_come_at_most_every_second(self) -> None:
        stage = playing(correct_over_ms=300.0)
        stage.does(HOST, c.Seek(60_000.0))
        assert stage.after(999.0).does(HOST, c.Report(60_100.0, stage.now_ms)) == ()
        assert stage.after(1.0).does(HOST, c.Report(60_100.0, stage.now_ms))

    @pytest.mark.parametrize(("off_ms", "corrects"), [(1_000.0, False), (1_000.1, True)])
    def test_a_host_that_jumped_is_followed_at_once(self, off_ms: float, corrects: bool) -> None:
        stage = playing(correct_over_ms=300.0)
        stage.does(HOST, c.Seek(60_000.0))
        assert bool(stage.does(HOST, c.Report(60_000.0 - off_ms, stage.now_ms, playing=True))) is corrects

    def test_a_bare_position_waits_a_second_however_far_off(self) -> None:
        stage = playing()
        stage.does(HOST, c.Seek(60_000.0))
        assert stage.after(999.0).does(HOST, c.Report(900_000.0, stage.now_ms)) == ()
        assert stage.after(1.0).does(HOST, c.Report(900_000.0, stage.now_ms))

    def test_the_hosts_player_has_two_seconds_to_follow_somebody_else(self) -> None:
        stage = playing()
        stage.does(ANN, c.Seek(60_000.0))
        assert stage.after(1_999.0).does(HOST, c.Report(12_000.0, stage.now_ms)) == ()
        assert stage.after(1.0).does(HOST, c.Report(12_000.0, stage.now_ms))

    def test_a_host_that_was_stopped_or_started_by_hand_takes_the_room_along(self) -> None:
        stage = playing()
        expected = moved(Move.PAUSE, 9_000.0, playing=False, at_ms=stage.now_ms - 500.0)
        assert stage.does(HOST, c.Report(9_000.0, stage.now_ms - 500.0, playing=False)) == expected
        stage.after(5_000.0)
        expected = moved(Move.PLAY, 9_000.0, playing=True, at_ms=stage.now_ms)
        assert stage.does(HOST, c.Report(9_000.0, stage.now_ms, playing=True)) == expected

    def test_a_host_that_plays_another_track_takes_the_room_along(self) -> None:
        stage = playing()
        track = Media("spotify:track:2", "spotify", "track", duration_ms=200_000.0)
        timeline = Timeline(3_000.0, 1.0, True, stage.now_ms)
        expected = (e.MediaChanged(track, timeline, Change.MEDIA, HOST),)
        assert stage.does(HOST, c.Report(3_000.0, stage.now_ms, True, track)) == expected
        assert stage.does(HOST, c.Report(3_000.0, stage.now_ms, True, track)) == ()

    def test_a_report_from_the_future_is_taken_for_now_and_one_from_before_the_room_for_its_opening(
        self,
    ) -> None:
        stage = playing()
        [event] = stage.does(HOST, c.Report(60_000.0, stage.now_ms + 1e9))
        assert isinstance(event, e.TimelineMoved)
        assert event.timeline.anchored_at_ms == stage.now_ms
        stage.after(5_000.0)
        [event] = stage.does(HOST, c.Report(60_000.0, -1.7e308, playing=False))
        assert isinstance(event, e.TimelineMoved)
        assert event.timeline.anchored_at_ms == stage.room.opened_at_ms

    @pytest.mark.parametrize("sampled_at_ms", [math.nan, math.inf, -math.inf])
    def test_a_report_of_no_time_is_refused(self, sampled_at_ms: float) -> None:
        assert playing().refuses(HOST, c.Report(1.0, sampled_at_ms)) is Reason.OUT_OF_RANGE

    @pytest.mark.parametrize("duration_ms", [math.nan, math.inf, -5.0, 0.0])
    def test_a_report_of_impossible_media_is_refused(self, duration_ms: float) -> None:
        impossible = Media("x", "p", "track", duration_ms=duration_ms)
        assert playing().refuses(HOST, c.Report(1.0, 1.0, True, impossible)) is Reason.OUT_OF_RANGE


def test_the_film_stops_at_its_end() -> None:
    stage = playing()
    assert stage.after(1e9).position_ms == FILM.duration_ms
    assert stage.does(HOST, c.Pause()) == moved(Move.PAUSE, END_MS, playing=False, at_ms=stage.now_ms)
