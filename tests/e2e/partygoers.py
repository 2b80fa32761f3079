"""People of guide 003: they register, make parties over HTTP, and speak on their sockets, with another client library."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

WITHIN_S = 30.0
PASSWORD = "correct horse battery"
LINES = {
    "party": "/ws/party/{}/",
    "sync": "/ws/party/{}/sync/",
    "chat": "/ws/chat/{}/",
    "interactive": "/ws/interactive/{}/",
}

Said = dict[str, Any]


class Guest:
    """Somebody with an account. `refresh`: opens nothing."""

    def __init__(self, http: httpx.AsyncClient, made: Mapping[str, Any]) -> None:
        self._http = http
        self.id: str = made["user"]["id"]
        self.access: str = made["access"]
        self.refresh: str = made["refresh"]

    async def asks(
        self, method: str, path: str, body: object = None, status: int | None = None, **headers: str
    ) -> Any:
        """`status`: what it has to be; None: any that says that all is well."""
        self._http.cookies.clear()
        given = {"Authorization": f"Bearer {self.access}", **headers}
        answer = await self._http.request(method, path, json=body, headers=given)
        good = answer.is_success if status is None else answer.status_code == status
        assert good, (answer.status_code, answer.text)
        return answer.json() if answer.content else None

    async def makes_party(self, **body: object) -> Said:
        """Public, and started."""
        made: Said = await self.asks(
            "POST", "/api/parties/", {"title": "Film night", "visibility": "public", **body}
        )
        await self.asks("POST", f"/api/parties/{made['id']}/start/")
        return made


async def registered(http: httpx.AsyncClient, name: str) -> Guest:
    http.cookies.clear()
    body = {"email": f"{name}@example.org", "password": PASSWORD, "username": name}
    answer = await http.post("/api/auth/register/", json=body)
    assert answer.status_code == 201, answer.text
    return Guest(http, answer.json())


class Line:
    """`heard`: every message in order. `end`: the code it was closed with, once it was."""

    def __init__(self, connection: ClientConnection) -> None:
        self.heard: list[Said] = []
        self.end: int | None = None
        self.connection = connection
        self._refs = 0
        self._news = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    async def says(self, what: str, /, **more: object) -> None:
        await self.connection.send(json.dumps({"type": what, **more}))

    async def asks(self, what: str, /, **more: object) -> Said:
        """With a ref, and returns what is answered: `ack` or `error`."""
        self._refs += 1
        ref = f"asked-{self._refs}"
        await self.says(what, ref=ref, **more)
        return await self.hears(lambda said: said.get("ref") == ref)

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

    async def ends(self) -> int:
        async with asyncio.timeout(WITHIN_S):
            await self._reading
        assert self.end is not None
        return self.end

    def all(self, kind: str) -> list[Said]:
        return [said for said in self.heard if said["type"] == kind]

    async def aclose(self) -> None:
        if self.end is None:  # one that broke amid a message cannot be closed any more
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
            self.end = self.connection.close_code or 1006
            async with self._news:
                self._news.notify_all()


@asynccontextmanager
async def on_line(
    ws_url: str, line: str, party: str, token: str | None, *, subprotocol: bool = False
) -> AsyncIterator[Line]:
    """One of `LINES`."""
    address = f"{ws_url}{LINES[line].format(party)}"
    by_address = token is not None and not subprotocol
    connection = await connect(
        f"{address}?token={token}" if by_address else address,
        subprotocols=[Subprotocol("bearer"), Subprotocol(token or "")] if subprotocol else None,
        compression=None,
        max_size=None,
    )
    assert connection.subprotocol == ("bearer" if subprotocol else None)
    opened = Line(connection)
    try:
        yield opened
    finally:
        await opened.aclose()
