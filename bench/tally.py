"""Counts one kind of message over many sockets, as cheaply as Python can, so that the server stays the bottleneck.

It looks for the event's name in the bytes instead of parsing frames. What spans two reads is found as well.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterable

from bench import Unmeasured, wire
from bench.client import RECEIVE_BYTES, Client

_PING_FRAME = wire.unmasked(wire.PING)


class Tally:
    """How many messages that contain `marker` these clients have been sent, since it was made."""

    def __init__(self, server: str, clients: Iterable[Client], marker: bytes) -> None:
        self.count = 0
        self.bytes = 0
        self._server = server
        self._marker = marker
        self._keep = len(marker) - 1
        self._buffer = bytearray(self._keep + RECEIVE_BYTES)
        self._epoll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._tails: dict[int, bytes] = {}
        for client in clients:
            self._sockets[client.fd] = client.sock
            self._tails[client.fd] = b""
            self._epoll.register(client.fd, select.EPOLLIN)

    def wait_for(self, count: int, *, timeout_s: float = 60.0) -> None:
        """Read until this many have come in all."""
        deadline = time.monotonic() + timeout_s
        while self.count < count:
            self._read_ready(0.5)
            if time.monotonic() > deadline:
                raise Unmeasured(
                    f"{self._server}: only {self.count} of {count} messages arrived within {timeout_s:.0f} s"
                )

    def settle(self, quiet_s: float = 0.5) -> int:
        """Read until nothing has come for a while; the count then."""
        while self._read_ready(quiet_s):
            pass
        return self.count

    def _read_ready(self, timeout_s: float) -> bool:
        ready = self._epoll.poll(timeout_s, 1024)
        for fd, _ in ready:
            self._read(fd)
        return bool(ready)

    def _read(self, fd: int) -> None:
        tail, buffer = self._tails[fd], self._buffer
        kept = len(tail)
        buffer[:kept] = tail
        received = self._sockets[fd].recv_into(memoryview(buffer)[kept:])
        if not received:
            raise Unmeasured(f"{self._server} closed a connection in the middle of a measurement")
        end = kept + received
        self.bytes += received
        self.count += buffer.count(self._marker, 0, end)
        if buffer.find(_PING_FRAME, max(kept - len(_PING_FRAME) + 1, 0), end) >= 0:
            self._sockets[fd].send(wire.PONG)
        self._tails[fd] = bytes(buffer[max(end - self._keep, 0) : end])
