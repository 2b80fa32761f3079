"""Copies what is said in parties from their rooms' logs into rows, and pages through all of it.

The log is where a message is kept before anybody sees it; the rows follow a moment later, and catch up before they are
read. How far a log has been copied is kept in the same transaction as the copies, so that nothing is copied twice and
nothing is missed, whenever the process dies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.core.chat import ChatLine
from tutti.core.ids import RoomId, Seq
from tutti.core.refusals import Refused
from tutti.core.room import Room
from tutti.platform.chat_archive.copying import changes, remembered
from tutti.platform.chat_archive.models import ChatCopied, ChatMessage
from tutti.platform.chat_archive.schemas import Kept, Removed, place
from tutti.platform.chat_archive.writing import remove_others, write
from tutti.platform.paging import Page, Wanted, page
from tutti.platform.people.somebody import Somebody, somebodies
from tutti.platform.rows import Sql
from tutti.service.ports import Position, Unavailable
from tutti.service.rooms import Rooms

log = structlog.get_logger("tutti.chat_archive")

SOON_S: Final = 0.25
AGAIN_S: Final = 5.0
"""After the database could not keep something."""
DROPPED_MOST: Final = 1_000
"""So many rooms that are no longer alive here are remembered."""


class ChatArchive:
    """`dialect`: of the rooms whose chat is kept. Begins with `follow`."""

    def __init__(self, sql: Sql, rooms: Rooms, dialect: str) -> None:
        self._sql = sql
        self._rooms = rooms
        self._dialect = dialect
        self._copied: dict[RoomId, tuple[ChatLine, ...]] = {}
        """What had been said when it was last copied."""
        self._seen: dict[RoomId, tuple[ChatLine, ...]] = {}
        """What was said, as it was when it was last looked at."""
        self._due: set[RoomId] = set()
        self._flushing = False
        self._locks: WeakValueDictionary[RoomId, asyncio.Lock] = WeakValueDictionary()

    def follow(self) -> None:
        """From now on copy what is said, a moment later."""
        self._rooms.followers.append(self._changed)

    async def catch_up(self, room_id: RoomId) -> None:
        """Everything that was said there until now is in the rows when this returns. Raises `Unavailable`."""
        live = await self._rooms.live(room_id)
        if isinstance(live, Refused) or live.state is None:
            return
        lock = self._locks.setdefault(live.id, asyncio.Lock())
        async with lock:
            await self._copy(live.state)

    async def messages(self, room_id: RoomId, wanted: Wanted, size: int) -> Page[Kept]:
        """Newest first, without what was removed. Two statements, however many there are."""
        await self.catch_up(room_id)
        async with self._sql.reading() as db:
            query = select(ChatMessage).where(
                ChatMessage.room_id == room_id, ChatMessage.removed_at_ms.is_(None)
            )
            found = await page(db, query, at=ChatMessage.at_ms, id=ChatMessage.key, wanted=wanted, size=size)
        return found.of(lambda row: _meaning(row[0]))

    async def message(self, room_id: RoomId, of: str) -> Kept | None:
        """One, perhaps removed."""
        if place(of) is None:
            return None
        await self.catch_up(room_id)
        async with self._sql.reading() as db:
            row = await db.get(ChatMessage, (room_id, of))
        return None if row is None else _meaning(row)

    async def remove(self, room_id: RoomId, of: str) -> None:
        """For what the room itself has forgotten."""
        at_ms = self._now_ms()
        async with self._sql.writing() as db:
            await write(db, room_id, (Removed(of, at_ms),))

    async def count(self, room_id: RoomId) -> int:
        await self.catch_up(room_id)
        query = select(func.count()).where(
            ChatMessage.room_id == room_id, ChatMessage.removed_at_ms.is_(None)
        )
        async with self._sql.reading() as db:
            return await db.scalar(query) or 0

    async def people(self, messages: Iterable[Kept]) -> dict[str, Somebody]:
        """Who said these."""
        async with self._sql.reading() as db:
            return await somebodies(db, {message.user for message in messages})

    def _changed(self, room: Room) -> None:
        """Told after every event: only where something was said is there anything to copy."""
        if room.defaults.dialect == self._dialect and self._seen.get(room.id) is not room.chat:
            self._seen[room.id] = room.chat
            self._due.add(room.id)
            self._flush_in(SOON_S)

    def _flush_in(self, seconds: float) -> None:
        if not self._flushing:
            self._flushing = True
            self._rooms.wheel.after(seconds, lambda: self._rooms.spawn(self._flush()))

    async def _flush(self) -> None:
        wait_s = SOON_S
        try:
            while self._due:
                room_id = self._due.pop()
                try:
                    await self.catch_up(room_id)
                except Unavailable as problem:
                    log.warning("chat_archive.unavailable", problem=str(problem))
                    self._due.add(room_id)
                    wait_s = AGAIN_S
                    break
        finally:
            self._flushing = False
            self._forget_the_dropped()
            if self._due:
                self._flush_in(wait_s)

    def _forget_the_dropped(self) -> None:
        alive = self._rooms.alive()
        if len(self._seen) > len(alive) + DROPPED_MOST:
            here = {live.id for live in alive}
            self._seen = {room_id: chat for room_id, chat in self._seen.items() if room_id in here}
            self._copied = {room_id: chat for room_id, chat in self._copied.items() if room_id in here}

    async def _copy(self, room: Room) -> None:
        if self._copied.get(room.id) is room.chat:
            return
        async with self._sql.writing() as db:
            copied = await db.get(ChatCopied, room.id, with_for_update=True)
            if copied is None:
                copied = ChatCopied(room_id=room.id, epoch=room.epoch, seq=0)
                db.add(copied)
            elif copied.epoch != room.epoch:
                copied.epoch, copied.seq = room.epoch, 0
            after = Position(room.epoch, Seq(copied.seq))
            missing = await self._rooms.log.since(room.id, after)
            if missing is None:
                await self._copy_what_is_remembered(db, room)
                copied.seq = max(room.seq, copied.seq)
            elif missing:
                await write(db, room.id, changes(missing, self._rooms.clock.wall_ms))
                copied.seq = missing[-1].seq
        self._copied[room.id] = room.chat

    async def _copy_what_is_remembered(self, db: AsyncSession, room: Room) -> None:
        lines = remembered(room, self._rooms.clock.wall_ms)
        await write(db, room.id, lines)
        await remove_others(db, room.id, lines, self._now_ms())

    def _now_ms(self) -> int:
        clock = self._rooms.clock
        return round(clock.wall_ms(clock.now_ms()))


def _meaning(row: ChatMessage) -> Kept:
    return Kept(
        row.key,
        row.user_id,
        row.user_name,
        row.text,
        row.at_ms,
        row.reply_to,
        row.edited_at_ms,
        row.removed_at_ms is not None,
    )
