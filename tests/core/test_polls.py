"""Polls: everybody answers once, what counts is what they answered, and a poll ends when it says."""

from __future__ import annotations

import pytest

from tests.core.stage import ANN, BOB, CAT, Stage
from tests.rooms import HOST
from tutti.core import commands as c
from tutti.core.ids import MemberId
from tutti.core.polls import MOST_OPTIONS, SHOWN_TEXTS, PollKind, tally
from tutti.core.refusals import Reason

CHOICE = c.OpenPoll("p1", "What next?", PollKind.MULTIPLE_CHOICE, ("A film", "Music", "Bed"))


def asked(command: c.OpenPoll = CHOICE) -> Stage:
    stage = Stage(ANN, BOB, CAT)
    stage.does(HOST, command)
    return stage


def test_everybody_votes_once() -> None:
    stage = asked()
    stage.does(ANN, c.Vote("p1", 1))
    stage.does(BOB, c.Vote("p1", 1))
    stage.does(HOST, c.Vote("p1", 0))
    assert stage.refuses(ANN, c.Vote("p1", 2)) is Reason.ALREADY_VOTED
    told = tally(stage.room.polls[0])
    assert (told.total, told.counts) == (3, (1, 2, 0))


def test_leaving_and_coming_again_gives_no_second_vote() -> None:
    stage = asked()
    stage.does(ANN, c.Vote("p1", 1))
    stage.does(ANN, c.Leave())
    stage.does(ANN, c.Join("Ann"))
    assert stage.refuses(ANN, c.Vote("p1", 1)) is Reason.ALREADY_VOTED
    assert tally(stage.room.polls[0]).total == 1


def test_stars_are_counted_and_averaged() -> None:
    stage = asked(c.OpenPoll("p1", "How was it?", PollKind.RATING))
    assert tally(stage.room.polls[0]).average is None
    for who, stars in ((ANN, 5), (BOB, 4), (CAT, 4)):
        stage.does(who, c.Vote("p1", stars))
    told = tally(stage.room.polls[0])
    assert told.counts == (0, 0, 0, 2, 1)
    assert told.average == pytest.approx(13 / 3)


def test_yes_and_no_are_its_options() -> None:
    stage = asked(c.OpenPoll("p1", "Again?", PollKind.YES_NO, ("Maybe",)))
    stage.does(ANN, c.Vote("p1", 0))
    assert stage.room.polls[0].options == ("Yes", "No")
    assert tally(stage.room.polls[0]).counts == (1, 0)


def test_of_many_words_the_newest_are_shown() -> None:
    people = [MemberId(f"m{n}") for n in range(SHOWN_TEXTS + 2)]
    stage = Stage()
    stage.does(HOST, c.SetCapacity(100))
    for who in people:
        stage.does(who, c.Join(who))
    stage.does(HOST, c.OpenPoll("p1", "Why?", PollKind.TEXT))
    for who in people:
        stage.does(who, c.Vote("p1", f"because of {who}"))
    told = tally(stage.room.polls[0])
    assert (told.total, len(told.texts), told.texts[0]) == (52, 50, "because of m51")


@pytest.mark.parametrize(
    ("kind", "answers"),
    [
        (PollKind.MULTIPLE_CHOICE, (-1, 3, "Music")),
        (PollKind.RATING, (0, 6, "5")),
        (PollKind.YES_NO, (2, "yes")),
        (PollKind.TEXT, (1, "", " ", "x" * 201, "\x00")),
    ],
)
def test_what_is_no_answer_is_not_counted(kind: PollKind, answers: tuple[int | str, ...]) -> None:
    stage = asked(c.OpenPoll("p1", "Well?", kind, ("A", "B", "C")))
    for answer in answers:
        assert stage.refuses(ANN, c.Vote("p1", answer)) is Reason.OUT_OF_RANGE
    assert tally(stage.room.polls[0]).total == 0


def test_a_closed_poll_takes_no_more_votes_and_keeps_those_it_has() -> None:
    stage = asked()
    stage.does(ANN, c.Vote("p1", 1))
    stage.does(HOST, c.ClosePoll("p1"))
    assert stage.refuses(BOB, c.Vote("p1", 1)) is Reason.POLL_CLOSED
    assert stage.does(HOST, c.ClosePoll("p1")) == ()
    assert tally(stage.room.polls[0]).total == 1
    assert stage.refuses(BOB, c.Vote("p2", 1)) is Reason.POLL_NOT_FOUND


def test_a_poll_ends_when_it_says_and_not_before() -> None:
    stage = asked(c.OpenPoll("p1", "Quick!", PollKind.YES_NO, lasts_ms=10_000.0))
    assert stage.after(9_999.0).does(None, c.EndPoll("p1")) == ()
    stage.does(ANN, c.Vote("p1", 0))
    assert stage.after(1.0).refuses(BOB, c.Vote("p1", 0)) is Reason.POLL_CLOSED, (
        "whether or not the timer came"
    )
    assert len(stage.does(None, c.EndPoll("p1"))) == 1
    assert stage.room.polls[0].closed
    assert stage.does(None, c.EndPoll("p1")) == ()


def test_the_same_poll_is_opened_once_and_few_are_open_at_once() -> None:
    stage = asked()
    assert stage.does(HOST, CHOICE) == ()
    for n in range(2, 6):
        stage.does(HOST, c.OpenPoll(f"p{n}", "Again?", PollKind.YES_NO))
    assert stage.refuses(HOST, c.OpenPoll("p6", "Again?", PollKind.YES_NO)) is Reason.OUT_OF_RANGE
    stage.does(HOST, c.ClosePoll("p1"))
    stage.does(HOST, c.OpenPoll("p6", "Again?", PollKind.YES_NO))


@pytest.mark.parametrize(
    "command",
    [
        c.OpenPoll("p9", "", PollKind.TEXT),
        c.OpenPoll("p9", "x" * 301, PollKind.TEXT),
        c.OpenPoll("", "Well?", PollKind.TEXT),
        c.OpenPoll("p9", "Well?", PollKind.MULTIPLE_CHOICE),
        c.OpenPoll("p9", "Well?", PollKind.MULTIPLE_CHOICE, ("One",)),
        c.OpenPoll("p9", "Well?", PollKind.MULTIPLE_CHOICE, ("One", "One")),
        c.OpenPoll("p9", "Well?", PollKind.MULTIPLE_CHOICE, tuple(map(str, range(MOST_OPTIONS + 1)))),
        c.OpenPoll("p9", "Well?", PollKind.MULTIPLE_CHOICE, ("One", " ")),
        c.OpenPoll("p9", "Well?", PollKind.TEXT, lasts_ms=float("nan")),
        c.OpenPoll("p9", "Well?", PollKind.TEXT, lasts_ms=1.0),
    ],
)
def test_what_is_no_poll_is_not_opened(command: c.OpenPoll) -> None:
    assert Stage().refuses(HOST, command) is Reason.OUT_OF_RANGE
