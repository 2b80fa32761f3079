"""Finding somebody: asked, allowed, accepted, answered sparingly, ended by either."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.service.nearby.town import Town, accepted, cell, refused
from tutti.core.geo import cell_at, name
from tutti.core.ids import MemberId
from tutti.core.refusals import Reason
from tutti.service.nearby.values import (
    NO_SUCH_FIND,
    NOBODY,
    NOT_LIVE,
    Bucket,
    BucketUpdate,
    FindAccepted,
    FindEnded,
    FindEnding,
    FindId,
    FindRequested,
    FindStage,
    FindView,
    FoundClaimed,
    NearbyEvent,
    TogetherOpened,
)


def two(seed: int = 1) -> tuple[Town, MemberId, MemberId]:
    town = Town(seed)
    ann, bo = town.live("ann", cell()), town.live("bo", cell(3, 3))
    town.shares(bo, find=True)
    town.events(ann), town.events(bo)
    return town, ann, bo


def finds(events: list[NearbyEvent]) -> list[NearbyEvent]:
    kinds = FindRequested | FindAccepted | BucketUpdate | FoundClaimed | FindEnded | TogetherOpened
    return [event for event in events if isinstance(event, kinds)]


def buckets(events: list[NearbyEvent]) -> list[Bucket | None]:
    return [event.find.bucket for event in events if isinstance(event, BucketUpdate)]


def test_an_offer_reaches_the_target_who_accepts_it() -> None:
    town, ann, bo = two()
    offered = accepted(town.nearby.start_find(ann, bo))
    assert offered.stage is FindStage.OFFERED
    assert finds(town.events(bo)) == [FindRequested(offered, "Ann")]
    assert finds(town.events(ann)) == []
    view = accepted(town.nearby.accept(bo, offered.id))
    assert (view.stage, view.expires_in_s, view.answers_left) == (FindStage.ACCEPTED, 300.0, 6)
    assert finds(town.events(ann)) == finds(town.events(bo)) == [FindAccepted(view)]
    assert town.nearby.active(ann) == town.nearby.active(bo) == view


def test_whatever_is_in_the_way_the_answer_is_the_same() -> None:
    town, ann, _ = two()
    forbids, gone, busy = town.live("forbids", cell()), town.live("gone", cell()), town.live("busy", cell())
    town.shares(gone, find=True)
    town.nearby.go_offline(gone)
    town.finding(town.live("other"), busy)
    town.events(forbids)
    answers = [town.nearby.start_find(ann, target) for target in (MemberId("no such"), forbids, gone, busy)]
    assert answers == [NOBODY] * 4
    assert finds(town.events(forbids)) == []
    assert town.nearby.active(ann) is None


def test_nobody_finds_themself_and_only_the_live_find() -> None:
    town, ann, bo = two()
    assert refused(town.nearby.start_find(ann, ann)).reason is Reason.OUT_OF_RANGE
    assert town.nearby.start_find(MemberId("not live"), bo) == NOT_LIVE


def test_asking_twice_is_asking_once_and_asking_two_is_refused() -> None:
    town, ann, bo = two()
    cy = town.live("cy")
    town.shares(cy, find=True)
    once = accepted(town.nearby.start_find(ann, bo))
    assert accepted(town.nearby.start_find(ann, bo)).id == once.id
    assert len(finds(town.events(bo))) == 1
    assert refused(town.nearby.start_find(ann, cy)).reason is Reason.ROOM_EXISTS


def test_an_offer_that_nobody_accepts_ends_after_60_seconds() -> None:
    town, ann, bo = two()
    offered = accepted(town.nearby.start_find(ann, bo))
    town.turn(59)
    assert town.nearby.active(ann) is not None
    town.turn(2)
    ended = [event for event in town.events(ann) if isinstance(event, FindEnded)]
    assert [event.find.ending for event in ended] == [FindEnding.EXPIRED]
    assert refused(town.nearby.accept(bo, offered.id)).reason is Reason.ROOM_CLOSED
    assert town.nearby.active(bo) is None


@pytest.mark.parametrize("answer", ["declined", "not answered"])
def test_who_was_not_wanted_finds_nobody_there_for_a_while(answer: str) -> None:
    town, ann, bo = two()
    offered = accepted(town.nearby.start_find(ann, bo))
    if answer == "declined":
        assert town.nearby.decline(bo, offered.id) is None
    else:
        town.turn(61)
    assert town.nearby.start_find(ann, bo) == NOBODY
    town.turn(601, step_s=1)
    assert isinstance(town.nearby.start_find(ann, bo), FindView)


def test_a_session_is_nobody_elses() -> None:
    town, ann, bo = two()
    view = town.finding(ann, bo)
    eve = town.live("eve", cell())
    nearby = town.nearby
    for outcome in (
        nearby.accept(eve, view.id),
        nearby.decline(eve, view.id),
        nearby.update_find(eve, view.id, cell()),
        nearby.complete(eve, view.id),
        nearby.end(eve, view.id),
        nearby.end(eve, FindId("no such session")),
    ):
        assert outcome == NO_SUCH_FIND
    assert nearby.active(eve) is None
    assert finds(town.events(eve)) == []


def test_both_hear_the_same_bucket() -> None:
    town, ann, bo = two()
    view = town.finding(ann, bo)
    accepted(town.nearby.update_find(ann, view.id, cell()))
    for place in (cell(3, 3), cell(1, 1), cell()):
        town.turn(30)
        accepted(town.nearby.update_find(bo, view.id, place))
    heard = buckets(town.events(ann))
    assert heard == buckets(town.events(bo)) == [Bucket.FAR, Bucket.WARM, Bucket.CLOSE]


def test_answers_are_ten_seconds_apart_whatever_is_sent() -> None:
    town, ann, bo = two()
    view = town.finding(ann, bo)
    for number in range(290):
        accepted(town.nearby.update_find(ann, view.id, cell()))
        accepted(town.nearby.update_find(bo, view.id, cell(number % 3, 3)))
        town.turn(1)
    times = [at for at, event in town.heard[ann] if isinstance(event, BucketUpdate)]
    assert len(times) == 6
    assert min(later - earlier for earlier, later in pairwise(times)) >= 10_000


def test_renewed_consent_of_the_target_is_to_six_more() -> None:
    town, ann, bo = two()
    view = town.finding(ann, bo)

    def walk() -> None:
        for _ in range(10):
            town.turn(10)
            accepted(town.nearby.update_find(ann, view.id, cell()))
            accepted(town.nearby.update_find(bo, view.id, cell(3)))

    walk()
    assert refused(town.nearby.accept(ann, view.id)).reason is Reason.NOT_ALLOWED
    assert accepted(town.nearby.accept(bo, view.id)).answers_left == 6
    walk()
    assert len(buckets(town.events(ann))) == 12


def test_when_answers_come_does_not_depend_on_places() -> None:
    """What is counted is asking: a bucket that stays the same is told as one that changes."""
    heard = []
    for moves in (False, True):
        town, ann, bo = two()
        view = town.finding(ann, bo)
        for number in range(20):
            accepted(town.nearby.update_find(ann, view.id, cell()))
            accepted(town.nearby.update_find(bo, view.id, cell(number % 3 if moves else 1)))
            town.turn(4)
        heard.append([at for at, event in town.heard[ann] if isinstance(event, BucketUpdate)])
    assert heard[0] == heard[1]


def test_asking_from_everywhere_finds_nobody() -> None:
    """A place that one cannot have got to is not taken, and what is answered is from where one was."""
    town, _, bo = two()
    far = town.live("far", name(cell_at(51.5074, -0.1278)))
    view = town.finding(far, bo)
    accepted(town.nearby.update_find(bo, view.id, cell()))
    for place in (cell(), cell(0, 1), cell(2, 2)):
        town.turn(10)
        accepted(town.nearby.update_find(far, view.id, place))
    assert buckets(town.events(bo)) == []


def test_a_place_that_is_none_is_refused_and_not_kept() -> None:
    town, ann, bo = two()
    view = town.finding(ann, bo)
    assert refused(town.nearby.update_find(ann, view.id, "48.8,2.35")).reason is Reason.OUT_OF_RANGE
    accepted(town.nearby.update_find(bo, view.id, cell()))
    assert buckets(town.events(bo)) == []


def test_before_the_target_accepts_nobody_is_asked_where_they_are() -> None:
    town, ann, bo = two()
    offered = accepted(town.nearby.start_find(ann, bo))
    assert refused(town.nearby.update_find(ann, offered.id, cell())).reason is Reason.NOT_ALLOWED


def test_found_is_when_both_say_so() -> None:
    town, ann, bo = two()
    view = town.finding(ann, bo)
    assert refused(town.nearby.complete(ann, view.id)).reason is Reason.NOT_ALLOWED
    accepted(town.nearby.update_find(ann, view.id, cell()))
    town.turn(60)
    accepted(town.nearby.update_find(bo, view.id, cell()))
    claimed = accepted(town.nearby.complete(ann, view.id))
    assert claimed.stage is FindStage.ACCEPTED
    assert claimed.confirmed == (ann,)
    found = accepted(town.nearby.complete(bo, view.id))
    assert (found.bucket, found.ending) == (Bucket.FOUND, FindEnding.COMPLETED)
    assert (
        finds(town.events(ann))[-2:]
        == finds(town.events(bo))[-2:]
        == [FoundClaimed(claimed), FindEnded(found)]
    )


@pytest.mark.parametrize("who", [0, 1])
def test_either_side_ends_it_at_once(who: int) -> None:
    town, ann, bo = two()
    view = town.finding(ann, bo)
    ended = accepted(town.nearby.end((ann, bo)[who], view.id))
    assert ended.ending is FindEnding.CANCELLED
    assert finds(town.events(ann))[-1] == finds(town.events(bo))[-1] == FindEnded(ended)
    assert refused(town.nearby.update_find(ann, view.id, cell())).reason is Reason.ROOM_CLOSED
    assert refused(town.nearby.end(bo, view.id)).reason is Reason.ROOM_CLOSED
    assert town.nearby.active(ann) is None


def test_a_session_ends_after_300_seconds_and_is_forgotten() -> None:
    town, ann, bo = two()
    view = town.finding(ann, bo)
    town.turn(299, step_s=1)
    assert town.nearby.active(ann) is not None
    town.turn(2)
    ended = [event for event in town.events(bo) if isinstance(event, FindEnded)]
    assert [event.find.ending for event in ended] == [FindEnding.EXPIRED]
    town.turn(301, step_s=1)
    assert town.nearby.end(ann, view.id) == NO_SUCH_FIND


@pytest.mark.parametrize(
    "leaves", [lambda town, bo: town.nearby.go_offline(bo), lambda town, bo: town.dies(bo)]
)
def test_who_goes_offline_is_not_found_any_more(leaves: object) -> None:
    town, ann, bo = two()
    town.finding(ann, bo)
    assert callable(leaves)
    leaves(town, bo)
    town.turn(80)
    ended = [event for event in town.events(ann) if isinstance(event, FindEnded)]
    assert [event.find.ending for event in ended] == [FindEnding.CANCELLED]


async def test_two_who_found_one_another_get_one_room() -> None:
    town, ann, bo = two()
    offered = accepted(town.nearby.start_find(ann, bo))
    assert refused(await town.nearby.together(ann, offered.id)).reason is Reason.NOT_ALLOWED
    view = accepted(town.nearby.accept(bo, offered.id))
    room = accepted(await town.nearby.together(ann, view.id))
    assert accepted(await town.nearby.together(bo, view.id)) == room
    assert town.rooms.opened == [(ann, bo)]
    assert town.rooms.host_names == ["Ann"]
    opened = TogetherOpened(room, ann, bo, view.id)
    assert finds(town.events(ann))[-1] == finds(town.events(bo))[-1] == opened
    assert await town.nearby.together(MemberId("eve"), view.id) == NO_SUCH_FIND


async def test_a_session_that_was_called_off_opens_no_room() -> None:
    town, ann, bo = two()
    view = town.finding(ann, bo)
    accepted(town.nearby.end(bo, view.id))
    assert refused(await town.nearby.together(ann, view.id)).reason is Reason.ROOM_CLOSED
    assert town.rooms.opened == []


async def test_who_calls_it_off_while_the_room_is_opened_is_not_called_into_it() -> None:
    town, ann, bo = two()
    view = town.finding(ann, bo)
    town.rooms.meanwhile = lambda: town.nearby.end(bo, view.id)
    assert refused(await town.nearby.together(ann, view.id)).reason is Reason.ROOM_CLOSED
    for who in (ann, bo):
        assert not any(isinstance(event, TogetherOpened) for event in town.events(who))
