"""People in 200 cities, whose sizes are as Zipf has it: a sixth of all live in the largest."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, radians
from random import Random

from tutti.core.geo import Cell, cell_at

CITIES = 200
SPREAD_KM = 4.0
_KM_PER_DEGREE = 111.2


@dataclass(frozen=True)
class Crowd:
    """`cells[n]` is where person n is; `densest`: the people of the largest city."""

    cells: array[int]
    densest: list[int]


def crowd(people: int, seed: int = 1) -> Crowd:
    random = Random(seed)
    centres = [(random.uniform(-50, 60), random.uniform(-170, 170)) for _ in range(CITIES)]
    of = random.choices(range(CITIES), [1 / rank for rank in range(1, CITIES + 1)], k=people)
    cells = array("q", (near(random, *centres[city], SPREAD_KM) for city in of))
    return Crowd(cells, [person for person, city in enumerate(of) if city == 0])


def near(random: Random, latitude: float, longitude: float, spread_km: float) -> Cell:
    """A cell around there: most within that many kilometres."""
    up, right = random.gauss(0, spread_km), random.gauss(0, spread_km)
    east = longitude + right / (_KM_PER_DEGREE * cos(radians(latitude)))
    return cell_at(latitude + up / _KM_PER_DEGREE, east)


def names(count: int, seed: int = 2) -> Iterator[str]:
    """Ids as accounts have them: 36 characters."""
    random = Random(seed)
    for _ in range(count):
        digits = f"{random.getrandbits(128):032x}"
        yield f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
