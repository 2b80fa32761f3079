"""What was said can be answered, put in other words and taken back; slow mode makes everybody wait."""

from __future__ import annotations

from tests.core.stage import ANN, BOB, Stage
from tests.rooms import HOST
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.chat import EDITABLE_MS
from tutti.core.ids import MemberId, Seq
from tutti.core.refusals import Reason, Refused
from tutti.core.relays import Speaking, Typing
from tutti.core.roster import Role


def says(stage: Stage, who: MemberId, text: str, reply_to: Seq | None = None) -> Seq:
    stage.does(who, c.Chat(text, reply_to=reply_to))
    return stage.room.chat[-1].seq


def texts(stage: Stage) -> list[str]:
    return [line.text for line in stage.room.chat]


def test_an_answer_names_the_line_that_it_answers() -> None:
    stage = Stage(ANN, BOB)
    first = says(stage, ANN, "Popcorn?")
    says(stage, BOB, "Yes", first)
    assert stage.room.chat[-1].reply_to == first
    assert stage.refuses(BOB, c.Chat("Yes", reply_to=Seq(999))) is Reason.LINE_NOT_FOUND


def test_one_changes_ones_own_words_for_a_quarter_of_an_hour() -> None:
    stage = Stage(ANN, BOB)
    line = says(stage, ANN, "Helo")
    assert stage.refuses(BOB, c.EditChat(line, "Hello")) is Reason.NOT_ALLOWED
    assert stage.refuses(HOST, c.EditChat(line, "Hello")) is Reason.NOT_ALLOWED, (
        "nobody puts words in another's mouth"
    )
    stage.after(EDITABLE_MS).does(ANN, c.EditChat(line, "Hello"))
    assert (texts(stage), stage.room.chat[0].edited_at_ms) == (["Hello"], stage.now_ms)
    assert stage.does(ANN, c.EditChat(line, "Hello")) == ()
    assert stage.refuses(ANN, c.EditChat(line, " ")) is Reason.OUT_OF_RANGE
    assert stage.after(1.0).refuses(ANN, c.EditChat(line, "Hallo")) is Reason.NOT_ALLOWED


def test_a_line_is_taken_back_by_whoever_said_it_or_moderates() -> None:
    stage = Stage(ANN, BOB)
    first, second = says(stage, ANN, "One"), says(stage, ANN, "Two")
    assert stage.refuses(BOB, c.RemoveChat(first)) is Reason.NOT_ALLOWED
    assert stage.does(ANN, c.RemoveChat(first)) == (e.ChatRemoved(first, ANN),)
    assert stage.does(HOST, c.RemoveChat(second)) == (e.ChatRemoved(second, HOST),)
    assert texts(stage) == []
    assert stage.refuses(ANN, c.RemoveChat(first)) is Reason.LINE_NOT_FOUND


def test_in_slow_mode_everybody_waits_but_those_who_moderate() -> None:
    stage = Stage(ANN, BOB)
    stage.does(HOST, c.Appoint(BOB, Role.MODERATOR))
    stage.does(HOST, c.SetSlowMode(30.0))
    says(stage, ANN, "One")
    answer = stage.after(10_000.0).asks(ANN, c.Chat("Two"))
    assert answer == Refused(Reason.SLOW_MODE, retry_after_s=20.0)
    for who in (BOB, BOB, HOST, HOST):
        says(stage, who, "I moderate")
    stage.after(20_000.0).does(ANN, c.Chat("Two"))
    assert stage.refuses(ANN, c.SetSlowMode(0.0)) is Reason.NOT_ALLOWED
    assert stage.refuses(HOST, c.SetSlowMode(float("nan"))) is Reason.OUT_OF_RANGE


def test_leaving_and_coming_again_does_not_shorten_the_wait() -> None:
    stage = Stage(ANN)
    stage.does(HOST, c.SetSlowMode(30.0))
    line = says(stage, ANN, "One")
    stage.does(ANN, c.Leave())
    stage.does(ANN, c.Join("Ann"))
    assert stage.refuses(ANN, c.Chat("Two")) is Reason.SLOW_MODE
    stage.does(HOST, c.RemoveChat(line))


def test_taking_a_line_back_does_not_shorten_the_wait() -> None:
    stage = Stage(ANN)
    stage.does(HOST, c.SetSlowMode(30.0))
    stage.does(ANN, c.RemoveChat(says(stage, ANN, "One")))
    assert stage.refuses(ANN, c.Chat("Two")) is Reason.SLOW_MODE


def test_whoever_may_not_speak_is_not_shown_to_be_about_to() -> None:
    stage = Stage(ANN)
    assert stage.asks(ANN, c.SetTyping(True)) == Typing(ANN, "Ann", True)
    stage.does(HOST, c.SwitchChat(False))
    assert stage.refuses(ANN, c.SetTyping(True)) is Reason.CHAT_OFF


def test_one_enters_the_call_from_within_the_room_and_only_then_can_be_heard() -> None:
    stage = Stage(ANN, BOB)
    assert stage.refuses(ANN, c.SetSpeaking(True)) is Reason.NOT_ALLOWED
    stage.does(ANN, c.EnterCall())
    assert stage.asks(ANN, c.SetSpeaking(True)) == Speaking(ANN, True)
    stage.does(ANN, c.SetMuted(True))
    assert stage.asks(ANN, c.SetSpeaking(True)) == Speaking(ANN, False)
    assert stage.refuses(ANN, c.Signal(BOB, "{}")) is Reason.MEMBER_NOT_FOUND
    stage.does(BOB, c.EnterCall())
    assert not isinstance(stage.asks(ANN, c.Signal(BOB, "{}")), Refused)
    assert stage.refuses(ANN, c.Signal(ANN, "{}")) is Reason.MEMBER_NOT_FOUND
    assert stage.does(ANN, c.LeaveCall()) == (e.CallLeft(ANN),)
    assert ANN in stage.room.members
