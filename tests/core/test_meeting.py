"""What a meeting has beyond a room: who is let in, who shows a screen, whose microphone is off, what is recorded."""

from __future__ import annotations

from tests.core.stage import ANN, BOB, CAT, STRANGER, Stage
from tests.rooms import HOST, defaults
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.events import Handover, LeaveReason
from tutti.core.ids import MemberId
from tutti.core.membership import RECORDERS
from tutti.core.refusals import Reason, Refused
from tutti.core.relays import UnmuteAsked, Whispered
from tutti.core.roster import Kind, Lease, Password, Role

SECRET, OTHER = Password("00", "11"), Password("00", "22")
REC = MemberId(f"{RECORDERS}r1")
LEASED = defaults(seat_ms=40_000.0)


class TestComingIn:
    def test_whoever_joins_where_there_is_no_room_opens_it_if_it_says_how(self) -> None:
        stage = Stage()
        stage.does(HOST, c.Close())
        assert stage.refuses(ANN, c.Join("Ann")) is Reason.ROOM_CLOSED
        opening = c.Open("anew", "ignored", defaults(dialect="meet"))
        [opened] = stage.does(ANN, c.Join("Ann", calling=True, opens=opening, proof="browser"))
        assert isinstance(opened, e.RoomOpened)
        assert (opened.host.name, opened.host.role, opened.host.calling) == ("Ann", Role.HOST, True)
        assert (stage.room.closed, stage.room.host) == (None, ANN)

    def test_a_fresh_id_is_one_that_nobody_has(self) -> None:
        stage = Stage(ANN)
        assert stage.refuses(ANN, c.Join("Eve", fresh=True)) is Reason.ID_TAKEN
        assert stage.does(BOB, c.Join("Bob", fresh=True))

    def test_a_member_who_comes_with_a_camera_enters_the_call_once(self) -> None:
        stage = Stage(ANN)
        assert stage.does(ANN, c.Join("Ann", calling=True)) == (e.CallEntered(ANN),)
        assert stage.does(ANN, c.Join("Ann", calling=True)) == ()
        assert stage.does(None, c.HangUp(ANN)) == (e.CallLeft(ANN),)
        assert stage.does(None, c.HangUp(ANN)) == ()
        assert ANN in stage.room.members

    def test_the_password_is_that_whose_words_were_known_and_no_older_one(self) -> None:
        stage = Stage(ANN)
        stage.does(HOST, c.SetPassword(SECRET))
        assert stage.refuses(BOB, c.Join("Bob")) is Reason.WRONG_PASSWORD
        assert stage.refuses(BOB, c.Join("Bob", password=OTHER)) is Reason.WRONG_PASSWORD
        assert stage.does(BOB, c.Join("Bob", password=SECRET))
        assert stage.does(HOST, c.SetPassword(SECRET)) == ()
        stage.does(HOST, c.SetPassword(None))
        assert stage.does(CAT, c.Join("Cat"))


class TestTheWaitingRoom:
    def test_whoever_knocks_waits_once_and_is_let_in_as_it_knocked(self) -> None:
        stage = Stage(ANN)
        stage.does(HOST, c.SetLobby(True))
        assert stage.refuses(BOB, c.Join("Bob")) is Reason.WAITING_ROOM
        assert stage.does(BOB, c.Join("Bob", knocks=True, proof="p")) == (e.Knocked(BOB, "Bob", "p"),)
        assert stage.does(BOB, c.Join("Bob", knocks=True)) == ()
        assert BOB not in stage.room.members
        ended, joined = stage.after(5_000.0).does(HOST, c.Admit(BOB))
        assert ended == e.KnockEnded(BOB, True)
        assert isinstance(joined, e.MemberJoined)
        assert (joined.member.name, joined.member.calling, joined.member.proof) == ("Bob", True, "p")
        assert stage.room.knocks == {}

    def test_whoever_waits_is_let_in_in_turn_as_far_as_there_is_room(self) -> None:
        stage = Stage(of=defaults(capacity=2))
        stage.does(HOST, c.SetLobby(True))
        for who in (BOB, CAT):
            stage.does(who, c.Join(who, knocks=True))
        stage.does(HOST, c.Admit())
        assert list(stage.room.members) == [HOST, BOB]
        assert stage.refuses(HOST, c.Admit(CAT)) is Reason.ROOM_FULL
        assert stage.does(HOST, c.SetLobby(False)) == (e.LobbySwitched(False), e.KnockEnded(CAT, False))

    def test_nobody_who_does_not_wait_is_let_in_or_turned_away(self) -> None:
        stage = Stage(ANN)
        for command in (c.Admit(CAT), c.Deny(CAT)):
            assert stage.refuses(HOST, command) is Reason.MEMBER_NOT_FOUND
        assert stage.does(None, c.EndKnock(CAT)) == ()

    def test_in_an_empty_room_there_is_nobody_to_wait_for(self) -> None:
        stage = Stage()
        stage.does(HOST, c.SetLobby(True))
        stage.does(HOST, c.Leave())
        stage.does(ANN, c.Join("Ann", knocks=True))
        assert stage.room.host == ANN


