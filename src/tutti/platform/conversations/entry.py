"""Who is in a conversation. Works in the caller's transaction.

Two people of whom one blocks the other have no conversation of two: it is not found, as if it were not there. In a group
they stay, and what either says is not told to the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.conversations.models import Conversation, ConversationMember, DirectMessage
from tutti.platform.conversations.schemas import Amiss
from tutti.platform.people.models import pair_of
from tutti.platform.people.relations import blocked_with


@dataclass(frozen=True, slots=True)
class Entry:
    """`blocked`: those who are not there for this member, nor this member for them."""

    conversation: Conversation
    member: ConversationMember
    blocked: frozenset[str]


async def entry(db: AsyncSession, user: str, conversation: str, *, to_write: bool = False) -> Entry | Amiss:
    """`to_write`: nobody else writes in it until this transaction ends."""
    asked = (
        select(Conversation, ConversationMember)
        .join(ConversationMember, ConversationMember.conversation_id == Conversation.id)
        .where(Conversation.id == conversation, ConversationMember.user_id == user)
    )
    if to_write:
        asked = asked.with_for_update(of=Conversation, key_share=True)
    found = (await db.execute(asked)).one_or_none()
    if found is None:
        return Amiss.NO_SUCH
    blocked = await blocked_with(db, user)
    if found[0].pair in pairs(user, blocked):
        return Amiss.NO_SUCH
    return Entry(found[0], found[1], blocked)


async def members(db: AsyncSession, conversation: str) -> tuple[str, ...]:
    """The longest there first."""
    asked = (
        select(ConversationMember.user_id)
        .where(ConversationMember.conversation_id == conversation)
        .order_by(ConversationMember.joined_at_ms, ConversationMember.user_id)
    )
    return tuple((await db.scalars(asked)).all())


def pairs(user: str, blocked: Iterable[str]) -> frozenset[str]:
    return frozenset(pair_of(user, other) for other in blocked)


def not_by(blocked: Iterable[str]) -> ColumnElement[bool]:
    """For queries of messages: only those that are not theirs."""
    ids = tuple(blocked)
    if not ids:
        return true()
    return or_(DirectMessage.sender_id.is_(None), DirectMessage.sender_id.not_in(ids))
