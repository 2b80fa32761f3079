"""What a connection said while the sentence before was not yet answered. Bounded by holding the sender back."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from tutti.service.connection import Connection
from tutti.service.dialect import Dialect

MOST_WAITING = 64
MOST_WAITING_BYTES = 256 << 10

Reply = Callable[[bytes], None]
"""Sends the JSON of an acknowledgement."""

Said = tuple[Dialect, str, Sequence[msgspec.Raw], Reply | None]
"""An event's dialect, name and arguments."""


class Inbox:
    """`put` at the end and `take` from the front; after taking, say so with `caught_up`."""

    __slots__ = ("_bytes", "_connection", "_paused", "_waiting")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: deque[Said] = deque()
        self._bytes = 0
        self._paused = False

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, said: Said) -> None:
        self._waiting.append(said)
        self._bytes += _size(said)
        too_much = len(self._waiting) >= MOST_WAITING or self._bytes >= MOST_WAITING_BYTES
        if too_much and not self._paused:
            self._paused = True
            self._connection.pause()

    def take(self) -> Said:
        said = self._waiting.popleft()
        self._bytes -= _size(said)
        return said

    def caught_up(self) -> None:
        """Let the sender go on, if enough of what it said has been taken."""
        few = len(self._waiting) < MOST_WAITING // 2 and self._bytes < MOST_WAITING_BYTES // 2
        if self._paused and few:
            self._paused = False
            self._connection.resume()

    def clear(self) -> None:
        self._waiting.clear()
        self._bytes = 0


def _size(said: Said) -> int:
    return sum(map(len, said[2]))
