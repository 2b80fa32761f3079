"""Coming, going, being removed, and who has the host's seat."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.stage import ANN, BOB, CAT, STRANGER, Stage
from tests.rooms import HOST, defaults
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.decide import decide
from tutti.core.defaults import HostLost
from tutti.core.events import CloseReason, Handover, LeaveReason
from tutti.core.ids import RoomId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import EXPELLED_FOR_MS, evolve
from tutti.core.roster import Member, Role


class TestOpening:
    def test_whoever_opens_a_room_is_its_host_its_owner_and_alone(self) -> None:
        stage = Stage()
        assert stage.roles() == {HOST: Role.HOST}
        assert (stage.room.host, stage.room.owner) == (HOST, HOST)
        assert (stage.room.seq, stage.room.name, stage.room.closed) == (1, "film night", None)

    def test_a_room_opens_unlocked_talking_and_paused_at_the_beginning(self) -> None:
        room = Stage(of=defaults(capacity=7)).room
        assert (room.locked, room.chat_on, room.capacity) == (False, True, 7)
        assert (room.timeline.playing, room.position_at(9e9)) == (False, 0.0)

    def test_a_room_that_exists_is_not_opened_again_not_even_once_it_has_ended(self) -> None:
        stage = Stage()
        assert stage.refuses(STRANGER, c.Open("mine", "S", defaults())) is Reason.ROOM_EXISTS
        stage.does(HOST, c.Close())
        assert stage.refuses(STRANGER, c.Open("mine", "S", defaults())) is Reason.ROOM_EXISTS

    def test_the_server_opens_no_rooms(self) -> None:
        assert decide(None, c.Open("x", "X", defaults()), None, 0.0) == Refused(Reason.NOT_ALLOWED)

    def test_a_room_nobody_opened_cannot_be_asked_anything(self) -> None:
        assert decide(None, c.Join("Ann"), ANN, 0.0) == Refused(Reason.ROOM_NOT_FOUND)
        assert decide(None, c.Expire(), None, 0.0) == Refused(Reason.ROOM_NOT_FOUND)

    def test_a_log_that_does_not_begin_with_opening_is_a_bug(self) -> None:
        begun = Stage(ANN).log[1]
        with pytest.raises(ValueError, match="RoomOpened"):
            evolve(RoomId("r1"), None, begun)


class TestJoining:
    def test_who_joins_is_a_member_from_then_on(self) -> None:
        stage = Stage()
        stage.after(500.0)
        assert stage.does(ANN, c.Join("Ann")) == (
            e.MemberJoined(Member(ANN, "Ann", Role.MEMBER, 1_000_500.0)),
        )
        assert list(stage.roles()) == [HOST, ANN]

    def test_joining_twice_changes_nothing(self) -> None:
        stage = Stage(ANN)
        assert stage.does(ANN, c.Join("Another name")) == ()
        assert stage.room.members[ANN].name == "Ann"

    def test_a_full_room_takes_nobody_until_somebody_leaves(self) -> None:
        stage = Stage(ANN, of=defaults(capacity=2))
        assert stage.refuses(BOB, c.Join("Bob")) is Reason.ROOM_FULL
        assert stage.does(ANN, c.Join("Ann")) == ()
        stage.does(ANN, c.Leave())
        assert stage.does(BOB, c.Join("Bob"))

    def test_a_locked_room_takes_nobody_but_keeps_who_is_there(self) -> None:
        stage = Stage(ANN)
        stage.does(HOST, c.SetLock(True))
        assert stage.refuses(BOB, c.Join("Bob")) is Reason.ROOM_LOCKED
        assert stage.does(ANN, c.Join("Ann")) == ()
        stage.does(HOST, c.SetLock(False))
        assert stage.does(BOB, c.Join("Bob"))

    def test_a_locked_room_that_everybody_left_is_not_locked_for_ever(self) -> None:
        stage = Stage()
        stage.does(HOST, c.SetLock(True))
        stage.does(HOST, c.Leave())
        stage.does(BOB, c.Join("Bob"))
        assert stage.room.host == BOB
        assert stage.refuses(ANN, c.Join("Ann")) is Reason.ROOM_LOCKED

    def test_the_first_into_an_empty_room_takes_the_seat(self) -> None:
        stage = Stage()
        stage.does(HOST, c.Leave())
        assert stage.room.host is None
        joined = e.MemberJoined(Member(ANN, "Ann", Role.MEMBER, stage.now_ms))
        assert stage.does(ANN, c.Join("Ann")) == (joined, e.HostChanged(ANN, None, Handover.ARRIVED))
        assert stage.roles() == {ANN: Role.HOST}


class TestLeaving:
    def test_a_member_who_leaves_is_gone_and_the_rest_stay(self) -> None:
        stage = Stage(ANN, BOB)
        assert stage.does(ANN, c.Leave()) == (e.MemberLeft(ANN, LeaveReason.LEFT),)
        assert list(stage.roles()) == [HOST, BOB]

    def test_a_lost_member_departs_and_one_who_left_meanwhile_does_not(self) -> None:
        stage = Stage(ANN)
        assert stage.does(None, c.Depart(ANN)) == (e.MemberLeft(ANN, LeaveReason.LOST),)
        assert stage.does(None, c.Depart(ANN)) == ()

    def test_who_left_may_come_back_as_a_member(self) -> None:
        stage = Stage(ANN)
        stage.does(HOST, c.Appoint(ANN, Role.MODERATOR))
        stage.does(ANN, c.Leave())
        stage.does(ANN, c.Join("Ann"))
        assert stage.roles()[ANN] is Role.MEMBER


class TestSuccession:
    def test_the_longest_present_member_inherits_the_seat(self) -> None:
        stage = Stage(ANN, BOB)
        assert stage.does(HOST, c.Leave()) == (
            e.MemberLeft(HOST, LeaveReason.LEFT),
            e.HostChanged(ANN, HOST, Handover.LEFT),
        )
        assert stage.roles() == {ANN: Role.HOST, BOB: Role.MEMBER}

    def test_a_moderator_inherits_before_those_who_were_here_longer(self) -> None:
        stage = Stage(ANN, BOB, CAT)
        for moderator in (CAT, BOB):
            stage.does(HOST, c.Appoint(moderator, Role.MODERATOR))
        stage.does(None, c.Depart(HOST))
        assert stage.roles() == {ANN: Role.MEMBER, BOB: Role.HOST, CAT: Role.MODERATOR}

    def test_nobody_inherits_an_empty_room(self) -> None:
        stage = Stage()
        assert stage.does(HOST, c.Leave()) == (
            e.MemberLeft(HOST, LeaveReason.LEFT),
            e.HostChanged(None, HOST, Handover.LEFT),
        )
        assert (stage.room.host, stage.room.members, stage.room.closed) == (None, {}, None)

    @pytest.mark.parametrize("going", ["leaves", "is lost"])
    def test_a_room_that_lives_by_its_host_ends_with_it(self, going: str) -> None:
        stage = Stage(ANN, of=defaults(host_lost=HostLost.CLOSES))
        gone = stage.does(HOST, c.Leave()) if going == "leaves" else stage.does(None, c.Depart(HOST))
        assert gone == (e.RoomClosed(CloseReason.HOST_LOST),)

    def test_a_former_host_who_returns_finds_the_seat_taken(self) -> None:
        stage = Stage(ANN)
        stage.does(HOST, c.Leave())
        stage.does(HOST, c.Join("Host"))
        assert stage.roles() == {ANN: Role.HOST, HOST: Role.MEMBER}
        assert stage.room.owner == HOST


class TestTheSeat:
    def test_the_host_passes_it_on_and_stays_as_a_member(self) -> None:
        stage = Stage(ANN)
        assert stage.does(HOST, c.TransferHost(ANN)) == (e.HostChanged(ANN, HOST),)
        assert stage.roles() == {HOST: Role.MEMBER, ANN: Role.HOST}

    def test_passing_it_to_oneself_changes_nothing(self) -> None:
        assert Stage(ANN).does(HOST, c.TransferHost(HOST)) == ()

    def test_it_is_not_passed_to_somebody_who_is_not_here(self) -> None:
        assert Stage(ANN).refuses(HOST, c.TransferHost(STRANGER)) is Reason.MEMBER_NOT_FOUND

    def test_it_is_never_appointed(self) -> None:
        stage = Stage(ANN)
        assert stage.refuses(HOST, c.Appoint(ANN, Role.HOST)) is Reason.NOT_ALLOWED
        assert stage.refuses(HOST, c.Appoint(HOST, Role.MEMBER)) is Reason.NOT_ALLOWED

    def test_a_moderator_is_appointed_and_dismissed(self) -> None:
        stage = Stage(ANN)
        assert stage.does(HOST, c.Appoint(ANN, Role.MODERATOR)) == (e.RoleChanged(ANN, Role.MODERATOR),)
        assert stage.does(HOST, c.Appoint(ANN, Role.MODERATOR)) == ()
        assert stage.does(HOST, c.Appoint(ANN, Role.MEMBER)) == (e.RoleChanged(ANN, Role.MEMBER),)
        assert stage.refuses(HOST, c.Appoint(STRANGER, Role.MODERATOR)) is Reason.MEMBER_NOT_FOUND


class TestRemoval:
    def test_who_was_removed_stays_out_for_five_minutes_and_no_longer(self) -> None:
        stage = Stage(ANN)
        assert stage.does(HOST, c.Expel(ANN)) == (e.MemberLeft(ANN, LeaveReason.EXPELLED),)
        assert EXPELLED_FOR_MS == 5 * 60_000.0
        stage.after(EXPELLED_FOR_MS - 1)
        assert stage.refuses(ANN, c.Join("Ann")) is Reason.EXPELLED
        stage.after(1)
        assert stage.does(ANN, c.Join("Ann"))

    def test_who_merely_left_or_was_lost_may_return_at_once(self) -> None:
        stage = Stage(ANN, BOB)
        stage.does(ANN, c.Leave())
        stage.does(None, c.Depart(BOB))
        assert stage.does(ANN, c.Join("Ann"))
        assert stage.does(BOB, c.Join("Bob"))

    def test_the_next_removal_lets_nobody_back_in(self) -> None:
        stage = Stage(ANN, BOB)
        for who in (ANN, BOB):
            stage.does(HOST, c.Expel(who))
        for who in (ANN, BOB):
            assert stage.refuses(who, c.Join("Again")) is Reason.EXPELLED

    def test_removals_that_are_over_are_forgotten_at_the_next_one(self) -> None:
        stage = Stage(ANN, BOB)
        stage.does(HOST, c.Expel(ANN))
        stage.after(EXPELLED_FOR_MS).does(HOST, c.Expel(BOB))
        assert stage.room.expelled_until == {BOB: stage.now_ms + EXPELLED_FOR_MS}

    def test_nobody_removes_the_host_nor_themselves(self) -> None:
        stage = Stage(ANN)
        stage.does(HOST, c.Appoint(ANN, Role.MODERATOR))
        for who, target in ((ANN, HOST), (ANN, ANN), (HOST, HOST)):
            assert stage.refuses(who, c.Expel(target)) is Reason.NOT_ALLOWED

    def test_somebody_who_is_not_here_cannot_be_removed(self) -> None:
        assert Stage().refuses(HOST, c.Expel(STRANGER)) is Reason.MEMBER_NOT_FOUND


def test_events_about_somebody_who_is_gone_change_nobody() -> None:
    """A log is applied as it is; evolving never fails on what decide would not have said."""
    stage = Stage(ANN)
    before, last = stage.room, stage.log[-1]
    for event in (e.RoleChanged(STRANGER, Role.MODERATOR), e.OffsetSet(STRANGER, 5.0)):
        after = evolve(before.id, before, replace(last, event=event))
        assert after.members == before.members
