"""Conversations and notifications against the real server, also over its death."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.e2e.partygoers import WITHIN_S, Guest, Line, registered
from tests.e2e.server import Server, serving

pytestmark = pytest.mark.e2e

SAID = 60
KILLS = 3


@pytest.fixture(params=["development", "production"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Server]:
    kept = {"TUTTI_ENV": request.param, "JWT_SECRET": "a secret that is long enough for HS256"}
    async with serving(tmp_path, env=kept) as server:
        yield server


@pytest.fixture
async def http(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, timeout=WITHIN_S) as http:
        yield http


@asynccontextmanager
async def told(server: Server, token: str | None, since: str | None = None) -> AsyncIterator[Line]:
    query = f"?token={token or ''}" + ("" if since is None else f"&since={since}")
    async with connect(f"{server.ws_url}/ws/notifications/{query}", compression=None) as connection:
        line = Line(connection)
        try:
            yield line
        finally:
            await line.aclose()


async def talk_of(one: Guest, other: Guest) -> str:
    begun = await one.asks("POST", "/api/messaging/conversations/", {"user_id": other.id}, 201)
    return str(begun["id"])


async def test_two_talk_and_are_told_live(server: Server, http: httpx.AsyncClient) -> None:
    ann, ben = await registered(http, "ann"), await registered(http, "ben")
    async with told(server, ben.access) as line, told(server, ann.access) as own:
        connected = await line.hears("connected")
        assert (connected["user_id"], connected["unread_count"]) == (ben.id, 0)
        await own.hears("connected")
        talk = await talk_of(ann, ben)
        assert (await line.hears("conversation_updated"))["conversation_id"] == talk
        path = f"/api/messaging/conversations/{talk}"
        sent = await ann.asks("POST", f"{path}/messages/", {"message": "<b>Hello</b>"}, 201)
        said = await line.hears("message")
        assert said["message"] == sent
        assert sent["message"] == "<b>Hello</b>"
        notice = await line.hears("notification")
        assert notice["unread_count"] == 1
        assert notice["notification"]["data"] == {"conversation_id": talk, "message_id": sent["id"]}
        await line.says("typing", conversation_id=talk)
        typing = await own.hears("typing")
        assert (typing["user_id"], typing["is_typing"], "id" in typing) == (ben.id, True, False)
        await line.says("ping")
        await line.hears("pong")
        await line.says("mark_read", notification_id=notice["notification"]["id"])
        assert (await line.hears("notifications_read"))["unread_count"] == 0
        await ben.asks("POST", f"{path}/read/")
        assert (await own.hears("read"))["user_id"] == ben.id
        for wrong in ("nonsense", "mark_read", "typing"):
            heard = len(line.heard)
            await line.says(wrong, notification_id="", conversation_id="")
            assert (await line.hears("error", since=heard))["code"] in ("invalid_message", "not_found")


@pytest.mark.parametrize("token", ["", "nonsense", "refresh"])
async def test_nobody_is_told_without_a_token_of_theirs(
    server: Server, http: httpx.AsyncClient, token: str
) -> None:
    ann = await registered(http, "ann")
    async with told(server, ann.refresh if token == "refresh" else token) as line:
        assert await line.ends() == 4001
        assert "connected" not in {said["type"] for said in line.heard}


async def test_logging_out_closes_the_line(server: Server, http: httpx.AsyncClient) -> None:
    ann = await registered(http, "ann")
    async with told(server, ann.access) as line:
        await line.hears("connected")
        await ann.asks("POST", "/api/auth/logout/", {"refresh": ann.refresh})
        assert await line.ends() == 4001


async def test_a_line_is_kept_by_a_fresh_token_of_the_same_person_only(
    server: Server, http: httpx.AsyncClient
) -> None:
    ann, ben = await registered(http, "ann"), await registered(http, "ben")
    async with told(server, ann.access) as line:
        await line.hears("connected")
        await line.says("authenticate", token="nonsense")
        assert (await line.hears("error"))["code"] == "unauthenticated"
        await line.says("authenticate", token=ann.access)
        await line.hears("authenticated")
        await line.says("authenticate", token=ben.access)
        assert await line.ends() == 4001


class Growing:
    """A list that one can wait for."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._news = asyncio.Condition()

    async def add(self, one: str) -> None:
        async with self._news:
            self.all.append(one)
            self._news.notify_all()

    async def reaches(self, count: int) -> None:
        async with asyncio.timeout(60), self._news:
            await self._news.wait_for(lambda: len(self.all) >= count)


class Reader:
    """A client that comes back, names the last that it saw, and drops what it has."""

    def __init__(self) -> None:
        self.messages = Growing()
        self.seen: set[str] = set()
        self.last: str | None = None

    async def hears(self, said: dict[str, Any]) -> None:
        id_ = said.get("id")
        if id_ is None or id_ in self.seen:
            return
        self.seen.add(id_)
        self.last = id_
        if said["type"] == "message":
            await self.messages.add(said["message"]["id"])

    async def follows(self, server: Server, token: str) -> None:
        while True:
            with suppress(OSError, WebSocketException):
                query = f"?token={token}" + ("" if self.last is None else f"&since={self.last}")
                async with connect(f"{server.ws_url}/ws/notifications/{query}") as connection:
                    async for text in connection:
                        await self.hears(json.loads(text))
            await asyncio.sleep(0.02)  # as a client waits before it tries again


async def test_no_accepted_message_is_lost_or_doubled_when_the_server_is_killed(
    server: Server, http: httpx.AsyncClient
) -> None:
    ann, ben = await registered(http, "ann"), await registered(http, "ben")
    talk = await talk_of(ann, ben)
    path = f"/api/messaging/conversations/{talk}/messages/"
    reader, accepted = Reader(), Growing()
    following = asyncio.create_task(reader.follows(server, ben.access))

    async def says(number: int) -> None:
        """With the same key again until it is answered."""
        said = None
        while said is None:
            with suppress(httpx.TransportError):
                said = await ann.asks(
                    "POST", path, {"message": f"No. {number}"}, 201, **{"Idempotency-Key": f"no-{number}"}
                )
        await accepted.add(said["id"])

    async def speaks() -> None:
        for number in range(SAID):
            await says(number)

    speaking = asyncio.create_task(speaks())
    for kill in range(1, KILLS + 1):
        await accepted.reaches(kill * SAID // (KILLS + 1))
        await server.kill()
        await server.start()
    await speaking
    await reader.messages.reaches(SAID)
    following.cancel()
    assert len(set(accepted.all)) == SAID
    assert reader.messages.all == accepted.all
    page = await ben.asks("GET", f"{path}?page_size=100")
    assert [one["id"] for one in page["results"]] == accepted.all[::-1]


async def test_what_nobody_heard_before_a_crash_is_told_to_whoever_comes_first(
    server: Server, http: httpx.AsyncClient
) -> None:
    ann, ben = await registered(http, "ann"), await registered(http, "ben")
    talk = await talk_of(ann, ben)
    sent = await ann.asks("POST", f"/api/messaging/conversations/{talk}/messages/", {"message": "Hi"}, 201)
    await server.kill()
    await server.start()
    async with told(server, ben.access) as line:
        assert (await line.hears("message"))["message"]["id"] == sent["id"]
        assert (await line.hears("connected"))["complete"] is True
