"""Files in conversations: taken in first, sent with a message then, and given only to those in it.

A file is on the shelf before its row is there, and its row is gone before it is. What was never sent goes after a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.conversations.entry import entry
from tutti.platform.conversations.filetypes import file_name, media_type
from tutti.platform.conversations.models import LONGEST_FILE_NAME, Attachment, DirectMessage
from tutti.platform.conversations.reading import file_of
from tutti.platform.conversations.schemas import Amiss, File, Shelf
from tutti.platform.rows import RandomBytes, Sql, WallMs, new_id

UNSENT_MS: Final = 24 * 3_600_000


class Attachments:
    """All raise `Unavailable`."""

    def __init__(self, sql: Sql, shelf: Shelf, *, wall_ms: WallMs, random: RandomBytes) -> None:
        self._sql = sql
        self._shelf = shelf
        self._wall_ms = wall_ms
        self._random = random

    async def keep(
        self, user: str, conversation: str, files: Sequence[tuple[str, bytes]]
    ) -> tuple[File, ...] | Amiss:
        """Names and contents. They can be sent in this conversation, by this person."""
        async with self._sql.reading() as db:
            here = await entry(db, user, conversation)
        if isinstance(here, Amiss):
            return here
        kinds = [media_type(content) for _, content in files]
        if None in kinds:
            return Amiss.NOT_A_FILE
        now = int(self._wall_ms())
        rows = [
            Attachment(
                id=new_id(now + place, self._random),  # in the order in which they were given
                conversation_id=conversation,
                user_id=user,
                name=file_name(name, LONGEST_FILE_NAME),
                media_type=kind,
                size=len(content),
                at_ms=now,
            )
            for place, ((name, content), kind) in enumerate(zip(files, kinds, strict=True))
        ]
        for row, (_, content) in zip(rows, files, strict=True):
            await self._shelf.put(row.id, content)
        kept = tuple(file_of(row) for row in rows)
        async with self._sql.writing() as db:
            db.add_all(rows)
        return kept

    async def fetch(self, user: str, which: str) -> tuple[File, bytes] | None:
        async with self._sql.reading() as db:
            row = await db.get(Attachment, which)
            if row is None or not await self._may_see(db, user, row):
                return None
            file = file_of(row)
        content = await self._shelf.take(file.id)
        return None if content is None else (file, content)

    async def forget(self) -> None:
        """What was never sent."""
        old = Attachment.message_id.is_(None), Attachment.at_ms < self._wall_ms() - UNSENT_MS
        async with self._sql.writing() as db:
            gone = (await db.scalars(delete(Attachment).where(*old).returning(Attachment.id))).all()
        for id_ in gone:
            await self._shelf.remove(id_)

    async def _may_see(self, db: AsyncSession, user: str, row: Attachment) -> bool:
        here = await entry(db, user, row.conversation_id)
        if isinstance(here, Amiss):
            return False
        if row.message_id is None:
            return row.user_id == user
        sender = select(DirectMessage.sender_id).where(DirectMessage.id == row.message_id)
        return await db.scalar(sender) not in here.blocked
