"""Two people with accounts of this server and unmodified socket.io-clients: near, found with consent, together, gone."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.programs import Program, of, running
from tests.e2e.server import ROOT, START_WITHIN_S, Server, environment, serving

pytestmark = pytest.mark.e2e

HERE, BESIDE = "u09tvw", "u09tvy"
SECRET = "the-secret-of-this-test-and-of-nothing-else"
GONE_WITHIN_MS = 2_000.0
"""Sooner than anything that is done from time to time; how soon it is, the bench measures."""


@dataclass
class Person:
    name: str
    id: str
    access: str
    refresh: str
    program: Program

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        details = {} if body is None else {"body": body}
        answer = await self.program.do("request", method=method, path=path, token=self.access, **details)
        return answer["status"], answer["body"]

    async def emit(self, event: str, data: object = None) -> Any:
        details = {} if data is None else {"data": data}
        answer = await self.program.do("emit", user=self.name, event=event, **details)
        assert answer["success"] is True, answer
        return answer

    async def hears(self, event: str, since: int = 0) -> Any:
        return (await self.program.tells(event, of(self.name), since=since))["data"]


@pytest.fixture(params=["open", "closed"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Server]:
    env = {"TUTTI_MODE": request.param, "JWT_SECRET": SECRET}
    async with serving(tmp_path, env=env) as server:
        yield server


@pytest.fixture
async def pair(server: Server) -> AsyncIterator[tuple[Person, Person]]:
    async with running("nearby.mjs", server.url) as program:
        ada = await registered(server, program, "ada")
        bob = await registered(server, program, "bob")
        for person, namespace in ((ada, "/realtime"), (bob, "/")):
            confirmed = await program.do(
                "connect", user=person.name, auth={"token": person.access}, namespace=namespace
            )
            assert confirmed == {"userId": person.id}
        yield ada, bob


async def registered(server: Server, program: Program, name: str) -> Person:
    async with httpx.AsyncClient(base_url=server.url, timeout=START_WITHIN_S) as http:
        new = {"email": f"{name}@example.org", "username": name, "password": "correct horse battery"}
        answer = await http.post("/api/auth/register/", json=new | {"confirm_password": new["password"]})
    assert answer.status_code == 201, answer.text
    body = answer.json()
    return Person(name, str(body["user"]["id"]), body["access"], body["refresh"], program)


async def test_two_people_see_find_and_hear_one_another_and_are_gone_when_they_say(
    pair: tuple[Person, Person], server: Server
) -> None:
    ada, bob = pair
    assert (await ada.ask("GET", "/api/v1/auth/me"))[1]["id"] == ada.id
    await ada.emit("user:go_live", {"shareTrack": True})
    await ada.emit("user:update_location", {"geohash": HERE + "zzzz"})
    status, presence = await bob.ask("POST", "/api/v1/presence/live", {"allowFind": True, "shareTrack": True})
    assert (status, presence["isLive"]) == (200, True)
    assert await bob.ask("POST", "/location/update", {"geohash": BESIDE}) == (
        200,
        {"geohash": BESIDE, "settled": True},
    )
    assert (await ada.hears("live:user_joined"))["userId"] == bob.id
    assert (await bob.hears("live:nearby_users"))["users"][0]["geohash"] == HERE

    await bob.emit("user:update_track", {"trackId": "t", "trackName": "So What", "artist": "Miles Davis"})
    assert (await ada.hears("live:track_update"))["artist"] == "Miles Davis"

    session = (await ada.emit("find:start", {"targetId": bob.id}))["sessionId"]
    assert (await bob.hears("find:request_received"))["sessionId"] == session
    status, accepted = await bob.ask("POST", f"/api/v1/find/{session}/accept")
    assert (status, accepted["status"]) == (200, "accepted")
    await ada.emit("find:update_location", {"sessionId": session, "geohash": HERE})
    assert (await bob.ask("POST", f"/find/{session}/update", {"geohash": HERE}))[0] == 200
    assert (await ada.hears("find:bucket_update"))["bucket"] == "close"

    status, together = await ada.ask("POST", f"/api/v1/find/{session}/together")
    assert status == 200
    assert (await bob.hears("together:opened"))["roomId"] == together["roomId"]
    assert (await bob.ask("POST", f"/find/{session}/together"))[1] == together
    joined = await bob.ask(
        "POST", f"/api/sessions/{together['roomId']}/join", {"userId": bob.id, "userName": "Bob"}
    )
    assert (joined[0], joined[1]["role"]) == (200, "client")

    heard = len(ada.program.events)
    assert (await bob.ask("POST", "/api/v1/presence/offline"))[1]["isLive"] is False
    himself = await bob.program.tells("live:went_offline", of("bob"), since=heard)
    assert (await ada.hears("find:session_ended", heard))["sessionId"] == session
    left = await ada.program.tells("live:user_left", of("ada"), since=heard)
    assert left["data"] == {"userId": bob.id}
    assert left["at"] - himself["at"] < GONE_WITHIN_MS
    assert await ada.ask("GET", "/api/v1/location/nearby") == (200, {"users": []})
    assert "zzzz" not in server.log


async def test_logging_out_is_being_gone_and_closes_the_socket(pair: tuple[Person, Person]) -> None:
    ada, bob = pair
    for person in (ada, bob):
        await person.emit("user:go_live")
        await person.emit("user:update_location", {"geohash": HERE})
    status, fresh = await bob.ask("POST", "/api/v1/auth/refresh-token", {"refreshToken": bob.refresh})
    assert status == 200
    assert set(fresh) == {"accessToken", "refreshToken"}
    heard = len(bob.program.events)
    assert await bob.ask("POST", "/api/v1/auth/logout") == (200, {"success": True})
    assert (await ada.hears("live:user_left", heard))["userId"] == bob.id
    await bob.program.tells("disconnect", of("bob"), since=heard)
    status, failure = await bob.ask("GET", "/api/v1/auth/me")
    assert (status, failure["statusCode"]) == (401, 401)
    for refresh in (fresh["refreshToken"], "forged"):
        status, failure = await ada.ask("POST", "/api/v1/auth/refresh-token", {"refreshToken": refresh})
        assert (status, failure["path"]) == (401, "/api/v1/auth/refresh-token")


async def test_without_spotify_signing_in_with_it_says_so(server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.url, timeout=START_WITHIN_S) as http:
        for method, path in (
            ("GET", "spotify"),
            ("GET", "spotify/callback?code=c&state=s"),
            ("POST", "token"),
        ):
            for prefix in ("/api/v1/auth/", "/auth/"):
                answer = await http.request(method, prefix + path)
                assert (answer.status_code, answer.json()["statusCode"]) == (503, 503)


@pytest.mark.timeout(120)
async def test_the_kill_switch_is_measured() -> None:
    """A smoke run of the bench; the figure is the full run's."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.kill_switch", "--quick",
        cwd=ROOT, env=environment({}), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    assert b"last socket to hear" in out
