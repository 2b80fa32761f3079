"""Who is live: leases, heartbeats, graces, settings and consent."""

from __future__ import annotations

import pytest

from tests.service.nearby.town import PHONE, Town, accepted, cell, refused
from tutti.core.ids import MemberId
from tutti.core.refusals import Reason
from tutti.service.nearby.presence import MOST_DEVICES
from tutti.service.nearby.values import NOT_LIVE, Settings, UserJoined, UserLeft, WentOffline

ANN = MemberId("ann")


def test_the_server_tells_when_to_send_heartbeats() -> None:
    town = Town()
    for number in range(50):
        live = accepted(town.nearby.go_live(MemberId(f"user{number}"), PHONE))
        assert 15 <= live.heartbeat_s <= 20
        assert (live.lease_s, live.grace_s) == (45.0, 10.0)


def test_without_heartbeats_one_is_gone_after_the_lease_and_the_grace() -> None:
    town = Town()
    ann, bo = town.live("ann", cell()), town.live("bo", cell(), stays=False)
    town.turn(54.5)
    assert town.names(ann) == ["bo"]
    assert UserLeft(bo) not in town.events(ann)
    town.turn(1)
    assert town.events(ann) == [UserLeft(bo)]
    assert not town.nearby.is_live(bo)
    assert town.names(ann) == []
    assert town.events(bo)[-1] == WentOffline()


def test_heartbeats_keep_one_live() -> None:
    town = Town()
    ann = town.live("ann", cell())
    town.turn(3600, step_s=5)
    assert town.nearby.is_live(ann)


def test_a_heartbeat_within_the_grace_saves_one() -> None:
    town = Town()
    ann, bo = town.live("ann", cell()), town.live("bo", cell(), stays=False)
    town.turn(50)
    accepted(town.nearby.heartbeat(bo, PHONE))
    town.turn(54)
    assert town.nearby.is_live(bo)
    assert UserLeft(bo) not in town.events(ann)


def test_a_heartbeat_does_not_bring_anybody_back() -> None:
    town = Town()
    bo = town.live("bo", stays=False)
    town.turn(60)
    assert town.nearby.heartbeat(bo, PHONE) == NOT_LIVE
    assert not town.nearby.is_live(bo)


def test_one_is_live_while_any_device_is() -> None:
    town = Town()
    bo = town.live("bo", stays=False)
    accepted(town.nearby.go_live(bo, "tablet"))
    for _ in range(8):
        town.turn(15)
        accepted(town.nearby.heartbeat(bo, "tablet"))
    assert town.nearby.is_live(bo)
    town.turn(54)
    assert town.nearby.is_live(bo)
    town.turn(2)
    assert not town.nearby.is_live(bo)


def test_a_person_has_so_many_devices_and_no_more() -> None:
    town = Town()
    bo = town.live("bo")
    for number in range(1, MOST_DEVICES):
        accepted(town.nearby.go_live(bo, f"device {number}"))
    assert refused(town.nearby.go_live(bo, "one more")).reason is Reason.NOT_ALLOWED


def test_going_live_twice_is_going_live_once() -> None:
    town = Town()
    ann, bo = town.live("ann", cell()), town.live("bo", cell())
    town.live("bo")
    assert [event for event in town.events(ann) if isinstance(event, UserJoined)] == [
        UserJoined(bo, "Bo", None)
    ]


def test_nothing_is_shared_until_somebody_says_so() -> None:
    town = Town()
    ann, bo = town.live("ann", cell()), town.live("bo", cell())
    assert town.nearby.settings(bo) == Settings(share_track=False, allow_find=False, radius_km=2.0)
    town.plays(bo, "Nobody")
    assert [one.track for one in town.sees(ann)] == [None]


def test_before_going_live_nothing_is_taken() -> None:
    town = Town()
    assert town.nearby.update_location(ANN, cell()) == NOT_LIVE
    assert town.nearby.update_track(ANN, None) == NOT_LIVE
    assert town.nearby.nearby(ANN) == NOT_LIVE
    assert town.nearby.matches(ANN) == NOT_LIVE
    assert town.nearby.live_users(ANN) == NOT_LIVE
    assert town.nearby.place(ANN).geohash is None


def test_settings_outlast_going_offline() -> None:
    town = Town()
    ann = town.live("ann")
    town.shares(ann, track=True)
    town.nearby.go_offline(ann)
    assert town.nearby.settings(ann).share_track
    town.live("ann")
    assert town.nearby.settings(ann).share_track


def test_settings_can_be_chosen_before_going_live() -> None:
    town = Town()
    accepted(town.nearby.change_settings(ANN, radius_km=5))
    town.live("ann")
    assert town.nearby.settings(ANN).radius_km == 5.0


@pytest.mark.parametrize("radius_km", [0, -1, 10.1, 1e9, float("nan"), float("inf")])
def test_a_radius_out_of_range_is_refused_and_changes_nothing(radius_km: float) -> None:
    town = Town()
    ann = town.live("ann", cell())
    assert refused(town.nearby.change_settings(ann, radius_km=radius_km)).reason is Reason.OUT_OF_RANGE
    assert refused(town.nearby.nearby(ann, radius_km)).reason is Reason.OUT_OF_RANGE
    assert town.nearby.settings(ann).radius_km == 2.0
