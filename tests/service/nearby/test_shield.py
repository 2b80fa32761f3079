"""When a place becomes known: the first at once, then at moments drawn for each person, and never by magic."""

from __future__ import annotations

from tests.service.nearby.town import Town, cell
from tutti.core.geo import cell_at, name
from tutti.core.ids import MemberId
from tutti.service.nearby.values import PlaceChanged

ELSEWHERE = name(cell_at(-33.87, 151.21))


def published(town: Town, user: MemberId) -> str | None:
    return town.nearby.place(user).geohash


def test_the_first_place_is_published_at_once() -> None:
    town = Town()
    ann = town.live("ann")
    assert town.at(ann, cell()).geohash == cell()


def test_a_new_place_is_published_5_to_10_minutes_after_the_last_look() -> None:
    waits = []
    for seed in range(20):
        town = Town(seed)
        ann = town.live("ann", cell())
        town.at(ann, cell(5, 5))
        waited = 0
        while published(town, ann) == cell():
            town.turn(5, step_s=5)
            waited += 5
        assert published(town, ann) == cell(5, 5)
        waits.append(waited)
    assert min(waits) >= 300
    assert max(waits) <= 605
    assert max(waits) - min(waits) > 100


def test_who_stays_in_the_surroundings_stays_where_they_were() -> None:
    town = Town()
    ann = town.live("ann", cell())
    for up, right in ((0, 1), (1, 1), (1, 0), (-1, -1)):
        town.at(ann, cell(up, right))
        town.turn(700, step_s=5)
        assert town.nearby.place(ann).settled
    assert published(town, ann) == cell()


def test_others_see_the_published_cell_and_query_from_their_own() -> None:
    town = Town()
    ann, bo = town.live("ann", cell()), town.live("bo", cell())
    town.at(ann, cell(30, 0))
    assert [one.geohash for one in town.sees(bo)] == [cell()]
    assert town.names(ann) == ["bo"]
    assert not town.nearby.place(ann).settled
    town.turn(610, step_s=5)
    assert town.names(bo) == []
    assert town.names(ann) == []


def test_who_cannot_have_got_there_is_not_shown_there_and_sees_nothing_of_it() -> None:
    town = Town()
    ann, bo = town.live("ann", cell()), town.live("bo", ELSEWHERE)
    cy = town.live("cy", cell())
    town.events(bo)
    town.at(ann, ELSEWHERE)
    town.turn(3600, step_s=5)
    assert published(town, ann) == cell()
    assert town.names(ann) == ["cy"]
    assert town.names(cy) == ["ann"]
    assert town.events(bo) == []


def test_who_is_plausible_again_is_let_go() -> None:
    town = Town()
    ann = town.live("ann", cell())
    town.at(ann, ELSEWHERE)
    town.turn(1200, step_s=5)
    town.at(ann, cell(8, 8))
    town.turn(610, step_s=5)
    assert published(town, ann) == cell(8, 8)


def test_a_long_journey_is_plausible_once_there_was_time_for_it() -> None:
    """343 km at no more than 360 km/h."""
    town = Town()
    ann = town.live("ann", cell())
    town.at(ann, name(cell_at(51.5074, -0.1278)))
    town.turn(2400, step_s=5)
    assert published(town, ann) == cell()
    town.turn(2400, step_s=5)
    assert published(town, ann) == name(cell_at(51.5074, -0.1278))


def test_leaving_and_coming_back_is_no_way_round_for_long() -> None:
    """Three first places at once, then one every ten minutes: no quicker than who stays."""
    town = Town()
    seen = []
    for number in range(20):
        ann = town.live("ann", cell(0, 10 * number))
        seen.append(published(town, ann))
        town.nearby.go_offline(ann)
        town.turn(10)
    assert seen[:3] == [cell(0, 10 * number) for number in range(3)]
    assert set(seen[3:]) == {None}


def test_taking_the_place_back_and_giving_another_is_no_way_round_either() -> None:
    town = Town()
    ann = town.live("ann")
    seen = []
    for number in range(20):
        seen.append(town.at(ann, cell(0, 10 * number)).geohash)
        town.nearby.remove_location(ann)
    assert seen[3:] == [None] * 17


def test_who_has_to_wait_is_published_in_the_end_and_it_is_forgotten() -> None:
    town = Town()
    for _ in range(4):
        ann = town.live("ann", cell())
        town.nearby.go_offline(ann)
    ann = town.live("ann", cell())
    assert published(town, ann) is None
    town.turn(610, step_s=5)
    assert published(town, ann) == cell()
    town.turn(3600, step_s=5)
    town.nearby.go_offline(ann)
    assert town.live("ann", cell()) and published(town, ann) == cell()


def test_how_often_is_drawn_does_not_depend_on_places() -> None:
    """Or others could tell from their own turns that somebody moved."""
    turns = []
    for moves in (False, True):
        town = Town(seed=7)
        ann, bo = town.live("ann", cell()), town.live("bo", cell(2, 2))
        for number in range(20):
            town.at(ann, cell(0, number * 4 if moves else 0))
            town.at(bo, cell(9 if number % 2 else 2, 2))
            town.turn(200, step_s=1)
        turns.append([heard for heard in town.heard[bo] if isinstance(heard[1], PlaceChanged)])
    assert turns[0] == turns[1]
    assert len(turns[0]) > 3
