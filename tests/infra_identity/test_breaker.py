"""When a struggling service is left alone, and when it is asked again."""

from __future__ import annotations

import pytest

from tutti.infra.breaker import Breaker, Ticket


class Time:
    def __init__(self) -> None:
        self.ms = 0.0

    def __call__(self) -> float:
        return self.ms


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def breaker(time: Time) -> Breaker:
    return Breaker(time, patience=3, rest_ms=1_000, longest_rest_ms=3_000)


def admitted(breaker: Breaker) -> Ticket:
    ticket = breaker.admit()
    assert ticket is not None
    return ticket


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.failed(admitted(breaker))


def test_a_few_failures_are_borne(breaker: Breaker) -> None:
    fail(breaker, 2)
    breaker.succeeded(admitted(breaker))
    fail(breaker, 2)
    assert not breaker.is_open


def test_failures_in_a_row_open_it(breaker: Breaker) -> None:
    fail(breaker, 3)
    assert breaker.is_open
    assert breaker.admit() is None


def test_after_the_rest_one_call_probes(breaker: Breaker, time: Time) -> None:
    fail(breaker, 3)
    time.ms = 999
    assert breaker.admit() is None
    time.ms = 1_000
    probe = admitted(breaker)
    assert breaker.admit() is None
    breaker.succeeded(probe)
    assert not breaker.is_open
    assert {admitted(breaker), admitted(breaker)} == {probe}


def test_a_failed_probe_rests_twice_as_long_up_to_a_limit(breaker: Breaker, time: Time) -> None:
    fail(breaker, 3)
    for rest_ms in (1_000, 2_000, 3_000, 3_000):
        time.ms += rest_ms - 1
        assert breaker.admit() is None
        time.ms += 1
        fail(breaker)


def test_a_success_makes_the_next_rest_short_again(breaker: Breaker, time: Time) -> None:
    fail(breaker, 3)
    time.ms = 1_000
    fail(breaker)
    time.ms = 3_000
    breaker.succeeded(admitted(breaker))
    fail(breaker, 3)
    time.ms = 4_000
    assert breaker.admit() is not None


def test_it_rests_as_long_as_it_is_told_and_the_longest_counts(breaker: Breaker, time: Time) -> None:
    breaker.told_to_rest(30_000)
    breaker.told_to_rest(10_000)
    time.ms = 29_999
    assert breaker.admit() is None
    time.ms = 30_000
    assert breaker.admit() is not None


def test_a_late_answer_from_before_the_break_changes_nothing(breaker: Breaker, time: Time) -> None:
    early = admitted(breaker)
    breaker.told_to_rest(1_000)
    breaker.succeeded(early)
    assert breaker.is_open
    time.ms = 1_000
    probe = admitted(breaker)
    breaker.failed(early)
    breaker.abandoned(early)
    assert breaker.admit() is None
    breaker.succeeded(probe)
    assert not breaker.is_open


def test_an_abandoned_probe_lets_another_try(breaker: Breaker, time: Time) -> None:
    fail(breaker, 3)
    time.ms = 1_000
    breaker.abandoned(admitted(breaker))
    assert breaker.admit() is not None
