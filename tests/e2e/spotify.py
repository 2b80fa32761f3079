"""The stand-in for Spotify as a process of its own, a server that signs people in with it, and their browsers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.e2e.server import ROOT, START_WITHIN_S, TUTTI, Server, environment

CALLBACK = "/api/v1/auth/spotify/callback"
SONG = "4uLU6hMCjMI75M1A2tKUQC"
FRONT = "https://front.example/in"


@asynccontextmanager
async def spotify_standin() -> AsyncIterator[httpx.AsyncClient]:
    process = await asyncio.create_subprocess_exec(
        TUTTI, "spotify-standin", "--port", "0",
        env=environment({}), cwd=ROOT / "tests", stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_WITHIN_S):
            url = (await process.stdout.readline()).decode().strip()
        async with httpx.AsyncClient(base_url=url, timeout=START_WITHIN_S) as http:
            yield http
    finally:
        process.kill()  # it may be holding a call that it was told to be slow with
        await process.wait()


@asynccontextmanager
async def serving_with(
    folder: Path, standin: httpx.AsyncClient, env: Mapping[str, str] | None = None
) -> AsyncIterator[Server]:
    """In closed mode, at a port that the callback's address names."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {
        "TUTTI_MODE": "closed",
        "JWT_SECRET": "the-secret-of-this-test-and-of-nothing-else",
        "SPOTIFY_CLIENT_ID": "app",
        "SPOTIFY_CLIENT_SECRET": "hush",
        "SPOTIFY_API_URL": str(standin.base_url).rstrip("/"),
        "SPOTIFY_CALLBACK_URL": f"http://127.0.0.1:{port}{CALLBACK}",
        "FRONTEND_URL": FRONT,
    }
    server = Server(folder / "data", env={**settings, **(env or {})}, port=port)
    try:
        await server.start()
        yield server
    finally:
        await server.aclose()


@dataclass(frozen=True)
class Person:
    """`http` carries their access token."""

    id: str
    access: str
    http: httpx.AsyncClient

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        answer = await self.http.request(method, f"/api/v1{path}", json=body)
        return answer.status_code, answer.json()

    async def arrives(self, geohash: str = "u09tvw") -> None:
        """Live there, and sharing what they listen to from then on."""
        assert (await self.ask("POST", "/presence/live", {"shareTrack": False}))[0] == 200
        assert (await self.ask("POST", "/location/update", {"geohash": geohash}))[0] == 200
        assert (await self.ask("PATCH", "/presence/settings", {"shareTrack": True}))[0] == 200


class Browser:
    """One person's: it keeps its cookies to itself, and goes nowhere that the test does not send it."""

    def __init__(self, server: Server, standin: httpx.AsyncClient) -> None:
        self.http = httpx.AsyncClient(base_url=server.url, timeout=START_WITHIN_S)
        self._standin = standin

    async def begins(self, **query: str) -> str:
        """Where it is sent to agree."""
        answer = await self.http.get("/api/v1/auth/spotify", params=query)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])

    async def agrees(self, page: str, user: str) -> str:
        """Where it is sent back to. No user: they say no."""
        answer = await self._standin.post(page, data={"user": user} if user else {"cancel": "1"})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def comes_back(self, address: str) -> httpx.Response:
        return await self.http.get(address)

    async def redeems(self, code: str, **more: str) -> httpx.Response:
        return await self.http.post("/api/v1/auth/token", json={"code": code, **more})

    async def code(self, user: str, **query: str) -> str:
        back = await self.comes_back(await self.agrees(await self.begins(**query), user))
        return said(back.headers["location"])["code"]

    async def signs_in(self, user: str) -> Person:
        answer = await self.redeems(await self.code(user))
        assert answer.status_code == 200, answer.text
        access = answer.json()["accessToken"]
        self.http.headers["Authorization"] = f"Bearer {access}"
        me = (await self.http.get("/api/v1/auth/me")).json()
        return Person(me["id"], access, self.http)


def said(address: str) -> dict[str, str]:
    """The query of an address, in which every name is once."""
    return {name: value for name, (value,) in parse_qs(urlsplit(address).query).items()}


async def behave(standin: httpx.AsyncClient, **behaviour: Any) -> None:
    (await standin.put("/standin/behaviour", json=behaviour)).raise_for_status()


async def tell(standin: httpx.AsyncClient, user: str, **what: Any) -> None:
    """What their player is to do."""
    (await standin.put(f"/standin/users/{user}/player", json=what)).raise_for_status()


async def plays_out(standin: httpx.AsyncClient, user: str, left_ms: float) -> None:
    """A track that is over soon."""
    await tell(standin, user, do="play", track=SONG)
    track = await standin.get(f"/v1/tracks/{SONG}", headers={"Authorization": "Bearer standin:x"})
    await tell(standin, user, do="seek", position_ms=track.json()["duration_ms"] - left_ms)


async def calls(standin: httpx.AsyncClient) -> dict[str, int]:
    counted: dict[str, int] = (await standin.get("/standin/calls")).json()
    return counted
