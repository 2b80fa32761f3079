"""The adversary of `bench.privacy` is worth something: where there is a leak it finds people."""

from __future__ import annotations

from math import hypot
from random import Random

import pytest

from bench.adversary import Lesson, Told, exact_mismatch, learned, ring_mismatch, trilaterated
from bench.privacy import BY_RING, CELL_ONLY, TAUGHT, WILD, error, geohash, spied
from tutti.core.geo import cell_at, name, parse


def test_distances_as_they_are_give_somebody_away() -> None:
    random, truth = Random(1), (0.31, -0.22)
    places = [(random.uniform(-5, 5), random.uniform(-5, 5)) for _ in range(12)]
    told = [Told(place, hypot(place[0] - truth[0], place[1] - truth[1])) for place in places]
    assert trilaterated(told, exact_mismatch) == pytest.approx(truth, abs=0.005)


def test_rings_between_people_would_give_somebody_away_in_time() -> None:
    random, truth = Random(2), (0.31, -0.22)
    places = [(random.uniform(-5, 5), random.uniform(-5, 5)) for _ in range(40)]
    told = [Told(place, 1 + int(hypot(place[0] - truth[0], place[1] - truth[1]))) for place in places]
    east, north = trilaterated(told, ring_mismatch)
    assert hypot(east - truth[0], north - truth[1]) < 0.25


def test_a_model_learns_what_there_is_to_learn() -> None:
    random = Random(3)
    rows = [(random.gauss(0, 1), random.gauss(0, 1), random.gauss(0, 1)) for _ in range(200)]
    guess = learned([Lesson(row, (2 * row[0] + 1, -row[1])) for row in rows], caution=1e-9)
    assert guess((3.0, 0.5, 9.9)) == pytest.approx((7.0, -0.5), abs=1e-3)


def test_a_client_sends_finer_geohashes_than_anybody_reads() -> None:
    random = Random(4)
    for _ in range(100):
        place = (random.uniform(-5, 5), random.uniform(-5, 5))
        fine = geohash(place)
        assert len(fine) == 9
        assert parse(fine) == parse(geohash(place, 6))
    assert geohash((0.0, 0.0), 6) == name(cell_at(48.8566, 2.3522))


def test_who_asks_learns_the_cell_and_no_more_and_metres_would_tell_all() -> None:
    town, samples = spied(people=24, spies=8, steps=60, questions=3_000)
    assert town.questions == 3_000
    stay = [one for one in samples if not one.walks]
    assert len(stay) >= 50
    assert error(samples, WILD) < 0.05
    for way in (CELL_ONLY, BY_RING, TAUGHT):
        assert error(stay, way) > 0.3
