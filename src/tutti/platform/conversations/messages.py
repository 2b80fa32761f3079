"""What is said in conversations: kept, told to everybody in it, edited, deleted, read."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.conversations import reading
from tutti.platform.conversations.entry import Entry, entry, members
from tutti.platform.conversations.models import Attachment, Conversation, DirectMessage
from tutti.platform.conversations.schemas import Amiss, Draft, Said, Shelf, Words
from tutti.platform.notifications.notifications import Notifications
from tutti.platform.outbox.outbox import Outbox
from tutti.platform.paging import Page, Wanted
from tutti.platform.people.somebody import Somebody, somebodies
from tutti.platform.rows import RandomBytes, Sql, WallMs, new_id

LONGEST_EXCERPT: Final = 200
_MENTIONED: Final = re.compile(r"@([^\s@]{1,150})")


class Messages:
    """All raise `Unavailable`."""

    def __init__(
        self,
        sql: Sql,
        outbox: Outbox,
        notifications: Notifications,
        shelf: Shelf,
        words: Words,
        *,
        wall_ms: WallMs,
        random: RandomBytes,
    ) -> None:
        self._sql = sql
        self._outbox = outbox
        self._notifications = notifications
        self._shelf = shelf
        self._words = words
        self._wall_ms = wall_ms
        self._random = random

    async def history(self, user: str, conversation: str, wanted: Wanted, size: int) -> Page[Said] | Amiss:
        """The newest first."""
        async with self._sql.reading() as db:
            here = await entry(db, user, conversation)
            if isinstance(here, Amiss):
                return here
            return await reading.history(db, conversation, here.blocked, wanted, size)

    async def send(self, db: AsyncSession, user: str, conversation: str, draft: Draft) -> Said | Amiss:
        """In the caller's transaction."""
        here = await entry(db, user, conversation, to_write=True)
        if isinstance(here, Amiss):
            return here
        if draft.reply_to is not None and await _message(db, conversation, draft.reply_to) is None:
            return Amiss.NO_SUCH_REPLY
        files = await _unsent(db, user, conversation, draft.files)
        if len(files) != len(set(draft.files)):
            return Amiss.NO_SUCH_FILE
        row = self._next(here.conversation, user, draft)
        db.add(row)
        await db.flush()
        for file in files:
            file.message_id = row.id
        here.conversation.last_at_ms = here.member.read_ms = row.at_ms
        await db.flush()
        said = (await reading.messages(db, [row]))[row.id]
        everybody = await members(db, conversation)
        hearers = [one for one in everybody if one not in here.blocked]
        await self._outbox.put_all(db, hearers, self._words.said(said))
        await self._notify(db, here, said, [one for one in hearers if one != user])
        return said

    async def edit(self, user: str, conversation: str, message: str, text: str) -> Said | Amiss:
        """One's own."""
        async with self._sql.writing() as db:
            here = await entry(db, user, conversation, to_write=True)
            if isinstance(here, Amiss):
                return here
            row = await _message(db, conversation, message)
            if row is None or row.sender_id in here.blocked:
                return Amiss.NO_SUCH
            if row.sender_id != user:
                return Amiss.NOT_YOURS
            row.text, row.edited_at_ms = text, int(self._wall_ms())
            await db.flush()
            said = (await reading.messages(db, [row]))[row.id]
            await self._tell(db, here, conversation, self._words.edited(said))
            return said

    async def delete(self, user: str, conversation: str, message: str) -> Amiss | None:
        """One's own; in a group also by an owner. Its files are gone."""
        async with self._sql.writing() as db:
            here = await entry(db, user, conversation, to_write=True)
            if isinstance(here, Amiss):
                return here
            row = await _message(db, conversation, message)
            if row is None:
                return Amiss.NO_SUCH
            if row.sender_id != user and not here.member.owner:
                return Amiss.NO_SUCH if row.sender_id in here.blocked else Amiss.NOT_YOURS
            row.text, row.deleted_at_ms = "", int(self._wall_ms())
            files = (await db.scalars(select(Attachment).where(Attachment.message_id == message))).all()
            for file in files:
                await db.delete(file)
            told = self._words.deleted(conversation, message)
            await self._outbox.put_all(db, await members(db, conversation), told)
        for file in files:
            await self._shelf.remove(file.id)
        return None

    async def read(self, user: str, conversation: str, up_to: str | None) -> int | Amiss:
        """Up to this message; None: all of it. The time up to which everything is read now."""
        async with self._sql.writing() as db:
            here = await entry(db, user, conversation, to_write=True)
            if isinstance(here, Amiss):
                return here
            read_ms = here.conversation.last_at_ms
            if up_to is not None:
                row = await db.get(DirectMessage, up_to)
                if row is None or row.conversation_id != conversation:
                    return Amiss.NO_SUCH
                read_ms = row.at_ms
            if read_ms > here.member.read_ms:
                here.member.read_ms = read_ms
                await self._tell(db, here, conversation, self._words.read(conversation, user, read_ms))
            if here.member.read_ms >= here.conversation.last_at_ms:
                for about in _about(conversation):
                    await self._notifications.read_about(db, user, about)
            return here.member.read_ms

    def _next(self, conversation: Conversation, user: str, draft: Draft) -> DirectMessage:
        """Later than all before it."""
        at_ms = max(int(self._wall_ms()), conversation.last_at_ms + 1)
        return DirectMessage(
            id=new_id(at_ms, self._random),
            conversation_id=conversation.id,
            sender_id=user,
            text=draft.text,
            reply_to=draft.reply_to,
            at_ms=at_ms,
        )

    async def _tell(self, db: AsyncSession, here: Entry, conversation: str, frame: Mapping[str, Any]) -> None:
        hearers = [one for one in await members(db, conversation) if one not in here.blocked]
        await self._outbox.put_all(db, hearers, frame)

    async def _notify(self, db: AsyncSession, here: Entry, said: Said, others: Collection[str]) -> None:
        assert said.who is not None
        conversation, name = here.conversation, said.who.display_name
        meant = _meant(said.text, await somebodies(db, others)) if conversation.pair is None else frozenset()
        where = f"{name} in {conversation.title or 'a group'}" if conversation.pair is None else name
        excerpt = said.text[:LONGEST_EXCERPT] or ", ".join(file.name for file in said.files)
        data = {"conversation_id": conversation.id, "message_id": said.id}
        message, mention = _about(conversation.id)
        for type_, key, users in (
            ("message", message, set(others) - meant),
            ("mention", mention, set(others) & meant),
        ):
            if users:
                await self._notifications.tell_all(
                    db, users, type_, where, excerpt, data, actor=said.who.id, key=key
                )


def _about(conversation: str) -> tuple[str, str]:
    """What notifications of its messages are about, and those of mentions."""
    return f"message:{conversation}", f"mention:{conversation}"


def _meant(text: str, people: dict[str, Somebody]) -> frozenset[str]:
    names = {name.rstrip(".,;:!?").casefold() for name in _MENTIONED.findall(text)}
    return frozenset(one.id for one in people.values() if one.username.casefold() in names)


async def _message(db: AsyncSession, conversation: str, message: str) -> DirectMessage | None:
    """If it is still there."""
    asked = select(DirectMessage).where(
        DirectMessage.id == message,
        DirectMessage.conversation_id == conversation,
        DirectMessage.deleted_at_ms.is_(None),
    )
    return await db.scalar(asked)


async def _unsent(db: AsyncSession, user: str, conversation: str, files: Collection[str]) -> list[Attachment]:
    if not files:
        return []
    asked = select(Attachment).where(
        Attachment.id.in_(files),
        Attachment.user_id == user,
        Attachment.conversation_id == conversation,
        Attachment.message_id.is_(None),
    )
    return list((await db.scalars(asked)).all())
