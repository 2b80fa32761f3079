"""A native client that says exactly what a test tells it, and keeps all that it hears."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

WITHIN_S = 30.0
TUTTI_V1 = Subprotocol("tutti.v1")

Said = dict[str, Any]


class Voice:
    """`heard`: every message in order. `end`: the code and reason it was closed with, once it was."""

    def __init__(self, connection: ClientConnection) -> None:
        self.heard: list[Said] = []
        self.end: tuple[int, str] | None = None
        self.connection = connection
        self._refs = 0
        self._news = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    async def says(self, what: str, /, **more: object) -> None:
        await self.connection.send(json.dumps({"type": what, **more}))

    async def asks(self, what: str, /, **more: object) -> Said:
        """With a ref, and returns what is answered."""
        self._refs += 1
        ref = f"asked-{self._refs}"
        await self.says(what, ref=ref, **more)
        return await self.hears(lambda said: said.get("ref") == ref)

    async def hello(self, **more: object) -> Said:
        since = len(self.heard)
        await self.says("hello", **more)
        return await self.hears("welcome", since=since)

    async def hears(self, which: str | Callable[[Said], bool], *, since: int = 0) -> Said:
        """The first such message, from the one numbered `since` on."""
        wanted = (lambda said: said["type"] == which) if isinstance(which, str) else which
        try:
            async with asyncio.timeout(WITHIN_S), self._news:
                while True:
                    for said in self.heard[since:]:
                        if wanted(said):
                            return said
                    assert not self._reading.done(), f"it ended with {self.end}; heard {self.heard[since:]}"
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"not heard in {WITHIN_S} s: {self.heard[since:]}") from None

    async def ends(self) -> tuple[int, str]:
        async with asyncio.timeout(WITHIN_S):
            await self._reading
        assert self.end is not None
        return self.end

    async def room_now(self) -> tuple[float, float]:
        """Room time, and how wrong it may be: from the quickest of a few probes."""
        best = (0.0, float("inf"))
        for _ in range(5):
            sent_ms = time.monotonic() * 1000
            pong = await self.asks("ping")
            took_ms = time.monotonic() * 1000 - sent_ms
            if took_ms / 2 < best[1]:
                best = (pong["at"] + took_ms / 2 - (sent_ms + took_ms), took_ms / 2)
        return best[0] + time.monotonic() * 1000, best[1]

    def numbered(self) -> list[Said]:
        return [said for said in self.heard if "seq" in said and said["type"] not in ("welcome", "ack")]

    async def aclose(self) -> None:
        await self.connection.close()
        await self._reading

    async def _read(self) -> None:
        try:
            while True:
                text = await self.connection.recv()
                async with self._news:
                    self.heard.append(json.loads(text))
                    self._news.notify_all()
        except ConnectionClosed:
            self.end = (self.connection.close_code or 1006, self.connection.close_reason or "")
            async with self._news:
                self._news.notify_all()


@asynccontextmanager
async def calling(ws_url: str, room: str, *, origin: str | None = None) -> AsyncIterator[Voice]:
    """A connection to this room that has not said hello."""
    async with connect(
        f"{ws_url}/v1/rooms/{room}",
        subprotocols=[TUTTI_V1],
        origin=None if origin is None else Origin(origin),
        compression=None,
    ) as connection:
        assert connection.subprotocol == TUTTI_V1
        voice = Voice(connection)
        try:
            yield voice
        finally:
            await voice.aclose()


async def made_room(http: httpx.AsyncClient, token: str | None = None, **changed: object) -> Said:
    """What the host of a new room is told."""
    body = {"name": "Movie Night", "userId": "ada", "userName": "Ada", **changed}
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = await http.post("/v1/rooms", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    made: Said = answer.json()
    return made
