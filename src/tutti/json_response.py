"""The answer of a route that returns a Struct, made without what only other answers need: a tenth of a request.

The framework's own `Response` merges headers, cookies and encoders that a plain JSON answer has none of. Whatever has
any of them, or is no ordinary body, is left to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

_JSON: Final = "application/json"
_encode = msgspec.json.Encoder().encode


class JsonResponse(Response[Any]):
    """For `response_class`: what every route answers that does not make a `Response` itself."""

    def to_asgi_response(  # type: ignore[override]  # an ASGI application is all that its caller needs
        self,
        app: Any,
        request: Request[Any, Any, Any],
        *,
        headers: Mapping[str, str] | None = None,
        cookies: Iterable[Any] | None = None,
        **further: Any,
    ) -> ASGIResponse | JsonAnswer:
        plain = (
            isinstance(self.content, msgspec.Struct)
            and self.media_type == _JSON
            and request.method != "HEAD"
            and not (headers or cookies or self.headers or self.cookies or self.background)
        )
        if plain:
            return JsonAnswer(self.status_code or 200, _encode(self.content))
        return super().to_asgi_response(app, request, headers=dict(headers or {}), cookies=cookies, **further)


class JsonAnswer:
    """An ASGI application that says this."""

    __slots__ = ("_body", "_status")

    def __init__(self, status: int, body: bytes) -> None:
        self._status = status
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's shape
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(self._body))]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})
