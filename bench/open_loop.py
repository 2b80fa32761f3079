"""GET requests over keep-alive connections: as fast as a server answers, or at moments that nobody's slowness moves.

In open loop a request has a moment at which it is due, drawn beforehand (Poisson). Its latency counts from then, also
while it waits for a connection to become free or for this process to get to it.
"""

from __future__ import annotations

import random
import re
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench import Unmeasured
from bench.process import Server

CONNECTIONS = 16
"""Few enough that even a slow server's are used more often than servers close connections that rest."""
GIVE_UP_S = 30.0

_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Offered:
    """What was seen at one offered rate: latencies from when requests were due, and how late we were to notice them."""

    latencies_ms: list[float]
    late_ms: list[float]


class Load:
    """Asks one server these requests, drawn at random. `check` raises if a body is not what it should be."""

    def __init__(self, server: Server, requests: Sequence[bytes], check: Callable[[bytes], None]) -> None:
        self._server = server
        self._requests = requests
        self._check = check
        self._chance = random.Random(server.name)

    def closed(self, duration_s: float) -> int:
        """How many are answered if every connection always has one under way."""
        with _Lines(self._server, self._check) as lines:
            end = time.perf_counter() + duration_s
            answered = 0
            for line in tuple(lines.free):
                line.ask(self._draw(), 0.0)
            while time.perf_counter() < end:
                for line, _ in lines.answered(GIVE_UP_S):
                    answered += 1
                    line.ask(self._draw(), 0.0)
            return answered

    def open(self, per_s: float, duration_s: float) -> Offered:
        """Requests come at random moments, so many a second; then what is under way is waited for."""
        seen = Offered([], [])
        waiting: deque[float] = deque()
        with _Lines(self._server, self._check) as lines:
            due = time.perf_counter() + self._chance.expovariate(per_s)
            end = due + duration_s
            while due < end or waiting or len(lines.free) < CONNECTIONS:
                while (now := time.perf_counter()) >= due and due < end:
                    seen.late_ms.append((now - due) * 1e3)
                    waiting.append(due)
                    due += self._chance.expovariate(per_s)
                while waiting and lines.free:
                    lines.free.popleft().ask(self._draw(), waiting.popleft())
                for line, was_due in lines.answered(0.001 if due - now > 0.002 else 0):
                    seen.latencies_ms.append((time.perf_counter() - was_due) * 1e3)
                    lines.free.append(line)
                if now > end + GIVE_UP_S:
                    raise Unmeasured(
                        f"{self._server.name} does not catch up with {per_s:.0f} requests a second"
                    )
        return seen

    def _draw(self) -> bytes:
        return self._requests[self._chance.randrange(len(self._requests))]


class _Line:
    """One connection, with at most one request under way."""

    __slots__ = ("_arrived", "_due", "_wanted", "server", "sock")

    def __init__(self, server: Server) -> None:
        self.server = server
        self.sock = socket.create_connection(("127.0.0.1", server.port), timeout=GIVE_UP_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._arrived = b""
        self._wanted = 0
        self._due = 0.0

    def ask(self, request: bytes, due: float) -> None:
        self._due = due
        self.sock.sendall(request)

    def read(self) -> tuple[bytes, float] | None:
        """The body and when its request was due, once it has come whole."""
        data = self.sock.recv(65536)
        if not data:
            raise Unmeasured(f"{self.server.name} closed a keep-alive connection")
        self._arrived += data
        if not self._wanted:
            self._wanted = _whole(self._arrived)
        if not self._wanted or len(self._arrived) < self._wanted:
            return None
        answer, self._arrived, self._wanted = self._arrived, b"", 0
        return answer, self._due


class _Lines:
    """All connections to a server, open while this is used."""

    def __init__(self, server: Server, check: Callable[[bytes], None]) -> None:
        self.free = deque(_Line(server) for _ in range(CONNECTIONS))
        self._check = check
        self._epoll = select.epoll()
        self._by_fd = {line.sock.fileno(): line for line in self.free}
        for fd in self._by_fd:
            self._epoll.register(fd, select.EPOLLIN)

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *_: object) -> None:
        self._epoll.close()
        for line in self._by_fd.values():
            line.sock.close()

    def answered(self, timeout_s: float) -> list[tuple[_Line, float]]:
        """The connections whose answers have come, and when their requests were due."""
        found = []
        for fd, _ in self._epoll.poll(timeout_s):
            line = self._by_fd[fd]
            came = line.read()
            if came is not None:
                self._check(came[0])
                found.append((line, came[1]))
        return found


def _whole(arrived: bytes) -> int:
    """How long the answer is, head and all; 0 while that is unknown."""
    end = arrived.find(_HEAD_END)
    if end < 0:
        return 0
    length = _LENGTH.search(arrived, 0, end + 2)
    if length is None:
        raise Unmeasured(f"an answer without a length: {arrived[:300]!r}")
    return end + len(_HEAD_END) + int(length[1])
