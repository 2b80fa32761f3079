"""Load-generator clients: raw sockets on one epoll, each a Socket.IO connection over WebSocket.

A client answers pings by itself and hands every other text to `hear`, which whoever drives it may replace.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bench import Unmeasured, wire
from bench.process import Server

RECEIVE_BYTES = 65536
OPENING_AT_ONCE = 100


@dataclass(frozen=True)
class Seat:
    """Who a client is, in which room."""

    room: str
    user: str

    def join(self) -> bytes:
        return wire.event("join_room", {"roomId": self.room, "userId": self.user})

    def leave(self) -> bytes:
        return wire.event("leave_room", {"roomId": self.room, "userId": self.user})


class Crowd:
    """All clients of this generator. Nothing happens between calls of `pump`."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._clients: dict[int, Client] = {}

    def add(self, client: Client) -> None:
        self._clients[client.fd] = client
        self._epoll.register(client.fd, select.EPOLLIN)

    def remove(self, client: Client) -> None:
        if self._clients.pop(client.fd, None) is not None:
            self._epoll.unregister(client.fd)

    def pump(self, timeout_s: float) -> bool:
        """Read whatever has arrived, waiting at most this long; whether anything had."""
        ready = self._epoll.poll(timeout_s, 1024)
        for fd, _ in ready:
            client = self._clients.get(fd)
            if client is not None:
                client.read()
        return bool(ready)

    def pump_until(self, done: Callable[[], bool], what: str, *, timeout_s: float = 60.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not done():
            self.pump(0.05)
            if time.monotonic() > deadline:
                raise Unmeasured(f"gave up after {timeout_s:.0f} s: {what}")

    def settle(self, quiet_s: float = 0.6) -> None:
        """Read until nothing has come for a while: the last roster of a large room has gone round."""
        while self.pump(quiet_s):
            pass

    def rest(self, duration_s: float) -> None:
        """Keep every connection alive for this long, doing nothing else."""
        deadline = time.monotonic() + duration_s
        while (left := deadline - time.monotonic()) > 0:
            self.pump(left)

    def close(self) -> None:
        for client in list(self._clients.values()):
            client.close()
        self._epoll.close()


class Client:
    """One connection, from the TCP handshake on."""

    __slots__ = ("_crowd", "_head", "_reader", "_server", "ended", "fd", "hear", "sock")

    def __init__(
        self, crowd: Crowd, server: Server, hear: Callable[[bytes], None], path: bytes = wire.SOCKET_IO
    ) -> None:
        self.sock = socket.create_connection(("127.0.0.1", server.port), timeout=10.0)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self.fd = self.sock.fileno()
        self.hear = hear
        self.ended: Callable[[], None] = self._ended_early
        self._head: bytes | None = b""
        self._reader = wire.FrameReader()
        self._crowd = crowd
        self._server = server.name
        crowd.add(self)
        self.sock.send(wire.upgrade_request(server.port, path))

    def send(self, frames: bytes) -> None:
        """Send in one segment. The server is expected to read faster than a socket buffer fills."""
        if self.sock.send(frames) != len(frames):
            raise Unmeasured(f"{self._server} stopped reading")

    def read(self) -> None:
        try:
            data = self.sock.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except ConnectionResetError:
            data = b""
        if not data:
            self.close()
            self.ended()
            return
        if self._head is not None:
            data = self._after_handshake(self._head + data)
        for opcode, payload in self._reader.feed(data):
            if payload == wire.PING:
                self.send(wire.PONG)
            elif opcode == wire.TEXT_OPCODE:
                self.hear(payload)
            elif opcode == wire.PING_OPCODE:
                self.send(wire.masked(payload, wire.PONG_OPCODE))

    def close(self) -> None:
        self._crowd.remove(self)
        self.sock.close()

    def _after_handshake(self, data: bytes) -> bytes:
        head, end, rest = data.partition(b"\r\n\r\n")
        self._head = None if end else data
        if end and not head.startswith(b"HTTP/1.1 101"):
            raise Unmeasured(f"{self._server} refused an upgrade: {head[:200]!r}")
        return rest if end else b""

    def _ended_early(self) -> None:
        raise Unmeasured(f"{self._server} closed a connection that the bench still needs")


def enter(crowd: Crowd, server: Server, seat: Seat | None, entered: Callable[[Client], None]) -> Client:
    """Connect, and take the seat if there is one. `entered` is called once the server has confirmed it."""

    def hear(text: bytes) -> None:
        if text.startswith(b"0{"):
            client.send(wire.CONNECT)
        elif text.startswith(b"40") and seat is not None:
            client.send(seat.join())
        elif text.startswith((b"40", b'42["initial_state"')):
            client.hear = ignore
            entered(client)
        elif text.startswith((b"44", b'42["error"')):
            raise Unmeasured(f"{server.name} refused to let a client in: {text[:300]!r}")

    client = Client(crowd, server, hear)
    return client


def enter_all(crowd: Crowd, server: Server, seats: Iterable[Seat | None]) -> list[Client]:
    """Let everybody in, a hundred at a time, in order."""
    clients: list[Client] = []
    inside: list[Client] = []
    for seat in seats:
        clients.append(enter(crowd, server, seat, inside.append))
        if len(clients) - len(inside) >= OPENING_AT_ONCE:
            crowd.pump_until(lambda: len(clients) - len(inside) < OPENING_AT_ONCE, "letting clients in")
    crowd.pump_until(lambda: len(inside) == len(clients), "letting the last clients in")
    return clients


def ignore(_text: bytes) -> None:
    """Hear and forget."""
