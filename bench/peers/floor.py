"""The floor under any fan-out: a prebuilt frame written to every member, and nothing else.

`uvloop`: one `transport.write` a member. `send`: one blocking `socket.send` a member, no event loop at all.
Both speak just enough of the wire for the same load generator. Usage: python -m bench.peers.floor KIND PORT
"""

from __future__ import annotations

import asyncio
import select
import socket
import sys
from collections.abc import Callable
from typing import cast

import uvloop

from bench import wire

ROOM_ANSWER = b'{"success":true,"data":{"id":"floor"}}'
OPEN_TEXT = b'0{"sid":"floor","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'
_STATE = {"isPlaying": False, "currentTime": 120, "duration": 0, "playbackRate": 1, "episode": 1}
_ACTION = {"type": "seek", "data": {"currentTime": 120}}
UPDATE = wire.unmasked(
    wire.event_text(
        "playback_updated",
        {"action": _ACTION, "state": _STATE, "userId": "u0", "timestamp": 1_700_000_000_000},
    )
)
INITIAL = wire.unmasked(wire.event_text("initial_state", {"currentState": _STATE, "participants": []}))


class Visitor:
    """One connection's conversation. `hear` returns what to answer and how many updates everybody should get."""

    __slots__ = ("_reader", "upgraded")

    def __init__(self) -> None:
        self._reader = wire.FrameReader()
        self.upgraded = False

    def hear(self, data: bytes) -> tuple[bytes, int]:
        if not self.upgraded:
            return self._hear_http(data), 0
        answer, updates = b"", 0
        for _, text in self._reader.feed(data):
            if text.startswith(b"40"):
                answer += wire.unmasked(b'40{"sid":"floor"}')
            elif text.startswith(b'42["join_room"'):
                answer += INITIAL
            elif text.startswith(b'42["playback_action"'):
                updates += 1
        return answer, updates

    def _hear_http(self, data: bytes) -> bytes:
        if not data.startswith((b"GET", b"POST")):
            return b""  # a body that came in a segment of its own
        key = data.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
        if not key:
            head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(ROOM_ANSWER)
            return head + ROOM_ANSWER
        self.upgraded = True
        head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        return head + b"Sec-WebSocket-Accept: %s\r\n\r\n" % wire.accept_value(key) + wire.unmasked(OPEN_TEXT)


class Member(asyncio.Protocol):
    """The uvloop floor."""

    everybody: set[asyncio.Transport]

    def __init__(self, everybody: set[asyncio.Transport]) -> None:
        self.everybody = everybody
        self.visitor = Visitor()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's own class, of the same shape

    def connection_lost(self, _exc: Exception | None) -> None:
        self.everybody.discard(self.transport)

    def data_received(self, data: bytes) -> None:
        answer, updates = self.visitor.hear(data)
        if answer:
            self.transport.write(answer)
        if self.visitor.upgraded:
            self.everybody.add(self.transport)
        if updates:
            frames = UPDATE * updates
            for transport in self.everybody:
                transport.write(frames)


async def serve_uvloop(port: int) -> None:
    everybody: set[asyncio.Transport] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Member(everybody), "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


def serve_send(port: int) -> None:
    listener = socket.create_server(("127.0.0.1", port), backlog=4096)
    epoll = select.epoll()
    epoll.register(listener, select.EPOLLIN)
    visitors: dict[int, tuple[socket.socket, Visitor]] = {}
    sends: dict[int, Callable[[bytes], int]] = {}
    while True:
        for fd, _ in epoll.poll():
            if fd == listener.fileno():
                connection, _ = listener.accept()
                visitors[connection.fileno()] = (connection, Visitor())
                epoll.register(connection, select.EPOLLIN)
                continue
            connection, visitor = visitors[fd]
            data = _received(connection)
            if not data:
                epoll.unregister(fd)
                sends.pop(fd, None)
                visitors.pop(fd)[0].close()
                continue
            answer, updates = visitor.hear(data)
            connection.sendall(answer)
            if visitor.upgraded:
                sends[fd] = connection.send
            if updates:
                frames = UPDATE * updates
                for send in sends.values():
                    send(frames)


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except ConnectionResetError:
        return b""


if __name__ == "__main__":
    if sys.argv[1] == "uvloop":
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve_uvloop(int(sys.argv[2])))
    else:
        serve_send(int(sys.argv[2]))
