"""Conversations: begun, listed, renamed, joined and left.

Two people have one conversation of two: both accounts are locked before it is looked whether it is there.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.conversations import reading
from tutti.platform.conversations.entry import Entry, entry, members
from tutti.platform.conversations.models import Conversation, ConversationMember
from tutti.platform.conversations.schemas import MOST_MEMBERS, Amiss, Talk, Words
from tutti.platform.outbox.outbox import Outbox
from tutti.platform.paging import Page, Wanted
from tutti.platform.people.friends import both_locked
from tutti.platform.people.models import pair_of
from tutti.platform.people.relations import blocked_between, blocked_with
from tutti.platform.people.somebody import somebodies
from tutti.platform.rows import RandomBytes, Sql, WallMs, new_id


class Conversations:
    """All raise `Unavailable`."""

    def __init__(
        self, sql: Sql, outbox: Outbox, words: Words, *, wall_ms: WallMs, random: RandomBytes
    ) -> None:
        self._sql = sql
        self._outbox = outbox
        self._words = words
        self._wall_ms = wall_ms
        self._random = random

    async def listed(self, user: str, wanted: Wanted, size: int) -> Page[Talk]:
        """The one last spoken in first."""
        async with self._sql.reading() as db:
            return await reading.talks(db, user, wanted, size)

    async def one(self, user: str, conversation: str) -> Talk | Amiss:
        async with self._sql.reading() as db:
            return await self._one(db, user, conversation)

    async def others(self, user: str, conversation: str) -> frozenset[str] | Amiss:
        """Everybody else in it for whom this one is there."""
        async with self._sql.reading() as db:
            here = await entry(db, user, conversation)
            if isinstance(here, Amiss):
                return here
            return frozenset(await members(db, conversation)) - here.blocked - {user}

    async def with_one(self, db: AsyncSession, user: str, other: str) -> Talk | Amiss:
        """The conversation of these two, in the caller's transaction; begun if there is none."""
        if user == other:
            return Amiss.YOURSELF
        if not await both_locked(db, user, other) or await blocked_between(db, user, other):
            return Amiss.NO_SUCH_PERSON
        pair = pair_of(user, other)
        known = await db.scalar(select(Conversation.id).where(Conversation.pair == pair))
        if known is None:
            known = await self._begin(db, pair, "", {user: False, other: False})
        return await self._one(db, user, known)

    async def with_many(
        self, db: AsyncSession, user: str, others: Collection[str], title: str
    ) -> Talk | Amiss:
        """A new group, in the caller's transaction."""
        invited = set(others) - {user}
        if len(invited) >= MOST_MEMBERS:
            return Amiss.FULL
        if not invited or not await _all_there(db, user, invited):
            return Amiss.NO_SUCH_PERSON
        begun = await self._begin(db, None, title, {user: True, **dict.fromkeys(sorted(invited), False)})
        return await self._one(db, user, begun)

    async def rename(self, user: str, conversation: str, title: str) -> Talk | Amiss:
        async with self._sql.writing() as db:
            here = await self._group(db, user, conversation)
            if isinstance(here, Amiss):
                return here
            if not here.member.owner:
                return Amiss.NOT_YOURS
            here.conversation.title = title
            await self._tell_changed(db, conversation)
            return await self._one(db, user, conversation)

    async def add(self, user: str, conversation: str, others: Collection[str]) -> Talk | Amiss:
        """Whoever is in it already stays."""
        async with self._sql.writing() as db:
            here = await self._group(db, user, conversation)
            if isinstance(here, Amiss):
                return here
            present = await members(db, conversation)
            new = set(others) - set(present)
            if len(present) + len(new) > MOST_MEMBERS:
                return Amiss.FULL
            if new and not await _all_there(db, user, new):
                return Amiss.NO_SUCH_PERSON
            for other in sorted(new):
                self._enter(db, here.conversation, other, owner=False)
            await db.flush()
            await self._tell_changed(db, conversation)
            return await self._one(db, user, conversation)

    async def remove(self, user: str, conversation: str, other: str) -> Amiss | None:
        """Oneself, or by an owner. If the last owner goes, the one who has been there longest is it."""
        async with self._sql.writing() as db:
            here = await self._group(db, user, conversation)
            if isinstance(here, Amiss):
                return here
            if other != user and not here.member.owner:
                return Amiss.NOT_YOURS
            going = await db.get(ConversationMember, (conversation, other))
            if going is None:
                return Amiss.NO_SUCH_PERSON
            await self._tell_changed(db, conversation)
            await db.delete(going)
            await db.flush()
            await self._hand_on(db, here.conversation)
            return None

    async def _one(self, db: AsyncSession, user: str, conversation: str) -> Talk | Amiss:
        found = await reading.talks(db, user, None, 1, only=conversation)
        return found.rows[0] if found.rows else Amiss.NO_SUCH

    async def _group(self, db: AsyncSession, user: str, conversation: str) -> Entry | Amiss:
        here = await entry(db, user, conversation, to_write=True)
        if isinstance(here, Entry) and here.conversation.pair is not None:
            return Amiss.NOT_A_GROUP
        return here

    async def _begin(self, db: AsyncSession, pair: str | None, title: str, people: dict[str, bool]) -> str:
        now = int(self._wall_ms())
        conversation = Conversation(
            id=new_id(now, self._random), pair=pair, title=title, created_at_ms=now, last_at_ms=now
        )
        db.add(conversation)
        await db.flush()
        for user, owner in people.items():
            self._enter(db, conversation, user, owner=owner)
        await db.flush()
        await self._tell_changed(db, conversation.id)
        return conversation.id

    def _enter(self, db: AsyncSession, conversation: Conversation, user: str, *, owner: bool) -> None:
        """What was said before they came they may read, and it is not news."""
        db.add(
            ConversationMember(
                conversation_id=conversation.id,
                user_id=user,
                owner=owner,
                joined_at_ms=int(self._wall_ms()),
                read_ms=conversation.last_at_ms,
            )
        )

    async def _hand_on(self, db: AsyncSession, conversation: Conversation) -> None:
        left = select(ConversationMember).where(ConversationMember.conversation_id == conversation.id)
        rows = (
            await db.scalars(left.order_by(ConversationMember.joined_at_ms, ConversationMember.user_id))
        ).all()
        if not rows:
            await db.delete(conversation)
        elif not any(row.owner for row in rows):
            rows[0].owner = True

    async def _tell_changed(self, db: AsyncSession, conversation: str) -> None:
        await self._outbox.put_all(db, await members(db, conversation), self._words.changed(conversation))


async def _all_there(db: AsyncSession, user: str, others: set[str]) -> bool:
    """Somebody who is blocked is as little there as somebody who does not exist."""
    return set(await somebodies(db, others)) == others and not others & await blocked_with(db, user)
