"""Rooms for which somebody outside keeps a list of who may be there, and as what."""

from __future__ import annotations

from collections.abc import Mapping

from tests.core.stage import ANN, BOB, CAT, STRANGER, Stage
from tests.rooms import HOST, defaults
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.access import Access
from tutti.core.events import LeaveReason
from tutti.core.ids import MemberId
from tutti.core.refusals import Reason
from tutti.core.roster import Role

GUESTS: Mapping[MemberId, Role] = {HOST: Role.HOST, ANN: Role.MODERATOR, BOB: Role.MEMBER}
INVITED = Access(invited_only=True, people=GUESTS)
ANYBODY = Access(people=GUESTS, barred=frozenset((CAT,)))


def listed(access: Access, *members: MemberId) -> Stage:
    stage = Stage(*members)
    stage.does(None, c.SetAccess(access))
    return stage


def test_who_is_not_invited_does_not_get_in_and_who_is_comes_as_what_they_are() -> None:
    stage = listed(INVITED)
    assert stage.refuses(STRANGER, c.Join("Stranger")) is Reason.NOT_ALLOWED
    stage.does(ANN, c.Join("Ann"))
    stage.does(BOB, c.Join("Bob"))
    assert stage.roles() == {HOST: Role.HOST, ANN: Role.MODERATOR, BOB: Role.MEMBER}


def test_where_anybody_may_come_nobody_does_who_is_barred() -> None:
    stage = listed(ANYBODY)
    stage.does(STRANGER, c.Join("Stranger"))
    assert stage.refuses(CAT, c.Join("Cat")) is Reason.NOT_ALLOWED
    assert stage.roles()[STRANGER] is Role.MEMBER


def test_those_who_are_here_become_what_the_list_says_or_go() -> None:
    stage = Stage(ANN, BOB, CAT)
    stage.does(HOST, c.Appoint(BOB, Role.MODERATOR))
    told = stage.does(None, c.SetAccess(INVITED))
    assert e.MemberLeft(CAT, LeaveReason.NOT_INVITED) in told
    assert stage.roles() == {HOST: Role.HOST, ANN: Role.MODERATOR, BOB: Role.MEMBER}
    assert stage.does(None, c.SetAccess(INVITED)) == (), "the same list again changes nothing"
    assert stage.refuses(CAT, c.Join("Cat")) is Reason.NOT_ALLOWED
    stage.does(None, c.SetAccess(Access(people=GUESTS)))
    stage.does(CAT, c.Join("Cat"))


def test_a_room_whose_host_is_not_here_is_nobodys_until_a_moderator_or_the_host_comes() -> None:
    stage = listed(ANYBODY, BOB)
    stage.does(HOST, c.Leave())
    assert stage.roles() == {BOB: Role.MEMBER}
    stage.does(STRANGER, c.Join("Stranger"))
    assert stage.refuses(STRANGER, c.Close()) is Reason.NOT_ALLOWED
    assert stage.refuses(BOB, c.Play()) is Reason.NOT_ALLOWED
    stage.does(ANN, c.Join("Ann"))
    assert stage.room.host == ANN
    stage.does(HOST, c.Join("Host"))
    assert (stage.room.host, stage.roles()[ANN]) == (HOST, Role.MODERATOR)


def test_a_host_who_is_lost_is_stood_in_for_by_a_moderator_of_the_list_alone() -> None:
    stage = Stage(BOB, ANN, of=defaults(seat_ms=60_000.0))
    stage.does(None, c.SetAccess(ANYBODY))
    told = stage.does(None, c.Depart(HOST))
    assert stage.room.host == ANN
    assert not any(isinstance(event, e.SeatKept) for event in told), (
        "the list keeps the seat, for as long as it says"
    )
    stage.after(3_600_000.0).does(HOST, c.Join("Host"))
    assert stage.room.host == HOST


def test_another_host_of_the_list_takes_the_seat() -> None:
    stage = listed(INVITED, ANN, BOB)
    stage.does(
        None,
        c.SetAccess(
            Access(invited_only=True, people={ANN: Role.MEMBER, BOB: Role.HOST, HOST: Role.MODERATOR})
        ),
    )
    assert stage.roles() == {HOST: Role.MODERATOR, ANN: Role.MEMBER, BOB: Role.HOST}


def test_who_is_what_is_not_decided_inside() -> None:
    stage = listed(INVITED, ANN, BOB)
    assert stage.refuses(HOST, c.TransferHost(BOB)) is Reason.NOT_ALLOWED
    assert stage.refuses(HOST, c.Appoint(BOB, Role.MODERATOR)) is Reason.NOT_ALLOWED


def test_without_the_list_the_longest_here_has_the_seat_again() -> None:
    stage = listed(ANYBODY, BOB)
    stage.does(HOST, c.Leave())
    assert stage.room.host is None
    stage.does(None, c.SetAccess(Access()))
    assert stage.room.host == BOB


def test_who_waits_at_the_door_and_may_not_come_in_any_more_is_turned_away() -> None:
    stage = Stage()
    stage.does(HOST, c.SetLobby(True))
    stage.does(CAT, c.Join("Cat", knocks=True))
    stage.does(BOB, c.Join("Bob", knocks=True))
    stage.does(None, c.SetAccess(INVITED))
    assert list(stage.room.knocks) == [BOB]
    stage.does(HOST, c.Admit(BOB))
    assert stage.roles()[BOB] is Role.MEMBER


def test_nobody_waits_for_somebody_who_had_to_go() -> None:
    stage = Stage(CAT)
    stage.does(HOST, c.SetWaiting(True))
    stage.does(CAT, c.SetReady(False))
    stage.does(HOST, c.Play())
    assert not stage.room.timeline.playing
    told = stage.does(None, c.SetAccess(INVITED))
    assert any(isinstance(event, e.WaitEnded) for event in told)
    assert stage.position_ms < stage.after(1_000.0).position_ms
