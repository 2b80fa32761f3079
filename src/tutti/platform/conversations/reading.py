"""Conversations and what was said in them, as one person sees them; always in the same number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.conversations.entry import not_by, pairs
from tutti.platform.conversations.models import (
    Attachment,
    Conversation,
    ConversationMember,
    DirectMessage,
)
from tutti.platform.conversations.schemas import File, Participant, Said, Talk
from tutti.platform.paging import Found, Page, Wanted, page
from tutti.platform.people.relations import blocked_with
from tutti.platform.people.somebody import Somebody, somebodies


async def talks(
    db: AsyncSession, user: str, wanted: Wanted, size: int, *, only: str | None = None
) -> Page[Talk]:
    """The one last spoken in first. `only`: this one."""
    blocked = await blocked_with(db, user)
    own = ConversationMember
    shown = DirectMessage.conversation_id == Conversation.id, not_by(blocked)
    unread = (
        select(func.count())
        .where(
            *shown,
            DirectMessage.at_ms > own.read_ms,
            DirectMessage.deleted_at_ms.is_(None),
            or_(DirectMessage.sender_id.is_(None), DirectMessage.sender_id != user),
        )
        .correlate(Conversation, own)
        .scalar_subquery()
    )
    last = select(func.max(DirectMessage.at_ms)).where(*shown).correlate(Conversation).scalar_subquery()
    asked = (
        select(Conversation, unread, last)
        .join(own, own.conversation_id == Conversation.id)
        .where(own.user_id == user, _not_of(pairs(user, blocked)))
    )
    if only is not None:
        asked = asked.where(Conversation.id == only)
    found = await page(db, asked, at=Conversation.last_at_ms, id=Conversation.id, wanted=wanted, size=size)
    whole = await _whole(db, found.rows)
    return found.of(lambda row: whole[row[0].id])


async def history(
    db: AsyncSession, conversation: str, blocked: Collection[str], wanted: Wanted, size: int
) -> Page[Said]:
    """The newest first."""
    asked = select(DirectMessage).where(DirectMessage.conversation_id == conversation, not_by(blocked))
    found = await page(db, asked, at=DirectMessage.at_ms, id=DirectMessage.id, wanted=wanted, size=size)
    said = await messages(db, [row[0] for row in found.rows])
    return found.of(lambda row: said[row[0].id])


async def messages(
    db: AsyncSession, rows: Sequence[DirectMessage], known: Mapping[str, Somebody] | None = None
) -> dict[str, Said]:
    """By id. `known`: whoever said them, if that is known."""
    ids = [row.id for row in rows]
    files: defaultdict[str, list[File]] = defaultdict(list)
    if ids:
        asked = select(Attachment).where(Attachment.message_id.in_(ids)).order_by(Attachment.id)
        for one in await db.scalars(asked):
            files[one.message_id or ""].append(file_of(one))
    people = known if known is not None else await somebodies(db, _senders(rows))
    return {
        row.id: Said(
            row.id,
            row.conversation_id,
            people.get(row.sender_id or ""),
            row.text,
            row.reply_to,
            row.at_ms,
            row.edited_at_ms,
            row.deleted_at_ms is not None,
            tuple(files[row.id]),
        )
        for row in rows
    }


def file_of(row: Attachment) -> File:
    return File(row.id, row.name, row.media_type, row.size)


async def _whole(db: AsyncSession, rows: Iterable[Found]) -> dict[str, Talk]:
    found = [(row[0], row[1], row[2]) for row in rows]
    ids = [conversation.id for conversation, _, _ in found]
    if not ids:
        return {}
    member_rows = (
        await db.scalars(
            select(ConversationMember)
            .where(ConversationMember.conversation_id.in_(ids))
            .order_by(ConversationMember.joined_at_ms, ConversationMember.user_id)
        )
    ).all()
    last_ones = [
        and_(DirectMessage.conversation_id == conversation.id, DirectMessage.at_ms == at_ms)
        for conversation, _, at_ms in found
        if at_ms is not None
    ]
    last_rows = (await db.scalars(select(DirectMessage).where(or_(*last_ones)))).all() if last_ones else ()
    people = await somebodies(db, {row.user_id for row in member_rows} | _senders(last_rows))
    said = await messages(db, last_rows, people)
    last = {one.conversation_id: one for one in said.values()}
    present: defaultdict[str, list[Participant]] = defaultdict(list)
    for row in member_rows:
        if row.user_id in people:
            present[row.conversation_id].append(Participant(people[row.user_id], row.owner, row.read_ms))
    return {
        one.id: Talk(
            one.id,
            one.pair is None,
            one.title,
            one.created_at_ms,
            one.last_at_ms,
            unread,
            tuple(present[one.id]),
            last.get(one.id),
        )
        for one, unread, _ in found
    }


def _senders(rows: Iterable[DirectMessage]) -> set[str]:
    return {row.sender_id for row in rows if row.sender_id is not None}


def _not_of(hidden: Collection[str]) -> ColumnElement[bool]:
    return or_(Conversation.pair.is_(None), Conversation.pair.not_in(hidden))
