"""A real uvicorn on a free port in the test's own loop, a channel that writes down what it hears, and bare clients."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tutti.service.frames import Frame
from tutti.transports.websocket import WebSocket

UPGRADE = (
    b"GET /echo HTTP/1.1\r\nHost: there\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


class Listening:
    """A channel that remembers, and lets a test wait for what it is to hear."""

    def __init__(self) -> None:
        self.socket: WebSocket
        self.texts: list[bytes] = []
        self.binaries: list[bytes] = []
        self.goodbyes: list[tuple[int, str]] = []
        self.over: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    def opened(self, socket: WebSocket) -> None:
        self.socket = socket

    def text(self, data: bytes) -> None:
        self.texts.append(data)

    def binary(self, data: bytes) -> None:
        self.binaries.append(data)

    def closed(self, code: int, reason: str) -> None:
        self.goodbyes.append((code, reason))
        if not self.over.done():
            self.over.set_result((code, reason))


class Echoing(Listening):
    """The public fuzzing suite's idea of a server: everything comes back as it was sent."""

    def text(self, data: bytes) -> None:
        super().text(data)
        self.socket.send(Frame(data))


async def page(scope: Any, receive: Any, send: Any) -> None:
    """The ASGI application behind: it answers every plain request with "page", when it has read the body or /early."""
    while scope["path"] != "/early" and (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"page"})


@contextlib.asynccontextmanager
async def serving(
    ws: type[asyncio.Protocol], http: type[HttpToolsProtocol] = HttpToolsProtocol
) -> AsyncIterator[Served]:
    config = uvicorn.Config(page, host="127.0.0.1", port=0, ws=ws, http=http, lifespan="off", log_config=None)
    config.timeout_keep_alive = 60
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    served = Served(server)
    try:
        yield served
    finally:
        for client in served.clients:
            client.reset()
        server.force_exit = True
        await server.shutdown()


class Served:
    def __init__(self, server: uvicorn.Server) -> None:
        self.server = server
        self.clients: list[RawClient] = []
        self.port: int = server.servers[0].sockets[0].getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}"

    async def raw(self, *, receive_buffer: int | None = None) -> RawClient:
        sock = socket.socket()
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.port))
        reader, writer = await asyncio.open_connection(sock=sock)
        self.clients.append(RawClient(reader, writer))
        return self.clients[-1]

    async def upgraded(self, *, receive_buffer: int | None = None) -> RawClient:
        client = await self.raw(receive_buffer=receive_buffer)
        client.write(UPGRADE + b"\r\n")
        assert (await client.head()).startswith(b"HTTP/1.1 101 ")
        return client


class RawClient:
    """A client that writes any bytes at all and reads no more than it is asked to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self._writer = writer
        self._transport = cast(asyncio.Transport, writer.transport)

    def write(self, data: bytes) -> None:
        self._writer.write(data)

    async def head(self) -> bytes:
        return await self.reader.readuntil(b"\r\n\r\n")

    async def frame(self) -> tuple[int, bytes]:
        """One short frame of the server's: its first byte and its payload."""
        first, length = await self.reader.readexactly(2)
        if length == 126:
            length = int.from_bytes(await self.reader.readexactly(2), "big")
        return first, await self.reader.readexactly(length)

    async def end(self) -> bytes:
        """Everything until the server hangs up."""
        return await self.reader.read(-1)

    def stop_reading(self) -> None:
        self._transport.pause_reading()

    def read_on(self) -> None:
        self._transport.resume_reading()

    def end_writing(self) -> None:
        self._writer.write_eof()

    def reset(self) -> None:
        self._transport.abort()


async def until(reached: Callable[[], bool]) -> None:
    """Let the loop turn until something is so. A test that never gets there ends by its timeout."""
    while not reached():  # noqa: ASYNC110  # what is awaited is the state of things that set no event
        await asyncio.sleep(0.001)
