"""What the HTTP side says when it does not do as asked: `{code, message, mayRetry?, retryAfterMs?}`, always."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any, Final

import structlog
from litestar import Request, Response, route
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ExceptionHandlersMap, Method

from tutti.dialects.native import errors
from tutti.dialects.native.errors import Problem
from tutti.dialects.native.fields import explained, plain
from tutti.service.dialect import Declined, Malformed

log = structlog.get_logger("tutti.native")

Asked = Request[Any, Any, Any]
MALFORMED: Final = "malformed"
METHODS: Final[tuple[Method, ...]] = ("GET", "POST", "PUT", "PATCH", "DELETE")


def declined(_: Asked, problem: Declined) -> Response[Problem]:
    reason, wait_s = problem.refused.reason, problem.refused.retry_after_s
    headers = {} if wait_s is None else {"Retry-After": str(max(math.ceil(wait_s), 1))}
    wait_ms = None if wait_s is None else round(wait_s * 1000.0)
    said = Problem(reason.code, problem.refused.sentence, reason.may_retry, wait_ms)
    return Response(said, status_code=errors.status(reason), headers=headers)


def malformed(_: Asked, problem: Malformed) -> Response[Problem]:
    return Response(Problem(MALFORMED, str(problem)), status_code=400)


def unreadable(_: Asked, problem: HTTPException) -> Response[Problem]:
    """What the framework itself refuses: a body that does not fit, or is too large."""
    status = HTTPStatus(problem.status_code)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return bug(_, problem)
    if status != HTTPStatus.BAD_REQUEST:
        code = status.name.lower()
        return Response(Problem(code, problem.detail), status_code=status, headers=problem.headers)
    extra = problem.extra if isinstance(problem.extra, list) else []
    details = [_detail(one) for one in extra if isinstance(one, dict)]
    return Response(
        Problem(MALFORMED, "; ".join(details) or f"The body cannot be read: {problem.detail}"),
        status_code=status,
    )


def undecodable(_: Asked, problem: Exception) -> Response[Problem]:
    return Response(Problem(MALFORMED, explained(problem)), status_code=400)


def bug(_: Asked, problem: Exception) -> Response[Problem]:
    log.error("bug", exc_info=problem)
    return Response(Problem("internal", "Something went wrong on our side", True), status_code=500)


def only(path: str, allowed: Method) -> HTTPRouteHandler:
    """The other methods of this path."""

    @route(path, http_method=[m for m in METHODS if m != allowed], include_in_schema=False, status_code=405)
    async def refuse_method(request: Asked) -> Response[Problem]:
        said = Problem("method_not_allowed", f"{request.method} is not done here; {allowed} is")
        return Response(said, status_code=405, headers={"Allow": allowed})

    return refuse_method


@route("/{room_id:str}/{elsewhere:path}", http_method=list(METHODS), include_in_schema=False, status_code=404)
async def no_such_path(room_id: FromPath[str], elsewhere: FromPath[str]) -> Problem:  # noqa: ARG001 - the path's parameters
    return Problem("not_found", "There is nothing at this address")


def _detail(extra: dict[str, object]) -> str:
    """The framework calls the body as a whole `data`; an absent one it names by that word alone."""
    message, key = plain(str(extra.get("message", ""))), extra.get("key")
    if key in (None, "data"):
        return "A JSON body is needed" if message == "'data'" else message
    return f"{key}: {message}"


FAILURES: Final[ExceptionHandlersMap] = {
    Declined: declined,
    Malformed: malformed,
    HTTPException: unreadable,
    UnicodeDecodeError: undecodable,
    RecursionError: undecodable,
    Exception: bug,
}
