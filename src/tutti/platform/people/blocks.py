"""Who wants nothing to do with whom. It ends what was between the two, and neither is there for the other any more.

Whoever is blocked does not learn it: to block in return somebody who is not there is to find nobody.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections import defaultdict

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.accounts.models import User
from tutti.platform.paging import Page, Wanted, page
from tutti.platform.people.friends import both_locked
from tutti.platform.people.models import Block, Friendship, Profile, pair_of
from tutti.platform.people.schemas import Amiss, Blocked, Part, Parted
from tutti.platform.people.somebody import Somebody
from tutti.platform.rows import RandomBytes, Sql, WallMs


class Blocks:
    """All raise `Unavailable`."""

    def __init__(self, sql: Sql, *, wall_ms: WallMs, random: RandomBytes) -> None:
        self._sql = sql
        self._wall_ms = wall_ms
        self._random = random
        self._known: defaultdict[str, set[str]] = defaultdict(set)
        self._parts: list[Part] = []
        self._parted: list[Parted] = []

    def ends(self, part: Part) -> None:
        """In the transaction of each block: what else of the two ends with it."""
        self._parts.append(part)

    def heard_by(self, parted: Parted) -> None:
        """After each block was kept."""
        self._parted.append(parted)

    def may_meet(self, one: str, other: str) -> bool:
        """Neither blocks the other. From memory, so that it can be asked anywhere, as of `load` and all since."""
        return other not in self._known.get(one, ())

    async def load(self) -> None:
        """Once, before `may_meet` is asked."""
        async with self._sql.reading() as db:
            for blocker, blocked in await db.execute(select(Block.blocker_id, Block.blocked_id)):
                self._know(blocker, blocked)

    async def block(self, user: str, other: str) -> Amiss | None:
        """Twice is once."""
        if user == other:
            return Amiss.YOURSELF
        async with self._sql.writing() as db:
            if not await both_locked(db, user, other):
                return Amiss.NO_SUCH
            if await db.get(Block, (other, user)) is not None:
                return Amiss.NO_SUCH
            if await db.get(Block, (user, other)) is None:
                db.add(Block(blocker_id=user, blocked_id=other, at_ms=int(self._wall_ms())))
                await db.execute(delete(Friendship).where(Friendship.pair == pair_of(user, other)))
                await self._rename_pictures(db, user, other)
                for part in self._parts:
                    await part(db, user, other)
        self._know(user, other)
        for parted in self._parted:
            parted(user, other)
        return None

    async def unblock(self, user: str, other: str) -> Amiss | None:
        """Friends they are not by this."""
        async with self._sql.writing() as db:
            block = await db.get(Block, (user, other), with_for_update=True)
            if block is None:
                return Amiss.NO_SUCH
            await db.delete(block)
        self._known[user].discard(other)
        self._known[other].discard(user)
        return None

    async def blocked(self, user: str, wanted: Wanted, size: int) -> Page[Blocked]:
        """Whom they block, the last first."""
        listed = (
            select(Block.at_ms, User.id, User.username, User.display_name)
            .join(User, User.id == Block.blocked_id)
            .where(Block.blocker_id == user)
        )
        async with self._sql.reading() as db:
            rows = await page(db, listed, at=Block.at_ms, id=Block.blocked_id, wanted=wanted, size=size)
        return rows.of(lambda row: Blocked(Somebody(*row[1:4]), row[0]))

    def _know(self, one: str, other: str) -> None:
        self._known[one].add(other)
        self._known[other].add(one)

    async def _rename_pictures(self, db: AsyncSession, *users: str) -> None:
        """By the names that they know, they fetch one another's pictures no more."""
        for profile in await db.scalars(
            select(Profile).where(Profile.user_id.in_(users), Profile.avatar.is_not(None))
        ):
            profile.avatar = picture_name(self._random)


def picture_name(random: RandomBytes) -> str:
    """Which nobody can guess."""
    return urlsafe_b64encode(random(15)).decode()
