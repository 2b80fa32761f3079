"""The least that carries a meeting's signals, for benches and tests of media alone: one room, nobody refused anything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

Data = dict[str, Any]


class MeetingServer:
    """`url`: ws://host:port. `say` speaks to everybody, as the server itself."""

    def __init__(self) -> None:
        self.url = ""
        self.people: dict[str, ServerConnection] = {}
        self._news = asyncio.Condition()

    async def until(self, name: str, *, there: bool) -> None:
        """Return when somebody is here, or is not any more."""
        async with self._news:
            await self._news.wait_for(lambda: (name in self.people) is there)

    async def say(self, event: str, data: Data) -> None:
        for connection in tuple(self.people.values()):
            await _send(connection, event, data)

    async def attend(self, connection: ServerConnection) -> None:
        me = ""
        try:
            async for message in connection:
                said = json.loads(message)
                event, data = said["event"], said.get("data") or {}
                if event == "join":
                    me = data["peerId"]
                    others = [name for name in self.people if name != me]
                    await _send(connection, "peers", {"yourId": me, "peers": others, "isHost": not others})
                    await self._tell_others(
                        me, "peer-joined", {"peerId": me, "username": data.get("username")}
                    )
                    self.people[me] = connection
                    await self._tell_news()
                elif "targetPeerId" in data:
                    if (target := self.people.get(data["targetPeerId"])) is not None:
                        await _send(target, event, {**data, "peerId": me})
                elif event not in ("ping", "leave"):
                    await self._tell_others(me, event, {**data, "peerId": me})
        except ConnectionClosed:
            pass
        finally:
            if self.people.get(me) is connection:
                del self.people[me]
                await self._tell_news()
                await self._tell_others(me, "peer-left", {"peerId": me})

    async def _tell_news(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def _tell_others(self, me: str, event: str, data: Data) -> None:
        for name, connection in tuple(self.people.items()):
            if name != me:
                await _send(connection, event, data)


async def _send(connection: ServerConnection, event: str, data: Data) -> None:
    try:
        await connection.send(json.dumps({"event": event, "data": data}))
    except ConnectionClosed:
        return


@asynccontextmanager
async def meeting_server() -> AsyncIterator[MeetingServer]:
    server = MeetingServer()
    async with serve(server.attend, "127.0.0.1", 0) as listening:
        address = next(iter(listening.sockets)).getsockname()
        server.url = f"ws://127.0.0.1:{address[1]}"
        yield server
