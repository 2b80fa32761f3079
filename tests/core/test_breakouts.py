"""Breakout rooms, as the meeting decides on them: who goes where, until when, and who comes back as what."""

from __future__ import annotations

import pytest

from tests.core.stage import ANN, BOB, CAT, STRANGER, Stage
from tests.rooms import HOST, defaults
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Reason
from tutti.core.relays import HelpAsked, RoomsTold
from tutti.core.roster import Breakout, Role

ONE, TWO = RoomId("ROOM1"), RoomId("ROOM2")
ROOMS = (Breakout(ONE, "One"), Breakout(TWO, "Two"))


def meeting(*others: MemberId) -> Stage:
    """A host and others, everybody in the call."""
    stage = Stage(*others)
    for who in (HOST, *others):
        stage.does(who, c.Join(who, calling=True))
    return stage


def where(stage: Stage) -> dict[MemberId, RoomId | None]:
    return {member.id: member.away for member in stage.room.members.values()}


def test_people_are_spread_evenly_and_those_who_moderate_stay() -> None:
    dan = MemberId("dan")
    stage = meeting(ANN, BOB, CAT, dan)
    stage.does(HOST, c.Appoint(dan, Role.MODERATOR))
    stage.does(HOST, c.OpenBreakouts(ROOMS, {ANN: TWO}, spread=True))
    assert where(stage) == {HOST: None, ANN: TWO, BOB: ONE, CAT: ONE, dan: None}


def test_only_who_is_in_the_call_can_be_sent_anywhere() -> None:
    stage = meeting(ANN)
    stage.does(BOB, c.Join("Bob"))
    stage.does(HOST, c.OpenBreakouts(ROOMS, {}, spread=True))
    assert where(stage)[BOB] is None
    assert stage.refuses(HOST, c.Assign(BOB, ONE)) is Reason.MEMBER_NOT_FOUND
    assert stage.refuses(HOST, c.Assign(STRANGER, ONE)) is Reason.MEMBER_NOT_FOUND


def test_everybody_is_called_back_with_role_and_hand() -> None:
    stage = meeting(ANN, BOB)
    stage.does(HOST, c.Appoint(ANN, Role.MODERATOR))
    stage.does(BOB, c.RaiseHand(True))
    stage.does(HOST, c.OpenBreakouts(ROOMS, {ANN: ONE, BOB: TWO}))
    before = dict(stage.room.members)
    stage.does(HOST, c.CloseBreakouts())
    assert where(stage) == {HOST: None, ANN: None, BOB: None}
    assert stage.room.breakouts is None
    assert stage.room.members[ANN].role is Role.MODERATOR
    assert stage.room.members[BOB].hand_ms == before[BOB].hand_ms is not None


def test_oneself_may_go_back_but_nowhere_else() -> None:
    stage = meeting(ANN, BOB)
    stage.does(HOST, c.OpenBreakouts(ROOMS, {ANN: ONE, BOB: ONE}))
    assert stage.refuses(ANN, c.Assign(None, TWO)) is Reason.NOT_ALLOWED
    assert stage.refuses(ANN, c.Assign(BOB, None)) is Reason.NOT_ALLOWED
    assert stage.does(ANN, c.Assign(None, None)) == (e.Assigned(ANN, None),)
    assert stage.does(ANN, c.Assign(None, None)) == ()


def test_they_close_when_their_time_is_up_and_not_before_it_was_extended() -> None:
    stage = meeting(ANN)
    stage.does(HOST, c.OpenBreakouts(ROOMS, {ANN: ONE}, lasts_ms=60_000.0))
    stage.does(HOST, c.ExtendBreakouts(30_000.0))
    stage.now_ms += 60_000.0
    assert stage.does(None, c.EndBreakouts()) == ()
    stage.now_ms += 30_000.0
    assert stage.does(None, c.EndBreakouts()) == (e.Assigned(ANN, None), e.BreakoutsClosed())
    assert stage.does(None, c.EndBreakouts()) == ()


