"""What members show one another: chat, reactions, hands, readiness. None of it moves the timeline."""

from __future__ import annotations

import math

import pytest

from tests.core.stage import ANN, BOB, STRANGER, Stage
from tests.rooms import HOST
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.chat import ChatLine
from tutti.core.drift import Doing
from tutti.core.refusals import Reason
from tutti.core.relays import Reacted
from tutti.core.roster import Role


class TestChat:
    def test_what_is_said_is_kept_with_who_said_it_and_when(self) -> None:
        stage = Stage(ANN)
        assert stage.after(10.0).does(ANN, c.Chat("Hello\nthere")) == (
            e.ChatSaid(ANN, "Ann", "Hello\nthere"),
        )
        line = ChatLine(stage.room.seq, stage.now_ms, ANN, "Ann", "Hello\nthere")
        assert stage.room.chat == (line,)

    def test_the_last_two_hundred_lines_are_kept(self) -> None:
        stage = Stage(ANN)
        for n in range(203):
            stage.does(ANN, c.Chat(f"line {n}"))
        assert [line.text for line in stage.room.chat] == [f"line {n}" for n in range(3, 203)]

    @pytest.mark.parametrize("text", ["", " \n ", "x" * 2_001, "a\x00b", "a\tb", "\x7f", "\x9b31m", "\ud800"])
    def test_what_is_no_text_is_not_said(self, text: str) -> None:
        assert Stage(ANN).refuses(ANN, c.Chat(text)) is Reason.OUT_OF_RANGE

    def test_while_it_is_off_only_those_who_moderate_speak(self) -> None:
        stage = Stage(ANN, BOB)
        stage.does(HOST, c.Appoint(BOB, Role.MODERATOR))
        stage.does(HOST, c.SwitchChat(False))
        assert stage.refuses(ANN, c.Chat("Hello")) is Reason.CHAT_OFF
        assert stage.does(BOB, c.Chat("Hush"))
        assert stage.does(HOST, c.Chat("Hush"))

    def test_strangers_say_nothing(self) -> None:
        assert Stage().refuses(STRANGER, c.Chat("Hello")) is Reason.NOT_A_MEMBER


class TestReactions:
    def test_a_reaction_is_for_those_who_are_there_and_leaves_no_trace(self) -> None:
        stage = Stage(ANN)
        stage.does(HOST, c.Play())
        before = stage.after(4_000.0).room
        assert stage.asks(ANN, c.React("🎉")) == Reacted(ANN, "🎉", 4_000.0)
        assert stage.room == before

    @pytest.mark.parametrize("emoji", ["👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "❤️", "ok", "あ"])
    def test_anything_short_that_can_be_shown_will_do(self, emoji: str) -> None:
        assert Stage(ANN).asks(ANN, c.React(emoji)) == Reacted(ANN, emoji, 0.0)

    @pytest.mark.parametrize("emoji", ["", " ", "\n", "\u200d", "\u202eok", "🎉" * 9, "\ud800", "a\x00"])
    def test_what_cannot_be_shown_is_refused(self, emoji: str) -> None:
        assert Stage(ANN).refuses(ANN, c.React(emoji)) is Reason.OUT_OF_RANGE


class TestHands:
    def test_a_hand_is_up_since_it_was_raised(self) -> None:
        stage = Stage(ANN)
        stage.after(10.0).does(ANN, c.RaiseHand(True))
        raised_ms = stage.now_ms
        assert stage.after(10.0).does(ANN, c.RaiseHand(True)) == ()
        assert stage.room.members[ANN].hand_ms == raised_ms
        stage.does(ANN, c.RaiseHand(False))
        assert stage.room.members[ANN].hand_ms is None

    def test_anothers_hand_is_lowered_by_those_who_moderate_and_raised_by_nobody(self) -> None:
        stage = Stage(ANN, BOB)
        stage.does(ANN, c.RaiseHand(True))
        assert stage.refuses(BOB, c.RaiseHand(False, ANN)) is Reason.NOT_ALLOWED
        assert stage.does(HOST, c.RaiseHand(False, ANN)) == (e.HandChanged(ANN, False, HOST),)
        assert stage.refuses(HOST, c.RaiseHand(True, ANN)) is Reason.NOT_ALLOWED
        assert stage.refuses(HOST, c.RaiseHand(False, STRANGER)) is Reason.MEMBER_NOT_FOUND

    def test_ones_own_hand_may_be_named(self) -> None:
        assert Stage(ANN).does(ANN, c.RaiseHand(True, ANN)) == (e.HandChanged(ANN, True),)


class TestReadiness:
    def test_nobody_is_ready_or_not_before_they_said_so(self) -> None:
        stage = Stage(ANN)
        assert stage.room.members[ANN].ready is None
        assert stage.does(ANN, c.SetReady(False)) == (e.ReadyChanged(ANN, False),)
        assert stage.does(ANN, c.SetReady(False)) == ()
        assert stage.does(ANN, c.SetReady(True)) == (e.ReadyChanged(ANN, True),)


class TestObservations:
    @pytest.mark.parametrize("doing", Doing)
    def test_nobody_moves_the_timeline_by_observing_not_even_the_host(self, doing: Doing) -> None:
        stage = Stage(ANN)
        stage.does(HOST, c.Play())
        stage.after(60_000.0)
        for who in (HOST, ANN):
            assert stage.does(who, c.Observe(1_000.0, stage.now_ms, -59_000.0, 2.0, doing)) == ()

    @pytest.mark.parametrize(
        ("position", "at", "error", "bound"),
        [
            (math.nan, 0.0, None, 0.0),
            (-1.0, 0.0, None, 0.0),
            (0.0, math.inf, None, 0.0),
            (0.0, 0.0, math.nan, 0.0),
            (0.0, 0.0, -math.inf, 0.0),
            (0.0, 0.0, 0.0, -0.1),
            (0.0, 0.0, 0.0, math.nan),
        ],
    )
    def test_nonsense_is_refused(self, position: float, at: float, error: float | None, bound: float) -> None:
        observed = c.Observe(position, at, error, bound, Doing.PLAYING)
        assert Stage(ANN).refuses(ANN, observed) is Reason.OUT_OF_RANGE
