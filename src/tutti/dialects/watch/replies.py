"""What the REST side answers: guide 001's envelope, `{"success": true, "data": …}`, and the same for every failure."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any, Generic, TypeVar

import msgspec
import structlog
from litestar import Request, Response, route
from litestar.enums import HttpMethod
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ExceptionHandlersMap

from tutti.core.refusals import Reason, Refused
from tutti.dialects.watch import errors, spoken
from tutti.dialects.watch.fields import explained, plain
from tutti.service.dialect import Declined, Malformed

log = structlog.get_logger("tutti.watch")

MAX_BODY = 16 * 1024

T = TypeVar("T")
Asked = Request[Any, Any, Any]


class Success(msgspec.Struct, Generic[T], frozen=True, gc=False, kw_only=True):
    success: bool = True
    data: T


class Failure(msgspec.Struct, rename="camel", frozen=True, gc=False, omit_defaults=True):
    """`error`: the status in words; `message`: a sentence for people; `code`: for programs; `details`: which fields."""

    status_code: int
    error: str
    message: str
    code: str | None = None
    details: list[str] | None = None


class Moved(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """Where the film is after an action."""

    state: spoken.State
    user_id: str
    timestamp: int


class Stats(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """`totalRooms`: open rooms; `activeRooms`: those with somebody in them that this server holds in memory."""

    total_rooms: int
    active_rooms: int
    total_participants: int
    playing_rooms: int


class ProviderInfo(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """`enabled`: whether this server produces anything that loads from it."""

    id: str
    name: str
    base_url: str
    template: str
    enabled: bool


class EmbedInfo(msgspec.Struct, rename="camel", frozen=True, gc=False):
    provider: str
    id: str
    url: str
    html: str


class ProviderStats(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """`rooms`: how many of the rooms in memory play from each provider."""

    total_providers: int
    enabled_providers: int
    rooms: dict[str, int]


def failure(
    status: int, message: str, *, code: str | None = None, details: list[str] | None = None
) -> Response[Failure]:
    return Response(Failure(status, HTTPStatus(status).phrase, message, code, details), status_code=status)


def declined(_: Asked, problem: Declined) -> Response[Failure]:
    return refusal(problem.refused)


def refusal(refused: Refused) -> Response[Failure]:
    answer = failure(errors.status(refused.reason), refused.sentence, code=refused.reason.code.upper())
    if refused.retry_after_s is not None:
        answer.set_header("Retry-After", str(math.ceil(refused.retry_after_s)))
    elif refused.reason in (Reason.UNAVAILABLE, Reason.DRAINING):
        answer.set_header("Retry-After", "5")
    return answer


def malformed(_: Asked, problem: Malformed) -> Response[Failure]:
    return failure(400, str(problem), code=errors.BAD_REQUEST)


def http_problem(_: Asked, problem: HTTPException) -> Response[Failure]:
    """What the framework refuses: bodies that do not fit, no such route, no such method, too long."""
    details = _details(problem.extra)
    message = "; ".join(details) if details else problem.detail
    code = errors.BAD_REQUEST if problem.status_code == 400 else None
    answer = failure(problem.status_code, message, code=code, details=details or None)
    for name, value in (problem.headers or {}).items():
        answer.set_header(name, value)
    return answer


def undecodable(_: Asked, problem: Exception) -> Response[Failure]:
    """Bytes that are no text, or JSON nested deeper than anybody means."""
    return failure(400, f"The body cannot be read: {explained(problem)}", code=errors.BAD_REQUEST)


def bug(_: Asked, problem: Exception) -> Response[Failure]:
    log.error("bug", exc_info=problem)
    return failure(500, "Something went wrong here; it was logged")


def _details(extra: object) -> list[str]:
    if not isinstance(extra, list):
        return []
    return [_detail(entry) for entry in extra if isinstance(entry, dict)]


def _detail(entry: dict[str, object]) -> str:
    key, message = str(entry.get("key", "")), str(entry.get("message", ""))
    if key == "data":  # Litestar's name for the body as a whole
        return "The body is missing" if message == "'data'" else plain(message)
    return f"{key}: {plain(message)}" if key else plain(message)


def only(path: str, *methods: HttpMethod) -> HTTPRouteHandler:
    """What any other method hears at a path that knows these."""
    others = [method for method in HttpMethod if method not in (*methods, HttpMethod.OPTIONS)]

    @route(path, http_method=others, include_in_schema=False)
    async def another_method(request: Asked) -> None:
        raise MethodNotAllowedException(
            f"{request.method} is not done here", headers={"Allow": ", ".join(methods)}
        )

    return another_method


@route("/{rest:path}", http_method=list(HttpMethod), include_in_schema=False)
async def no_such_path() -> None:
    raise NotFoundException("There is nothing at this path")


FAILURES: ExceptionHandlersMap = {
    Declined: declined,
    Malformed: malformed,
    HTTPException: http_problem,
    UnicodeDecodeError: undecodable,
    RecursionError: undecodable,
    Exception: bug,
}
