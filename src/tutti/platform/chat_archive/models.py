"""The tables of what was said: a copy of rooms' logs, which are the truth while they last."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tutti.platform.rows import Rows

LONGEST_ROOM = 128
LONGEST_MEMBER = 128
LONGEST_KEY = 64


class ChatMessage(Rows):
    """`key`: its place in the room's log, so that copying twice copies once; later ones sort later.

    `user_name`: as whoever said it was called then. Of what was removed only that it was there is kept.
    """

    __tablename__ = "chat_messages"
    __table_args__ = (Index(None, "room_id", "at_ms", "key"),)

    room_id: Mapped[str] = mapped_column(String(LONGEST_ROOM), primary_key=True)
    key: Mapped[str] = mapped_column(String(LONGEST_KEY), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(LONGEST_MEMBER))
    user_name: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    reply_to: Mapped[str | None] = mapped_column(String(LONGEST_KEY))
    at_ms: Mapped[int] = mapped_column(BigInteger)
    edited_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    removed_at_ms: Mapped[int | None] = mapped_column(BigInteger)


class ChatCopied(Rows):
    """How far a room's log has been copied."""

    __tablename__ = "chat_copied"

    room_id: Mapped[str] = mapped_column(String(LONGEST_ROOM), primary_key=True)
    epoch: Mapped[str] = mapped_column(String(LONGEST_KEY))
    seq: Mapped[int] = mapped_column(BigInteger)
