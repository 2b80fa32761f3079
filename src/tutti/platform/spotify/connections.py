"""Who is connected to Spotify: their tokens, kept sealed, fresh, and gone when they are to be gone.

A consent that Spotify does not honour any more is never asked about again: the tokens are deleted, the state says
`reauth_required`, `lost` is told once, and only the person can go on from there. Spotify is never asked inside a
transaction; whoever comes back from it writes only if nobody else wrote meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

import structlog
from sqlalchemy import CursorResult, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.core.ids import MemberId
from tutti.platform.rows import Sql, WallMs
from tutti.platform.spotify.models import SpotifyConnection
from tutti.platform.spotify.provider import ConsentGone, Grant, NotAllowed, Provider, TokenExpired
from tutti.platform.spotify.schemas import Connection, State
from tutti.platform.spotify.vault import Unreadable, Vault
from tutti.service.nearby.players import NoPlayer, Playing
from tutti.service.ports import Unavailable

log = structlog.get_logger("tutti.spotify")

EARLY_MS = 120_000
"""A token is refreshed so long before it expires."""
RESEALED_AT_ONCE = 200


class _Kept(NamedTuple):
    access: str
    refresh: str
    expires_at_ms: int
    version: int


class Connections:
    """A `Players` port. `lost` hears who has to connect again, after that was kept; it must not wait or raise."""

    def __init__(
        self,
        sql: Sql,
        vault: Vault,
        provider: Provider,
        *,
        wall_ms: WallMs,
        lost: Callable[[MemberId], None] = lambda _: None,
    ) -> None:
        self._sql = sql
        self._vault = vault
        self._provider = provider
        self._wall_ms = wall_ms
        self._lost = lost
        self._refreshing: dict[str, asyncio.Task[str | Unavailable | None]] = {}

    # -- what the owner may do

    async def connection(self, user: str) -> Connection | None:
        async with self._sql.reading() as db:
            row = await db.get(SpotifyConnection, user)
            if row is None:
                return None
            return Connection(user, row.spotify_id, State(row.state), row.consented_at_ms)

    async def connect(self, user: str, spotify_id: str, grant: Grant) -> None:
        """They consented just now. `grant` has a refresh token. A connection that there was is replaced."""
        assert grant.refresh is not None, "a consent comes with a refresh token"
        now = int(self._wall_ms())
        async with self._sql.writing() as db:
            row = await db.get(SpotifyConnection, user, with_for_update=True)
            if row is None:
                row = SpotifyConnection(user_id=user, version=0)
                db.add(row)
            row.spotify_id = spotify_id
            row.state = State.CONNECTED.value
            row.sealed = self._vault.seal(user, grant.access, grant.refresh)
            row.access_expires_at_ms = now + int(grant.lives_s * 1000)
            row.consented_at_ms = now
            row.version += 1

    async def disconnect(self, user: str) -> bool:
        """Delete the tokens. A refresh that is under way keeps nothing. False: there were none."""
        async with self._sql.writing() as db:
            gone = await db.execute(delete(SpotifyConnection).where(SpotifyConnection.user_id == user))
        return _rows(gone) > 0

    # -- what is asked with their tokens

    async def playing(self, user: MemberId) -> Playing | None:
        access = await self._access(user)
        try:
            return await self._provider.playing(access)
        except TokenExpired:
            access = await self._access(user, refused=access)
        except NotAllowed:
            raise NoPlayer from None
        try:
            return await self._provider.playing(access)
        except (
            TokenExpired
        ):  # of a token that was made just now: theirs to explain, not the person's to repair
            raise Unavailable("Spotify does not know the token that it gave") from None
        except NotAllowed:
            raise NoPlayer from None

    async def reseal(self) -> int:
        """After a change of JWT_SECRET: seal with the current one what the previous one sealed. How many there were.

        What neither opens is of no use any more, and so its owner has to connect again.
        """
        async with self._sql.reading() as db:
            asked = select(SpotifyConnection.user_id, SpotifyConnection.sealed)
            rows = (await db.execute(asked.where(SpotifyConnection.sealed.is_not(None)))).all()
        old = [user for user, sealed in rows if sealed is not None and not self._vault.is_current(sealed)]
        for first in range(0, len(old), RESEALED_AT_ONCE):
            async with self._sql.writing() as db:
                some = old[first : first + RESEALED_AT_ONCE]
                lost = [user for user in some if not await self._resealed(db, user)]
            for user in lost:
                log.info("spotify.reauth_required", user=user, because="the key has changed")
                self._lost(MemberId(user))
        return len(old)

    async def aclose(self) -> None:
        """End what is under way; whoever waits for it hears `Unavailable`."""
        tasks = list(self._refreshing.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- tokens

    async def _access(self, user: str, refused: str | None = None) -> str:
        """One that is good for a while. `refused`: the one that Spotify did not take. Raises `NoPlayer`."""
        kept = await self._kept(user)
        if kept is None:
            raise NoPlayer
        return kept.access if self._is_good(kept, refused) else await self._refreshed(user, refused)

    def _is_good(self, kept: _Kept, refused: str | None) -> bool:
        return kept.access != refused and self._wall_ms() < kept.expires_at_ms - EARLY_MS

    async def _kept(self, user: str) -> _Kept | None:
        async with self._sql.reading() as db:
            row = await db.get(SpotifyConnection, user)
        if row is None or row.sealed is None:
            return None
        try:
            access, refresh = self._vault.open(user, row.sealed)
        except (Unreadable, ValueError):
            await self._lose(user, row.version, "the key has changed")
            return None
        return _Kept(access, refresh, row.access_expires_at_ms, row.version)

    async def _refreshed(self, user: str, refused: str | None) -> str:
        """Asked once, however many want it. Whoever stops waiting does not stop it for the others."""
        task = self._refreshing.get(user)
        if task is None:
            task = self._refreshing[user] = asyncio.create_task(self._refresh(user, refused))
        found = await asyncio.shield(task)
        if isinstance(found, Unavailable):
            raise found
        if found is None:
            raise NoPlayer
        return found

    async def _refresh(self, user: str, refused: str | None) -> str | Unavailable | None:
        """A problem is a value here, so that it is no loose end when nobody waits any more."""
        try:
            kept = await self._kept(user)
            if kept is None or self._is_good(kept, refused):  # somebody was here just before
                return None if kept is None else kept.access
            return await self._renew(user, kept)
        except Unavailable as problem:
            return problem
        except asyncio.CancelledError:
            return Unavailable("closing")
        finally:
            del self._refreshing[user]

    async def _renew(self, user: str, kept: _Kept) -> str | None:
        """If another process got new tokens meanwhile, or the person connected again, those are the ones that count."""
        try:
            grant = await self._provider.refresh(kept.refresh)
            if await self._replace(user, kept, grant):
                return grant.access
        except ConsentGone:
            if await self._lose(user, kept.version, "invalid_grant"):
                return None
        except (NotAllowed, TokenExpired):
            log.error("spotify.app_refused", meaning="check SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET")
            raise Unavailable("Spotify does not know this app") from None
        newer = await self._kept(user)
        return None if newer is None else newer.access

    async def _replace(self, user: str, kept: _Kept, grant: Grant) -> bool:
        """A token of ours that works once and that two processes used at once: what it brought outweighs the refusal."""
        sealed = self._vault.seal(user, grant.access, grant.refresh or kept.refresh)
        expires_at_ms = int(self._wall_ms() + grant.lives_s * 1000)
        row = SpotifyConnection
        refused = and_(row.version == kept.version + 1, row.state == State.REAUTH_REQUIRED.value)
        async with self._sql.writing() as db:
            done = await db.execute(
                update(row)
                .where(row.user_id == user, or_(row.version == kept.version, refused))
                .values(
                    sealed=sealed,
                    state=State.CONNECTED.value,
                    access_expires_at_ms=expires_at_ms,
                    version=row.version + 1,
                )
            )
        return _rows(done) > 0

    async def _lose(self, user: str, version: int, because: str) -> bool:
        async with self._sql.writing() as db:
            done = await db.execute(
                update(SpotifyConnection)
                .where(SpotifyConnection.user_id == user, SpotifyConnection.version == version)
                .values(sealed=None, state=State.REAUTH_REQUIRED.value, version=version + 1)
            )
        if _rows(done) == 0:
            return False
        log.info("spotify.reauth_required", user=user, because=because)
        self._lost(MemberId(user))
        return True

    async def _resealed(self, db: AsyncSession, user: str) -> bool:
        """False: it cannot be opened, and its owner has to connect again."""
        row = await db.get(SpotifyConnection, user, with_for_update=True)
        if row is None or row.sealed is None or self._vault.is_current(row.sealed):
            return True
        row.version += 1
        try:
            row.sealed = self._vault.seal(user, *self._vault.open(user, row.sealed))
        except Unreadable:
            row.sealed, row.state = None, State.REAUTH_REQUIRED.value
            return False
        return True


def _rows(result: object) -> int:
    assert isinstance(result, CursorResult)
    return result.rowcount
