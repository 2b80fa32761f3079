"""Questions to everybody in a room: each answers once, and what they answer counts as it stands."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from tutti.core.chat import sayable
from tutti.core.ids import MemberId

KEPT_POLLS = 20
MAX_QUESTION = 300
MAX_OPTION = 100
MOST_OPTIONS = 20
MAX_ANSWER = 200
"""Characters of an answer in words."""
SHOWN_TEXTS = 50
STARS = range(1, 6)
LONGEST_MS = 24 * 3_600_000.0
YES_NO = ("Yes", "No")
MAX_ID = 64

Answer = int | str
"""The place of an option, from 0; so many stars, from 1; or words."""


class PollKind(Enum):
    MULTIPLE_CHOICE = "multiple_choice"
    TEXT = "text"
    RATING = "rating"
    YES_NO = "yes_no"


@dataclass(frozen=True, slots=True)
class Poll:
    """`until_ms`: room time at which it closes by itself; None: when somebody closes it. `votes` in their order."""

    id: str
    question: str
    kind: PollKind
    options: tuple[str, ...]
    by: MemberId
    opened_at_ms: float
    until_ms: float | None = None
    closed: bool = False
    votes: Mapping[MemberId, Answer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tally:
    """`counts`: for each option, or of one to five stars. `average`: of stars. `texts`: the newest, newest first."""

    total: int
    counts: tuple[int, ...] = ()
    average: float | None = None
    texts: tuple[str, ...] = ()


def tally(poll: Poll) -> Tally:
    answers = poll.votes.values()
    if poll.kind is PollKind.TEXT:
        newest = [str(answer) for answer in answers][: -SHOWN_TEXTS - 1 : -1]
        return Tally(len(answers), texts=tuple(newest))
    counted = Counter(answers)
    if poll.kind is PollKind.RATING:
        average = sum(int(answer) for answer in answers) / len(answers) if answers else None
        return Tally(len(answers), tuple(counted[stars] for stars in STARS), average)
    return Tally(len(answers), tuple(counted[place] for place in range(len(poll.options))))


def unsound(poll: Poll) -> str | None:
    """What is wrong with a poll that is about to be opened."""
    if not 0 < len(poll.id) <= MAX_ID or not poll.id.isprintable():
        return f"The id of a poll is printable, and 1 to {MAX_ID} characters long"
    if len(poll.question) > MAX_QUESTION or not sayable(poll.question):
        return f"A question has 1 to {MAX_QUESTION} characters"
    if poll.kind is PollKind.MULTIPLE_CHOICE:
        fine = 2 <= len(poll.options) <= MOST_OPTIONS and len(set(poll.options)) == len(poll.options)
        if not fine or not all(len(one) <= MAX_OPTION and sayable(one) for one in poll.options):
            return f"2 to {MOST_OPTIONS} different options of 1 to {MAX_OPTION} characters"
    if poll.until_ms is not None and not math.isfinite(poll.until_ms):
        return "A poll ends at some time"
    return None


def options_of(kind: PollKind, told: tuple[str, ...]) -> tuple[str, ...]:
    """Of which there is a choice."""
    match kind:
        case PollKind.MULTIPLE_CHOICE:
            return told
        case PollKind.YES_NO:
            return YES_NO
        case PollKind.TEXT | PollKind.RATING:
            return ()


def is_answer(poll: Poll, answer: Answer) -> bool:
    if poll.kind is PollKind.TEXT:
        return isinstance(answer, str) and len(answer) <= MAX_ANSWER and sayable(answer)
    if isinstance(answer, str):
        return False
    return answer in STARS if poll.kind is PollKind.RATING else 0 <= answer < len(poll.options)


def find(polls: tuple[Poll, ...], id_: str) -> Poll | None:
    return next((poll for poll in polls if poll.id == id_), None)


def after(polls: tuple[Poll, ...], poll: Poll) -> tuple[Poll, ...]:
    """The polls that are kept once this one was opened."""
    return (*polls[-(KEPT_POLLS - 1) :], poll)


def voted(polls: tuple[Poll, ...], id_: str, who: MemberId, answer: Answer) -> tuple[Poll, ...]:
    return tuple(
        replace(poll, votes={**poll.votes, who: answer}) if poll.id == id_ else poll for poll in polls
    )


def closed(polls: tuple[Poll, ...], id_: str) -> tuple[Poll, ...]:
    return tuple(replace(poll, closed=True) if poll.id == id_ else poll for poll in polls)
