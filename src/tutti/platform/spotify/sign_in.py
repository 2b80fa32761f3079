"""Signing in with Spotify: OAuth 2.0's authorization code with PKCE (RFC 7636), from our address and back to it.

A browser is sent to Spotify with a state that works once, for ten minutes, in that browser only (a cookie), and comes
back with a code. It goes on to the front end with a code of ours, which works once, for a minute. No token and no id
of anybody is ever in an address. The account and the connection are made when that code is redeemed: a sign-in that is
left half-way leaves nothing.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode
from typing import Protocol, TypeVar
from urllib.parse import urlencode, urlsplit, urlunsplit

import structlog
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.accounts.schemas import LoggedIn, OnDevice, Problem
from tutti.platform.rows import RandomBytes, Sql, WallMs
from tutti.platform.spotify.connections import Connections
from tutti.platform.spotify.models import SpotifyCode, SpotifyState
from tutti.platform.spotify.provider import Grant, Identity, Provider, Refused
from tutti.platform.spotify.schemas import Addresses, Begun, Cookie, Wrong
from tutti.platform.spotify.vault import Unreadable, Vault
from tutti.service.ports import Unavailable

log = structlog.get_logger("tutti.spotify")

SCOPES = "user-read-currently-playing user-read-playback-state user-read-private user-read-email"
"""As guide 002's clients were registered. No field beyond the id, the display name and what plays is read."""
STATE_S = 600
CODE_S = 60
COOKIE = "tutti-spotify"

_THEIRS = re.compile(r"[!-~]{1,2048}")
_OPAQUE = re.compile(r"[A-Za-z0-9_-]{43}")

R = TypeVar("R", SpotifyState, SpotifyCode)


class SpotifyAccounts(Protocol):
    """The accounts, as far as a sign-in needs them."""

    async def from_spotify(self, spotify_id: str, name: str, on: OnDevice) -> LoggedIn | Problem:
        """Whoever Spotify says this is: their account, made now if there is none yet."""
        ...


