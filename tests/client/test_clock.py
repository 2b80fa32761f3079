"""The client's clock over modelled links: close to the truth, and never farther from it than it says."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulation.follower import percentile
from tests.simulation.link import LAN, LOPSIDED, MOBILE, WAN, Profile, Station
from tutti_client.clock import KEPT, Clock, Probe

TICK_MS = 20.0
LINKS = {"lan": LAN, "wan": WAN, "mobile": MOBILE, "lopsided": LOPSIDED}


def station(link: Profile, seed: int, drift_ppm: float | None = None) -> Station:
    rng = Random(seed)
    drift = rng.uniform(-100.0, 100.0) if drift_ppm is None else drift_ppm
    return Station(rng, link, drift, ahead_ms=rng.uniform(-1e9, 1e9))


def run(
    one: Station, until_ms: float, from_ms: float = 0.0, see: Callable[[float], None] = lambda _: None
) -> float:
    now = from_ms
    while now < until_ms:
        now += TICK_MS
        one.advance(now)
        see(now)
    return now


def holds(one: Station, now_ms: float) -> bool:
    return abs(one.error_ms(now_ms)) <= one.bound_ms(now_ms)


@pytest.mark.parametrize("name", LINKS)
def test_the_bound_holds_the_truth(name: str) -> None:
    held: list[bool] = []
    for seed in range(6):
        one = station(LINKS[name], seed)

        def see(at: float, one: Station = one) -> None:
            held.append(holds(one, at))

        run(one, 240_000.0, see=see)
    assert sum(held) >= 0.999 * len(held)


@pytest.mark.parametrize(
    ("link", "p95_ms", "bound_ms"), [(LAN, 0.3, 1.0), (WAN, 6.0, 50.0), (MOBILE, 18.0, 90.0)]
)
def test_the_estimate_is_much_better_than_the_bound(link: Profile, p95_ms: float, bound_ms: float) -> None:
    errors: list[float] = []
    bounds: list[float] = []
    for seed in range(10):
        one = station(link, seed)
        now = run(one, 5_000.0)

        def see(at: float, one: Station = one) -> None:
            errors.append(abs(one.error_ms(at)))
            bounds.append(one.bound_ms(at))

        run(one, 180_000.0, now, see)
    assert percentile(errors, 0.95) <= p95_ms
    assert percentile(bounds, 0.95) <= bound_ms


def test_a_second_after_the_start_the_room_is_known_to_a_few_milliseconds() -> None:
    errors = []
    for seed in range(30):
        one = station(WAN, seed)
        errors.append(abs(one.error_ms(run(one, 1_500.0))))
    assert percentile(errors, 0.95) <= 6.0


@given(
    trips=st.lists(
        st.tuples(st.floats(0.0, 500.0), st.floats(0.0, 500.0), st.floats(1.0, 20_000.0)),
        min_size=1,
        max_size=70,
    ),
    drift_ppm=st.floats(-200.0, 200.0),
)
@settings(max_examples=60, deadline=None)
def test_no_delays_however_lopsided_make_the_bound_false(
    trips: list[tuple[float, float, float]], drift_ppm: float
) -> None:
    def room(local_ms: float) -> float:
        return local_ms * (1 + drift_ppm * 1e-6) + 5e6

    clock, now = Clock.initial(), 0.0
    for there, back, later in trips:
        received = now + there + back
        clock = clock.observe(Probe(now, received, room(now + there)))
        for at in (received, received + later):
            assert abs(clock.room_ms(at) - room(at)) <= clock.bound_ms(at)
        now = received + later
        assert len(clock.probes) <= KEPT
        assert len(clock.region) <= KEPT


@pytest.mark.parametrize("drift_ppm", [-100.0, 100.0])
def test_drift_is_learned_and_bridges_a_long_silence(drift_ppm: float) -> None:
    one = station(LAN, 3, drift_ppm)
    now = run(one, 300_000.0)
    assert one.clock.drift_ppm == pytest.approx(drift_ppm, abs=2.0)
    later = now + 60_000.0
    assert abs(one.error_ms(later)) < 1.0
    assert one.bound_ms(later) > one.bound_ms(now)


@pytest.mark.parametrize("link", [LAN, WAN, MOBILE])
@pytest.mark.parametrize("step_ms", [3_600_000.0, -3_600_000.0, 1_000.0, -400.0])
def test_after_the_servers_clock_was_set_the_next_answers_are_believed(link: Profile, step_ms: float) -> None:
    """A server that restarted is one whose clock was set."""
    one = station(link, 5)
    now = run(one, 60_000.0)
    one.server_ahead_ms += step_ms
    asked = one.probes
    now = run(one, now + 14_000.0, now)
    assert one.probes > asked
    assert holds(one, now)
    assert abs(one.error_ms(now)) < max(5.0, link.there_ms)


def test_a_step_too_small_to_contradict_the_round_trip_is_found_out() -> None:
    one = station(WAN, 6)
    now = run(one, 60_000.0)
    one.server_ahead_ms += 60.0
    now = run(one, now + 30_000.0, now)
    assert abs(one.error_ms(now)) < 10.0
    assert holds(one, now)


@pytest.mark.parametrize("slept_ms", [5_000.0, 8 * 3_600_000.0])
def test_a_laptop_whose_clock_stood_still_in_its_sleep_is_right_after_the_next_answers(
    slept_ms: float,
) -> None:
    one = station(WAN, 7)
    now = run(one, 60_000.0)
    one.ahead_ms -= slept_ms
    now = run(one, now + slept_ms + 14_000.0, now + slept_ms)
    assert holds(one, now)
    assert abs(one.error_ms(now)) < 20.0


def test_a_laptop_whose_clock_went_on_in_its_sleep_asks_at_once_and_in_a_burst() -> None:
    one = station(LAN, 8)
    now = run(one, 60_000.0)
    woken = now + 3_600_000.0
    assert one.clock.next_probe_in_ms(one.local_ms(woken)) == 0.0
    asked = one.probes
    one.wake(woken)
    now = run(one, woken + 700.0, woken)
    assert one.probes - asked >= 7
    assert holds(one, now)


def test_a_local_clock_that_was_set_back_is_noticed() -> None:
    one = station(LAN, 9)
    now = run(one, 60_000.0)
    one.ahead_ms -= 1_000_000.0
    assert one.clock.next_probe_in_ms(one.local_ms(now)) == 0.0
    now = run(one, now + 14_000.0, now)
    assert abs(one.error_ms(now)) < 1.0
    assert holds(one, now)


def test_probes_come_in_a_burst_and_then_ever_more_rarely() -> None:
    clock, now, waits = Clock.initial(), 0.0, []
    assert clock.next_probe_in_ms(0.0) == 0.0
    for _ in range(60):
        clock = clock.observe(Probe(now, now + 2.0, now + 1.0))
        waits.append(clock.next_probe_in_ms(now + 2.0))
        now += 2.0 + waits[-1]
    assert waits[:8] == [60.0] * 8
    assert waits == sorted(waits)
    assert waits[-1] == 12_000.0


def test_nothing_is_known_before_the_first_answer() -> None:
    clock = Clock.initial()
    assert clock.bound_ms(1.0) == inf
    assert clock.rtt_ms == inf
    assert clock.room_ms(42.0) == 42.0


@pytest.mark.parametrize(
    "nonsense", [Probe(10.0, 5.0, 0.0), Probe(0.0, 5.0, float("nan")), Probe(0.0, inf, 1.0)]
)
def test_nonsense_is_not_heard(nonsense: Probe) -> None:
    clock = Clock.initial().observe(Probe(0.0, 1.0, 100.0))
    assert clock.observe(nonsense) is clock
