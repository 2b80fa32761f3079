"""The tables of what people were told, and of what they want to be told."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tutti.platform.rows import ID_LENGTH, Rows

LONGEST_TYPE = 40
LONGEST_TITLE = 250
LONGEST_MESSAGE = 500
LONGEST_KEY = 200


def _user() -> Mapped[str]:
    return mapped_column(String(ID_LENGTH), ForeignKey("users.id", ondelete="CASCADE"))


class Notification(Rows):
    """`key`: what it is about: told again, the one before goes. `shown` False: it is only for the letter.

    `to_mail`: it waits to be in a letter.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        Index(None, "user_id", "shown", "at_ms", "id"),
        Index(None, "user_id", "read_at_ms", "shown"),
        Index(None, "user_id", "key"),
        Index(None, "user_id", "to_mail"),
        Index(None, "at_ms"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    user_id: Mapped[str] = _user()
    actor_id: Mapped[str | None] = mapped_column(
        String(ID_LENGTH), ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    type: Mapped[str] = mapped_column(String(LONGEST_TYPE))
    title: Mapped[str] = mapped_column(String(LONGEST_TITLE))
    message: Mapped[str] = mapped_column(String(LONGEST_MESSAGE))
    data: Mapped[str] = mapped_column(Text)
    key: Mapped[str | None] = mapped_column(String(LONGEST_KEY))
    shown: Mapped[bool]
    to_mail: Mapped[bool]
    at_ms: Mapped[int] = mapped_column(BigInteger)
    read_at_ms: Mapped[int | None] = mapped_column(BigInteger)


class NotificationPreference(Rows):
    """Where somebody wants something else than `DEFAULTS`."""

    __tablename__ = "notification_preferences"

    user_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    type: Mapped[str] = mapped_column(String(LONGEST_TYPE), primary_key=True)
    in_app: Mapped[bool]
    email: Mapped[bool]
