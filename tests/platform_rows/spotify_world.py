"""People, a browser, the accounts, and the stand-in for Spotify, with one clock that is turned by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.platform_rows.desk import LAPTOP, SECRET, Desk, entered
from tutti.core.ids import MemberId
from tutti.infra.spotify_api import SpotifyApi
from tutti.infra.spotify_calls import Calls
from tutti.infra.spotify_standin import StandIn, standin_app
from tutti.infra.sql import Database
from tutti.platform.accounts.schemas import LoggedIn, OnDevice
from tutti.platform.accounts.tokens import Previous
from tutti.platform.spotify.connections import Connections
from tutti.platform.spotify.schemas import Addresses, Begun, Wrong
from tutti.platform.spotify.sign_in import SpotifySignIn
from tutti.platform.spotify.vault import Vault

SPOTIFY = "http://spotify.test"
CALLBACK = "http://127.0.0.1:3000/api/v1/auth/spotify/callback"
FRONT = "http://127.0.0.1:3001"
PLACES = Addresses(f"{SPOTIFY}/authorize", CALLBACK, FRONT)


class World:
    """`lost`: who was told to connect again."""

    def __init__(
        self,
        database: Database,
        desk: Desk,
        standin: StandIn,
        http: httpx.AsyncClient,
        *,
        secret: bytes = SECRET,
        previous: Previous | None = None,
        places: Addresses = PLACES,
        timeout_s: float = 3.0,
    ) -> None:
        self.database, self.desk, self.standin, self.http = database, desk, standin, http
        self.clock = desk.clock
        self.lost: list[MemberId] = []
        self.vault = Vault(secret, self.clock, previous=previous)
        calls = Calls(http, self.clock, timeout_s=timeout_s)
        self.api = SpotifyApi(calls, client_id="app", client_secret="hush", api_url=SPOTIFY)
        self.connections = Connections(
            database, self.vault, self.api, wall_ms=self.clock, lost=self.lost.append
        )
        self.sign_in = SpotifySignIn(
            database,
            self.vault,
            self.api,
            desk.accounts,
            self.connections,
            client_id="app",
            addresses=places,
            wall_ms=self.clock,
            random=desk.random,
        )

    def after_restart(self, secret: bytes = SECRET, previous: Previous | None = None) -> World:
        """The same database and the same Spotify, another process."""
        return World(self.database, self.desk, self.standin, self.http, secret=secret, previous=previous)

    async def begin(self, cookie: str | None = None, challenge: str | None = None) -> Begun:
        begun = await self.sign_in.begin(cookie, challenge)
        assert isinstance(begun, Begun), begun
        return begun

    async def agree(self, begun: Begun, user: str = "ann") -> dict[str, str]:
        """What the browser comes back with."""
        answer = await self.http.post(begun.redirect_url, data={"user": user} if user else {"cancel": "1"})
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"].startswith(CALLBACK + "?")
        return said(answer.headers["location"])

    async def code(self, user: str = "ann", challenge: str | None = None) -> str:
        """Ours, that the front end was sent."""
        begun = await self.begin(challenge=challenge)
        back = await self.agree(begun, user)
        return said(await self.complete(back, begun))["code"]

    async def complete(self, back: dict[str, str], begun: Begun) -> str:
        where = await self.sign_in.complete(
            back.get("code"), back.get("state"), begun.cookie.value, back.get("error")
        )
        assert isinstance(where, str), where
        return where

    async def enter(self, user: str = "ann", on: OnDevice = LAPTOP) -> LoggedIn:
        return entered(await self.sign_in.exchange(await self.code(user), on))

    async def connected(self, user: str = "ann") -> MemberId:
        """Their id here."""
        return MemberId((await self.enter(user)).person.id)


@asynccontextmanager
async def world_of(database: Database, desk: Desk) -> AsyncIterator[World]:
    standin = StandIn(desk.clock)
    app: Any = standin_app(standin)  # the two libraries describe ASGI in types that do not fit
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport) as http:
        world = World(database, desk, standin, http)
        yield world
        await world.connections.aclose()


def said(url: str) -> dict[str, str]:
    """The query of an address, in which every name is once."""
    return {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}


def wrong(outcome: object) -> Wrong:
    assert isinstance(outcome, Wrong), outcome
    return outcome
