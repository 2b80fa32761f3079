"""Somebody who wants to know where people are: everything told is kept, and every way of reckoning is tried.

Positions are kilometres east and north of the middle of a person's published cell, so that nought is what anybody
reckons who knows the cell and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Final

Offset = tuple[float, float]
"""Kilometres east and north."""

KEPT: Final = 40
_SHRINK: Final = 4.0
_GRID: Final = 4
_ROUNDS: Final = 5
_REACH_KM: Final = 1.2


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody asked from there, and was told that the person is so far away."""

    asker: Offset
    far_km: float


def trilaterated(told: Sequence[Told], mismatch: Callable[[float, float], float]) -> Offset:
    """Where all that was told fits best: a grid of places, then a finer one around the best of them."""
    best, reach = (0.0, 0.0), _REACH_KM
    recent = told[-KEPT:]
    for _ in range(_ROUNDS):
        steps = [reach * step / _GRID for step in range(-_GRID, _GRID + 1)]
        places = [(best[0] + east, best[1] + north) for north in steps for east in steps]
        best = min(places, key=lambda place: _misfit(place, recent, mismatch))
        reach /= _SHRINK
    return best


def ring_mismatch(km: float, ring: float) -> float:
    """How far from such a ring a distance is, if rings were between people."""
    return max(km - ring, ring - 1 - km, 0.0)


def exact_mismatch(km: float, told_km: float) -> float:
    return abs(km - told_km)


def _misfit(place: Offset, told: Sequence[Told], mismatch: Callable[[float, float], float]) -> float:
    return sum(
        mismatch(hypot(place[0] - one.asker[0], place[1] - one.asker[1]), one.far_km) ** 2 for one in told
    )


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was known at a moment, as numbers, and where the person was."""

    known: tuple[float, ...]
    truth: Offset


def learned(lessons: Sequence[Lesson], *, caution: float = 1e-3) -> Callable[[tuple[float, ...]], Offset]:
    """A linear model of places by what is known, fitted by least squares to people who told where they were."""
    rows = [(1.0, *one.known) for one in lessons]
    size = len(rows[0])
    products = [[sum(row[i] * row[j] for row in rows) for j in range(size)] for i in range(size)]
    for i in range(size):
        products[i][i] += caution * len(rows)
    east = _solved(
        products,
        [sum(r[i] * one.truth[0] for r, one in zip(rows, lessons, strict=True)) for i in range(size)],
    )
    north = _solved(
        products,
        [sum(r[i] * one.truth[1] for r, one in zip(rows, lessons, strict=True)) for i in range(size)],
    )

    def guess(known: tuple[float, ...]) -> Offset:
        row = (1.0, *known)
        return _dot(row, east), _dot(row, north)

    return guess


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def _solved(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """Gauss, with pivots."""
    size = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda at: abs(rows[at][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for below in range(column + 1, size):
            share = rows[below][column] / rows[column][column]
            rows[below] = [a - share * b for a, b in zip(rows[below], rows[column], strict=True)]
    solution = [0.0] * size
    for at in range(size - 1, -1, -1):
        known = sum(rows[at][later] * solution[later] for later in range(at + 1, size))
        solution[at] = (rows[at][size] - known) / rows[at][at]
    return solution
