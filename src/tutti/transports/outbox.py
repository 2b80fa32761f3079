"""What waits to be written, connection by connection, and the one callback per tick that writes it all.

The hot path of a fan-out is `send` (an append) and one turn of the loop in `Tick.flush` (a write). There is no task,
queue or timer per recipient. A consumer that stops reading costs at most `LIMIT` bytes and then its connection; the
transport tells when its buffer grows (`pause_writing`), so only those outboxes are ever measured.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Final

from tutti.service.frames import Frame

LIMIT: Final = 1024 * 1024  # bytes one connection may leave unread before it is cut


class Traffic:
    """Plain counters for the metrics page; a number is only ever added to."""

    __slots__ = ("bytes_out", "frames_out", "opened", "slow_consumers")

    def __init__(self) -> None:
        self.opened = 0
        self.frames_out = 0
        self.bytes_out = 0
        self.slow_consumers = 0


class Tick:
    """Writes every outbox that has something, once per turn of the event loop."""

    __slots__ = ("_call_soon", "traffic", "waiting")

    def __init__(self, call_soon: Callable[[Callable[[], None]], object], traffic: Traffic) -> None:
        self._call_soon = call_soon
        self.traffic = traffic
        self.waiting: list[Outbox] = []

    def wake(self) -> None:
        self._call_soon(self.flush)

    def flush(self) -> None:
        """Members of a room usually wait for the same frames: those are joined once and written to each."""
        waiting, self.waiting = iter(self.waiting), []
        try:
            self._write_all(waiting)
        finally:  # a frame that cannot be built is our bug, and costs only its own connection
            left = list(waiting)
            if left:
                if not self.waiting:
                    self.wake()
                self.waiting += left

    def _write_all(self, waiting: Iterator[Outbox]) -> None:
        joined: list[Frame] = []
        wire = b""
        traffic = self.traffic
        for outbox in waiting:
            pending = outbox.pending
            if pending is None:
                continue
            outbox.pending = None
            if pending != joined:
                wire = _wire(pending)
                joined = pending
            try:
                outbox.write(wire)
            except RuntimeError:
                continue  # the transport has just been lost; its protocol will hear of it in a moment
            traffic.frames_out += len(pending)
            traffic.bytes_out += len(wire)
            if outbox.paused:
                outbox.measure()


class Outbox:
    """One connection's way out. `overflowed` is called, once, when the consumer has left more than `limit` unread."""

    __slots__ = ("_limit", "_open", "_overflowed", "_tick", "_transport", "paused", "pending", "write")

    def __init__(
        self, transport: asyncio.Transport, tick: Tick, overflowed: Callable[[], None], limit: int = LIMIT
    ) -> None:
        self.pending: list[Frame] | None = None
        self.paused = False  # as the transport says, by `pause_writing` and `resume_writing`
        self.write = transport.write
        self._transport = transport
        self._tick = tick
        self._overflowed = overflowed
        self._limit = limit
        self._open = True

    def send(self, frame: Frame) -> None:
        """Queue a frame for the end of this tick. Does nothing once closed."""
        pending = self.pending
        if pending is not None:
            pending.append(frame)
        elif self._open:
            self.pending = [frame]
            waiting = self._tick.waiting
            if not waiting:
                self._tick.wake()
            waiting.append(self)

    def send_now(self, wire: bytes) -> None:
        """Write this ahead of what waits: a control frame."""
        if self._open:
            self._write_if_alive(wire)
            if self.paused:
                self.measure()

    def finish(self, wire: bytes) -> None:
        """Write what waits and then this, and take nothing more."""
        pending, self.pending = self.pending, None
        if self._open:
            self._open = False
            self._write_if_alive(_wire(pending) + wire if pending else wire)

    def drop(self) -> None:
        """The connection is gone: forget what waits, and take nothing more."""
        self.pending = None
        self._open = False

    def measure(self) -> None:
        """Close the outbox of a consumer that has too much to read."""
        if self._open and self._transport.get_write_buffer_size() > self._limit:
            self.drop()
            self._tick.traffic.slow_consumers += 1
            self._overflowed()

    def _write_if_alive(self, wire: bytes) -> None:
        try:
            self.write(wire)
        except RuntimeError:
            self.drop()


def _wire(frames: list[Frame]) -> bytes:
    return frames[0].wire if len(frames) == 1 else b"".join([frame.wire for frame in frames])
