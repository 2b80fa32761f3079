"""The table of answers that are given again to whoever asks the same again."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from tutti.platform.rows import ID_LENGTH, Rows

LONGEST_KEY = 128


class KeptAnswer(Rows):
    """`key`: the client's, one per thing that it wants done. `asked`: what it was sent with, as a hash."""

    __tablename__ = "kept_answers"
    __table_args__ = (Index(None, "at_ms"),)

    owner_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(String(LONGEST_KEY), primary_key=True)
    asked: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    at_ms: Mapped[int] = mapped_column(BigInteger)
