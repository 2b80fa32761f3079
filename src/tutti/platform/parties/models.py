"""The tables of parties. What happens in a party is in its room's log; here is what has to outlive it.

`participant_count` and `party_at_ms` are written twice so that a list of parties is one look along one index.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tutti.platform.rows import ID_LENGTH, Rows

CODE_LENGTH = 8
LONGEST_TITLE = 200
LONGEST_MESSAGE = 500


def _of(table: str, *, primary_key: bool = False) -> Mapped[str]:
    return mapped_column(
        String(ID_LENGTH), ForeignKey(f"{table}.id", ondelete="CASCADE"), primary_key=primary_key
    )


def _perhaps_of(table: str) -> Mapped[str | None]:
    return mapped_column(String(ID_LENGTH), ForeignKey(f"{table}.id", ondelete="CASCADE"))


def _word() -> Mapped[str]:
    return mapped_column(String(12))


def _ms() -> Mapped[int]:
    return mapped_column(BigInteger)


def _perhaps_ms() -> Mapped[int | None]:
    return mapped_column(BigInteger)


class Party(Rows):
    """`settings` and `video` are JSON. `position_ms`, `playing` and `synced_at_ms`: its room, as last seen."""

    __tablename__ = "parties"
    __table_args__ = (
        Index(None, "host_id"),
        Index(None, "status"),
        Index(None, "visibility", "created_at_ms", "id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    host_id: Mapped[str] = _of("users")
    title: Mapped[str] = mapped_column(String(LONGEST_TITLE))
    description: Mapped[str] = mapped_column(Text)
    room_code: Mapped[str] = mapped_column(String(CODE_LENGTH), unique=True)
    visibility: Mapped[str] = _word()
    status: Mapped[str] = _word()
    scheduled_for_ms: Mapped[int | None] = _perhaps_ms()
    started_at_ms: Mapped[int | None] = _perhaps_ms()
    ended_at_ms: Mapped[int | None] = _perhaps_ms()
    created_at_ms: Mapped[int] = _ms()
    updated_at_ms: Mapped[int] = _ms()
    max_participants: Mapped[int]
    participant_count: Mapped[int]
    settings: Mapped[str] = mapped_column(Text)
    video: Mapped[str | None] = mapped_column(Text)
    position_ms: Mapped[int] = _ms()
    playing: Mapped[bool]
    synced_at_ms: Mapped[int | None] = _perhaps_ms()


class Participant(Rows):
    """`status`: pending, approved, rejected, kicked, left. `party_at_ms`: when the party was made."""

    __tablename__ = "party_participants"
    __table_args__ = (
        Index(None, "user_id", "party_at_ms", "party_id"),
        Index(None, "party_id", "status", "since_ms"),
    )

    party_id: Mapped[str] = _of("parties", primary_key=True)
    user_id: Mapped[str] = _of("users", primary_key=True)
    role: Mapped[str] = _word()
    status: Mapped[str] = _word()
    party_at_ms: Mapped[int] = _ms()
    since_ms: Mapped[int] = _ms()
    left_at_ms: Mapped[int | None] = _perhaps_ms()


class Invitation(Rows):
    """To an address, to somebody, or (neither) to whoever has the link. `status`: pending, accepted, revoked."""

    __tablename__ = "party_invitations"
    __table_args__ = (Index(None, "party_id", "status"), Index(None, "user_id", "status"))

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    party_id: Mapped[str] = _of("parties")
    inviter_id: Mapped[str] = _of("users")
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str | None] = mapped_column(String(254))
    user_id: Mapped[str | None] = _perhaps_of("users")
    message: Mapped[str] = mapped_column(String(LONGEST_MESSAGE))
    status: Mapped[str] = _word()
    created_at_ms: Mapped[int] = _ms()
    expires_at_ms: Mapped[int] = _ms()
