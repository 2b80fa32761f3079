"""What goes wrong, in guide 002's one shape, over HTTP and over sockets.

Nothing in it depends on anything but the request and the reason: somebody who may not be found and somebody who does not
exist are told of in the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from math import ceil
from typing import Any, Final, assert_never

import structlog
from litestar import Request, Response, route
from litestar.enums import HttpMethod
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.types import ExceptionHandlersMap

from tutti.core.refusals import Reason, Refused
from tutti.dialects.nearby.wire import NO_GEOHASH, Problem, explained, plain
from tutti.service.dialect import Declined, Malformed
from tutti.service.ports import Clock, Unavailable

Asked = Request[Any, Any, Any]

log = structlog.get_logger("tutti.nearby")

EVENT: Final = "EVENT"
"""The `method` of what went wrong with a Socket.IO event; its `path` is the event's name."""
RETRY_AFTER_S: Final = 5.0


def iso(wall_ms: float) -> str:
    when = datetime.fromtimestamp(wall_ms / 1000, UTC)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def problem(status: HTTPStatus | int, message: str, *, path: str, method: str, clock: Clock) -> Problem:
    return Problem(
        status_code=int(status),
        timestamp=iso(clock.wall_ms(clock.now_ms())),
        path=path,
        method=method,
        error=HTTPStatus(status).phrase,
        message=message,
    )


def sentence(refused: Refused) -> str:
    """In words of people: in this dialect there are rooms only at the end of finding somebody."""
    if refused.detail:
        return refused.detail
    return _SENTENCES.get(refused.reason, refused.reason.sentence)


def status(reason: Reason) -> HTTPStatus:
    match reason:
        case Reason.ROOM_NOT_FOUND | Reason.MEMBER_NOT_FOUND | Reason.LINE_NOT_FOUND | Reason.POLL_NOT_FOUND:
            return HTTPStatus.NOT_FOUND
        case Reason.ROOM_EXPIRED | Reason.ROOM_CLOSED:
            return HTTPStatus.GONE
        case (
            Reason.ROOM_EXISTS
            | Reason.ROOM_FULL
            | Reason.NOTHING_PLAYS
            | Reason.ID_TAKEN
            | Reason.SHARE_TAKEN
            | Reason.POLL_CLOSED
            | Reason.ALREADY_VOTED
        ):
            return HTTPStatus.CONFLICT
        case (
            Reason.NOT_A_MEMBER
            | Reason.NOT_ALLOWED
            | Reason.NOT_YOURSELF
            | Reason.EXPELLED
            | Reason.ROOM_LOCKED
            | Reason.WRONG_PASSWORD
            | Reason.WAITING_ROOM
            | Reason.CHAT_OFF
        ):
            return HTTPStatus.FORBIDDEN
        case Reason.OUT_OF_RANGE | Reason.UNKNOWN_PROVIDER:
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


def documented(*statuses: int) -> dict[int, ResponseSpec]:
    """The problems of a route, for its documentation."""
    return {
        status: ResponseSpec(Problem, description=HTTPStatus(status).phrase, generate_examples=False)
        for status in statuses
    }


def handlers(clock: Clock) -> ExceptionHandlersMap:
    """Every failure of a route, said in this dialect."""

    def answer(request: Asked, status: HTTPStatus | int, message: str) -> Response[Problem]:
        said = problem(status, message, path=request.url.path, method=request.method, clock=clock)
        return Response(said, status_code=int(status), media_type="application/json")

    return {
        Declined: _declined(answer),
        Unavailable: lambda request, _: _declined(answer)(request, Declined(Refused(Reason.UNAVAILABLE))),
        Malformed: lambda request, wrong: answer(request, 400, str(wrong)),
        HTTPException: _http_problem(answer),
        UnicodeDecodeError: lambda request, _: answer(request, 400, "The body is no JSON that can be read"),
        RecursionError: lambda request, wrong: answer(request, 400, explained(wrong)),
        Exception: _bug(answer),
    }


Answer = Callable[[Asked, HTTPStatus | int, str], Response[Problem]]


def _declined(answer: Answer) -> Callable[[Asked, Declined], Response[Problem]]:
    def declined(request: Asked, wrong: Declined) -> Response[Problem]:
        refused = wrong.refused
        said = answer(request, status(refused.reason), sentence(refused))
        wait_s = refused.retry_after_s
        if wait_s is None and refused.reason in (Reason.UNAVAILABLE, Reason.DRAINING):
            wait_s = RETRY_AFTER_S
        if wait_s is not None:
            said.set_header("Retry-After", str(max(ceil(wait_s), 1)))
        return said

    return declined


def _http_problem(answer: Answer) -> Callable[[Asked, HTTPException], Response[Problem]]:
    """What the framework refuses: bodies that do not fit, no such route, no such method, too long."""

    def http_problem(request: Asked, wrong: HTTPException) -> Response[Problem]:
        extra = wrong.extra if isinstance(wrong.extra, list) else []
        details = "; ".join(_detail(one) for one in extra if isinstance(one, dict))
        if wrong.status_code >= 500:
            log.error("bug", exc_info=wrong)
        said = answer(request, wrong.status_code, details or wrong.detail)
        for name, value in (wrong.headers or {}).items():
            said.set_header(name, value)
        return said

    return http_problem


def _bug(answer: Answer) -> Callable[[Asked, Exception], Response[Problem]]:
    def bug(request: Asked, wrong: Exception) -> Response[Problem]:
        log.error("bug", exc_info=wrong)
        return answer(request, 500, "Something went wrong on our side")

    return bug


def _detail(entry: dict[str, Any]) -> str:
    key, message = str(entry.get("key", "")), str(entry.get("message", ""))
    if key == "data":  # the framework's name for the body as a whole
        return "A JSON body is needed" if message == "'data'" else plain(message)
    if key == "geohash":
        return NO_GEOHASH
    return f"{_NAMES.get(key, key)}: {plain(message)}" if key else plain(message)


def only(path: str, *methods: HttpMethod) -> HTTPRouteHandler:
    """What any other method hears at a path that knows these."""
    others = [method for method in HttpMethod if method not in (*methods, HttpMethod.OPTIONS)]

    @route(path, http_method=others, include_in_schema=False)
    async def another_method(request: Asked) -> None:
        raise MethodNotAllowedException(
            f"{request.method} is not done here", headers={"Allow": ", ".join(methods)}
        )

    return another_method


def nothing_else(*paths: str) -> HTTPRouteHandler:
    """What everybody hears at these paths where nothing else is."""

    @route(list(paths), http_method=list(HttpMethod), include_in_schema=False)
    async def no_such_path() -> None:
        raise NotFoundException("There is nothing at this path")

    return no_such_path


_NAMES: Final = {"radius_km": "radiusKm"}
"""Parameters of our handlers that are called otherwise in a query."""
_SENTENCES: Final = {
    Reason.UNAUTHENTICATED: "Send your access token: Authorization: Bearer …",
    Reason.MEMBER_NOT_FOUND: "There is nobody by this id who can be found now",
    Reason.ROOM_NOT_FOUND: "There is no such find session",
    Reason.NOT_A_MEMBER: "This find session is between others",
}

__all__ = ["documented", "handlers", "nothing_else", "only", "problem", "sentence", "status"]
