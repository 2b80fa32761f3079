"""Every refusal in this dialect's words: a message, the code of the close that follows, a status over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, assert_never

import msgspec
from msgspec import UNSET

from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.dialects.native import spoken

NORMAL, POLICY, RESTART, TRY_AGAIN = 1000, 1008, 1012, 1013
EXPELLED, NO_SUCH_ROOM, ENDED = 4403, 4404, 4410


def refused(why: Refused) -> spoken.Refused:
    wait_s = why.retry_after_s
    return spoken.Refused(
        code=why.reason.code,
        message=why.sentence,
        may_retry=why.reason.may_retry,
        retry_after_ms=UNSET if wait_s is None else round(wait_s * 1000.0),
    )


def _close_code(reason: Reason) -> int:
    """What the connection of somebody who was not let in is closed with."""
    match status(reason):
        case HTTPStatus.NOT_FOUND:
            return NO_SUCH_ROOM
        case HTTPStatus.GONE:
            return ENDED
        case HTTPStatus.SERVICE_UNAVAILABLE:
            return RESTART if reason is Reason.DRAINING else TRY_AGAIN
        case HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.INTERNAL_SERVER_ERROR:
            return TRY_AGAIN
        case _:
            return EXPELLED if reason is Reason.EXPELLED else POLICY


def status(reason: Reason) -> HTTPStatus:
    match reason:
        case Reason.ROOM_NOT_FOUND | Reason.MEMBER_NOT_FOUND | Reason.LINE_NOT_FOUND | Reason.POLL_NOT_FOUND:
            return HTTPStatus.NOT_FOUND
        case Reason.ROOM_EXPIRED | Reason.ROOM_CLOSED:
            return HTTPStatus.GONE
        case (
            Reason.ROOM_EXISTS
            | Reason.ROOM_FULL
            | Reason.ID_TAKEN
            | Reason.SHARE_TAKEN
            | Reason.POLL_CLOSED
            | Reason.ALREADY_VOTED
        ):
            return HTTPStatus.CONFLICT
        case Reason.NOT_A_MEMBER | Reason.NOT_ALLOWED | Reason.NOT_YOURSELF:
            return HTTPStatus.FORBIDDEN
        case Reason.EXPELLED | Reason.ROOM_LOCKED | Reason.WRONG_PASSWORD | Reason.WAITING_ROOM:
            return HTTPStatus.FORBIDDEN
        case Reason.CHAT_OFF:
            return HTTPStatus.FORBIDDEN
        case Reason.OUT_OF_RANGE | Reason.NOTHING_PLAYS | Reason.UNKNOWN_PROVIDER:
            return HTTPStatus.BAD_REQUEST
        case Reason.UNAUTHENTICATED:
            return HTTPStatus.UNAUTHORIZED
        case Reason.RATE_LIMITED | Reason.SLOW_MODE:
            return HTTPStatus.TOO_MANY_REQUESTS
        case Reason.INTERNAL:
            return HTTPStatus.INTERNAL_SERVER_ERROR
        case Reason.UNAVAILABLE | Reason.DRAINING:
            return HTTPStatus.SERVICE_UNAVAILABLE
        case _:
            assert_never(reason)


def farewell(room: Room, member: MemberId) -> tuple[int, str]:
    """How the connection of somebody is closed whom the room has let go of."""
    if room.closed is not None:
        return ENDED, room.closed.value
    if member in (room.expelled_until or {}):
        return EXPELLED, "expelled"
    return NORMAL, "left"


CLOSE_CODES: Final[Mapping[str, int]] = {reason.code: _close_code(reason) for reason in Reason}


class Problem(msgspec.Struct, frozen=True, gc=False, rename="camel", omit_defaults=True):
    """`code` is for programs, `message` for people."""

    code: str
    message: str
    may_retry: bool = False
    retry_after_ms: float | None = None
