"""What a node has to do with Spotify, put together: one pace and breaker for all of it, whose tokens are whose, sign-in.

Off until an app's id and secret are set. Signing in, and knowing what people who signed in listen to, are off until
SPOTIFY_CALLBACK_URL says where Spotify sends browsers back to.
"""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from secrets import token_bytes
from urllib.parse import urlsplit

import httpx
import structlog

from tutti.accounts import AccountDesk
from tutti.config import BadSettings, Settings
from tutti.core.ids import MemberId
from tutti.infra.spotify import SpotifyIdentity
from tutti.infra.spotify_api import SpotifyApi, accounts_url
from tutti.infra.spotify_calls import Calls
from tutti.platform.accounts.tokens import Previous
from tutti.platform.spotify.connections import Connections
from tutti.platform.spotify.schemas import Addresses
from tutti.platform.spotify.sign_in import SpotifySignIn
from tutti.platform.spotify.vault import Vault
from tutti.service.nearby.nearby import Nearby
from tutti.service.nearby.polling import Polling
from tutti.service.nearby.ports import Draw
from tutti.service.nearby.values import PlayerLost
from tutti.service.ports import Clock, Unavailable
from tutti.service.timers import TimerWheel

log = structlog.get_logger("tutti.spotify")

MOST_CONNECTIONS = 64
FRONT_PAGE = "/nearby"
"""Where people go on after signing in, on this server, if FRONTEND_URL does not say where."""


@dataclass(slots=True)
class SpotifyDesk:
    """`identity` knows their access tokens, and tracks. `sign_in` None: it is not set up.

    `when_lost`: what to do when somebody has to connect again; it must not wait or raise.
    """

    identity: SpotifyIdentity
    connections: Connections
    sign_in: SpotifySignIn | None
    when_lost: list[Callable[[MemberId], None]] = field(default_factory=list)

    def follow(self, nearby: Nearby, clock: Clock, wheel: TimerWheel, *, draw: Draw) -> Polling:
        """Know what people listen to who are live, share it and are connected, until the result is closed."""
        polling = Polling(self.connections, nearby, clock, wheel, draw=draw)
        nearby.attended_by(polling.heed)
        self.when_lost.append(lambda user: nearby.tell(user, PlayerLost()))
        return polling

    async def tidy(self) -> None:
        """Now and then. What cannot be deleted now is deleted next time."""
        try:
            if self.sign_in is not None:
                await self.sign_in.tidy()
                await self.connections.reseal()
        except Unavailable as problem:
            log.warning("spotify.not_tidied", problem=str(problem))


@asynccontextmanager
async def spotify_desk(
    settings: Settings, accounts: AccountDesk, *, now_ms: Callable[[], float], wall_ms: Callable[[], float]
) -> AsyncIterator[SpotifyDesk | None]:
    """None: Spotify is off. `now_ms` never goes back. Raises `BadSettings`."""
    if settings.spotify_client_id is None or settings.spotify_client_secret is None:
        yield None
        return
    addresses = _addresses(settings)
    limits = httpx.Limits(max_connections=MOST_CONNECTIONS)
    async with httpx.AsyncClient(limits=limits, cookies=_no_cookies()) as http:
        calls = Calls(http, now_ms)
        api = SpotifyApi(
            calls,
            client_id=settings.spotify_client_id,
            client_secret=settings.spotify_client_secret,
            api_url=settings.spotify_api_url,
        )
        when_lost: list[Callable[[MemberId], None]] = []

        def lost(user: MemberId) -> None:
            for hear in when_lost:
                hear(user)

        vault = Vault(settings.jwt_secret, wall_ms, previous=_previous(settings))
        connections = Connections(accounts.database, vault, api, wall_ms=wall_ms, lost=lost)
        sign_in = None
        if addresses is not None:
            sign_in = SpotifySignIn(
                accounts.database,
                vault,
                api,
                accounts.accounts,
                connections,
                client_id=settings.spotify_client_id,
                addresses=addresses,
                wall_ms=wall_ms,
                random=token_bytes,
            )
        identity = SpotifyIdentity(http, now_ms, api_url=settings.spotify_api_url, calls=calls)
        try:
            yield SpotifyDesk(identity, connections, sign_in, when_lost)
        finally:
            await identity.aclose()
            await connections.aclose()


def _addresses(settings: Settings) -> Addresses | None:
    callback = settings.spotify_callback_url
    if callback is None:
        return None
    _check_callback(callback)
    parts = urlsplit(callback)
    frontend = settings.frontend_url or f"{parts.scheme}://{parts.netloc}{FRONT_PAGE}"
    return Addresses(f"{accounts_url(settings.spotify_api_url)}/authorize", callback, frontend)


def _check_callback(url: str) -> None:
    """Spotify's rule: HTTPS, or a loopback address that is written as a number."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host == "localhost":
        right = url.replace("localhost", "127.0.0.1", 1)
        raise BadSettings(
            f"SPOTIFY_CALLBACK_URL: Spotify does not redirect to 'localhost'; write {right} here and at Spotify's"
            " dashboard, and open the page at 127.0.0.1 as well"
        )
    if parts.scheme == "https" and host:
        return
    if parts.scheme != "http" or not _is_loopback(host):
        raise BadSettings(
            f"SPOTIFY_CALLBACK_URL: got {url!r}, expected https, or http://127.0.0.1 for this machine only"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _no_cookies() -> CookieJar:
    """What one person's answer sets must not go with another's question."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


def _previous(settings: Settings) -> Previous | None:
    if settings.jwt_secret_previous is None:
        return None
    return Previous(settings.jwt_secret_previous, settings.jwt_secret_previous_until_ms)
