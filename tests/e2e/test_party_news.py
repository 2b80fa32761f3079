"""Who is told that a party is not what it was, and who is not, on `/ws/notifications/` of the real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.e2e.partygoers import WITHIN_S, Guest, Line, on_line, registered
from tests.e2e.server import Server, serving

pytestmark = pytest.mark.e2e


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    kept = {"TUTTI_MODE": "closed", "JWT_SECRET": "a secret that is long enough for HS256"}
    async with serving(tmp_path, env=kept) as server:
        yield server


@pytest.fixture
async def http(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, timeout=WITHIN_S) as http:
        yield http


@asynccontextmanager
async def told(server: Server, guest: Guest) -> AsyncIterator[Line]:
    address = f"{server.ws_url}/ws/notifications/?token={guest.access}"
    async with connect(address, compression=None) as connection:
        line = Line(connection)
        await line.hears("connected")
        try:
            yield line
        finally:
            await line.aclose()


async def test_everybody_in_a_party_is_told_that_it_is_different_and_nobody_else(
    server: Server, http: httpx.AsyncClient
) -> None:
    ann, ben, eve = [await registered(http, name) for name in ("ann", "ben", "eve")]
    made = await ann.asks("POST", "/api/parties/", {"title": "Film night", "visibility": "private"}, 201)
    party, path = made["id"], f"/api/parties/{made['id']}"
    async with told(server, ann) as host, told(server, ben) as guest, told(server, eve) as stranger:

        async def after(act: tuple[str, str, object], *lines: Line) -> None:
            heard = [len(line.heard) for line in lines]
            await ann.asks(*act)
            for line, since in zip(lines, heard, strict=True):
                news = await line.hears("party_updated", since=since)
                assert news == {"type": "party_updated", "party_id": party}

        await ben.asks("POST", "/api/parties/join-by-code/", {"room_code": made["room_code"]})
        await host.hears("party_updated")
        await guest.hears("party_updated")  # who waits to be let in is told, too
        about_ben = {"user_id": ben.id}
        await after(("POST", f"{path}/approve/", about_ben), host, guest)
        await after(("PATCH", f"{path}/", {"title": "Film evening"}), host, guest)
        await after(("POST", f"{path}/promote/", about_ben), host, guest)
        await after(("POST", f"{path}/start/", None), host, guest)
        heard = len(host.heard), len(guest.heard)
        await ben.asks("POST", f"{path}/leave/")
        await host.hears("party_updated", since=heard[0])
        await guest.hears("party_updated", since=heard[1])  # about oneself, for one's other pages
        heard = len(host.heard), len(guest.heard)
        await after(("DELETE", f"{path}/", None), host)
        for line in (guest, stranger):
            since = len(line.heard)
            await line.says("ping")
            await line.hears("pong", since=since)
        assert [said["type"] for said in guest.heard[heard[1] :]] == ["pong"]
        assert [said["type"] for said in stranger.heard] == ["connected", "pong"]


async def test_whoever_is_removed_or_blocked_is_told_of_that_and_of_nothing_more(
    server: Server, http: httpx.AsyncClient
) -> None:
    ann, ben, eve = [await registered(http, name) for name in ("ann", "ben", "eve")]
    made = await ann.makes_party()
    path = f"/api/parties/{made['id']}"
    for guest in (ben, eve):
        await guest.asks("POST", f"{path}/join/")
    async with told(server, ann) as host, told(server, ben) as kicked, told(server, eve) as blocked:
        await ann.asks("POST", f"{path}/kick/", {"user_id": ben.id})
        for line in (host, kicked, blocked):
            await line.hears("party_updated")
        await ben.asks("GET", f"{path}/", status=200)  # a public party is still seen
        since = len(blocked.heard)
        await ann.asks("POST", f"/api/users/{eve.id}/block/")
        await blocked.hears("party_updated", since=since)
        await eve.asks("GET", f"{path}/", status=404)
        heard = len(host.heard), len(kicked.heard), len(blocked.heard)
        await ann.asks("PATCH", f"{path}/", {"title": "Quieter"})
        await host.hears("party_updated", since=heard[0])
        for line in (kicked, blocked):
            since = len(line.heard)
            await line.says("ping")
            await line.hears("pong", since=since)
        assert [said["type"] for said in kicked.heard[heard[1] :]] == ["pong"]
        assert [said["type"] for said in blocked.heard[heard[2] :]] == ["pong"]


async def test_what_its_room_does_to_a_party_is_told_and_each_seek_is_not(
    server: Server, http: httpx.AsyncClient
) -> None:
    ann = await registered(http, "ann")
    made = await ann.makes_party(video={"id": "film", "provider": "library", "duration": 600})
    async with told(server, ann) as host, on_line(server.ws_url, "party", made["id"], ann.access) as line:
        await line.hears("party_state")
        await line.says("video_control", action="play", video_time=1)
        await line.hears("video_control")
        since = len(host.heard)
        await line.says("video_control", action="pause", video_time=2)
        await host.hears("party_updated", since=since)
        assert (await ann.asks("GET", f"/api/parties/{made['id']}/"))["status"] == "paused"
        since = len(host.heard)
        for to in range(10, 20):
            await line.says("video_control", action="seek", video_time=to)
        await line.says("video_control", action="play", video_time=30)
        await host.hears("party_updated", since=since)
        assert (await ann.asks("GET", f"/api/parties/{made['id']}/"))["status"] == "live"
        assert [said["type"] for said in host.heard[since:]] == ["party_updated"]
