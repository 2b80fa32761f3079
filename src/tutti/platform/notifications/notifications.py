"""Telling people of something, and what they do with it.

Whoever tells does it in the transaction in which it happens: if that is undone, nobody was told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.notifications import preferences
from tutti.platform.notifications.digest import Digest
from tutti.platform.notifications.models import (
    LONGEST_KEY,
    LONGEST_MESSAGE,
    LONGEST_TITLE,
    LONGEST_TYPE,
    Notification,
)
from tutti.platform.notifications.schemas import Choice, Notice, ReadToo, Told
from tutti.platform.outbox.outbox import Outbox
from tutti.platform.paging import Found, Page, Wanted, page
from tutti.platform.people.relations import blocked_with
from tutti.platform.people.somebody import Somebody, somebodies
from tutti.platform.rows import RandomBytes, Sql, WallMs, new_id

KEPT_MS: Final = 90 * 24 * 3_600_000


class Notifications:
    """`told` and `read_too`: the words for sockets. `digest` None: nobody is written to. All raise `Unavailable`."""

    def __init__(
        self,
        sql: Sql,
        outbox: Outbox,
        *,
        told: Told,
        read_too: ReadToo,
        wall_ms: WallMs,
        random: RandomBytes,
        digest: Digest | None = None,
    ) -> None:
        self._sql = sql
        self._outbox = outbox
        self._told = told
        self._read_too = read_too
        self._wall_ms = wall_ms
        self._random = random
        self._digest = digest

    # -- for other features

    async def tell(  # noqa: PLR0917 - what is told, in the order in which it is read
        self,
        db: AsyncSession,
        user: str,
        type: str,  # noqa: A002 - the word of notifications
        title: str,
        message: str,
        data: Mapping[str, object],
        *,
        actor: str | None = None,
        key: str | None = None,
    ) -> None:
        """Unless they do not want to hear of it, or there is a block between them and whoever did it (`actor`).

        With a `key` there is one at most: the one before goes; and the same again, still unread, changes nothing.
        """
        await self.tell_all(db, (user,), type, title, message, data, actor=actor, key=key)

    async def tell_all(  # noqa: PLR0917 - as `tell`
        self,
        db: AsyncSession,
        users: Iterable[str],
        type: str,  # noqa: A002 - as `tell`
        title: str,
        message: str,
        data: Mapping[str, object],
        *,
        actor: str | None = None,
        key: str | None = None,
    ) -> None:
        """All of them alike, in as many statements for a hundred as for one."""
        assert len(type) <= LONGEST_TYPE
        assert key is None or len(key) <= LONGEST_KEY
        new = {
            "type": type,
            "title": _cut(title, LONGEST_TITLE),
            "message": _cut(message, LONGEST_MESSAGE),
            "data": msgspec.json.encode(data).decode(),
            "actor_id": actor,
            "key": key,
        }
        wanted = await self._who_wants(db, set(users) - {actor}, type, actor)
        expected = await self._expect_letters(db, [user for user, choice in wanted.items() if choice.email])
        if key is not None:
            wanted = await self._replacing(db, wanted, key, new)
        if not wanted:
            return
        rows = self._rows(wanted, new)
        await db.execute(insert(Notification), rows)
        await self._tell_live(db, [row for row in rows if row["shown"]], actor)
        if self._digest is not None:
            await self._digest.expect(db, [user for user in expected if user in wanted])

    async def read_about(self, db: AsyncSession, user: str, key: str) -> None:
        """They have seen what this is about."""
        await self._read(db, user, Notification.key == key)

    # -- for those who are told

    async def listed(
        self, user: str, wanted: Wanted, size: int, *, unread: bool | None = None
    ) -> tuple[Page[Notice], int]:
        """The newest first, and how many are unread in all."""
        theirs = select(Notification).where(Notification.user_id == user, Notification.shown)
        if unread is not None:
            theirs = theirs.where(
                Notification.read_at_ms.is_(None) if unread else Notification.read_at_ms > 0
            )
        async with self._sql.reading() as db:
            found = await page(
                db, theirs, at=Notification.at_ms, id=Notification.id, wanted=wanted, size=size
            )
            actors = await somebodies(db, {row[0].actor_id for row in found.rows if row[0].actor_id})
            count = (await self._unread(db, (user,))).get(user, 0)
        return found.of(lambda row: _listed(row, actors)), count

    async def unread(self, user: str) -> int:
        async with self._sql.reading() as db:
            return (await self._unread(db, (user,))).get(user, 0)

    async def read(self, user: str, which: str) -> Notice | None:
        """Twice is once. None: they have no such one."""
        async with self._sql.writing() as db:
            await self._read(db, user, Notification.id == which)
            row = await db.scalar(
                select(Notification).where(
                    Notification.id == which, Notification.user_id == user, Notification.shown
                )
            )
            if row is None:
                return None
            return _notice(row, await somebodies(db, [row.actor_id] if row.actor_id else []))

    async def read_all(self, user: str) -> int:
        """How many were unread."""
        async with self._sql.writing() as db:
            return await self._read(db, user, None)

    async def delete(self, user: str, which: str) -> bool:
        async with self._sql.writing() as db:
            gone = await db.scalar(
                delete(Notification)
                .where(Notification.id == which, Notification.user_id == user, Notification.shown)
                .returning(Notification.id)
            )
            if gone is None:
                return False
            await self._tell_read(db, user, (which,))
            return True

    async def forget(self) -> None:
        """What is so old that nobody looks for it."""
        async with self._sql.writing() as db:
            await db.execute(delete(Notification).where(Notification.at_ms < self._wall_ms() - KEPT_MS))

    async def part(self, db: AsyncSession, one: str, other: str) -> None:
        """One of them blocks the other: what each was told of the other is gone."""
        told, of = Notification.user_id, Notification.actor_id
        either = or_(and_(told == one, of == other), and_(told == other, of == one))
        await db.execute(delete(Notification).where(either))

    # -- telling

    async def _who_wants(
        self, db: AsyncSession, users: set[str], type_: str, actor: str | None
    ) -> dict[str, Choice]:
        if actor is not None and users:
            users -= await blocked_with(db, actor)
        if not users:
            return {}
        found = await preferences.choices(db, users, type_)
        return {user: choice for user, choice in found.items() if choice.in_app or choice.email}

    async def _replacing(
        self, db: AsyncSession, wanted: dict[str, Choice], key: str, new: Mapping[str, object]
    ) -> dict[str, Choice]:
        """Those who still have to be told; what they were told before about this is gone."""
        before = select(Notification).where(Notification.user_id.in_(wanted), Notification.key == key)
        rows = (await db.scalars(before)).all()
        same = {
            row.user_id
            for row in rows
            if row.read_at_ms is None and all(getattr(row, name) == value for name, value in new.items())
        }
        stale = [row.id for row in rows if row.user_id not in same]
        if stale:
            await db.execute(delete(Notification).where(Notification.id.in_(stale)))
        return {user: choice for user, choice in wanted.items() if user not in same}

    def _rows(self, wanted: Mapping[str, Choice], new: Mapping[str, object]) -> list[dict[str, Any]]:
        now = int(self._wall_ms())
        by_mail = self._digest is not None
        return [
            {
                **new,
                "id": new_id(now, self._random),
                "user_id": user,
                "shown": choice.in_app,
                "to_mail": choice.email and by_mail,
                "at_ms": now,
                "read_at_ms": None,
            }
            for user, choice in wanted.items()
        ]

    async def _tell_live(self, db: AsyncSession, rows: list[dict[str, Any]], actor: str | None) -> None:
        if not rows:
            return
        actors = await somebodies(db, [actor] if actor else [])
        unread = await self._unread(db, [row["user_id"] for row in rows])
        frames = {
            row["user_id"]: self._told(_notice(Notification(**row), actors), unread.get(row["user_id"], 0))
            for row in rows
        }
        await self._outbox.put_each(db, frames)

    async def _expect_letters(self, db: AsyncSession, users: list[str]) -> list[str]:
        """Those for whom no letter is due yet: whoever has one waiting gets it when that was due."""
        if self._digest is None or not users:
            return []
        waiting = select(Notification.user_id).where(Notification.user_id.in_(users), Notification.to_mail)
        due = set((await db.scalars(waiting.distinct())).all())
        return [user for user in users if user not in due]

    async def _unread(self, db: AsyncSession, users: Collection[str]) -> dict[str, int]:
        counted = (
            select(Notification.user_id, func.count())
            .where(Notification.user_id.in_(users), Notification.read_at_ms.is_(None), Notification.shown)
            .group_by(Notification.user_id)
        )
        return {row[0]: row[1] for row in await db.execute(counted)}

    # -- reading

    async def _read(self, db: AsyncSession, user: str, which: ColumnElement[bool] | None) -> int:
        asked = update(Notification).where(
            Notification.user_id == user, Notification.read_at_ms.is_(None), Notification.shown
        )
        if which is not None:
            asked = asked.where(which)
        now_read = asked.values(read_at_ms=int(self._wall_ms())).returning(Notification.id)
        ids = tuple((await db.scalars(now_read, execution_options={"synchronize_session": False})).all())
        if ids:
            await self._tell_read(db, user, () if which is None else ids)
        return len(ids)

    async def _tell_read(self, db: AsyncSession, user: str, ids: tuple[str, ...]) -> None:
        count = (await self._unread(db, (user,))).get(user, 0)
        await self._outbox.put(db, user, self._read_too(ids, count))


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _listed(row: Found, actors: Mapping[str, Somebody]) -> Notice:
    notification: Notification = row[0]
    return _notice(notification, actors)


def _notice(row: Notification, actors: Mapping[str, Somebody]) -> Notice:
    return Notice(
        row.id,
        row.type,
        row.title,
        row.message,
        msgspec.json.decode(row.data),
        actors.get(row.actor_id) if row.actor_id else None,
        row.at_ms,
        row.read_at_ms,
    )
