"""The timer wheel, turned by hand."""

from __future__ import annotations

import functools
import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st

from tutti.service.timers import Timer, TimerWheel

delays = st.floats(0, 1000, allow_nan=False)


def test_a_timer_fires_once_and_never_before_it_is_due() -> None:
    wheel, fired = TimerWheel(100.0), list[str]()
    timer = wheel.after(5.0, lambda: fired.append("x"))
    wheel.turn(104.99)
    assert fired == []
    assert len(wheel) == 1
    wheel.turn(105.2)
    wheel.turn(200.0)
    assert fired == ["x"]
    assert not timer.pending
    assert len(wheel) == 0


def test_a_cancelled_timer_never_fires_and_may_be_cancelled_again() -> None:
    wheel, fired = TimerWheel(0.0), list[str]()
    timer = wheel.after(1.0, lambda: fired.append("x"))
    timer.cancel()
    timer.cancel()
    wheel.turn(10.0)
    timer.cancel()
    assert fired == []
    assert len(wheel) == 0


def test_a_timer_may_cancel_its_neighbour_in_the_same_slot() -> None:
    wheel, fired = TimerWheel(0.0, slot_s=1.0), list[str]()
    timers: list[Timer] = []

    def first() -> None:
        fired.append("first")
        timers[1].cancel()

    timers.append(wheel.after(0.1, first))
    timers.append(wheel.after(0.2, lambda: fired.append("second")))
    wheel.turn(2.0)
    assert fired == ["first"]


def test_a_timer_set_by_a_timer_waits_for_its_own_turn() -> None:
    wheel, fired = TimerWheel(0.0), list[float]()

    def again() -> None:
        fired.append(0)
        wheel.after(0.0, again)

    wheel.after(0.0, again)
    wheel.turn(5.0)
    assert len(fired) == 1
    wheel.turn(10.0)
    assert len(fired) == 2


def test_a_negative_delay_is_none() -> None:
    wheel, fired = TimerWheel(50.0), list[str]()
    wheel.after(-10.0, lambda: fired.append("x"))
    wheel.turn(50.2)
    assert fired == ["x"]


def test_a_clock_that_goes_back_fires_nothing_early_and_nothing_twice() -> None:
    wheel, fired = TimerWheel(100.0), list[str]()
    wheel.after(1.0, lambda: fired.append("x"))
    wheel.turn(50.0)
    wheel.after(1.0, lambda: fired.append("y"))
    wheel.turn(100.5)
    assert fired == []
    wheel.turn(102.0)
    wheel.turn(99.0)
    assert sorted(fired) == ["x", "y"]


def test_a_failing_timer_leaves_the_others_to_the_next_turn() -> None:
    wheel, fired = TimerWheel(0.0), list[str]()

    def fail() -> None:
        raise ZeroDivisionError

    wheel.after(1.0, fail)
    wheel.after(1.01, lambda: fired.append("neighbour"))
    wheel.after(3.0, lambda: fired.append("later"))
    for now_s in (10.0, 11.0, 12.0):
        try:
            wheel.turn(now_s)
        except ZeroDivisionError:
            fired.append("failed")
    assert fired == ["failed", "neighbour", "later"]
    assert len(wheel) == 0


@settings(deadline=None)
@given(
    st.lists(delays, max_size=30),
    st.lists(st.floats(0, 100, allow_nan=False), max_size=30),
    st.floats(0.01, 10),
)
def test_every_timer_fires_in_its_slot_however_the_wheel_is_turned(
    waits: list[float], steps: list[float], slot_s: float
) -> None:
    wheel, now_s = TimerWheel(7.0, slot_s=slot_s), 7.0
    fired: dict[int, float] = {}

    def fire(number: int) -> None:
        assert number not in fired
        fired[number] = now_s

    for number, wait in enumerate(waits):
        wheel.after(wait, functools.partial(fire, number))
    turned = [now_s]
    for step in [*steps, 2000.0]:
        now_s += step
        turned.append(now_s)
        wheel.turn(now_s)
    assert sorted(fired) == list(range(len(waits)))
    for number, wait in enumerate(waits):
        due_s = 7.0 + wait
        assert fired[number] >= due_s - 1e-9
        late_enough = min(at for at in turned if at >= due_s + 2 * slot_s)
        assert fired[number] <= late_enough


def test_a_timer_that_is_cancelled_leaves_nothing_until_it_would_have_been_due() -> None:
    wheel = TimerWheel(0.0)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for n in range(5_000):
            wheel.after(86_400.0 + n, lambda: None).cancel()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 50_000


def test_a_timer_may_cancel_all_that_would_have_fired_after_it_in_the_same_turn() -> None:
    wheel, fired = TimerWheel(0.0), list[str]()
    others: list[Timer] = []

    def first() -> None:
        fired.append("first")
        for timer in others:
            timer.cancel()

    wheel.after(1.0, first)
    others += [wheel.after(delay_s, lambda: fired.append("other")) for delay_s in (1.05, 2.0, 3.0)]
    wheel.turn(10.0)
    assert fired == ["first"]
    assert len(wheel) == 0


def test_timers_that_are_due_together_fire_in_the_order_in_which_they_were_set() -> None:
    wheel, fired = TimerWheel(0.0), list[int]()
    for n in range(50):
        wheel.after(0.05, functools.partial(fired.append, n))
    wheel.turn(1.0)
    assert fired == list(range(50))
