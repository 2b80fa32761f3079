"""Every refusal in this dialect's words, and how a connection is closed that the room does not let in, or lets go of.

The known client comes back after every close code but 1000: so 1000 closes what is final.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, assert_never

import msgspec
from msgspec import UNSET, UnsetType

from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room

NORMAL, RESTART, TRY_AGAIN = 1000, 1012, 1013
INVALID_MESSAGE: Final = "INVALID_MESSAGE"
INVALID_ROOM: Final = "INVALID_ROOM"


class Error(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Not done. `reason`: more exactly why. `event`: which of yours. `retryAfter`: seconds, where that is known."""

    code: str
    message: str
    reason: str | UnsetType = UNSET
    event: str | UnsetType = UNSET
    retry_after: float | UnsetType = UNSET


def refused(why: Refused) -> Error:
    wait_s = why.retry_after_s
    return Error(
        code(why.reason),
        why.sentence,
        why.reason.code,
        retry_after=UNSET if wait_s is None else max(round(wait_s, 2), 0.01),
    )


def malformed(problem: str) -> Error:
    return Error(INVALID_MESSAGE, problem)


def code(reason: Reason) -> str:
    match reason:
        case Reason.ROOM_NOT_FOUND | Reason.ROOM_EXPIRED | Reason.ROOM_CLOSED | Reason.ROOM_EXISTS:
            return INVALID_ROOM
        case Reason.MEMBER_NOT_FOUND:
            return "PEER_NOT_FOUND"
        case Reason.OUT_OF_RANGE | Reason.NOTHING_PLAYS | Reason.UNKNOWN_PROVIDER | Reason.LINE_NOT_FOUND:
            return INVALID_MESSAGE
        case Reason.ROOM_FULL | Reason.ROOM_LOCKED | Reason.RATE_LIMITED | Reason.SHARE_TAKEN:
            return reason.name
        case Reason.POLL_NOT_FOUND | Reason.POLL_CLOSED | Reason.ALREADY_VOTED:
            return INVALID_MESSAGE
        case Reason.SLOW_MODE:
            return Reason.RATE_LIMITED.name
        case Reason.CHAT_OFF:
            return "CHAT_DISABLED"
        case Reason.UNAVAILABLE | Reason.INTERNAL | Reason.DRAINING:
            return "UNAVAILABLE"
        case _:
            return _unauthorized(reason)


def _unauthorized(
    reason: Literal[
        Reason.NOT_A_MEMBER,
        Reason.NOT_ALLOWED,
        Reason.EXPELLED,
        Reason.UNAUTHENTICATED,
        Reason.NOT_YOURSELF,
        Reason.ID_TAKEN,
        Reason.WRONG_PASSWORD,
        Reason.WAITING_ROOM,
    ],
) -> str:
    match reason:
        case Reason.NOT_A_MEMBER | Reason.NOT_ALLOWED | Reason.EXPELLED:
            return "UNAUTHORIZED"
        case Reason.UNAUTHENTICATED | Reason.NOT_YOURSELF | Reason.ID_TAKEN:
            return "UNAUTHORIZED"
        case Reason.WRONG_PASSWORD | Reason.WAITING_ROOM:
            return "UNAUTHORIZED"
        case _:
            assert_never(reason)


def _close_code(reason: Reason) -> int | None:
    """None: it may try again on the same connection."""
    match reason:
        case Reason.WRONG_PASSWORD | Reason.OUT_OF_RANGE:
            return None
        case Reason.DRAINING:
            return RESTART
        case Reason.UNAVAILABLE | Reason.INTERNAL | Reason.RATE_LIMITED:
            return TRY_AGAIN
        case _:
            return NORMAL


CLOSE_CODES: Final[Mapping[str, int | None]] = {reason.code: _close_code(reason) for reason in Reason}
"""Of somebody who was not let in, by the reason that was given."""


def farewell(room: Room, member: MemberId) -> tuple[int, str]:
    """How the connection of somebody is closed whom the room has let go of."""
    if room.closed is not None:
        return NORMAL, room.closed.value
    if member in room.members:
        return NORMAL, "connected elsewhere"
    return NORMAL, "kicked" if member in (room.expelled_until or {}) else "left"
