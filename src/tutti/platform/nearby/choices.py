"""People's nearby settings in the database, and in memory only while they are needed.

What somebody chose counts from the moment they say so; `stored` returns once it would outlive the process. Whoever has
no account (open mode believes anybody) has theirs for as long as the process runs.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

from tutti.core.ids import MemberId
from tutti.platform.accounts.models import User
from tutti.platform.nearby.models import NearbyChoice
from tutti.platform.rows import ID_LENGTH, Sql
from tutti.service.nearby.values import Settings

MOST_READ: Final = 10_000
MOST_GUESTS: Final = 10_000
_LOCKS: Final = 64


class SqlChoices:
    """A `Choices` port. One person's writes reach the database in the order in which they were wanted."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._unstored: dict[MemberId, Settings | None] = {}
        self._guests: OrderedDict[MemberId, Settings] = OrderedDict()
        self._read: OrderedDict[MemberId, Settings | None] = OrderedDict()
        self._loading: dict[MemberId, set[object]] = {}
        """Looks at the rows of people who have chosen nothing else since the look began."""
        self._locks = tuple(asyncio.Lock() for _ in range(_LOCKS))

    def kept(self, user: MemberId) -> Settings | None:
        if user in self._unstored:
            return self._unstored[user]
        return self._guests.get(user) or self._read.get(user)

    def keep(self, user: MemberId, settings: Settings | None) -> None:
        self._loading.pop(user, None)
        self._unstored[user] = settings

    async def load(self, user: MemberId) -> None:
        if user in self._unstored or user in self._guests or not _may_have_account(user):
            return
        mine = object()
        self._loading.setdefault(user, set()).add(mine)
        try:
            async with self._sql.reading() as db:
                row = await db.get(NearbyChoice, user)
            if mine in self._loading.get(user, ()):
                self._remember(user, None if row is None else _settings(row))
        finally:
            self._looked(user, mine)

    async def stored(self, user: MemberId) -> None:
        async with self._locks[hash(user) % _LOCKS]:
            while user in self._unstored:
                settings = self._unstored[user]
                has_account = await self._write(user, settings)
                if self._unstored[user] is not settings:  # they changed their mind meanwhile
                    continue
                del self._unstored[user]
                if has_account:
                    self._remember(user, settings)
                else:
                    self._remember_guest(user, settings)

    async def _write(self, user: MemberId, settings: Settings | None) -> bool:
        """False: there is no such account, and nothing was written."""
        if not _may_have_account(user):
            return False
        async with self._sql.writing() as db:
            if await db.get(User, user, with_for_update={"read": True, "key_share": True}) is None:
                return False
            row = await db.get(NearbyChoice, user)
            if settings is None:
                if row is not None:
                    await db.delete(row)
                return True
            if row is None:
                row = NearbyChoice(user_id=user)
                db.add(row)
            row.share_track, row.allow_find = settings.share_track, settings.allow_find
            row.radius_km = settings.radius_km
        return True

    def _looked(self, user: MemberId, look: object) -> None:
        looks = self._loading.get(user, set())
        looks.discard(look)
        if not looks:
            self._loading.pop(user, None)

    def _remember(self, user: MemberId, settings: Settings | None) -> None:
        self._read[user] = settings
        self._read.move_to_end(user)
        if len(self._read) > MOST_READ:
            self._read.popitem(last=False)

    def _remember_guest(self, user: MemberId, settings: Settings | None) -> None:
        self._guests.pop(user, None)
        if settings is not None:
            self._guests[user] = settings
        if len(self._guests) > MOST_GUESTS:
            self._guests.popitem(last=False)


def _settings(row: NearbyChoice) -> Settings:
    return Settings(row.share_track, row.allow_find, row.radius_km)


def _may_have_account(user: MemberId) -> bool:
    """Ids of accounts are ours; what somebody claims in open mode may be anything."""
    return len(user) <= ID_LENGTH and user.isascii()
