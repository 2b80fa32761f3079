"""A Socket.IO client that does exactly what a test tells it, over one WebSocket: it keeps all that it hears."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection

WITHIN_S = 30.0

Heard = tuple[str, Any]


class NotLetIn(Exception):
    """The server's answer to the handshake."""


class Talker:
    """`heard`: events in order, each a name and its one argument. `close_code`: how the server ended it, if it did."""

    def __init__(self, connection: ClientConnection) -> None:
        self.heard: list[Heard] = []
        self._connection = connection
        self._acks: dict[int, asyncio.Future[Any]] = {}
        self._asked = 0
        self._news = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    @property
    def close_code(self) -> int | None:
        return self._connection.close_code

    async def emit(self, name: str, data: Any) -> None:
        await self._connection.send("42" + json.dumps([name, data]))

    async def ask(self, name: str, data: Any) -> Any:
        """Emit with an acknowledgement, and return what it says."""
        self._asked += 1
        answer = self._acks[self._asked] = asyncio.get_running_loop().create_future()
        await self._connection.send(f"42{self._asked}" + json.dumps([name, data]))
        async with asyncio.timeout(WITHIN_S):
            return await answer

    async def send(self, raw: str | bytes) -> None:
        """Anything at all, as one message."""
        await self._connection.send(raw)

    async def hears(
        self,
        name: str,
        which: Callable[[Any], bool] = lambda _: True,
        *,
        since: int = 0,
        within_s: float = WITHIN_S,
    ) -> Any:
        """The argument of the first such event, from the one numbered `since` on."""
        try:
            async with asyncio.timeout(within_s), self._news:
                while True:
                    for heard, data in self.heard[since:]:
                        if heard == name and which(data):
                            return data
                    assert not self._reading.done(), f"the connection ended ({self.close_code}) before {name}"
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"no {name} in {within_s} s; heard {self.heard[since:][-20:]}") from None

    async def ended(self, within_s: float = WITHIN_S) -> int | None:
        """The close code, once the server has ended the connection."""
        async with asyncio.timeout(within_s):
            await asyncio.shield(self._reading)
        return self.close_code

    async def aclose(self) -> None:
        if not self._reading.done():
            await self._connection.close()
        await self._reading

    async def _read(self) -> None:
        try:
            async for message in self._connection:
                if message == "2":
                    await self._connection.send("3")
                elif isinstance(message, str):
                    await self._take(message)
        except websockets.ConnectionClosed:
            pass
        for answer in self._acks.values():
            answer.cancel()
        async with self._news:
            self._news.notify_all()

    async def _take(self, message: str) -> None:
        if message.startswith("42"):
            name, data = (*json.loads(message[2:]), None)[:2]
            async with self._news:
                self.heard.append((name, data))
                self._news.notify_all()
        elif message.startswith("43"):
            number, _, rest = message[2:].partition("[")
            answer = self._acks.pop(int(number))
            if not answer.done():
                answer.set_result((*json.loads("[" + rest), None)[0])


@asynccontextmanager
async def talking(ws_url: str, token: str | None = None, *, query: str = "") -> AsyncIterator[Talker]:
    """Connected to the main namespace, with this token in the handshake's `auth`."""
    url = f"{ws_url}/socket.io/?EIO=4&transport=websocket{query}"
    async with asyncio.timeout(WITHIN_S):
        connection = await websockets.connect(url, compression=None, max_size=None, ping_interval=None)
        assert str(await connection.recv()).startswith("0{")
        await connection.send("40" + (json.dumps({"token": token}) if token is not None else ""))
        answer = await connection.recv()
        if not str(answer).startswith("40{"):
            await connection.close()
            raise NotLetIn(answer)
    talker = Talker(connection)
    try:
        yield talker
    finally:
        await talker.aclose()
