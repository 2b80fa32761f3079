"""A party's polls as they are told and asked for, on a socket and over HTTP alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tutti.core import commands as c
from tutti.core.ids import MemberId
from tutti.core.polls import STARS, PollKind, tally
from tutti.core.polls import Poll as CorePoll
from tutti.dialects.party.auth_bodies import iso
from tutti.dialects.party.sockets import fields as f
from tutti.service.dialect import Malformed
from tutti.service.ports import Clock

Kind = Literal["multiple_choice", "text", "rating", "yes_no"]
Text = Annotated[str, Meta(max_length=2_000)]


class NewPoll(msgspec.Struct, frozen=True, gc=False):
    """`options` of a multiple choice only. `duration`: seconds until it closes by itself; left out: when it is closed."""

    question: Text
    poll_type: Kind = "multiple_choice"
    options: Annotated[list[Text], Meta(max_length=100)] = []
    duration: float | None = None

    def opening(self, id_: str) -> c.Command:
        return c.OpenPoll(
            id_, self.question, PollKind(self.poll_type), tuple(self.options), f.ms(self.duration)
        )


class Answer(msgspec.Struct, frozen=True, gc=False):
    """`option`: which, from 0; `rating`: 1 to 5; `text`: in words. `answer` stands for any, and for yes (true) and no."""

    answer: bool | int | Text | None = None
    option: int | None = None
    option_index: int | None = None
    rating: int | None = None
    text: Text | None = None

    def given(self) -> int | str:
        known = (self.answer, self.option, self.option_index, self.rating, self.text)
        found = next((one for one in known if one is not None), None)
        if found is None:
            raise Malformed("vote: answer is needed")
        return (0 if found else 1) if isinstance(found, bool) else found


class PollOption(msgspec.Struct, frozen=True, gc=False):
    """`index`: what a vote for it says; of a rating it is the number of stars less one."""

    index: int
    text: str
    votes: int


class Poll(msgspec.Struct, frozen=True, gc=False):
    """`average`: of a rating. `answers`: the newest of those in words, whoever gave them, newest first.

    `my_answer`: the viewer's own, where the poll is told to one alone.
    """

    id: str
    question: str
    poll_type: Kind
    options: list[PollOption]
    total_votes: int
    average: float | None
    answers: list[str]
    is_active: bool
    created_by: str
    created_at: str
    ends_at: str | None
    my_answer: int | str | UnsetType = UNSET


def shown(poll: CorePoll, clock: Clock, viewer: MemberId | None = None) -> Poll:
    counted = tally(poll)
    names = [str(stars) for stars in STARS] if poll.kind is PollKind.RATING else poll.options
    own = None if viewer is None else poll.votes.get(viewer)
    return Poll(
        id=poll.id,
        question=poll.question,
        poll_type=_KINDS[poll.kind],
        options=[
            PollOption(n, text, votes)
            for n, (text, votes) in enumerate(zip(names, counted.counts, strict=True))
        ],
        total_votes=counted.total,
        average=None if counted.average is None else round(counted.average, 3),
        answers=list(counted.texts),
        is_active=not poll.closed,
        created_by=poll.by,
        created_at=iso(clock.wall_ms(poll.opened_at_ms)),
        ends_at=None if poll.until_ms is None else iso(clock.wall_ms(poll.until_ms)),
        my_answer=UNSET if own is None else own,
    )


_KINDS: Final[Mapping[PollKind, Kind]] = {
    PollKind.MULTIPLE_CHOICE: "multiple_choice",
    PollKind.TEXT: "text",
    PollKind.RATING: "rating",
    PollKind.YES_NO: "yes_no",
}
