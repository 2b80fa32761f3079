"""People on a real server: who blocks somebody is gone for them nearby as well, at once and after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from tests.e2e.server import Server, serving

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

SECRET = "the-secret-of-this-test-and-of-nothing-else"
PASSWORD = "correct horse battery"
CELL = "u09tvn"


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, env={"TUTTI_MODE": "closed", "JWT_SECRET": SECRET}) as server:
        yield server


async def test_who_blocks_somebody_is_gone_for_them_nearby_and_stays_so(server: Server) -> None:
    async with entered(server, "ann") as ann, entered(server, "ben") as ben:
        for person in (ann, ben):
            await goes_live(person)
        ben_id = (await around(ann))[0]["userId"]
        ann_id = (await around(ben))[0]["userId"]
        started = await ben.post("/api/v1/find/start", json={"targetId": ann_id})
        assert started.is_success, started.text

        assert (await ann.post(f"/api/users/{ben_id}/block/")).status_code == 200
        assert (await around(ann), await around(ben)) == ([], [])
        assert (await ben.get("/api/v1/find/active")).json()["session"] is None
        hidden = await ben.post("/api/v1/find/start", json={"targetId": ann_id})
        nobody = await ben.post("/api/v1/find/start", json={"targetId": "nobody-at-all"})
        assert without_time(hidden) == without_time(nobody)

        await server.kill()
        await server.start()
        for person in (ann, ben):
            await goes_live(person)
        assert (await around(ann), await around(ben)) == ([], [])
        assert (await ann.post(f"/api/users/{ben_id}/unblock/")).status_code == 200
        assert [one["userId"] for one in await around(ann)] == [ben_id]


async def test_who_is_connected_is_online_for_those_who_may_know_and_hears_of_requests_at_once(
    server: Server,
) -> None:
    async with entered(server, "ann") as ann, entered(server, "ben") as ben:
        profile = f"/api/users/{(await ben.get('/api/users/me/')).json()['id']}/"
        assert (await ann.get(profile)).json()["is_online"] is False
        token = ben.headers["Authorization"].removeprefix("Bearer ")
        async with connect(f"{server.ws_url}/ws/notifications/?token={token}") as line:
            asked = await ann.post("/api/users/friends/request/", json={"username": "ben"})
            assert asked.status_code == 201, asked.text
            async with asyncio.timeout(20):
                told = ""
                while "friend_request" not in told:
                    told = str(await line.recv())
            assert "ann would like to be your friend" in told
            assert (await ann.get(profile)).json()["is_online"] is True
            await ben.patch("/api/users/settings/privacy/", json={"show_online_status": False})
            assert (await ann.get(profile)).json()["is_online"] is None
        assert len((await ben.get("/api/notifications/")).json()["results"]) == 1
        await ann.post(f"{profile}block/")
        forgotten = (await ben.get("/api/notifications/")).json()
        assert (forgotten["results"], forgotten["unread_count"]) == ([], 0), "of whoever blocks one"


async def test_a_picture_outlives_the_server_that_kept_it(server: Server) -> None:
    async with entered(server, "ann") as ann:
        dot = bytes.fromhex(
            "47494638396101000100800100ff0000ffffff21f90401000001002c00000000010001000002024401003b"
        )
        uploaded = await ann.post(
            "/api/users/profile/avatar/", files={"avatar": ("me.gif", dot, "image/gif")}
        )
        assert uploaded.status_code == 200, uploaded.text
        await server.kill()
        await server.start()
        shown = await ann.get(uploaded.json()["avatar"], headers={"Authorization": ""})
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")


@asynccontextmanager
async def entered(server: Server, name: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, timeout=20.0) as http:
        new = {"email": f"{name}@example.org", "username": name, "password": PASSWORD}
        made = await http.post("/api/auth/register/", json=new)
        assert made.status_code == 201, made.text
        http.headers["Authorization"] = f"Bearer {made.json()['access']}"
        yield http


async def goes_live(person: httpx.AsyncClient) -> None:
    for path, body in (("presence/live", {"allowFind": True}), ("location/update", {"geohash": CELL})):
        answer = await person.post(f"/api/v1/{path}", json=body)
        assert answer.is_success, answer.text


async def around(person: httpx.AsyncClient) -> list[dict[str, Any]]:
    answer = await person.get("/api/v1/location/nearby")
    assert answer.status_code == 200, answer.text
    users: list[dict[str, Any]] = answer.json()["users"]
    return users


def without_time(answer: httpx.Response) -> dict[str, Any]:
    return {"status": answer.status_code, **{k: v for k, v in answer.json().items() if k != "timestamp"}}
