"""Logins and their tokens: opened, refreshed, ended. Works in the caller's transaction.

A refresh token works once and hands over to its successor. Somebody whose answer was lost may show it again within
the grace, and gets the same successor. Later than that it has been stolen, from them or by them: nobody can tell which
of the two is here, and so the login ends for both.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.accounts.models import Device, LoginSession, RefreshToken, User
from tutti.platform.accounts.schemas import Login, OnDevice, Problem, Tokens, Wrong
from tutti.platform.accounts.tokens import AccessTokens, new_refresh, recognised, sealed
from tutti.platform.rows import RandomBytes, WallMs, new_id

GRACE_MS = 30_000
KEPT_MS = 30 * 24 * 3_600_000
"""How long an ended login is remembered."""
LONGEST_REFRESH = 512
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Lifetimes:
    access_s: float = 900.0
    refresh_s: float = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Stolen:
    """A used token came back too late: this login has ended."""

    session: str


class Logins:
    def __init__(
        self, access: AccessTokens, wall_ms: WallMs, random: RandomBytes, lifetimes: Lifetimes
    ) -> None:
        self._access = access
        self._wall_ms = wall_ms
        self._random = random
        self._lifetimes = lifetimes

    async def open(self, db: AsyncSession, user: User, on: OnDevice) -> Tokens:
        """A new login of somebody who has proven who they are."""
        now = self._now()
        device = await self._device(db, user, on)
        login = LoginSession(
            id=new_id(now, self._random),
            user_id=user.id,
            device_id=device.id,
            created_at_ms=now,
            last_used_at_ms=now,
            expires_at_ms=self._until(now),
        )
        db.add(login)
        await db.flush()
        return await self._issue(db, user, login, new_refresh(self._random))

    async def refresh(self, db: AsyncSession, token: str) -> Tokens | Stolen | Problem:
        if len(token) > LONGEST_REFRESH:
            return Problem(Wrong.TOKEN)
        login = await self._of(db, token)
        now = self._now()
        if login is None or login.ended_at_ms is not None:
            return Problem(Wrong.TOKEN)
        shown = await db.get_one(RefreshToken, recognised(token))
        user = await db.get_one(User, login.user_id)
        if shown.expires_at_ms <= now or not user.active:
            return Problem(Wrong.TOKEN)
        if shown.used_at_ms is None:
            return await self._rotate(db, user, login, shown, token)
        if shown.sealed_successor is not None and now - shown.used_at_ms <= GRACE_MS:
            return self._tokens(user, login, sealed(shown.sealed_successor, token))
        self._end(login, "theft")
        return Stolen(login.id)

    async def of(self, db: AsyncSession, token: str) -> str | None:
        """The login that a refresh token belongs to, ended or not, whether the token was used or not."""
        if len(token) > LONGEST_REFRESH:
            return None
        return await db.scalar(select(RefreshToken.session_id).where(RefreshToken.hash == recognised(token)))

    async def end(
        self,
        db: AsyncSession,
        because: str,
        *,
        user: str | None = None,
        only: str | None = None,
        keep: str | None = None,
    ) -> tuple[str, ...]:
        """End all logins of this person, `only` one, or all but `keep`; those that had not ended yet."""
        assert user is not None or only is not None, "that would be everybody's"
        asked = select(LoginSession).where(LoginSession.ended_at_ms.is_(None))
        if user is not None:
            asked = asked.where(LoginSession.user_id == user)
        if only is not None:
            asked = asked.where(LoginSession.id == only)
        if keep is not None:
            asked = asked.where(LoginSession.id != keep)
        ending = (await db.scalars(asked.order_by(LoginSession.id).with_for_update())).all()
        for login in ending:
            self._end(login, because)
        return tuple(login.id for login in ending)

    async def listed(self, db: AsyncSession, user: str) -> tuple[Login, ...]:
        """Those that have not ended, the one last used first."""
        asked = (
            select(LoginSession, Device.name)
            .join(Device, Device.id == LoginSession.device_id)
            .where(
                LoginSession.user_id == user,
                LoginSession.ended_at_ms.is_(None),
                LoginSession.expires_at_ms > self._now(),
            )
            .order_by(LoginSession.last_used_at_ms.desc(), LoginSession.id)
        )
        return tuple(
            Login(row.id, name, row.created_at_ms, row.last_used_at_ms, row.expires_at_ms)
            for row, name in (await db.execute(asked)).all()
        )

    async def ended_lately(self, db: AsyncSession) -> tuple[str, ...]:
        """Logins that have ended while access tokens of theirs may still be alive."""
        since = self._now() - int(self._lifetimes.access_s * 1000) - 1000
        asked = select(LoginSession.id).where(LoginSession.ended_at_ms > since)
        return tuple((await db.scalars(asked)).all())

    async def forget(self, db: AsyncSession) -> None:
        """Delete what nobody can use any more. A used token is kept as long as it would have lived, to be recognised."""
        now = self._now()
        long_over = or_(
            LoginSession.ended_at_ms < now - KEPT_MS,
            LoginSession.expires_at_ms < now - KEPT_MS,
        )
        await db.execute(delete(RefreshToken).where(RefreshToken.expires_at_ms < now))
        await db.execute(delete(LoginSession).where(long_over))

    async def _of(self, db: AsyncSession, token: str) -> LoginSession | None:
        """Locked before anything of it is read, so that two who show a token at once are heard one after the other."""
        session = await self.of(db, token)
        if session is None:
            return None
        return await db.scalar(select(LoginSession).where(LoginSession.id == session).with_for_update())

    async def _rotate(
        self, db: AsyncSession, user: User, login: LoginSession, shown: RefreshToken, token: str
    ) -> Tokens:
        now = self._now()
        successor = new_refresh(self._random)
        shown.used_at_ms = now
        shown.sealed_successor = sealed(successor, token)
        login.last_used_at_ms = now
        login.expires_at_ms = self._until(now)
        await db.execute(
            update(RefreshToken)
            .where(RefreshToken.session_id == login.id, RefreshToken.used_at_ms < now - GRACE_MS)
            .values(sealed_successor=None)
        )
        return await self._issue(db, user, login, successor)

    async def _issue(self, db: AsyncSession, user: User, login: LoginSession, refresh: str) -> Tokens:
        db.add(
            RefreshToken(
                hash=recognised(refresh),
                session_id=login.id,
                issued_at_ms=self._now(),
                expires_at_ms=login.expires_at_ms,
            )
        )
        return self._tokens(user, login, refresh)

    def _tokens(self, user: User, login: LoginSession, refresh: str) -> Tokens:
        access = self._access.issue(user.id, user.display_name, login.id, self._lifetimes.access_s)
        return Tokens(login.id, access, refresh, max(round((login.expires_at_ms - self._now()) / 1000), 0))

    async def _device(self, db: AsyncSession, user: User, on: OnDevice) -> Device:
        now = self._now()
        key = hashlib.sha256(on.known_as.encode("utf-8", "surrogatepass")).hexdigest()
        known = await db.scalar(select(Device).where(Device.user_id == user.id, Device.key == key))
        name = "".join(letter for letter in on.name if letter.isprintable())[:LONGEST_NAME] or "unknown"
        if known is not None:
            known.name, known.last_seen_at_ms = name, now
            return known
        device = Device(
            id=new_id(now, self._random),
            user_id=user.id,
            key=key,
            name=name,
            first_seen_at_ms=now,
            last_seen_at_ms=now,
        )
        db.add(device)
        await db.flush()
        return device

    def _end(self, login: LoginSession, because: str) -> None:
        login.ended_at_ms = self._now()
        login.ended_because = because

    def _until(self, now: int) -> int:
        return now + int(self._lifetimes.refresh_s * 1000)

    def _now(self) -> int:
        return int(self._wall_ms())
