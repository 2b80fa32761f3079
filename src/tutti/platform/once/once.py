"""A write and its answer are kept together or not at all: whoever sends it again gets the answer that it missed.

What was declined is not kept: asked again, it is looked at again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.once.models import KeptAnswer
from tutti.platform.rows import Sql, WallMs

KEPT_MS = 24 * 3_600_000
MOST_TRIES = 3

Transaction = AsyncSession
"""What is done in it is kept together; for those who only hand it on."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`again`: it was given before, and nothing was done now."""

    status: int
    body: bytes
    again: bool = False


@dataclass(frozen=True, slots=True)
class AnotherRequest:
    """This key was used for something else."""


class Once:
    def __init__(self, sql: Sql, wall_ms: WallMs) -> None:
        self._sql = sql
        self._wall_ms = wall_ms

    async def do(
        self,
        owner: str,
        key: str | None,
        asked: bytes,
        work: Callable[[Transaction], Awaitable[tuple[int, bytes]]],
    ) -> Answer | AnotherRequest:
        """`work` in one transaction. With a key it is done once in a day, however often it is asked for."""
        if key is None:
            async with self._sql.writing() as db:
                return Answer(*await work(db))
        for _ in range(MOST_TRIES - 1):
            try:
                return await self._keyed(owner, key, asked, work)
            except IntegrityError:  # the same key in the same moment: now its answer is there
                continue
        return await self._keyed(owner, key, asked, work)

    async def forget(self) -> None:
        async with self._sql.writing() as db:
            await db.execute(delete(KeptAnswer).where(KeptAnswer.at_ms < self._wall_ms() - KEPT_MS))

    async def _keyed(
        self,
        owner: str,
        key: str,
        asked: bytes,
        work: Callable[[Transaction], Awaitable[tuple[int, bytes]]],
    ) -> Answer | AnotherRequest:
        now, digest = int(self._wall_ms()), hashlib.sha256(asked).hexdigest()
        async with self._sql.writing() as db:
            kept = await db.get(KeptAnswer, (owner, key))
            if kept is not None and kept.at_ms >= now - KEPT_MS:
                return (
                    Answer(kept.status, kept.body, again=True) if kept.asked == digest else AnotherRequest()
                )
            if kept is not None:
                await db.delete(kept)
                await db.flush()
            row = KeptAnswer(owner_id=owner, key=key, asked=digest, status=0, body=b"", at_ms=now)
            db.add(row)
            await db.flush()  # whoever comes with the same key waits here until this is done
            row.status, row.body = await work(db)
            return Answer(row.status, row.body)
