"""What the bench makes of what it saw of players."""

from __future__ import annotations

import json
from math import inf

import pytest

from bench.sync import figures, judging, outcome
from bench.sync.judging import Percentiles, Statement, Stretch
from bench.sync.script import Session
from bench.sync.target import Anchor, Middle, Timeline
from bench.sync.traces import Trace, instants, read

PLAYING = Timeline([Anchor(0, 0, 0, 1.0)])


def test_position_between_readings_is_on_the_line_between_them() -> None:
    trace = _player(0, 1000, ahead=5)
    assert trace.at(512.5) == pytest.approx(517.5)


def test_nobody_knows_where_a_player_was_before_the_first_or_after_the_last_reading() -> None:
    trace = _player(100, 1000)
    assert trace.at(99) is None
    assert trace.at(1001) is None


def test_nobody_knows_where_a_player_was_during_a_seek_or_a_long_silence() -> None:
    trace = Trace(times=[0, 25, 50, 600], positions=[0, 25, 9000, 9550])
    assert trace.at(12) == 12
    assert trace.at(40) is None
    assert trace.at(300) is None


def test_the_observers_rows_become_traces() -> None:
    rows = [
        ["position", "a", 10.0, 1.0],
        ["state", "a", 11.0, 1.02, False, 40.0],
        ["seek", "a", 12.0],
        ["restart", "a", 13.0],
        ["slow", "a", 14.0],
        ["position", "b", 15.0, 2.0],
    ]
    seen = read(json.dumps(row) for row in rows)
    assert seen["a"] == Trace([10.0], [1.0], [11.0], [1.02], [False], [40.0], [12.0], 1)
    assert seen["b"].positions == [2.0]


def test_until_a_scheduled_instant_the_timeline_before_it_holds() -> None:
    timeline = Timeline()
    timeline.add(Anchor(0, 0, 0, 1.0))
    timeline.add(Anchor(1000, 1000, 60_000, 1.0))
    assert timeline.at(999) == 999
    assert timeline.at(1500) == 60_500
    timeline.add(Anchor(900, 900, 900, 0.0))  # told before the seek came to pass, and in its place
    assert timeline.at(1500) == 900


def test_spread_is_from_first_to_last_of_those_that_play() -> None:
    seen = {"a": _player(0, 1000), "b": _player(0, 1000, ahead=30), "c": _player(0, 1000, ahead=-10)}
    assert judging.spreads(seen, seen, 100, 900) == pytest.approx([40.0] * 17)
    seen["c"].paused = [True] * len(seen["c"].paused)
    assert judging.spreads(seen, seen, 100, 900) == pytest.approx([30.0] * 17)


def test_error_is_from_the_target_and_not_from_one_another() -> None:
    seen = {"a": _player(0, 1000, ahead=-300), "b": _player(0, 1000, ahead=-300)}
    assert judging.errors(seen, PLAYING, seen, 100, 900) == pytest.approx([300.0] * 34)
    assert judging.errors(seen, Middle(seen), seen, 100, 900) == pytest.approx([0.0] * 34)


def test_around_a_pause_nobody_is_said_to_play() -> None:
    trace = Trace(state_times=[0, 50, 100, 150], paused=[False, False, True, False])
    assert [trace.plays_at(now) for now in (-1, 25, 75, 125, 175)] == [False, True, False, False, True]


def test_percentiles_are_values_that_were_seen() -> None:
    assert judging.percentiles(range(1, 101)) == Percentiles(50, 95, 99, 100)
    assert judging.percentiles([]) is None


def test_together_counts_from_the_command_and_only_if_it_lasts() -> None:
    joins = _player(0, 1000, ahead=500)
    _extend(joins, _player(1000, 1200))  # right for a moment
    _extend(joins, _player(1225, 2000, ahead=100))
    _extend(joins, _player(2025, 5000, ahead=20))
    stretch = Stretch("seek", 0, 5000, ("a",), since=500)
    after = judging.together_after({"a": joins}, PLAYING, stretch, ("a",))
    assert after == pytest.approx(1550, abs=51)


def test_whoever_never_gets_together_never_did() -> None:
    stretch = Stretch("seek", 0, 5000, ("a",), since=500)
    assert judging.together_after({"a": _player(0, 5000, ahead=50)}, PLAYING, stretch, ("a",)) is None
    assert judging.together_after({}, PLAYING, stretch, ("a",)) is None


