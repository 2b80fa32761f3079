"""Which origins a browser may reach us from, and the headers that tell it so.

The same rule holds for every door: HTTP requests, and WebSocket upgrades, which browsers do not check themselves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

METHODS: Final = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
PREFLIGHT_AGE_S: Final = 600


@dataclass(frozen=True, slots=True)
class Cors:
    """`origins`: as browsers send them (`https://example.org`); None means any. `credentials`: cookies may come."""

    origins: frozenset[str] | None = None
    credentials: bool = False

    @classmethod
    def parse(cls, setting: str, *, credentials: bool = False) -> Cors:
        """From a setting: `*`, or origins between commas."""
        named = frozenset(origin for part in setting.split(",") if (origin := part.strip().rstrip("/")))
        return cls(None if "*" in named else named, credentials)

    def allows(self, origin: str | None, host: str | None) -> bool:
        """Whether a request may come in. No origin: not from a page. Our own host: a page of ours."""
        if origin is None or self.origins is None or origin in self.origins:
            return True
        return host is not None and origin.partition("://")[2] == host

    def headers(self, origin: str | None) -> list[tuple[str, str]]:
        """For the answer to an allowed request."""
        if origin is None:
            return []
        if self.origins is None and not self.credentials:
            return [("Access-Control-Allow-Origin", "*")]
        allowed = [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]
        if self.credentials:
            allowed.append(("Access-Control-Allow-Credentials", "true"))
        return allowed

    def preflight(self, requested_headers: str | None) -> list[tuple[str, str]]:
        """Beside `headers`, for the answer to an allowed OPTIONS request, which asks for these headers."""
        allowed = [
            ("Access-Control-Allow-Methods", METHODS),
            ("Access-Control-Max-Age", str(PREFLIGHT_AGE_S)),
        ]
        if requested_headers:
            allowed.append(("Access-Control-Allow-Headers", requested_headers))
        return allowed


EXPOSED: Final = ("Access-Control-Expose-Headers", "Retry-After")


class CorsApp:
    """An ASGI application, with the headers that let pages of other origins read its answers.

    A request from no page, which is most of them, passes as it is; so does one from an origin that is not allowed,
    whose browser will keep the answer from the page.
    """

    def __init__(self, app: App, cors: Cors) -> None:
        self._app = app
        self._cors = cors

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        origin = _header(scope, b"origin")
        if origin is None or not self._cors.allows(origin, _header(scope, b"host")):
            await self._app(scope, receive, send)
            return
        headers = self._cors.headers(origin)
        if scope["method"] == "OPTIONS" and _header(scope, b"access-control-request-method"):
            asked = _header(scope, b"access-control-request-headers")
            allowed = _encoded([*headers, *self._cors.preflight(asked)])
            await send({"type": "http.response.start", "status": 204, "headers": allowed})
            await send({"type": "http.response.body", "body": b""})
            return
        added = _encoded([*headers, EXPOSED])

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *added]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _header(scope: Message, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


def _encoded(headers: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
