"""The table of what was told to people over their sockets, for a day."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tutti.platform.rows import ID_LENGTH, Rows


class OutboxFrame(Rows):
    """`text`: JSON without its id. `handed_at_ms` None: no socket of theirs has been given it yet, as far as is known."""

    __tablename__ = "outbox"
    __table_args__ = (Index(None, "user_id", "at_ms", "id"), Index(None, "at_ms"))

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), ForeignKey("users.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(Text)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    handed_at_ms: Mapped[int | None] = mapped_column(BigInteger)
