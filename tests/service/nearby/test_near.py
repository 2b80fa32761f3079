"""Who is near, and who hears of whom: by published cells."""

from __future__ import annotations

import pytest

from tests.service.nearby.town import Town, accepted, cell, refused
from tutti.core.geo import Cell, parse, ring_km
from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.service.nearby.values import FindEnded, PlaceChanged, TrackUpdate, UserJoined, UserLeft


def as_cell(geohash: str) -> Cell:
    parsed = parse(geohash)
    assert not isinstance(parsed, Refused)
    return parsed


def test_the_nearest_come_first_with_the_ring_between_cells() -> None:
    town = Town()
    ann = town.live("ann", cell())
    for right in (6, 1, 3, 0):
        town.live(f"at{right}", cell(0, right))
    seen = town.sees(ann)
    assert [one.user for one in seen] == ["at0", "at1", "at3", "at6"]
    assert [one.ring for one in seen] == [
        ring_km(as_cell(cell()), as_cell(cell(0, right))) for right in (0, 1, 3, 6)
    ]
    assert [one.geohash for one in seen] == [cell(0, right) for right in (0, 1, 3, 6)]


def test_a_radius_is_a_number_of_rings() -> None:
    town = Town()
    ann = town.live("ann", cell())
    town.live("next", cell(1, 0))
    town.live("far", cell(12, 0))
    assert town.names(ann, 0.01) == ["next"]
    assert town.names(ann, 7) == ["next"]
    assert town.names(ann, 8) == ["far", "next"]
    assert [one.user for one in accepted(town.nearby.live_users(ann))] == ["next", "far"]


def test_without_a_place_of_ones_own_one_sees_nobody() -> None:
    town = Town()
    town.live("bo", cell())
    ann = town.live("ann")
    assert town.sees(ann) == ()
    assert [event for event in town.events(ann) if isinstance(event, UserJoined)] == []


def test_a_limit_is_kept_and_each_asker_sees_the_same_again() -> None:
    town = Town()
    ann, bo = town.live("ann", cell()), town.live("bo", cell())
    for number in range(100):
        town.live(f"user{number}", cell())
    seen = town.sees(ann, limit=10)
    assert len(seen) == 10
    assert len({one.user for one in seen} - {ann}) == 10
    assert town.sees(ann, limit=10) == seen
    assert town.sees(bo, limit=10) != seen
    assert len(town.sees(ann, limit=200)) == 101


@pytest.mark.parametrize("limit", [0, -1, 201, 10**9])
def test_a_limit_out_of_range_is_refused(limit: int) -> None:
    town = Town()
    ann = town.live("ann", cell())
    assert refused(town.nearby.nearby(ann, limit=limit)).reason is Reason.OUT_OF_RANGE


def test_who_is_around_hears_of_who_comes_and_goes() -> None:
    town = Town()
    near, far = town.live("near", cell(1, 1)), town.live("far", cell(20, 20))
    town.events(near), town.events(far)
    bo = town.live("bo", cell())
    town.nearby.go_offline(bo)
    assert town.events(near) == [UserJoined(bo, "Bo", None), UserLeft(bo)]
    assert town.events(far) == []


def test_nobody_hears_of_themself_but_their_own_place() -> None:
    town = Town()
    ann = town.live("ann", cell())
    assert town.events(ann) == [PlaceChanged(cell())]
    town.nearby.remove_location(ann)
    assert town.events(ann) == [PlaceChanged(None)]


def test_a_shared_track_is_heard_around_and_an_unshared_one_is_not() -> None:
    town = Town()
    ann, bo = town.live("ann", cell()), town.live("bo", cell(1))
    town.events(ann)
    first = town.plays(bo, "First")
    assert town.events(ann) == []
    town.shares(bo, track=True)
    second = town.plays(bo, "Second")
    town.plays(bo, "Second")
    town.shares(bo, track=False)
    assert town.events(ann) == [TrackUpdate(bo, first), TrackUpdate(bo, second), TrackUpdate(bo, None)]
    assert [one.track for one in town.sees(ann)] == [None]
    assert town.nearby.track(bo) == second


def test_every_socket_of_a_person_hears_until_it_ends() -> None:
    town = Town()
    ann = town.live("ann", cell())
    stop = town.listen(ann)
    town.events(ann)
    bo = town.live("bo", cell())
    assert town.events(ann) == [UserJoined(bo, "Bo", None)] * 2
    stop()
    stop()
    town.nearby.go_offline(bo)
    assert town.events(ann) == [UserLeft(bo)]


def test_who_may_not_meet_never_learns_of_the_other() -> None:
    town = Town(may_meet=lambda one, other: {one, other} != {"ann", "bo"})
    ann, bo, cy = town.live("ann", cell()), town.live("bo", cell()), town.live("cy", cell())
    town.shares(bo, track=True, find=True)
    town.shares(ann, track=True)
    town.plays(ann, "Same")
    town.plays(bo, "Same")
    assert town.names(ann) == ["cy"]
    assert town.names(bo) == ["cy"]
    assert town.names(cy) == ["ann", "bo"]
    assert town.likes(ann) == ()
    nobody = refused(town.nearby.start_find(ann, MemberId("no such person")))
    assert town.nearby.start_find(ann, bo) == nobody
    heard = [event for event in town.events(ann) if isinstance(event, UserJoined | UserLeft | TrackUpdate)]
    assert {event.user for event in heard} == {"cy"}


async def test_who_blocks_somebody_is_gone_for_them_at_once_and_what_they_had_begun_ends() -> None:
    apart: set[str] = set()
    town = Town(may_meet=lambda one, other: not {one, other} <= apart)
    ann, bo, cy = (town.live(name, cell()) for name in ("ann", "bo", "cy"))
    far = town.live("far", cell(40, 40))
    found, running = town.finding(ann, bo), town.finding(cy, far)
    town.nearby.update_find(ann, found.id, cell())
    town.nearby.update_find(bo, found.id, cell())
    accepted(town.nearby.complete(ann, found.id))
    accepted(town.nearby.complete(bo, found.id))
    for who in (ann, bo, cy, far):
        town.events(who)

    for pair in ({ann, bo}, {cy, far}):
        apart.clear()
        apart.update(pair)
        town.nearby.part(*sorted(pair))
    assert town.events(ann) == [UserLeft(bo)]
    assert town.events(bo) == [UserLeft(ann)]
    assert [type(event) for event in town.events(cy)] == [FindEnded], "whoever was not seen does not leave"
    assert [type(event) for event in town.events(far)] == [FindEnded]
    assert refused(town.nearby.end(cy, running.id)).reason is Reason.ROOM_CLOSED
    assert refused(await town.nearby.together(ann, found.id)).reason is Reason.ROOM_CLOSED
    assert town.rooms.opened == []


def test_one_sockets_bug_keeps_nobody_else_from_hearing() -> None:
    town = Town()

    def broken(event: object) -> None:
        raise RuntimeError("a bug")

    ann = town.live("ann")
    town.nearby.subscribe(ann, broken)
    town.listen(ann)
    town.at(ann, cell())
    assert town.events(ann) == [PlaceChanged(cell())] * 2
    town.nearby.go_offline(ann)
    assert not town.nearby.is_live(ann)


def test_a_place_far_away_or_at_the_date_line_is_a_place_as_any() -> None:
    town = Town()
    edge = "ruq000"
    ann, bo = town.live("ann", edge), town.live("bo", edge)
    assert town.names(ann) == [bo]
    assert town.names(bo) == [ann]