class SpotifySignIn:
    """All methods raise `Unavailable` if the database is not there."""

    def __init__(
        self,
        sql: Sql,
        vault: Vault,
        provider: Provider,
        accounts: SpotifyAccounts,
        connections: Connections,
        *,
        client_id: str,
        addresses: Addresses,
        wall_ms: WallMs,
        random: RandomBytes,
    ) -> None:
        self._sql = sql
        self._vault = vault
        self._provider = provider
        self._accounts = accounts
        self._connections = connections
        self._client_id = client_id
        self._addresses = addresses
        self._wall_ms = wall_ms
        self._random = random
        self._secure = urlsplit(addresses.callback_url).scheme == "https"

    @property
    def cookie_name(self) -> str:
        """Where the browser's half of a state is."""
        return f"__Host-{COOKIE}" if self._secure else COOKIE

    def elsewhere(self, host: str | None) -> str | None:
        """Where a browser must begin that came to us by another name (`localhost`), and would come back without cookie.

        `host`: the request's Host header. None: here is right. Only on one machine: a proxy may call us what it likes.
        """
        callback = urlsplit(self._addresses.callback_url)
        if self._secure or host is None or not callback.path.endswith("/callback"):
            return None
        if host.lower().partition(":")[0] != "localhost":  # ports do not matter to cookies
            return None
        return urlunsplit((callback.scheme, callback.netloc, callback.path.removesuffix("/callback"), "", ""))

    async def begin(self, cookie: str | None = None, challenge: str | None = None) -> Begun | Wrong:
        """Off to Spotify. `cookie`: what this browser has from before, so that two tabs may sign in at once.

        `challenge`: the front end's own, base64url of a SHA-256 (RFC 7636 section 4.2): our code is then worth something
        only together with what was hashed.
        """
        if challenge is not None and not _OPAQUE.fullmatch(challenge):
            return Wrong.CHALLENGE
        browser = cookie if cookie is not None and _OPAQUE.fullmatch(cookie) else self._secret()
        state, verifier = self._secret(), self._secret()
        hashed = _hash("state", state)
        async with self._sql.writing() as db:
            await self._tidy(db)
            db.add(
                SpotifyState(
                    hash=hashed,
                    browser=_hash("browser", browser),
                    sealed=self._vault.seal(hashed, verifier),
                    challenge=challenge,
                    expires_at_ms=self._in(STATE_S),
                )
            )
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "scope": SCOPES,
            "redirect_uri": self._addresses.callback_url,
            "state": state,
            "code_challenge_method": "S256",
            "code_challenge": _challenge(verifier),
        }
        url = f"{self._addresses.authorize_url}?{urlencode(asked)}"
        return Begun(url, Cookie(self.cookie_name, browser, STATE_S, self._secure))

    async def complete(
        self, code: str | None, state: str | None, cookie: str | None, error: str | None = None
    ) -> str | Wrong:
        """Where to send a browser that came back: to the front end, with `code`, or with an `error` that has one of these
        names: `access_denied`, `refused` (Spotify did not take it), `unavailable` (Spotify is not there now)."""
        begun = await self._take_state(state, cookie)
        if begun is None:
            return Wrong.STATE
        if code is None or not _THEIRS.fullmatch(code) or error is not None:
            return self._to_front_end(error="access_denied" if error == "access_denied" else "refused")
        try:
            (verifier,) = self._vault.open(begun.hash, begun.sealed)
            grant = await self._provider.redeem(code, verifier, self._addresses.callback_url)
            who = await self._provider.me(grant.access)
        except (Refused, Unreadable) as problem:
            log.warning("spotify.sign_in_refused", why=type(problem).__name__)
            return self._to_front_end(error="refused")
        except Unavailable:
            return self._to_front_end(error="unavailable")
        if grant.refresh is None:
            return self._to_front_end(error="refused")
        return self._to_front_end(code=await self._keep(who, grant, grant.refresh, begun.challenge))

    async def exchange(
        self, code: str, on: OnDevice, verifier: str | None = None
    ) -> LoggedIn | Problem | Wrong:
        """Our tokens for our code, once: whoever shows it again, or shows it wrongly, has used it up."""
        row = await self._take(SpotifyCode, _hash("code", code))
        if row is None or row.challenge != (None if verifier is None else _challenge(verifier)):
            return Wrong.CODE
        try:
            spotify_id, name, access, refresh, expires = self._vault.open(row.hash, row.sealed)
        except (Unreadable, ValueError):
            return Wrong.CODE
        entered = await self._accounts.from_spotify(spotify_id, name, on)
        if isinstance(entered, Problem):
            return entered
        lives_s = max((int(expires) - self._wall_ms()) / 1000, 0.0)
        await self._connections.connect(entered.person.id, spotify_id, Grant(access, refresh, lives_s))
        return entered

    @staticmethod
    def may_be_code(code: str) -> bool:
        """Whether it looks like one of ours."""
        return _OPAQUE.fullmatch(code) is not None

    async def tidy(self) -> None:
        """Now and then: what was left half-way is deleted."""
        async with self._sql.writing() as db:
            await self._tidy(db)

    async def _keep(self, who: Identity, grant: Grant, refresh: str, challenge: str | None) -> str:
        code = self._secret()
        hashed = _hash("code", code)
        expires = str(int(self._wall_ms() + grant.lives_s * 1000))
        sealed = self._vault.seal(hashed, who.id, who.name or "", grant.access, refresh, expires)
        async with self._sql.writing() as db:
            db.add(
                SpotifyCode(hash=hashed, sealed=sealed, challenge=challenge, expires_at_ms=self._in(CODE_S))
            )
        return code

    async def _take_state(self, state: str | None, cookie: str | None) -> SpotifyState | None:
        """Shown in another browser, it is used up as well."""
        if state is None or cookie is None:
            return None
        row = await self._take(SpotifyState, _hash("state", state))
        return row if row is not None and row.browser == _hash("browser", cookie) else None

    async def _take(self, model: type[R], hashed: str) -> R | None:
        """Once: of several who come at the same time, one gets it."""
        async with self._sql.writing() as db:
            row = await db.get(model, hashed, with_for_update=True)
            if row is None:
                return None
            await db.delete(row)
        return row if self._wall_ms() < row.expires_at_ms else None

    async def _tidy(self, db: AsyncSession) -> None:
        now = int(self._wall_ms())
        await db.execute(delete(SpotifyState).where(SpotifyState.expires_at_ms <= now))
        await db.execute(delete(SpotifyCode).where(SpotifyCode.expires_at_ms <= now))

    def _to_front_end(self, **said: str) -> str:
        parts = urlsplit(self._addresses.frontend_url)
        query = "&".join(part for part in (parts.query, urlencode(said)) if part)
        return urlunsplit(parts._replace(path=parts.path or "/", query=query))

    def _secret(self) -> str:
        return urlsafe_b64encode(self._random(32)).decode().rstrip("=")

    def _in(self, seconds: float) -> int:
        return int(self._wall_ms() + seconds * 1000)


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("utf-8", "surrogatepass")).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


def _hash(what: str, secret: str) -> str:
    """What is kept of it. It has 256 random bits, so that one round of SHA-256 hides it."""
    return hashlib.sha256(f"{what}:{secret}".encode("utf-8", "surrogatepass")).hexdigest()
