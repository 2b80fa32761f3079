"""The kill switch: when the call returns, nothing on the node leads to the person's place or track."""

from __future__ import annotations

import gc
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

import msgspec
import pytest

from tests.service.nearby.town import Town, accepted, cell
from tutti.core.geo import parse
from tutti.core.ids import MemberId
from tutti.service.nearby.nearby import Nearby
from tutti.service.nearby.values import PlaceChanged, Track, UserLeft, WentOffline

PLACE = cell(40, 40)
FIND_PLACE = cell(41, 41)
CELLS = {parse(PLACE), parse(FIND_PLACE)}


def reachable(root: object) -> list[Any]:
    """Everything that can be reached from there, code and modules left out; also what the collector does not see."""
    seen: dict[int, Any] = {}
    left: list[Any] = [root]
    while left:
        one = left.pop()
        if id(one) in seen or isinstance(one, type | ModuleType):
            continue
        seen[id(one)] = one
        if isinstance(one, FunctionType):
            left += [held.cell_contents for held in one.__closure__ or ()]
        elif isinstance(one, msgspec.Struct):
            left += [getattr(one, field) for field in one.__struct_fields__]
        else:
            left += gc.get_referents(one)
    return list(seen.values())


def traces(nearby: Nearby, track: Track) -> list[object]:
    """Where the person was, or what they played."""
    return [
        one
        for one in reachable(nearby)
        if one is track
        or one in (track.id, track.name, PLACE, FIND_PLACE)
        or (type(one) is int and one in CELLS)
    ]


def busy_town() -> tuple[Town, MemberId, MemberId, Track]:
    """Bo is somewhere where nobody else is, plays, moves, and is being found; nothing of it is in what others heard."""
    town = Town()
    ann, bo = town.live("ann", cell(38, 38)), town.live("bo", PLACE)
    town.shares(bo, track=True)
    track = Track("spotify:track:secret", "A secret song", ("Somebody",))
    assert town.nearby.update_track(bo, track) is None
    view = town.finding(ann, bo)
    accepted(town.nearby.update_find(bo, view.id, FIND_PLACE))
    town.turn(1)
    for user in town.heard:
        town.events(user)  # the test's own notes
    return town, ann, bo, track


def test_while_live_the_traces_are_there() -> None:
    """Or the other tests would prove nothing."""
    town, _, _, track = busy_town()
    found = traces(town.nearby, track)
    assert track in found
    assert set(found) >= CELLS


@pytest.mark.parametrize("kill", [Nearby.go_offline, Nearby.forget])
def test_offline_means_that_nothing_leads_to_place_or_track(kill: Callable[[Nearby, MemberId], None]) -> None:
    town, _, bo, track = busy_town()
    kill(town.nearby, bo)
    assert traces(town.nearby, track) == []


def test_a_lease_that_ended_leaves_nothing_either() -> None:
    town, _, bo, track = busy_town()
    town.dies(bo)
    town.turn(80)
    assert not town.nearby.is_live(bo)
    assert traces(town.nearby, track) == []


def test_deleting_the_place_leaves_no_place() -> None:
    town, _, bo, track = busy_town()
    town.nearby.remove_location(bo)
    assert town.nearby.is_live(bo)
    assert not CELLS & {one for one in reachable(town.nearby) if type(one) is int}
    assert town.nearby.track(bo) == track


def test_nothing_comes_back_later() -> None:
    town, ann, bo, track = busy_town()
    town.nearby.go_offline(bo)
    town.turn(1300, step_s=1)
    assert traces(town.nearby, track) == []
    assert town.names(ann) == []


def test_others_hear_of_it_within_the_call_and_find_nobody_while_they_do() -> None:
    town = Town()
    ann, bo = town.live("ann", cell()), town.live("bo", cell())
    seen: list[object] = []
    town.nearby.subscribe(ann, lambda event: seen.extend((event, town.names(ann), town.nearby.is_live(bo))))
    town.events(bo)
    town.nearby.go_offline(bo)
    assert seen == [UserLeft(bo), [], False]
    assert town.events(bo) == [WentOffline()]


def test_killing_twice_or_before_going_live_is_no_matter() -> None:
    town = Town()
    bo = town.live("bo")
    for _ in range(2):
        town.nearby.go_offline(bo)
        town.nearby.remove_location(bo)
    assert town.events(bo) == [WentOffline()]


def test_deleting_the_place_is_told_to_oneself_once() -> None:
    town = Town()
    bo = town.live("bo", cell())
    for _ in range(2):
        town.nearby.remove_location(bo)
    assert town.events(bo) == [PlaceChanged(cell()), PlaceChanged(None)]