def test_what_has_no_end_cannot_be_extended() -> None:
    stage = meeting(ANN)
    assert stage.refuses(HOST, c.ExtendBreakouts(1_000.0)) is Reason.NOT_ALLOWED
    stage.does(HOST, c.OpenBreakouts(ROOMS, {}))
    assert stage.refuses(HOST, c.ExtendBreakouts(1_000.0)) is Reason.NOT_ALLOWED


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (c.OpenBreakouts((), {}), Reason.OUT_OF_RANGE),
        (c.OpenBreakouts((Breakout(ONE, " "),), {}), Reason.OUT_OF_RANGE),
        (c.OpenBreakouts((Breakout(ONE, "a\nb"),), {}), Reason.OUT_OF_RANGE),
        (c.OpenBreakouts(tuple(Breakout(RoomId(f"R{n}"), "x") for n in range(51)), {}), Reason.OUT_OF_RANGE),
        (c.OpenBreakouts(ROOMS, {}, lasts_ms=0.0), Reason.OUT_OF_RANGE),
        (c.OpenBreakouts(ROOMS, {}, lasts_ms=float("nan")), Reason.OUT_OF_RANGE),
        (c.OpenBreakouts(ROOMS, {ANN: RoomId("NOWHERE")}), Reason.MEMBER_NOT_FOUND),
        (c.OpenBreakouts(ROOMS, {STRANGER: ONE}), Reason.MEMBER_NOT_FOUND),
    ],
)
def test_rooms_that_make_no_sense_are_not_opened(command: c.OpenBreakouts, reason: Reason) -> None:
    stage = meeting(ANN)
    assert stage.refuses(HOST, command) is reason
    assert stage.room.breakouts is None


def test_there_is_one_set_of_them_at_a_time() -> None:
    stage = meeting(ANN)
    stage.does(HOST, c.OpenBreakouts(ROOMS, {}))
    assert stage.refuses(HOST, c.OpenBreakouts(ROOMS, {})) is Reason.NOT_ALLOWED


def test_words_to_everybody_need_somebody_elsewhere_and_help_is_asked_for_from_there() -> None:
    stage = meeting(ANN)
    assert stage.refuses(HOST, c.TellBreakouts("Five minutes")) is Reason.NOT_ALLOWED
    assert stage.refuses(ANN, c.AskHelp()) is Reason.NOT_ALLOWED
    stage.does(HOST, c.OpenBreakouts(ROOMS, {ANN: ONE}))
    assert stage.asks(HOST, c.TellBreakouts("Five minutes")) == RoomsTold(HOST, "Host", "Five minutes")
    assert stage.asks(ANN, c.AskHelp()) == HelpAsked(ANN, "Ann", ONE)
    assert stage.refuses(HOST, c.TellBreakouts("\x00")) is Reason.OUT_OF_RANGE


def test_a_breakout_room_has_no_host_and_lets_in_only_whom_the_server_brings() -> None:
    inside = Stage(of=defaults(), media=None)
    opening = c.Open("One", "Ann", defaults(parent=inside.room.id))
    stage = Stage.__new__(Stage)
    stage.now_ms, stage.lead_ms, stage.log, stage._room = 1.0, 0.0, [], None
    assert stage.refuses(ANN, c.Join("Ann", calling=True, opens=opening)) is Reason.NOT_ALLOWED
    stage.does(ANN, c.Join("Ann", calling=True, opens=opening, moved_as=Role.MEMBER))
    assert stage.room.host is None
    assert stage.room.members[ANN].role is Role.MEMBER
    assert stage.refuses(BOB, c.Join("Bob", calling=True, opens=opening)) is Reason.NOT_ALLOWED
    stage.does(BOB, c.Join("Bob", calling=True, opens=opening, moved_as=Role.MODERATOR))
    assert stage.room.host is None
    assert stage.room.members[BOB].role is Role.MODERATOR
    assert stage.refuses(BOB, c.OpenBreakouts(ROOMS, {})) is Reason.NOT_ALLOWED
    stage.does(ANN, c.Leave())
    stage.does(BOB, c.Leave())
    assert stage.room.host is None
