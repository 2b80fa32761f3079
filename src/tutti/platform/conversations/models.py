"""The tables of conversations.

Within a conversation no two messages have the same time, and later ones have later times: so times are its order, how
far somebody has read is a time, and what is unread is what came later and from others.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tutti.platform.rows import ID_LENGTH, Rows

LONGEST_TITLE = 100
LONGEST_FILE_NAME = 120


def _id() -> Mapped[str]:
    return mapped_column(String(ID_LENGTH), primary_key=True)


def _of(table: str, *, primary_key: bool = False) -> Mapped[str]:
    return mapped_column(
        String(ID_LENGTH), ForeignKey(f"{table}.id", ondelete="CASCADE"), primary_key=primary_key
    )


def _ms() -> Mapped[int]:
    return mapped_column(BigInteger)


def _perhaps_ms() -> Mapped[int | None]:
    return mapped_column(BigInteger)


class Conversation(Rows):
    """`pair`: of two people, who have one with each other at most; None: a group. `last_at_ms`: of its last message."""

    __tablename__ = "conversations"
    __table_args__ = (Index(None, "last_at_ms", "id"),)

    id: Mapped[str] = _id()
    pair: Mapped[str | None] = mapped_column(String(2 * ID_LENGTH + 1), unique=True)
    title: Mapped[str] = mapped_column(String(LONGEST_TITLE))
    created_at_ms: Mapped[int] = _ms()
    last_at_ms: Mapped[int] = _ms()


class ConversationMember(Rows):
    """`owner`: may change the title and remove others. `read_ms`: everything up to then has been read."""

    __tablename__ = "conversation_members"
    __table_args__ = (Index(None, "user_id"),)

    conversation_id: Mapped[str] = _of("conversations", primary_key=True)
    user_id: Mapped[str] = _of("users", primary_key=True)
    owner: Mapped[bool]
    joined_at_ms: Mapped[int] = _ms()
    read_ms: Mapped[int] = _ms()


class DirectMessage(Rows):
    """Of one that was deleted only that it was there is kept."""

    __tablename__ = "direct_messages"
    __table_args__ = (Index(None, "conversation_id", "at_ms", unique=True), Index(None, "sender_id"))

    id: Mapped[str] = _id()
    conversation_id: Mapped[str] = _of("conversations")
    sender_id: Mapped[str | None] = mapped_column(
        String(ID_LENGTH), ForeignKey("users.id", ondelete="SET NULL")
    )
    text: Mapped[str] = mapped_column(Text)
    reply_to: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    at_ms: Mapped[int] = _ms()
    edited_at_ms: Mapped[int | None] = _perhaps_ms()
    deleted_at_ms: Mapped[int | None] = _perhaps_ms()


class Attachment(Rows):
    """A file on the shelf. `message_id` None: it has not been sent yet."""

    __tablename__ = "attachments"
    __table_args__ = (
        Index(None, "message_id"),
        Index(None, "conversation_id"),
        Index(None, "user_id"),
        Index(None, "at_ms"),
    )

    id: Mapped[str] = _id()
    conversation_id: Mapped[str] = _of("conversations")
    user_id: Mapped[str] = _of("users")
    message_id: Mapped[str | None] = mapped_column(
        String(ID_LENGTH), ForeignKey("direct_messages.id", ondelete="CASCADE")
    )
    name: Mapped[str] = mapped_column(String(LONGEST_FILE_NAME))
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    at_ms: Mapped[int] = _ms()
