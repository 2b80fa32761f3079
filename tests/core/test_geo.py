"""Cells: read from geohashes, never finer, with distances that are the same either way round."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutti.core import geo
from tutti.core.geo import Cell
from tutti.core.refusals import Reason, Refused

LETTERS = "0123456789bcdefghjkmnpqrstuvwxyz"
CELLS = st.integers(0, (1 << 30) - 1).map(Cell)
INHABITED = st.builds(geo.cell_at, st.floats(-75, 75), st.floats(-180, 179.99))
PARIS = geo.cell_at(48.8566, 2.3522)


def parsed(geohash: str) -> Cell:
    cell = geo.parse(geohash)
    assert not isinstance(cell, Refused)
    return cell


def test_a_geohash_known_from_elsewhere_is_where_it_is() -> None:
    assert geo.name(geo.cell_at(57.64911, 10.40744)) == "u4pruy"
    assert geo.name(geo.cell_at(42.605, -5.603)).startswith("ezs42")


@given(CELLS)
def test_a_name_is_read_as_its_cell(cell: Cell) -> None:
    assert geo.parse(geo.name(cell)) == cell
    assert geo.parse(geo.name(cell).upper()) == cell


@given(CELLS)
def test_the_middle_of_a_cell_is_in_it(cell: Cell) -> None:
    assert geo.cell_at(*geo.centre(cell)) == cell


@given(CELLS, st.text(max_size=40))
def test_nothing_after_the_sixth_character_is_read(cell: Cell, rest: str) -> None:
    assert geo.parse(geo.name(cell) + rest) == cell


def test_five_characters_stand_for_a_cell_in_their_middle() -> None:
    cell = parsed("u09tv")
    assert geo.name(cell).startswith("u09tv")
    lat, lon = geo.centre(cell)
    others = [geo.centre(parsed(f"u09tv{letter}")) for letter in LETTERS]
    middle = (sum(at[0] for at in others) / 32, sum(at[1] for at in others) / 32)
    assert abs(lat - middle[0]) <= 180 / 2**15
    assert abs(lon - middle[1]) <= 360 / 2**15


@pytest.mark.parametrize(
    "wrong", ["u09tva", "u09tvi", "u09tvl", "u09tvo", "u09 tv", "48.856", "ü09tvw", "u09t\0w"]
)
def test_wrong_letters_are_refused(wrong: str) -> None:
    refused = geo.parse(wrong)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.OUT_OF_RANGE
    assert wrong not in refused.sentence


@pytest.mark.parametrize("coarse", ["", "u", "u09t"])
def test_what_is_too_coarse_is_refused(coarse: str) -> None:
    refused = geo.parse(coarse)
    assert isinstance(refused, Refused)
    assert "too coarse" in refused.sentence


@given(INHABITED, INHABITED)
def test_distances_are_the_same_either_way_round(one: Cell, other: Cell) -> None:
    assert geo.ring_km(one, other) == geo.ring_km(other, one)
    assert geo.steps(one, other) == geo.steps(other, one)
    assert geo.gap_km(one, other) == pytest.approx(geo.gap_km(other, one))


@given(INHABITED, st.integers(1, geo.MAX_RINGS))
def test_around_a_cell_is_what_is_within_so_many_rings(cell: Cell, rings: int) -> None:
    near = list(geo.around(cell, rings))
    assert near[0] == cell
    assert len(set(near)) == len(near)
    assert all(geo.ring_km(cell, other) <= rings for other in near)
    beyond = {outer for inner in near for outer in geo.neighbours(inner)} - set(near)
    assert all(geo.ring_km(cell, other) > rings for other in beyond)


@given(INHABITED)
def test_the_nearest_come_first(cell: Cell) -> None:
    distances = [geo.ring_km(cell, other) for other in geo.around(cell, geo.MAX_RINGS)]
    assert distances == sorted(distances)


def test_what_is_around_a_cell_goes_on_over_the_date_line() -> None:
    west, east = geo.cell_at(-16.5, 179.999), geo.cell_at(-16.5, -179.999)
    assert geo.steps(west, east) == 1
    assert east in geo.around(west, 2)
    assert west in geo.around(east, 2)


@given(CELLS)
def test_everywhere_on_earth_something_is_around(cell: Cell) -> None:
    near = list(geo.around(cell, geo.MAX_RINGS))
    assert near[0] == cell
    assert all(0 <= other < 1 << 30 for other in near)
    assert set(geo.neighbours(cell)) >= {cell}


def test_cells_have_eight_neighbours_and_five_at_the_poles() -> None:
    assert {geo.steps(PARIS, other) for other in geo.neighbours(PARIS)} == {0, 1}
    assert len(geo.neighbours(PARIS)) == 9
    assert len(geo.neighbours(geo.cell_at(90, 0))) == 6


@given(INHABITED, INHABITED)
def test_a_gap_is_never_more_than_what_lies_between_the_middles(one: Cell, other: Cell) -> None:
    assert 0 <= geo.gap_km(one, other) <= 20_040
    if geo.steps(one, other) <= 1:
        assert geo.gap_km(one, other) == 0


def test_a_cell_is_as_large_as_is_said() -> None:
    assert geo.size_km(geo.cell_at(0, 0)) == pytest.approx((1.222, 0.611), abs=0.01)
    assert geo.gap_km(PARIS, geo.cell_at(51.5074, -0.1278)) == pytest.approx(343, abs=3)
