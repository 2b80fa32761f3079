"""Every refusal in this dialect's words, and how a socket is closed that is not let in, or let go of.

Guide 003's codes: 4001 nobody, or not any more; 4003 somebody who may not; 4004 nothing there; 4000 anything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room

ERROR, UNAUTHENTICATED, NO_ACCESS, NOT_FOUND = 4000, 4001, 4003, 4004
NORMAL, RESTART = 1000, 1012
INVALID_MESSAGE: Final = "invalid_message"


class Error(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="error"):
    """Not done. `retry_after`: seconds, where that is known."""

    code: str
    message: str
    retry_after: float | UnsetType = UNSET


def refused(why: Refused) -> Error:
    wait_s = why.retry_after_s
    return Error(why.reason.code, why.sentence, UNSET if wait_s is None else max(round(wait_s, 2), 0.01))


def malformed(problem: str) -> Error:
    return Error(INVALID_MESSAGE, problem)


def close_code(reason: Reason) -> int:
    """Of somebody who was not let in."""
    match reason:
        case Reason.UNAUTHENTICATED | Reason.NOT_YOURSELF:
            return UNAUTHENTICATED
        case Reason.ROOM_NOT_FOUND | Reason.ROOM_EXPIRED | Reason.ROOM_CLOSED:
            return NOT_FOUND
        case Reason.RATE_LIMITED | Reason.UNAVAILABLE | Reason.INTERNAL | Reason.OUT_OF_RANGE:
            return ERROR
        case Reason.DRAINING:
            return RESTART
        case _:
            return NO_ACCESS


CLOSE_CODES: Final[Mapping[str, int]] = {reason.code: close_code(reason) for reason in Reason}


def farewell(room: Room, who: MemberId) -> tuple[int, str]:
    """How a socket is closed whose room has let go of it, in the state it is in then."""
    if room.closed is not None:
        return NORMAL, "the party has ended"
    if who in room.members:
        return NORMAL, "connected elsewhere"
    barred = room.access is not None and room.access.refuses(who) is not None
    return (NO_ACCESS, "removed") if barred or who in (room.expelled_until or {}) else (NORMAL, "left")
