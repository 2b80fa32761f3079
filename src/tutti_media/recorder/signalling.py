"""The meeting, as any client hears it: frames `{event, data}` over one WebSocket, which comes back when it is lost."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

Data = dict[str, Any]
FOR_GOOD = 1000
"""The server says with it that this connection is not to come back: contracts of guide 004."""
AGAIN_S = (0.2, 0.5, 1.0, 2.0, 3.0)
PING_S = 20.0


class Unreachable(Exception):
    """The meeting could not be entered, or not again, for so long that it is over for us."""


class Meeting:
    """`frames` yields what is heard until the meeting is over for us."""

    def __init__(self, server: str, room: str, hello: Data, *, patience_s: float = 30.0) -> None:
        self._address = f"{server.rstrip('/')}/room/{quote(room, safe='')}/websocket"
        self._hello = hello
        self._patience_s = patience_s
        self._socket: ClientConnection | None = None

    async def send(self, event: str, data: Data) -> None:
        """Dropped if the connection is lost just now: who needs it asks again when we are back."""
        if self._socket is not None:
            try:
                await self._socket.send(json.dumps({"event": event, "data": data}))
            except ConnectionClosed:
                return

    async def frames(self) -> AsyncIterator[tuple[str, Data]]:
        """Raises `Unreachable`."""
        tries, lost_s = 0, time.monotonic()
        while True:
            try:
                async with connect(self._address, max_size=1 << 20, proxy=None) as socket:
                    self._socket = socket
                    await self.send("join", self._hello)
                    async with _pings(self.send):
                        async for frame in _heard(socket):
                            tries, lost_s = 0, time.monotonic()
                            self._remember(*frame)
                            yield frame
                if socket.close_code == FOR_GOOD:
                    return
            except (OSError, InvalidHandshake, ConnectionClosed) as problem:
                if time.monotonic() - lost_s > self._patience_s:
                    raise Unreachable(str(problem)) from None
            finally:
                self._socket = None
            if time.monotonic() - lost_s > self._patience_s:
                raise Unreachable("the server does not answer")
            await asyncio.sleep(AGAIN_S[min(tries, len(AGAIN_S) - 1)])
            tries += 1

    async def leave(self) -> None:
        await self.send("leave", {})
        if self._socket is not None:
            await self._socket.close()

    def _remember(self, event: str, data: Data) -> None:
        """What proves, when we come back, that it is us."""
        if event == "peers" and isinstance(data.get("resumeToken"), str):
            self._hello = {**self._hello, "resumeToken": data["resumeToken"]}


@asynccontextmanager
async def _pings(send: Callable[[str, Data], Awaitable[None]]) -> AsyncIterator[None]:
    """One now and then, as clients of this guide send them."""

    async def ping() -> None:
        while True:
            await asyncio.sleep(PING_S)
            await send("ping", {})

    task = asyncio.create_task(ping())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _heard(socket: ClientConnection) -> AsyncIterator[tuple[str, Data]]:
    try:
        async for message in socket:
            try:
                said = json.loads(message)
            except ValueError:
                continue
            if isinstance(said, dict) and isinstance(said.get("event"), str):
                data = said.get("data")
                yield said["event"], data if isinstance(data, dict) else {}
    except ConnectionClosed:
        return
