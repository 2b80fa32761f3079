"""What goes wrong over HTTP, in the shape that guide 000 prints: `{"error": sentence, "code": UPPER_SNAKE}`."""

from __future__ import annotations

from math import ceil
from typing import Any, Final, TypeVar

import structlog
from litestar import Request, Response, route
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import FromPath
from litestar.types import Method

from tutti.core.refusals import Reason, Refused
from tutti.dialects.listen.bodies import Detail, Problem
from tutti.dialects.listen.errors import MALFORMED, fault
from tutti.service.dialect import Declined

T = TypeVar("T")
Asked = Request[Any, Any, Any]

log = structlog.get_logger("tutti.listen")

METHODS: Final[tuple[Method, ...]] = ("GET", "POST", "PUT", "PATCH", "DELETE")
MAX_TOKEN = 8_192

_SENTENCES: Final = {
    400: "Something in the request is not as it should be: `details` says what",
    401: "There is no token, or it is not valid",
    403: "You may not do this",
    404: "There is no such session",
    409: "The session is full",
    410: "The session has expired, or was ended",
    413: "The body is too large",
    429: "Too many requests: `Retry-After` says when to try again",
    503: "This cannot be kept right now",
}


def or_declined(outcome: T | Refused) -> T:
    if isinstance(outcome, Refused):
        raise Declined(outcome)
    return outcome


def bearer(request: Asked) -> str:
    """The token that guide 000 sends with every request."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Declined(Refused(Reason.UNAUTHENTICATED))
    if len(token) > MAX_TOKEN:
        raise Declined(Refused(Reason.UNAUTHENTICATED, "This token is not valid"))
    return token


def documented(*statuses: int) -> dict[int, ResponseSpec]:
    """The faults of a route, for its documentation."""
    return {
        status: ResponseSpec(Problem, description=_SENTENCES[status], generate_examples=False)
        for status in statuses
    }


def declined(_: Asked, problem: Declined) -> Response[Problem]:
    refused = problem.refused
    said, wait_s = fault(refused), refused.retry_after_s
    details = (Detail(said.sentence),) if said.code == MALFORMED else None
    headers = {} if wait_s is None else {"Retry-After": str(max(ceil(wait_s), 1))}
    return Response(Problem(said.sentence, said.code, details), status_code=said.status, headers=headers)


def unreadable(_: Asked, problem: HTTPException) -> Response[Problem]:
    """What the framework itself refuses: a body that is no JSON, of another shape, or too large."""
    status = problem.status_code
    if status == 413:
        return Response(Problem("The body is too large", "PAYLOAD_TOO_LARGE"), status_code=413)
    if status >= 500:
        return bug(_, problem)
    extra = problem.extra if isinstance(problem.extra, list) else []
    details = tuple(_detail(one) for one in extra if isinstance(one, dict))
    if not details:
        details = (Detail(problem.detail),)
    said = "; ".join(d.message if d.key is None else f"{d.key}: {d.message}" for d in details)
    return Response(Problem(said, MALFORMED, details), status_code=400)


def undecodable(_: Asked, __: Exception) -> Response[Problem]:
    """Bytes that are no UTF-8, or JSON nested too deep to look at."""
    said = "The body is no JSON that can be read"
    return Response(Problem(said, MALFORMED, (Detail(said),)), status_code=400)


def bug(_: Asked, problem: Exception) -> Response[Problem]:
    log.error("bug", exc_info=problem)
    return Response(Problem("Something went wrong on our side", "INTERNAL_ERROR"), status_code=500)


def only(path: str, allowed: Method) -> HTTPRouteHandler:
    """The other methods of this path."""

    @route(path, http_method=[m for m in METHODS if m != allowed], include_in_schema=False, status_code=405)
    async def refuse_method(request: Asked) -> Response[Problem]:
        said = Problem(f"{request.method} is not allowed here; {allowed} is", "METHOD_NOT_ALLOWED")
        return Response(said, status_code=405, headers={"Allow": allowed})

    return refuse_method


@route(
    "/{session_id:str}/{elsewhere:path}", http_method=list(METHODS), include_in_schema=False, status_code=404
)
async def no_such_path(session_id: FromPath[str], elsewhere: FromPath[str]) -> Problem:  # noqa: ARG001 - the path's parameters
    return Problem("There is nothing at this address", "NOT_FOUND")


def _detail(extra: dict[str, Any]) -> Detail:
    """The framework calls the body as a whole `data`; an absent one it names by that word alone."""
    message, key = str(extra.get("message", "")), extra.get("key")
    whole = key in (None, "data")
    if whole and message == "'data'":
        message = "A JSON body is needed"
    return Detail(message, None if whole else str(key))
