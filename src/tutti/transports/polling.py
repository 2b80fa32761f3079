"""Engine.IO's HTTP side as a bare ASGI application: GET waits for packets, POST brings them, OPTIONS asks first.

A waiting request is its own coroutine and nothing besides: it sleeps in `receive`, which tells it that the client
went away, and is woken out of it when the session has an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http import HTTPStatus
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from tutti.transports.cors import Cors
from tutti.transports.engineio import EngineServer, EngineSession, Refusal, opening
from tutti.transports.engineio_admission import BAD_METHOD, BAD_REQUEST, FORBIDDEN

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
HeaderList: TypeAlias = list[tuple[str, str]]

MAX_QUERY_FIELDS = 64


class Polling:
    """The application, for the path of one Engine.IO server (whoever routes to it has matched the path)."""

    def __init__(self, server: EngineServer, cors: Cors) -> None:
        self._server = server
        self._cors = cors

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        request = _Request(scope, receive, send, self._cors)
        origin, host = request.headers.get("origin"), request.headers.get("host")
        if not self._cors.allows(origin, host):
            await request.refuse(FORBIDDEN)
        elif request.method == "OPTIONS":
            asked = request.headers.get("access-control-request-headers")
            await request.respond(204, b"", self._cors.preflight(asked))
        else:
            await self._route(request)

    async def _route(self, request: _Request) -> None:
        found = self._server.find(request.query)
        if isinstance(found, Refusal):
            await request.refuse(found)
        elif request.query["transport"] != "polling":
            await request.refuse(BAD_REQUEST)  # a WebSocket would have come as an upgrade
        elif request.method == "GET":
            await (self._open(request) if found is None else _poll(request, found))
        elif found is None:
            await request.refuse(BAD_METHOD)
        elif request.method == "POST":
            await self._post(request, found)
        else:
            await request.refuse(BAD_REQUEST)

    async def _open(self, request: _Request) -> None:
        session = self._server.create(opening(request.client, request.query, request.headers))
        if isinstance(session, Refusal):
            await request.refuse(session)
            return
        exchange = _Exchange()
        session.begin(exchange)
        await request.answer(exchange)

    async def _post(self, request: _Request, session: EngineSession) -> None:
        refusal = session.begin_post()
        if refusal is not None:
            await request.refuse(refusal)
            return
        settings = self._server.settings
        try:
            async with asyncio.timeout(settings.ping_interval_s + settings.ping_timeout_s):
                body = await request.body(settings.max_payload)
        except (_BodyTooLong, TimeoutError, _Gone) as error:
            session.post_lost()
            status = 413 if isinstance(error, _BodyTooLong) else 408
            await request.respond(status, b"", [("Connection", "close")])
            return
        except asyncio.CancelledError:
            session.post_lost()
            raise
        exchange = _Exchange()
        session.posted(exchange, body)
        if await exchange.wait(request.receive):
            await request.answer(exchange)


async def _poll(request: _Request, session: EngineSession) -> None:
    exchange = _Exchange()
    session.poll(exchange)
    try:
        await exchange.wait(request.receive)
    finally:
        if exchange.answered is None:
            session.poll_lost(exchange)
    await request.answer(exchange)


class _BodyTooLong(Exception):
    """More than the server takes."""


class _Gone(Exception):
    """The client went away."""


class _Exchange:
    """The session's side of a request: it may be answered at once, or while the request waits."""

    __slots__ = ("_waiting", "answered")

    def __init__(self) -> None:
        self.answered: tuple[int, bytes] | None = None
        self._waiting: asyncio.Timeout | None = None

    def answer(self, status: int, body: bytes) -> None:
        self.answered = (status, body)
        if self._waiting is not None:
            self._waiting.reschedule(0.0)  # at once: the timeout is our way out of `receive`

    async def wait(self, receive: Receive) -> bool:
        """Return when there is an answer (True) or the client has gone (False)."""
        if self.answered is not None:
            return True
        try:
            async with asyncio.timeout(None) as self._waiting:
                while (await receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            pass
        self._waiting = None
        return self.answered is not None


class _Request:
    """One HTTP request, read as far as asked, and answered once."""

    __slots__ = ("_cors", "_send", "client", "headers", "method", "query", "receive")

    def __init__(self, scope: Message, receive: Receive, send: Send, cors: Cors) -> None:
        self.receive = receive
        self._send = send
        self._cors = cors
        self.method: str = scope["method"]
        self.client: str = scope["client"][0] if scope.get("client") else ""
        self.query = _query(scope["query_string"])
        self.headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            self.headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))

    async def body(self, limit: int) -> bytes:
        """The whole body. Raises `_BodyTooLong` as soon as it exceeds `limit` bytes, `_Gone` if it never ends."""
        length = self.headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > limit:
            raise _BodyTooLong
        parts: list[bytes] = []
        size = 0
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise _Gone
            part: bytes = message.get("body", b"")
            size += len(part)
            if size > limit:
                raise _BodyTooLong
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)

    async def answer(self, exchange: _Exchange) -> None:
        if exchange.answered is not None:
            status, body = exchange.answered
            kind = "text/plain; charset=UTF-8" if status == HTTPStatus.OK else "application/json"
            await self.respond(status, body, [("Content-Type", kind)])

    async def refuse(self, refusal: Refusal) -> None:
        await self.respond(refusal.status, refusal.body, [("Content-Type", "application/json")])

    async def respond(self, status: int, body: bytes, extra: Iterable[tuple[str, str]]) -> None:
        origin = self.headers.get("origin")
        allowed = self._cors.allows(origin, self.headers.get("host"))
        headers: HeaderList = [
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            *(self._cors.headers(origin) if allowed else ()),
            *extra,
        ]
        encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await self._send({"type": "http.response.start", "status": status, "headers": encoded})
        await self._send({"type": "http.response.body", "body": body})


def _query(encoded: bytes) -> dict[str, str]:
    """The first value of each name; nothing at all if there are absurdly many."""
    try:
        pairs = parse_qsl(encoded.decode("latin-1"), max_num_fields=MAX_QUERY_FIELDS)
    except ValueError:
        return {}
    first: dict[str, str] = {}
    for name, value in pairs:
        first.setdefault(name, value)
    return first
