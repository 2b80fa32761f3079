"""What a refusal is called in this dialect: a code, a sentence, and over HTTP a status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from tutti.core.refusals import Reason, Refused


@dataclass(frozen=True, slots=True)
class Fault:
    """`{"error": sentence, "code": code}` with this HTTP status."""

    status: int
    code: str
    sentence: str


MALFORMED = "VALIDATION_ERROR"


def fault(refused: Refused) -> Fault:
    """The dialect's words; a detail that the refusal brings along says more than our sentence."""
    status, code, sentence = _words(refused.reason)
    return Fault(status, code, refused.detail or sentence)


def _words(reason: Reason) -> tuple[int, str, str]:  # noqa: PLR0912 - one case per reason, closed
    match reason:
        case Reason.ROOM_NOT_FOUND:
            return 404, "SESSION_NOT_FOUND", "Session not found"
        case Reason.ROOM_EXPIRED:
            return 410, "SESSION_EXPIRED", "This session has expired"
        case Reason.ROOM_CLOSED:
            return 410, "SESSION_ENDED", "This session has ended"
        case Reason.ROOM_EXISTS:
            return 409, "SESSION_EXISTS", "A session with this code exists already"
        case Reason.ROOM_FULL:
            return 409, "SESSION_FULL", "This session is full"
        case Reason.ROOM_LOCKED:
            return 403, "SESSION_LOCKED", "This session lets nobody else in"
        case Reason.WRONG_PASSWORD:
            return 403, "PASSWORD_NEEDED", "This session needs its password"
        case Reason.WAITING_ROOM:
            return 403, "WAITING_ROOM", "The host lets people into this session one by one"
        case Reason.ID_TAKEN | Reason.SHARE_TAKEN:
            return 409, "CONFLICT", reason.sentence
        case Reason.CHAT_OFF:
            return 403, "FORBIDDEN", reason.sentence
        case Reason.LINE_NOT_FOUND | Reason.POLL_NOT_FOUND:
            return 404, "NOT_FOUND", reason.sentence
        case Reason.POLL_CLOSED | Reason.ALREADY_VOTED:
            return 409, "CONFLICT", reason.sentence
        case Reason.SLOW_MODE:
            return 429, "RATE_LIMITED", reason.sentence
        case Reason.NOT_A_MEMBER:
            return 403, "FORBIDDEN", "You are not in this session; join it first"
        case Reason.MEMBER_NOT_FOUND:
            return 404, "MEMBER_NOT_FOUND", "That person is not in this session"
        case Reason.NOT_ALLOWED:
            return 403, "FORBIDDEN", "Only the host may do this"
        case Reason.EXPELLED:
            return 403, "FORBIDDEN", "You were removed from this session"
        case Reason.OUT_OF_RANGE | Reason.UNKNOWN_PROVIDER:
            return 400, MALFORMED, reason.sentence
        case Reason.NOTHING_PLAYS:
            return 409, "NOTHING_PLAYS", "Nothing is playing"
        case Reason.UNAUTHENTICATED:
            return 401, "UNAUTHORIZED", "Send your access token: Authorization: Bearer …"
        case Reason.NOT_YOURSELF:
            return 403, "FORBIDDEN", reason.sentence
        case Reason.RATE_LIMITED:
            return 429, "RATE_LIMITED", "Too many requests; try again later"
        case Reason.INTERNAL:
            return 500, "INTERNAL_ERROR", reason.sentence
        case Reason.UNAVAILABLE | Reason.DRAINING:
            return 503, "UNAVAILABLE", reason.sentence
        case _:
            assert_never(reason)
