"""Writes changes into the archive's rows, so that writing them again changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, assert_never

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.chat_archive.models import ChatMessage
from tutti.platform.chat_archive.schemas import Change, Edited, Kept, Removed

AT_ONCE: Final = 500
"""Rows that are looked for in one statement."""


async def write(db: AsyncSession, room_id: str, told: Sequence[Change]) -> None:
    """In order; one statement for every `AT_ONCE` to look, one to add."""
    rows = await _rows(db, room_id, {change.key for change in told})
    for change in told:
        row = rows.get(change.key)
        match change:
            case Kept() if row is None:
                rows[change.key] = row = _row(room_id, change)
                db.add(row)
            case Kept() | Edited() | Removed() if row is None or row.removed_at_ms is not None:
                pass
            case Kept():
                row.text, row.edited_at_ms = change.text, change.edited_at_ms
            case Edited():
                row.text, row.edited_at_ms = change.text, change.at_ms
            case Removed():
                row.text, row.removed_at_ms = "", change.at_ms
            case _:
                assert_never(change)


async def remove_others(db: AsyncSession, room_id: str, lines: Sequence[Kept], at_ms: int) -> None:
    """Of the same life of the room and no older than these: what is not among them was removed."""
    if not lines:
        return
    gone = (
        update(ChatMessage)
        .where(
            ChatMessage.room_id == room_id,
            ChatMessage.key >= lines[0].key,
            ChatMessage.key <= lines[-1].key,
            ChatMessage.key.not_in([line.key for line in lines]),
            ChatMessage.removed_at_ms.is_(None),
        )
        .values(text="", removed_at_ms=at_ms)
    )
    await db.execute(gone)


async def _rows(db: AsyncSession, room_id: str, keys: Iterable[str]) -> dict[str, ChatMessage]:
    found: dict[str, ChatMessage] = {}
    ordered = sorted(keys)
    for start in range(0, len(ordered), AT_ONCE):
        query = select(ChatMessage).where(
            ChatMessage.room_id == room_id, ChatMessage.key.in_(ordered[start : start + AT_ONCE])
        )
        found |= {row.key: row for row in await db.scalars(query)}
    return found


def _row(room_id: str, said: Kept) -> ChatMessage:
    return ChatMessage(
        room_id=room_id,
        key=said.key,
        user_id=said.user,
        user_name=said.user_name,
        text=said.text,
        reply_to=said.reply_to,
        at_ms=said.at_ms,
        edited_at_ms=said.edited_at_ms,
    )
