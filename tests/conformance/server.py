"""A server for public protocol suites, made of the same transports as the product: `python -m tests.conformance.server`.

Socket.IO at `/socket.io/`, an Engine.IO echo at `/engine.io/`, a plain WebSocket echo at `/echo`. It beats fast
(300 ms, 200 ms), because the suites wait for it.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
from collections.abc import Callable

import msgspec
import uvicorn
import uvloop

from tutti.service.frames import Frame
from tutti.service.timers import TimerWheel
from tutti.transports.cors import Cors
from tutti.transports.engineio import Conversation, EngineServer, EngineSession, EngineSettings
from tutti.transports.engineio_packets import BinaryFrame
from tutti.transports.engineio_upgrade import EngineRoute
from tutti.transports.http_protocol import GuardedHttp
from tutti.transports.polling import Message, Polling, Receive, Send
from tutti.transports.socketio import Socket, SocketServer, SocketSettings
from tutti.transports.socketio_packets import Event
from tutti.transports.websocket import Accepted, Channel, Handshake, Rejected, WebSocket, protocol

MAX_ECHO = 32 << 20  # the public WebSocket suite sends messages of 16 MiB
SLOT_S = 0.002  # the suites measure the heartbeat by the millisecond

# The Socket.IO suite listens for one message at a time and misses the second of two that come in one TCP segment,
# which is how ours leave that are sent in the same tick.
AUTH_AFTER_S = 0.02


class Greeter:
    """A namespace that lets everybody in and tells them the auth they came with."""

    def connect(self, socket: Socket, auth: bytes | None) -> None:
        socket.accept(Mirror(socket))
        asyncio.get_running_loop().call_later(AUTH_AFTER_S, socket.emit, "auth", auth or b"{}")


class Mirror:
    """`message` comes back as `message-back`, `message-with-ack` as its acknowledgement."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket

    def event(self, event: Event) -> None:
        args = [bytes(arg) for arg in event.args]
        if event.name == "message":
            self._socket.emit("message-back", *args, attachments=event.attachments)
        elif event.name == "message-with-ack" and event.ack is not None:
            self._socket.acknowledge(event.ack, *args, attachments=event.attachments)
        elif event.name == "ask-back":  # for our own client: an acknowledgement in the other direction
            self._socket.ask(
                "question",
                *args,
                attachments=event.attachments,
                answer=lambda answer: self._socket.emit(
                    "answered", msgspec.json.encode(answer.args), attachments=answer.attachments
                ),
            )

    def closed(self, reason: str) -> None:
        pass


class EngineEcho:
    def __init__(self, session: EngineSession) -> None:
        self._session = session

    def message(self, text: bytes) -> None:
        self._session.send(Frame(b"4" + text))

    def binary(self, data: bytes) -> None:
        self._session.send(BinaryFrame(data))

    def closed(self, reason: str) -> None:
        pass


class PlainEcho:
    _socket: WebSocket

    def opened(self, socket: WebSocket) -> None:
        self._socket = socket

    def text(self, data: bytes) -> None:
        self._socket.send(Frame(data))

    def binary(self, data: bytes) -> None:
        self._socket.send(BinaryFrame(data))

    def closed(self, code: int, reason: str) -> None:
        pass


class Site:
    """The two Engine.IO servers by path, over HTTP (as an ASGI application) and over WebSocket."""

    def __init__(self, wheel: TimerWheel, clock: Callable[[], float], settings: EngineSettings) -> None:
        cors = Cors.parse("*")
        greeter = Greeter()
        sockets = SocketServer(
            {"/": greeter, "/custom": greeter},
            wheel=wheel,
            new_id=new_id,
            settings=SocketSettings(connect_timeout_s=1.0),
        )

        def engine(converse: Callable[[EngineSession], Conversation]) -> EngineServer:
            return EngineServer(converse, wheel=wheel, clock=clock, new_id=new_id, settings=settings)

        engines = {"/socket.io/": engine(sockets.converse), "/engine.io/": engine(EngineEcho)}
        self._polling = {path: Polling(server, cors) for path, server in engines.items()}
        self._upgrades = {path: EngineRoute(server, cors) for path, server in engines.items()}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        polling = self._polling.get(scope["path"])
        if polling is not None:
            await polling(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    def upgrade(self, request: Handshake) -> Channel | Accepted | Rejected:
        if request.path == "/echo":
            return Accepted(PlainEcho(), max_unread=2 * MAX_ECHO)
        route = self._upgrades.get(request.path)
        return route(request) if route else Rejected(404)


def new_id() -> str:
    return secrets.token_urlsafe(15)


async def serve(host: str, port: int, settings: EngineSettings) -> None:
    loop = asyncio.get_running_loop()
    wheel = TimerWheel(loop.time(), slot_s=SLOT_S)

    def turn() -> None:
        wheel.turn(loop.time())
        loop.call_later(SLOT_S, turn)

    turn()
    site = Site(wheel, loop.time, settings)
    config = uvicorn.Config(
        site,
        host=host,
        port=port,
        http=GuardedHttp,
        ws=protocol(site.upgrade, max_payload=MAX_ECHO, wheel=wheel),
        lifespan="off",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    await uvicorn.Server(config).serve()


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the public protocol suites.")
    parser.add_argument("--host", default="localhost")
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--ping-interval-ms", type=int, default=300)
    parser.add_argument("--ping-timeout-ms", type=int, default=200)
    asked = parser.parse_args()
    settings = EngineSettings(
        ping_interval_s=asked.ping_interval_ms / 1000,
        ping_timeout_s=asked.ping_timeout_ms / 1000,
        max_payload=1_000_000,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(asked.host, asked.port, settings))


if __name__ == "__main__":
    main()