class TestTheLease:
    def test_a_host_that_was_lost_has_its_seat_back_and_whoever_stood_in_its_role(self) -> None:
        stage = Stage(ANN, BOB, of=LEASED)
        stage.does(HOST, c.Appoint(BOB, Role.MODERATOR))
        left, seated, kept = stage.does(None, c.Depart(HOST))
        assert left == e.MemberLeft(HOST, LeaveReason.LOST)
        assert seated == e.HostChanged(BOB, HOST, Handover.LOST)
        assert kept == e.SeatKept(HOST, stage.now_ms + 40_000.0, BOB)
        assert stage.room.seat == Lease(HOST, stage.now_ms + 40_000.0, BOB)
        _, back, role = stage.after(39_999.0).does(HOST, c.Join("Host"))
        assert back == e.HostChanged(HOST, BOB, Handover.RETURNED)
        assert role == e.RoleChanged(BOB, Role.MODERATOR)
        assert [stage.room.seat, stage.room.host] == [None, HOST]

    def test_nothing_stops_whoever_holds_it_and_nobody_else_has_its_id_meanwhile(self) -> None:
        stage = Stage(ANN, of=defaults(seat_ms=40_000.0, capacity=2))
        stage.does(None, c.Depart(HOST))
        stage.does(BOB, c.Join("Bob"))
        for command in (c.SetLock(True), c.SetLobby(True), c.SetPassword(SECRET)):
            stage.does(ANN, command)
        assert stage.refuses(HOST, c.Join("Eve", fresh=True)) is Reason.ID_TAKEN
        assert stage.refuses(CAT, c.Join("Cat")) is Reason.ROOM_LOCKED
        stage.does(HOST, c.Join("Host"))
        assert stage.room.host == HOST

    def test_it_ends(self) -> None:
        stage = Stage(ANN, of=LEASED)
        stage.does(None, c.Depart(HOST))
        stage.after(40_000.0).does(HOST, c.Join("Host"))
        assert stage.room.host == ANN

    def test_it_is_the_first_ones_who_was_lost_and_nobodys_who_left(self) -> None:
        stage = Stage(ANN, BOB, of=LEASED)
        stage.does(None, c.Depart(HOST))
        stage.after(10_000.0).does(None, c.Depart(ANN))
        assert stage.room.seat is not None
        assert stage.room.seat.member == HOST
        other = Stage(ANN, of=LEASED)
        other.does(HOST, c.Leave())
        assert other.room.seat is None


class TestScreens:
    def test_one_at_a_time_and_who_moderates_takes_it_over(self) -> None:
        stage = Stage(ANN, BOB)
        assert stage.does(ANN, c.Share(True)) == (e.SharingChanged(ANN, True),)
        assert stage.does(ANN, c.Share(True)) == ()
        assert stage.refuses(BOB, c.Share(True)) is Reason.SHARE_TAKEN
        assert stage.does(HOST, c.Share(True)) == (
            e.SharingChanged(ANN, False, HOST),
            e.SharingChanged(HOST, True),
        )
        assert stage.does(HOST, c.Share(False)) == (e.SharingChanged(HOST, False),)

    def test_many_where_the_host_wants_it_and_then_the_first_stays(self) -> None:
        stage = Stage(ANN, BOB)
        stage.does(HOST, c.SetSharePolicy(False))
        for who in (ANN, BOB, HOST):
            stage.does(who, c.Share(True))
        assert list(stage.room.sharing) == [ANN, BOB, HOST]
        stage.does(HOST, c.StopShare(BOB))
        stage.does(HOST, c.SetSharePolicy(True))
        assert list(stage.room.sharing) == [ANN]

    def test_whoever_goes_shows_nothing_any_more(self) -> None:
        stage = Stage(ANN)
        stage.does(ANN, c.Share(True))
        stage.does(ANN, c.RaiseHand(True))
        stage.does(ANN, c.Leave())
        assert (stage.room.sharing, stage.room.hands) == ((), ())


