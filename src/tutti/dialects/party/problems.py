"""What goes wrong over HTTP, in Django-REST's words: `{"detail": …}`, or `{"field": ["…"]}` for what can be mended.

A program finds `code` beside `detail`. A 401 says `WWW-Authenticate`, a 429 and a 503 say `Retry-After` in whole seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from typing import Any, Final, TypeVar, assert_never

import msgspec
import structlog
from litestar import Request, Response, route
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import FromPath
from litestar.types import ExceptionHandlersMap, Method

from tutti.core.refusals import Reason, Refused
from tutti.platform.accounts.schemas import Problem, Wrong
from tutti.service.dialect import Declined
from tutti.service.ports import Unavailable

log = structlog.get_logger("tutti.party")

T = TypeVar("T")
Asked = Request[Any, Any, Any]
Said = Response[dict[str, Any]]

METHODS: Final[tuple[Method, ...]] = ("GET", "POST", "PUT", "PATCH", "DELETE")
CHALLENGE: Final = 'Bearer realm="api"'
NOT_A_TOKEN: Final = "Given token not valid for any token type"


class Invalid(Exception):
    """A body that cannot be meant: sentences by field; `non_field_errors` for the whole."""

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        super().__init__(", ".join(fields))
        self.fields = dict(fields)


class Refusal(Exception):
    """A sentence for a person, and perhaps a code for a program."""

    status = 400
    sentence = "Bad request."
    code: str | None = None

    def __init__(self, sentence: str | None = None, code: str | None = None) -> None:
        super().__init__(sentence or self.sentence)
        self.code = code or self.code


class NoSuch(Refusal):
    """It is not there, or whoever asks must not learn that it is."""

    status = 404
    sentence = "Not found."


class Forbidden(Refusal):
    """They may know of it, and may not do this."""

    status = 403
    sentence = "You do not have permission to perform this action."
    code = "permission_denied"


class Conflict(Refusal):
    """Not as things are now."""

    status = 409
    sentence = "This cannot be done now."
    code = "conflict"


class Unprocessable(Refusal):
    status = 422
    code = "unprocessable"


class Denied(Exception):
    """An account's problem. `password`: what this request calls the password that it is about."""

    def __init__(self, problem: Problem, password: str) -> None:
        super().__init__(problem.sentence)
        self.problem = problem
        self.password = password


class SaidWrong(msgspec.Struct, frozen=True):
    """What is wrong: sentences by the field's name, `non_field_errors` for the whole; or `detail` and `code`."""

    detail: str | None = None
    code: str | None = None
    non_field_errors: tuple[str, ...] = ()


class SaidProblem(msgspec.Struct, frozen=True):
    """A sentence for a person, and a code for a program."""

    detail: str
    code: str | None = None


def documented(*statuses: int) -> dict[int, ResponseSpec]:
    """The problems of a route, for its documentation."""
    return {
        status: ResponseSpec(
            SaidWrong if status == 400 else SaidProblem,
            description=HTTPStatus(status).phrase,
            generate_examples=False,
        )
        for status in statuses
    }


def or_denied(outcome: T | Problem, password: str = "password") -> T:
    if isinstance(outcome, Problem):
        raise Denied(outcome, password)
    return outcome


def problem(
    status: int, detail: str, code: str | None = None, wait_s: float | None = None, **further: Any
) -> Said:
    headers = {} if wait_s is None else {"Retry-After": str(max(ceil(wait_s), 1))}
    if status == 401:
        headers["WWW-Authenticate"] = CHALLENGE
    said = {"detail": detail, **({} if code is None else {"code": code}), **further}
    return Response(said, status_code=status, headers=headers)


def throttled(wait_s: float) -> Said:
    seconds = max(ceil(wait_s), 1)
    plural = "" if seconds == 1 else "s"
    said = f"Request was throttled. Expected available in {seconds} second{plural}."
    return problem(429, said, "throttled", wait_s)


def invalid(_: Asked, failure: Invalid) -> Said:
    return Response(failure.fields, status_code=400)


def refused(_: Asked, failure: Refusal) -> Said:
    return problem(failure.status, str(failure), failure.code)


def denied(_: Asked, failure: Denied) -> Said:
    given = failure.problem
    match given.wrong:
        case Wrong.TOO_OFTEN:
            return throttled(given.retry_after_s or 1.0)
        case Wrong.CREDENTIALS | Wrong.TOKEN | Wrong.TICKET:
            return problem(401, given.sentence, given.wrong.code)
        case Wrong.USERNAME_TAKEN:
            return Response({"username": [given.sentence]}, status_code=400)
        case Wrong.PASSWORD | Wrong.WEAK:
            return Response({failure.password: [given.sentence]}, status_code=400)
        case Wrong.CODE | Wrong.LINK | Wrong.FACTOR_IS_ON | Wrong.FACTOR_IS_OFF:
            return problem(400, given.sentence, given.wrong.code)
        case Wrong.NO_SUCH_LOGIN:
            return problem(404, given.sentence)
        case _:
            assert_never(given.wrong)


