"""Keep-alive HTTP clients on one epoll: each has one request under way, and asks `next_request` for another."""

from __future__ import annotations

import json
import re
import select
import socket
from collections.abc import Callable
from typing import Any

from bench import Unmeasured
from bench.process import Server

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"


def post(path: str, token: str, body: object) -> bytes:
    """A request as guide 000's front end sends it."""
    content = json.dumps(body, separators=(",", ":")).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


class Caller:
    """One connection. `hear` gets every answer's status and JSON, and returns the next request or None to rest."""

    def __init__(self, server: Server, hear: Callable[[int, Any], bytes | None]) -> None:
        self.sock = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.busy = False
        self._hear = hear
        self._arrived = b""

    def ask(self, request: bytes) -> None:
        self.busy = True
        self.sock.sendall(request)

    def read(self) -> None:
        data = self.sock.recv(65536)
        if not data:
            raise Unmeasured("the server closed a keep-alive connection")
        self._arrived += data
        head, complete, body = self._arrived.partition(_HEAD_END)
        if not complete:
            return
        length = _LENGTH.search(head)
        if length is None:
            raise Unmeasured(f"an answer without a length: {head[:300]!r}")
        if len(body) < int(length[1]):
            return
        self._arrived = b""
        self.busy = False
        following = self._hear(int(head[9:12]), json.loads(body))
        if following is not None:
            self.ask(following)


def drive(callers: list[Caller]) -> None:
    """Read answers until every caller rests."""
    with select.epoll() as epoll:
        by_fd = {caller.sock.fileno(): caller for caller in callers}
        for fd in by_fd:
            epoll.register(fd, select.EPOLLIN)
        while any(caller.busy for caller in callers):
            ready = epoll.poll(30.0)
            if not ready:
                raise Unmeasured("the server has not answered for 30 s")
            for fd, _ in ready:
                by_fd[fd].read()
