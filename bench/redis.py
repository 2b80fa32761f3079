"""A Redis client of few lines: commands and pipelines over one socket, so that nothing is between us and the server."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from io import BufferedReader

from bench import Unmeasured, process

Answer = bytes | int | list["Answer"] | None


def redis_server() -> process.Program:
    command = ("/usr/bin/redis-server", "--port", "{port}", "--bind", "127.0.0.1", "--dir", "{data}")
    in_memory_only = ("--save", "", "--appendonly", "no")
    return process.Program("redis", (*command, *in_memory_only), speaks_http=False)


class Redis:
    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader: BufferedReader = self._socket.makefile("rb")

    def ask(self, *words: str) -> Answer:
        self._socket.sendall(packed(*words))
        return read(self._reader)

    def pipeline(self, commands: Iterable[tuple[str, ...]]) -> None:
        """All of them, and wait for every answer."""
        wire = [packed(*words) for words in commands]
        self._socket.sendall(b"".join(wire))
        for _ in wire:
            read(self._reader)

    def close(self) -> None:
        self._reader.close()
        self._socket.close()


def packed(*words: str) -> bytes:
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        raw = word.encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(raw), raw))
    return b"".join(parts)


def read(reader: BufferedReader) -> Answer:
    """One answer (RESP2)."""
    line = reader.readline()
    if not line.endswith(b"\r\n"):
        raise Unmeasured("Redis closed the connection in the middle of an answer")
    kind, rest = line[:1], line[1:-2]
    match kind:
        case b"+":
            return rest
        case b":":
            return int(rest)
        case b"$":
            return None if rest == b"-1" else reader.read(int(rest) + 2)[:-2]
        case b"*":
            return None if rest == b"-1" else [read(reader) for _ in range(int(rest))]
        case _:
            raise Unmeasured(f"Redis says {line!r}")