class TestMicrophones:
    def test_they_are_turned_off_by_those_who_moderate_and_on_by_their_owners(self) -> None:
        stage = Stage(ANN, BOB)
        assert stage.does(HOST, c.Mute(ANN)) == (e.MuteChanged(ANN, True, HOST),)
        assert stage.does(HOST, c.Mute(ANN)) == ()
        assert stage.asks(HOST, c.AskUnmute(ANN)) == UnmuteAsked(HOST, ANN)
        assert stage.does(ANN, c.SetMuted(False)) == (e.MuteChanged(ANN, False, ANN),)
        stage.does(HOST, c.Appoint(BOB, Role.MODERATOR))
        assert stage.refuses(BOB, c.Mute(HOST)) is Reason.NOT_ALLOWED
        assert stage.does(BOB, c.Mute()) == (e.MuteChanged(ANN, True, BOB),)


class TestRecording:
    def test_its_recorder_comes_in_by_it_alone_and_goes_with_it(self) -> None:
        stage = Stage(ANN, of=defaults(capacity=2))
        assert stage.refuses(REC, c.Join("Recorder", recording="r1")) is Reason.NOT_ALLOWED
        stage.does(HOST, c.SetLock(True))
        assert stage.does(HOST, c.StartRecording("r1")) == (e.RecordingStarted("r1", HOST),)
        assert stage.does(HOST, c.StartRecording("r2")) == ()
        assert stage.refuses(REC, c.Join("Recorder", recording="r2")) is Reason.NOT_ALLOWED
        stage.does(REC, c.Join("Recorder", calling=True, recording="r1"))
        assert stage.room.members[REC].kind is Kind.RECORDER
        for command in (c.TransferHost(REC), c.Appoint(REC, Role.MODERATOR), c.Mute(REC)):
            assert stage.refuses(HOST, command) is Reason.MEMBER_NOT_FOUND
        stopped, left = stage.does(HOST, c.StopRecording())
        assert isinstance(stopped, e.RecordingStopped)
        assert left == e.MemberLeft(REC, LeaveReason.LEFT, True)
        assert stage.does(HOST, c.StopRecording()) == ()

    def test_nobody_else_has_a_recorders_id(self) -> None:
        stage = Stage()
        stage.does(HOST, c.StartRecording("r1"))
        assert stage.refuses(REC, c.Join("Eve")) is Reason.ID_TAKEN

    def test_it_ends_with_the_last_person_and_inherits_nothing(self) -> None:
        stage = Stage()
        stage.does(HOST, c.StartRecording("r1"))
        stage.does(REC, c.Join("Recorder", recording="r1"))
        kinds = [type(event) for event in stage.does(HOST, c.Leave())]
        assert kinds == [e.MemberLeft, e.HostChanged, e.RecordingStopped, e.MemberLeft]
        assert (stage.room.members, stage.room.host) == ({}, None)

    def test_the_server_may_stop_what_failed(self) -> None:
        stage = Stage()
        stage.does(HOST, c.StartRecording("r1"))
        assert stage.does(None, c.StopRecording()) == (e.RecordingStopped("r1", None, stage.now_ms),)


class TestWords:
    def test_a_line_is_said_once_under_one_id(self) -> None:
        stage = Stage(ANN)
        assert stage.does(ANN, c.Chat("hello", "m1")) == (e.ChatSaid(ANN, "Ann", "hello", "m1"),)
        assert stage.does(ANN, c.Chat("hello", "m1")) == ()
        assert stage.does(HOST, c.Chat("mine", "m1"))
        assert [line.id for line in stage.room.chat] == ["m1", "m1"]

    def test_a_whisper_is_for_one_who_is_here(self) -> None:
        stage = Stage(ANN)
        assert stage.asks(HOST, c.Whisper(ANN, "psst", "w1")) == Whispered(
            HOST, "Host", ANN, "psst", stage.now_ms, "w1"
        )
        assert stage.refuses(HOST, c.Whisper(STRANGER, "psst")) is Reason.MEMBER_NOT_FOUND
        assert isinstance(stage.asks(HOST, c.Whisper(ANN, " ")), Refused)

    def test_hands_are_in_the_order_in_which_they_went_up(self) -> None:
        stage = Stage(ANN, BOB, CAT)
        for who in (CAT, ANN, BOB):
            stage.does(who, c.RaiseHand(True))
        stage.does(ANN, c.RaiseHand(False))
        stage.does(ANN, c.RaiseHand(True))
        assert stage.room.hands == (CAT, BOB, ANN)
        assert len(stage.does(HOST, c.LowerHands())) == 3