def declined(_: Asked, failure: Declined) -> Said:
    refused = failure.refused
    if refused.reason is Reason.RATE_LIMITED:
        return throttled(refused.retry_after_s or 1.0)
    if refused.reason is Reason.UNAUTHENTICATED:
        return unauthenticated(refused)
    status = _status(refused.reason)
    wait_s = 1.0 if status == 503 else refused.retry_after_s
    return problem(status, refused.sentence, refused.reason.code, wait_s)


def unauthenticated(refused: Refused) -> Said:
    """With a token that is none the guide's clients look for this code, and refresh."""
    if refused.detail is None:
        return problem(401, "Authentication credentials were not provided.", "not_authenticated")
    told = [{"token_class": "AccessToken", "token_type": "access", "message": refused.sentence}]
    return problem(401, NOT_A_TOKEN, "token_not_valid", messages=told)


def unavailable(_: Asked, failure: Unavailable) -> Said:
    log.warning("party.unavailable", problem=str(failure))
    return problem(503, Reason.UNAVAILABLE.sentence, Reason.UNAVAILABLE.code, 1.0)


def unreadable(_: Asked, failure: HTTPException) -> Said:
    """What the framework itself refuses."""
    status = failure.status_code
    if status >= 500:
        return bug(_, failure)
    if status != 400:
        return problem(status, failure.detail)
    extra = failure.extra if isinstance(failure.extra, list) else []
    fields = [one["key"] for one in extra if isinstance(one, dict) and one.get("key", "data") != "data"]
    if not fields:
        return problem(400, "JSON parse error", "parse_error")
    return Response({key: ["Not a valid string."] for key in fields}, status_code=400)


def undecodable(_: Asked, __: Exception) -> Said:
    return problem(400, "JSON parse error", "parse_error")


def bug(_: Asked, failure: Exception) -> Said:
    log.error("bug", exc_info=failure)
    return problem(500, "A server error occurred.", "error")


HANDLERS: Final[ExceptionHandlersMap] = {
    Invalid: invalid,
    Refusal: refused,
    Denied: denied,
    Declined: declined,
    Unavailable: unavailable,
    HTTPException: unreadable,
    UnicodeDecodeError: undecodable,
    RecursionError: undecodable,
    Exception: bug,
}


def only(path: str, *allowed: Method) -> HTTPRouteHandler:
    """The other methods of this path."""

    @route(
        path, http_method=[m for m in METHODS if m not in allowed], include_in_schema=False, status_code=405
    )
    async def refuse_method(request: Asked) -> Said:
        answer = problem(405, f'Method "{request.method}" not allowed.', "method_not_allowed")
        answer.headers["Allow"] = ", ".join(allowed)
        return answer

    return refuse_method


@route("/{elsewhere:path}", http_method=list(METHODS), include_in_schema=False, status_code=404)
async def no_such_path(elsewhere: FromPath[str]) -> Said:  # noqa: ARG001 - the path's parameter
    return problem(404, "Not found.", "not_found")


def _status(reason: Reason) -> int:
    match reason:
        case Reason.UNAUTHENTICATED:
            return 401
        case Reason.RATE_LIMITED | Reason.SLOW_MODE:
            return 429
        case Reason.ROOM_NOT_FOUND | Reason.MEMBER_NOT_FOUND | Reason.LINE_NOT_FOUND | Reason.POLL_NOT_FOUND:
            return 404
        case Reason.ROOM_EXPIRED | Reason.ROOM_CLOSED:
            return 410
        case Reason.ROOM_EXISTS | Reason.ROOM_FULL | Reason.NOTHING_PLAYS:
            return 409
        case Reason.ID_TAKEN | Reason.SHARE_TAKEN | Reason.POLL_CLOSED | Reason.ALREADY_VOTED:
            return 409
        case (
            Reason.ROOM_LOCKED
            | Reason.NOT_A_MEMBER
            | Reason.NOT_ALLOWED
            | Reason.EXPELLED
            | Reason.NOT_YOURSELF
            | Reason.WRONG_PASSWORD
            | Reason.WAITING_ROOM
            | Reason.CHAT_OFF
        ):
            return 403
        case Reason.OUT_OF_RANGE | Reason.UNKNOWN_PROVIDER:
            return 400
        case Reason.INTERNAL:
            return 500
        case Reason.UNAVAILABLE | Reason.DRAINING:
            return 503
        case _:
            assert_never(reason)
