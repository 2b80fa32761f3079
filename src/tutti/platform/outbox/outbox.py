"""Frames to people, written in the transaction that they tell of and handed to their sockets once it is kept.

Over a crash a frame is told again rather than lost, under the same `id`, by which a client drops what it has. A frame is
marked as handed over well after it has left. A client that comes back names the last that it saw, and is told what came
since, and a little of what came before: transactions do not end in the order of their times.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Self

import msgspec
import structlog
from sqlalchemy import delete, event, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from tutti.platform.outbox.models import OutboxFrame
from tutti.platform.rows import RandomBytes, Sql, WallMs, new_id
from tutti.service.frames import Frame
from tutti.service.people import Hub
from tutti.service.ports import Unavailable

log = structlog.get_logger("tutti.outbox")

KEPT_MS: Final = 24 * 3_600_000
OVERLAP_MS: Final = 10_000
MOST_MISSED: Final = 500
MARK_AFTER_S: Final = 0.5
FORGET_EVERY_S: Final = 3600.0
MOST_MARKED: Final = 500
"""At once: databases allow so many parameters."""

_COMMITTED: Final = "tutti_outbox"
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Kept:
    id: str
    frame: Frame


@dataclass(frozen=True, slots=True)
class Missed:
    """`complete` False: there was more than is kept, or more than is told at once; whoever shows lists asks for them."""

    frames: tuple[Kept, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class _Leaving:
    user: str
    kept: Kept


class Outbox:
    """Use as `async with outbox:` to have what was handed over marked, and what is old forgotten."""

    def __init__(self, sql: Sql, hub: Hub, wall_ms: WallMs, random: RandomBytes) -> None:
        self._sql = sql
        self._hub = hub
        self._wall_ms = wall_ms
        self._random = random
        self._handed: list[str] = []
        self._news = asyncio.Event()
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    async def put(self, db: AsyncSession, user: str, frame: Mapping[str, Any]) -> None:
        """Told if this transaction is kept, and once it is. `frame`: JSON, with a `type` and no `id`."""
        await self.put_each(db, {user: frame})

    async def put_all(self, db: AsyncSession, users: Iterable[str], frame: Mapping[str, Any]) -> None:
        await self.put_each(db, dict.fromkeys(users, frame))

    async def put_each(self, db: AsyncSession, frames: Mapping[str, Mapping[str, Any]]) -> None:
        """One statement, and one encoding of each frame. Not within a savepoint."""
        if not frames:
            return
        now = int(self._wall_ms())
        texts = {id(frame): _encode(frame) for frame in frames.values()}
        leaving = []
        for user, frame in frames.items():
            id_ = new_id(now, self._random)
            leaving.append(_Leaving(user, Kept(id_, _framed(id_, texts[id(frame)]))))
        rows = [
            {
                "id": one.kept.id,
                "user_id": one.user,
                "text": texts[id(frames[one.user])].decode(),
                "at_ms": now,
                "handed_at_ms": None,
            }
            for one in leaving
        ]
        await db.execute(insert(OutboxFrame), rows)
        waiting = db.sync_session.info.get(_COMMITTED)
        if waiting is None:
            waiting = db.sync_session.info[_COMMITTED] = []
            event.listen(db.sync_session, "after_commit", self._committed, once=True)
        waiting += leaving

    def now(self, user: str, frame: Mapping[str, Any]) -> None:
        """What is worth nothing later, such as that somebody types: told to whoever is connected, and not kept."""
        self.now_all((user,), frame)

    def now_all(self, users: Iterable[str], frame: Mapping[str, Any]) -> None:
        told = Frame(_encode(frame))
        for user in users:
            self._hub.tell(user, told)

    async def missed(self, user: str, since: str | None) -> Missed:
        """What came since this frame; None: what no socket of theirs was given yet. The oldest first."""
        async with self._sql.reading() as db:
            known = None if since is None else await db.get(OutboxFrame, since)
            theirs = select(OutboxFrame).where(OutboxFrame.user_id == user)
            if known is not None and known.user_id == user:
                asked = theirs.where(OutboxFrame.at_ms >= known.at_ms - OVERLAP_MS, OutboxFrame.id != since)
            else:
                fresh_ms = int(self._wall_ms()) - KEPT_MS
                asked = theirs.where(OutboxFrame.handed_at_ms.is_(None), OutboxFrame.at_ms >= fresh_ms)
                known = None
            newest = asked.order_by(OutboxFrame.at_ms.desc(), OutboxFrame.id.desc()).limit(MOST_MISSED + 1)
            rows = (await db.scalars(newest)).all()
        frames = tuple(Kept(row.id, _framed(row.id, row.text.encode())) for row in rows[:MOST_MISSED][::-1])
        return Missed(frames, len(rows) <= MOST_MISSED and (since is None or known is not None))

    def handed(self, frames: Iterable[Kept]) -> None:
        """A socket of theirs was given these."""
        self._handed += [kept.id for kept in frames]
        self._news.set()

    async def mark(self) -> None:
        """Keep that they were handed over. Raises `Unavailable`; then they still wait to be marked."""
        while self._handed:
            some = self._handed[:MOST_MARKED]
            async with self._sql.writing() as db:
                await db.execute(
                    update(OutboxFrame)
                    .where(OutboxFrame.id.in_(some), OutboxFrame.handed_at_ms.is_(None))
                    .values(handed_at_ms=int(self._wall_ms()))
                )
            del self._handed[: len(some)]

    async def forget(self) -> None:
        async with self._sql.writing() as db:
            await db.execute(delete(OutboxFrame).where(OutboxFrame.at_ms < self._wall_ms() - KEPT_MS))

    async def __aenter__(self) -> Self:
        self._tasks = (
            asyncio.create_task(self._keep_marking()),
            asyncio.create_task(self._keep_forgetting()),
        )
        return self

    async def __aexit__(self, *exception: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(Unavailable):  # told again, then
            await self.mark()

    def _committed(self, session: Session) -> None:
        handed = [
            one.kept
            for one in session.info.pop(_COMMITTED)
            if self._hub.tell(one.user, one.kept.frame, one.kept.id)
        ]
        if handed:
            self.handed(handed)

    async def _keep_marking(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            await asyncio.sleep(MARK_AFTER_S)  # many at once; and by then they have left
            try:
                await self.mark()
            except Unavailable as problem:
                log.warning("outbox.not_marked", problem=str(problem))

    async def _keep_forgetting(self) -> None:
        while True:
            with suppress(Unavailable):  # next time
                await self.forget()
            await asyncio.sleep(FORGET_EVERY_S)


def _framed(id_: str, text: bytes) -> Frame:
    return Frame(text[:-1] + b',"id":"' + id_.encode() + b'"}')
