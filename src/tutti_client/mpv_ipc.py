"""mpv's JSON IPC over its unix socket: requests with ids, events, and when exactly a value was read.

Answers are stamped where bytes arrive, before any task gets its turn: the middle between asking and that is when mpv
looked, give or take half of what it took.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

ANSWER_WITHIN_S: Final = 8.0
LONGEST_LINE: Final = 4 * 1024 * 1024


class MpvRefused(Exception):
    """mpv answered a request with an error, which may be that it has no such value just now."""


class MpvGone(Exception):
    """There is no player any more."""


@dataclass(frozen=True, slots=True)
class Reading:
    """`value` as it was at local time `at_ms`, which is right to half of `took_ms`."""

    value: Any
    at_ms: float
    took_ms: float


class Ipc(asyncio.Protocol):
    """`gone` is done when the socket is closed; `hear` is told of mpv's events, each a dict with `event`."""

    def __init__(self, hear: Callable[[dict[str, Any]], None]) -> None:
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._hear = hear
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Reading]] = {}
        self._sent_ms: dict[int, float] = {}
        self._rest = b""
        self._transport: asyncio.WriteTransport | None = None

    async def ask(self, *command: Any) -> Reading:
        """What mpv answered; raises `MpvRefused` and `MpvGone`."""
        transport = self._transport
        if transport is None or self.gone.done():
            raise MpvGone
        number = next(self._ids)
        answer: asyncio.Future[Reading] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        line = msgspec.json.encode({"command": command, "request_id": number}) + b"\n"
        self._sent_ms[number] = time.monotonic_ns() / 1e6
        transport.write(line)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await answer
        except TimeoutError:
            raise MpvRefused(f"{command[0]}: no answer in {ANSWER_WITHIN_S:g} s") from None
        finally:
            self._waiting.pop(number, None)
            self._sent_ms.pop(number, None)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        received_ms = time.monotonic_ns() / 1e6
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            self.close()
        for line in lines:
            with suppress(msgspec.DecodeError):
                self._said(msgspec.json.decode(line), received_ms)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if not self.gone.done():
            self.gone.set_result(None)
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(MpvGone())

    def _said(self, message: Any, received_ms: float) -> None:
        if not isinstance(message, dict):
            return
        if "event" in message:
            self._hear(message)
            return
        number = message.get("request_id")
        if not isinstance(number, int):
            return
        answer = self._waiting.get(number)
        if answer is None or answer.done():
            return
        error = message.get("error")
        if error != "success":
            answer.set_exception(MpvRefused(str(error)))
            return
        took_ms = received_ms - self._sent_ms[number]
        answer.set_result(Reading(message.get("data"), received_ms - took_ms / 2, took_ms))


async def over(ours: socket.socket, hear: Callable[[dict[str, Any]], None]) -> Ipc:
    """Over a socket that mpv has the other end of."""
    _, ipc = await asyncio.get_running_loop().create_unix_connection(lambda: Ipc(hear), sock=ours)
    return ipc


async def attach(path: Path, hear: Callable[[dict[str, Any]], None]) -> Ipc:
    """Raises OSError when nobody listens there."""
    _, ipc = await asyncio.get_running_loop().create_unix_connection(lambda: Ipc(hear), str(path))
    return ipc
