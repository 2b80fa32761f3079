"""A sender's clock tells how late its messages are, and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tutti.service.skew import REPORTS, STEPPED_MS, Skew


def test_the_first_report_is_taken_as_prompt() -> None:
    assert Skew().late_ms(stamped_ms=1.0, received_ms=1e12) == 0.0


def test_a_later_one_is_late_by_what_it_took_longer_than_the_fastest() -> None:
    skew = Skew()
    assert skew.late_ms(0.0, 500.0) == 0.0
    assert skew.late_ms(1_000.0, 1_800.0) == 300.0
    assert skew.late_ms(2_000.0, 2_450.0) == 0.0
    assert skew.late_ms(3_000.0, 3_500.0) == 50.0


def test_a_clock_that_is_set_forward_is_believed_from_then_on() -> None:
    skew = Skew()
    skew.late_ms(0.0, 0.0)
    assert skew.late_ms(90_000.0, 1_000.0) == 0.0
    assert skew.late_ms(91_000.0, 2_100.0) == 100.0


def test_a_clock_that_is_set_back_by_more_than_a_message_can_take_is_noticed_at_once() -> None:
    skew = Skew()
    skew.late_ms(0.0, 0.0)
    assert skew.late_ms(120_000.0 - STEPPED_MS - 1, 120_000.0) == 0.0


def test_a_clock_that_shows_an_earlier_time_than_before_is_noticed_at_once() -> None:
    skew = Skew()
    skew.late_ms(5_000.0, 0.0)
    assert skew.late_ms(4_000.0, 1_000.0) == 0.0


def test_a_clock_that_stands_still_is_no_clock() -> None:
    """Whoever copies an example's timestamp into every report is prompt, not ever later."""
    skew = Skew()
    assert {skew.late_ms(1_697_800_000_000.0, n * 1_500.0) for n in range(40)} == {0.0}


def test_a_clock_that_is_set_back_a_little_is_noticed_at_the_second_report() -> None:
    skew = Skew()
    skew.late_ms(0.0, 0.0)
    assert skew.late_ms(10_000.0 - 3_000.0, 10_000.0) == 3_000.0
    assert skew.late_ms(20_000.0 - 3_000.0, 20_000.0) == 0.0


def test_reports_that_waited_together_are_each_as_late_as_they_are() -> None:
    """A line that stood still for four seconds delivers everything at once."""
    skew = Skew()
    skew.late_ms(0.0, 0.0)
    late = [skew.late_ms(stamped, 5_000.0) for stamped in (1_000.0, 2_000.0, 3_000.0, 4_000.0)]
    assert late == [4_000.0, 3_000.0, 2_000.0, 1_000.0]


def test_what_was_long_ago_says_nothing_about_a_clock_that_runs_too_fast_or_slow() -> None:
    """Half a millisecond a second is the most that a clock is slewed by."""
    skew, worst = Skew(), 0.0
    for n in range(60):
        received = n * 120_000.0
        worst = max(worst, skew.late_ms(received * 0.9995, received))
    assert worst <= 200.0


@given(
    delays=st.lists(st.floats(0, 900), min_size=1, max_size=3 * REPORTS),
    wrong_by=st.floats(-1e12, 1e12),
)
def test_however_wrong_a_clock_is_lateness_is_the_same(delays: list[float], wrong_by: float) -> None:
    skew = Skew()
    for n, delay in enumerate(delays):
        sent = n * 1_000.0
        fastest = min(delays[max(0, n - REPORTS + 1) : n + 1])
        assert abs(skew.late_ms(sent + wrong_by, sent + delay) - (delay - fastest)) < 1.0
