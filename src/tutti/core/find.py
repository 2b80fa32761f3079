"""Finding one another: consent first, few answers, and nothing that two cells cannot honestly say.

`far` at least one whole cell lies between the two; `warm` their cells touch; `close` they are in the same cell, which
is up to 1.4 km across; `found` never comes from cells: both have said so. A find holds no place. What each of both
learns of the other's cells is what the answers say: at most 6 for one consent, 10 s apart or more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from tutti.core.geo import Cell, steps
from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused

OFFER_MS: Final = 60_000.0
SESSION_MS: Final = 300_000.0
ANSWERS: Final = 6
BETWEEN_ANSWERS_MS: Final = 10_000.0


class Stage(Enum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    ENDED = "ended"


class Bucket(Enum):
    FAR = "far"
    WARM = "warm"
    CLOSE = "close"
    FOUND = "found"


class Ending(Enum):
    """`DECLINED`: the target said no. `EXPIRED`: nobody accepted in time, or its time was up. `CANCELLED`: one of both
    ended it, or went offline. `COMPLETED`: both said that they have found one another."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Find:
    """`answers`: how many were given since the last consent."""

    seeker: MemberId
    target: MemberId
    offered_at_ms: float
    accepted_at_ms: float | None = None
    answers: int = 0
    answered_at_ms: float | None = None
    bucket: Bucket | None = None
    confirmed: tuple[MemberId, ...] = ()
    ending: Ending | None = None

    @property
    def stage(self) -> Stage:
        if self.ending is not None:
            return Stage.ENDED
        return Stage.OFFERED if self.accepted_at_ms is None else Stage.ACCEPTED

    @property
    def answers_left(self) -> int:
        return ANSWERS - self.answers

    @property
    def until_ms(self) -> float:
        """When it ends by itself. Renewed consent does not prolong it."""
        if self.accepted_at_ms is None:
            return self.offered_at_ms + OFFER_MS
        return self.accepted_at_ms + SESSION_MS

    def other(self, user: MemberId) -> MemberId:
        return self.target if user == self.seeker else self.seeker


def offer(seeker: MemberId, target: MemberId, now_ms: float) -> Find | Refused:
    if seeker == target:
        return Refused(Reason.OUT_OF_RANGE, "You cannot find yourself")
    return Find(seeker, target, now_ms)


def accept(find: Find, who: MemberId, now_ms: float) -> Find | Refused:
    """The target's consent to so many answers. Given again, it is to as many more."""
    if who != find.target:
        return Refused(Reason.NOT_ALLOWED, "Only the person who is to be found can accept")
    if over := _over(find, now_ms):
        return over
    first = now_ms if find.accepted_at_ms is None else find.accepted_at_ms
    return replace(find, accepted_at_ms=first, answers=0)


def decline(find: Find, who: MemberId, now_ms: float) -> Find | Refused:
    if who != find.target:
        return Refused(Reason.NOT_ALLOWED, "Only the person who is to be found can decline")
    if over := _over(find, now_ms):
        return over
    return replace(find, ending=Ending.DECLINED if find.stage is Stage.OFFERED else Ending.CANCELLED)


def may_answer(find: Find, now_ms: float) -> bool:
    """Whether an answer is due. It depends on when people ask, never on where they are."""
    if find.stage is not Stage.ACCEPTED or now_ms >= find.until_ms or not find.answers_left:
        return False
    return find.answered_at_ms is None or now_ms - find.answered_at_ms >= BETWEEN_ANSWERS_MS


def answer(find: Find, one: Cell, other: Cell, now_ms: float) -> Find:
    """What both are told, if `may_answer`. It counts although it may be the same as the last."""
    return replace(find, bucket=bucket(one, other), answers=find.answers + 1, answered_at_ms=now_ms)


def bucket(one: Cell, other: Cell) -> Bucket:
    match steps(one, other):
        case 0:
            return Bucket.CLOSE
        case 1:
            return Bucket.WARM
        case _:
            return Bucket.FAR


def confirm(find: Find, who: MemberId, now_ms: float) -> Find | Refused:
    """One of both says "found"; it is, when the other says so too.

    Only what was answered last is looked at, so that asking for it tells nothing new.
    """
    if over := _over(find, now_ms):
        return over
    if find.bucket not in (Bucket.WARM, Bucket.CLOSE):
        return Refused(Reason.NOT_ALLOWED, "Come closer first: the last answer was not warm or close")
    confirmed = find.confirmed if who in find.confirmed else (*find.confirmed, who)
    if len(confirmed) == 2:
        return replace(find, confirmed=confirmed, bucket=Bucket.FOUND, ending=Ending.COMPLETED)
    return replace(find, confirmed=confirmed)


def end(find: Find, ending: Ending = Ending.CANCELLED) -> Find:
    """At once, by either of both, or because its time is up. What has ended stays as it ended."""
    return find if find.ending is not None else replace(find, ending=ending)


def _over(find: Find, now_ms: float) -> Refused | None:
    if find.ending is not None or now_ms >= find.until_ms:
        return Refused(Reason.ROOM_CLOSED, "This find session has ended")
    return None