def test_players_that_agree_but_did_not_seek_are_not_together() -> None:
    seen = {"a": _player(0, 5000), "b": _player(0, 5000)}
    stretch = Stretch("seek", 0, 5000, ("a", "b"), since=0, sought=60_000)
    assert judging.together_after(seen, Middle(seen), stretch, seen) is None


def test_a_seek_that_leaves_a_larger_error_went_the_wrong_way() -> None:
    trace = _player(0, 2000, ahead=20)
    _extend(trace, _player(2200, 5000, ahead=-60))
    _extend(trace, _player(5200, 8000, ahead=1))
    trace.seeks = [2050, 5050]
    assert judging.corrective_seeks(trace, 0, 8000, commands=[]) == [2050, 5050]
    assert judging.corrective_seeks(trace, 0, 8000, commands=[1500]) == [5050]
    assert judging.wrong_way(trace, PLAYING, [2050, 5050]) == 1


def test_half_a_percent_of_speed_is_not_heard() -> None:
    trace = _player(0, 1000)
    trace.speeds = [1.0, 1.005, 0.99, 1.02, *trace.speeds[4:]]
    assert judging.audible_share({"a": trace}, ("a",), 0, 1000) == pytest.approx(2 / len(trace.speeds))
    assert judging.largest_speed_change({"a": trace}, ("a",), 0, 1000) == pytest.approx(0.02)


def test_whoever_was_set_back_was_moved() -> None:
    slowed = _player(0, 1000)
    _extend(slowed, _player(1025, 3000, ahead=-700))
    assert judging.moved({"a": _player(0, 3000), "b": slowed}, ("a", "b"), 0, 3000) == pytest.approx(-700)
    assert judging.moved({"a": _player(0, 3000)}, ("a",), 0, 3000) == pytest.approx(0)


def test_pictures_of_paused_players_are_compared_and_a_running_one_is_none() -> None:
    seen = {
        name: Trace([], [], [10.0], [1.0], [True], [frame]) for name, frame in (("a", 40.0), ("b", 120.0))
    }
    assert judging.paused_apart(seen, seen, 0, 20) == 80
    seen["b"].paused = [False]
    assert judging.paused_apart(seen, seen, 0, 20) is None


def test_a_statement_is_true_if_its_bound_holds_the_truth() -> None:
    seen = {"a": _player(0, 1000, ahead=10)}
    said = [Statement("a", 500, 12, 3), Statement("a", 500, 12, 1), Statement("a", 5000, 12, 1)]
    assert judging.truthful(seen, PLAYING, said) == [True, False]


def test_figures_say_never_where_a_straggler_did_not_come_back() -> None:
    seen = {name: _player(0, 20_000) for name in ("a", "b")} | {"c": _player(0, 20_000, ahead=-900)}
    stretches = [
        Stretch("steady", 0, 5000, ("a", "b"), since=0),
        Stretch("stall", 5000, 8000, ("a", "b", "c"), since=5000, subject="c"),
        Stretch("after the stall", 8000, 15_000, ("a", "b", "c"), since=8000, subject="c"),
    ]
    ours = outcome.of("tutti", [Session("tutti", seen, PLAYING, stretches, [])])
    assert ours.back == [inf]
    table = {figure.name: figure for figure in figures.figures("lan", ours, None)}
    assert table["sync lan, tutti: steady spread p95"].verdict == "reaches its aim"
    assert table["sync lan, tutti: stall (1 ×): straggler back, worst"].verdict == "FALLS SHORT"
    assert table["sync lan, tutti: stall: the others' speed changed by at most"].verdict == "reaches its aim"


def _player(began: float, ended: float, ahead: float = 0.0) -> Trace:
    """Plays steadily, read every 25 ms."""
    times = instants(began, ended, 25.0)
    count = len(times)
    positions = [time + ahead for time in times]
    return Trace(times, positions, list(times), [1.0] * count, [False] * count, [None] * count)


def _extend(trace: Trace, more: Trace) -> None:
    trace.times += more.times
    trace.positions += more.positions
    trace.state_times += more.state_times
    trace.speeds += more.speeds
    trace.paused += more.paused
    trace.frames += more.frames
