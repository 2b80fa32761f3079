"""Every refusal in this dialect's words: a code for programs, a sentence for people, a status over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from typing import assert_never

import msgspec

from tutti.core.refusals import Reason, Refused

BAD_REQUEST = "BAD_REQUEST"


class Error(msgspec.Struct, rename="camel", frozen=True, gc=False, omit_defaults=True):
    """Something was not done. `retryAfter`: seconds, where waiting helps."""

    code: str
    message: str
    retry_after: float | None = None


def error(refused: Refused) -> Error:
    wait_s = refused.retry_after_s
    return Error(refused.reason.code.upper(), refused.sentence, None if wait_s is None else round(wait_s, 1))


def bad_request(problem: str) -> Error:
    return Error(BAD_REQUEST, problem)


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
