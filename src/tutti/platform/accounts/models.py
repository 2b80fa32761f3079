"""The tables of accounts. No password, refresh token or backup code is in them, only what recognises one.

An authenticator app's secret has to be there; it is sealed (`sealing.py`).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tutti.platform.rows import ID_LENGTH, Rows

HASH_LENGTH = 64
"""SHA-256 in hexadecimal digits."""
PROVEN = text("email_verified")


def _id() -> Mapped[str]:
    return mapped_column(String(ID_LENGTH), primary_key=True)


def _of(table: str, *, primary_key: bool = False) -> Mapped[str]:
    """Goes with the row that it belongs to."""
    return mapped_column(
        String(ID_LENGTH), ForeignKey(f"{table}.id", ondelete="CASCADE"), primary_key=primary_key
    )


def _ms() -> Mapped[int]:
    return mapped_column(BigInteger)


def _perhaps_ms() -> Mapped[int | None]:
    return mapped_column(BigInteger, nullable=True)


class User(Rows):
    """`email` in lower case: whoever proved that they read it has it alone (`email_verified`); others may claim it.

    `username_key`: the name as it is compared. `password_hash` None: signs in elsewhere.
    """

    __tablename__ = "users"
    __table_args__ = (
        Index(None, "email"),
        Index("uq_users_proven_email", "email", unique=True, sqlite_where=PROVEN, postgresql_where=PROVEN),
    )

    id: Mapped[str] = _id()
    email: Mapped[str | None] = mapped_column(String(254))
    username: Mapped[str] = mapped_column(String(150))
    username_key: Mapped[str] = mapped_column(String(450), unique=True)
    display_name: Mapped[str] = mapped_column(String(150))
    first_name: Mapped[str] = mapped_column(String(150))
    last_name: Mapped[str] = mapped_column(String(150))
    password_hash: Mapped[str | None] = mapped_column(Text)
    spotify_id: Mapped[str | None] = mapped_column(String(128), unique=True)
    email_verified: Mapped[bool]
    active: Mapped[bool]
    created_at_ms: Mapped[int] = _ms()


class Device(Rows):
    """What somebody signs in on. `key` recognises it again: a hash of what it says of itself."""

    __tablename__ = "devices"
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    id: Mapped[str] = _id()
    user_id: Mapped[str] = _of("users")
    key: Mapped[str] = mapped_column(String(HASH_LENGTH))
    name: Mapped[str] = mapped_column(String(200))
    first_seen_at_ms: Mapped[int] = _ms()
    last_seen_at_ms: Mapped[int] = _ms()


class LoginSession(Rows):
    """One login on one device: all tokens that came of it live and end with it. Its id is the tokens' `sid`."""

    __tablename__ = "login_sessions"
    __table_args__ = (
        Index(None, "user_id", "ended_at_ms"),
        Index(None, "ended_at_ms"),
        Index(None, "expires_at_ms"),
    )

    id: Mapped[str] = _id()
    user_id: Mapped[str] = _of("users")
    device_id: Mapped[str] = _of("devices")
    created_at_ms: Mapped[int] = _ms()
    last_used_at_ms: Mapped[int] = _ms()
    expires_at_ms: Mapped[int] = _ms()
    ended_at_ms: Mapped[int | None] = _perhaps_ms()
    ended_because: Mapped[str | None] = mapped_column(String(20))


class RefreshToken(Rows):
    """`sealed_successor` can be opened only by whoever holds the token itself, and is there only for the grace."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index(None, "session_id"), Index(None, "expires_at_ms"))

    hash: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)
    session_id: Mapped[str] = _of("login_sessions")
    issued_at_ms: Mapped[int] = _ms()
    expires_at_ms: Mapped[int] = _ms()
    used_at_ms: Mapped[int | None] = _perhaps_ms()
    sealed_successor: Mapped[str | None] = mapped_column(String(HASH_LENGTH))


class SecondFactor(Rows):
    """`confirmed_at_ms` None: set up, not proven, not asked for. `last_step`: no code of it or before counts again."""

    __tablename__ = "second_factors"

    user_id: Mapped[str] = _of("users", primary_key=True)
    secret: Mapped[str] = mapped_column(Text)
    confirmed_at_ms: Mapped[int | None] = _perhaps_ms()
    last_step: Mapped[int] = mapped_column(BigInteger)


class BackupCode(Rows):
    __tablename__ = "backup_codes"

    user_id: Mapped[str] = _of("users", primary_key=True)
    hash: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)
    used_at_ms: Mapped[int | None] = _perhaps_ms()


class MailedCode(Rows):
    """What recognises a code that was mailed; it goes when the code is used. `email`: where it was mailed."""

    __tablename__ = "mailed_codes"
    __table_args__ = (Index(None, "user_id", "purpose"), Index(None, "expires_at_ms"))

    hash: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)
    user_id: Mapped[str] = _of("users")
    purpose: Mapped[str] = mapped_column(String(10))
    email: Mapped[str] = mapped_column(String(254))
    expires_at_ms: Mapped[int] = _ms()
