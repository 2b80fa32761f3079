"""Places, no finer than a cell: the geohash of 6 characters, about 1.2 × 0.6 km at the equator.

There is no type here for a position. Only `parse` reads what people send, and it reads 6 characters of it: no finer
digit gets any further. Distances are between cells, in rings of whole kilometres, and are the same either way round.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import product
from math import asin, ceil, cos, hypot, pi, radians, sin, sqrt
from typing import Final, NamedTuple, NewType, cast

from tutti.core.refusals import Reason, Refused

Cell = NewType("Cell", int)
"""Row and column of a grid over the world, 15 bits each: `row << 15 | column`, from the south-west corner."""

PRECISION: Final = 6
COARSEST: Final = 5
MAX_RINGS: Final = 10

_BITS: Final = 15
_SIDE: Final = 1 << _BITS
_MASK: Final = _SIDE - 1
_ALPHABET: Final = "0123456789bcdefghjkmnpqrstuvwxyz"
_EARTH_KM: Final = 6371.0088
_ROW_KM: Final = pi * _EARTH_KM / _SIDE
_NEAR_RINGS: Final = 2
_SHARED: Final[dict[int, int]] = {}
_MAX_COLUMNS: Final = 64
"""Beyond 82° of latitude columns are so narrow that a ring of 10 km would be thousands of cells: it is cut there."""


def parse(geohash: str) -> Cell | Refused:
    """The cell that it lies in. Characters after the sixth are not even read; one of 5 stands for its middle cell."""
    read = geohash[:PRECISION]
    if len(read) == COARSEST:
        read += _MIDDLE
    try:
        return Cell(_PAIRS[read[:2]] << 10 | _PAIRS[read[2:4]] << 5 | _PAIRS[read[4:]])
    except KeyError:
        return _too_coarse() if len(read) < COARSEST and set(read) <= _LETTERS else _NO_GEOHASH


def name(cell: Cell) -> str:
    """Its geohash, in lower case."""
    return _NAMES[cell >> 10 & _PAIR] + _NAMES[cell >> 5 & _PAIR] + _NAMES[cell & _PAIR]


def cell_at(latitude: float, longitude: float) -> Cell:
    """For whoever knows positions: clients, tests and benches. The server is told cells."""
    row = min(max(int((latitude + 90) / 180 * _SIDE), 0), _MASK)
    return _cell(row, int((longitude + 180) / 360 * _SIDE))


def centre(cell: Cell) -> tuple[float, float]:
    """Latitude and longitude of its middle, in degrees."""
    row, column = divmod(cell, _SIDE)
    return (row + 0.5) * 180 / _SIDE - 90, (column + 0.5) * 360 / _SIDE - 180


def size_km(cell: Cell) -> tuple[float, float]:
    """How wide and how high it is."""
    return _column_km(2 * (cell >> _BITS)), _ROW_KM


def steps(one: Cell, other: Cell) -> int:
    """How many moves of a chess king lie between: 0 the same cell, 1 cells that touch."""
    return max(abs((one >> _BITS) - (other >> _BITS)), _columns_apart(one, other))


def ring_km(one: Cell, other: Cell) -> int:
    """The smallest number of whole kilometres, at least 1, that their middles lie within."""
    row, other_row = one >> _BITS, other >> _BITS
    right_km = _columns_apart(one, other) * _column_km(row + other_row)
    return max(
        ceil(hypot((row - other_row) * _ROW_KM, right_km)), 1
    )  # a plane will do for tens of kilometres


def gap_km(one: Cell, other: Cell) -> float:
    """What lies between them at least, whoever is where in them; 0 if they touch."""
    if steps(one, other) <= 1:
        return 0.0
    return max(_great_circle_km(one, other) - (hypot(*size_km(one)) + hypot(*size_km(other))) / 2, 0.0)


def neighbours(cell: Cell) -> tuple[Cell, ...]:
    """Itself and the cells that touch it: nine, and six at the poles."""
    row, column = divmod(cell, _SIDE)
    return tuple(
        _cell(row + up, column + right)
        for up, right in product((-1, 0, 1), repeat=2)
        if 0 <= row + up < _SIDE
    )


def around(cell: Cell, rings: int) -> Iterator[Cell]:
    """Every cell within that many rings (at most 10), the nearest first, itself before all."""
    row, column = divmod(cell, _SIDE)
    reach = _reach(row, rings)
    offsets = reach.offsets[: reach.ends[rings]]
    if _MAX_COLUMNS <= column < _SIDE - _MAX_COLUMNS:
        return cast("Iterator[Cell]", map(cell.__add__, offsets))
    return (_across(row, column, offset) for offset in offsets)


class _Reach(NamedTuple):
    """The same for all cells of a row: what to add to a cell, nearest first; `ends[k]`: how many are within k rings."""

    offsets: Sequence[int]
    ends: tuple[int, ...]


def _reach(row: int, rings: int) -> _Reach:
    return _near_reach(row) if rings <= _NEAR_RINGS else _far_reach(row)


@cache
def _near_reach(row: int) -> _Reach:
    """Small and much in use: one for every row that there is takes 12 MB. The numbers themselves are the same in all."""
    offsets, ends = _reached(row, _NEAR_RINGS)
    return _Reach(tuple(_SHARED.setdefault(offset, offset) for offset in offsets), ends)


@lru_cache(maxsize=8192)
def _far_reach(row: int) -> _Reach:
    return _reached(row, MAX_RINGS)


def _reached(row: int, rings: int) -> _Reach:
    rows = int(rings / _ROW_KM) + 1
    within = [
        place
        for up in range(max(-rows, -row), min(rows, _MASK - row) + 1)
        for place in _reached_in_row(row, up, rings)
    ]
    within.sort()
    distances = [place[0] for place in within]
    ends = tuple(bisect_right(distances, max(ring, 1)) for ring in range(rings + 1))
    return _Reach(array("i", [up * _SIDE + right for _, _, up, right in within]), ends)


def _reached_in_row(row: int, up: int, rings: int) -> list[tuple[float, int, int, int]]:
    """Kilometres, then what orders cells that are equally far."""
    column_km, up_km = _column_km(2 * row + up), up * _ROW_KM
    if abs(up_km) > rings:
        return []
    most = min(int(sqrt(rings * rings - up_km * up_km) / column_km), _MAX_COLUMNS)
    half = [(hypot(up_km, right * column_km), abs(up), up, right) for right in range(most + 1)]
    return half + [(km, height, up, -right) for km, height, _, right in half[1:]]


def _across(row: int, column: int, offset: int) -> Cell:
    """Where a neighbour may lie on the other side of the date line."""
    right = (offset + _SIDE // 2 & _MASK) - _SIDE // 2
    return _cell(row + (offset - right) // _SIDE, column + right)


def _cell(row: int, column: int) -> Cell:
    return Cell(row << _BITS | column & _MASK)


def _columns_apart(one: Cell, other: Cell) -> int:
    columns = abs((one & _MASK) - (other & _MASK))
    return min(columns, _SIDE - columns)


def _column_km(two_rows: int) -> float:
    """How wide a column is in the middle between two rows, given their sum."""
    latitude = ((two_rows + 1) / 2) * pi / _SIDE - pi / 2
    return 2 * _ROW_KM * cos(latitude)


def _great_circle_km(one: Cell, other: Cell) -> float:
    (lat1, lon1), (lat2, lon2) = centre(one), centre(other)
    up, right = radians(lat2 - lat1) / 2, radians(lon2 - lon1) / 2
    half = sin(up) ** 2 + cos(radians(lat1)) * cos(radians(lat2)) * sin(right) ** 2
    return 2 * _EARTH_KM * asin(min(sqrt(half), 1.0))


def _interleaved(pair: str) -> int:
    """Two characters are ten bits, longitude first, in turns: five rows and five columns, as in a cell's number."""
    bits = f"{_ALPHABET.index(pair[0]):05b}{_ALPHABET.index(pair[1]):05b}"
    return int(bits[1::2], 2) << _BITS | int(bits[::2], 2)


def _too_coarse() -> Refused:
    return Refused(Reason.OUT_OF_RANGE, "The geohash is too coarse: 6 characters say who is near")


_MIDDLE: Final = "s"
"""Of the 32 parts of a cell of 5 characters, the one whose corner is its middle."""
_PAIR: Final = 31 << _BITS | 31
_LETTERS: Final = frozenset(_ALPHABET + _ALPHABET.upper())
_PAIRS: Final = {
    first + second: _interleaved((first + second).lower()) for first, second in product(_LETTERS, repeat=2)
}
_NAMES: Final = {number: pair for pair, number in _PAIRS.items() if pair == pair.lower()}
_NO_GEOHASH: Final = Refused(
    Reason.OUT_OF_RANGE, "This is no geohash: it has digits and letters without a, i, l and o"
)
