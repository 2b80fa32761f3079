"""The tables of people: what they say of themselves, who are friends, who blocks whom, and by what names one finds them.

Whoever changed nothing has no row in `profiles`: a model's defaults here are what holds for them.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Connection, ForeignKey, Index, String, delete, event, insert, inspect
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from tutti.platform.accounts.models import User
from tutti.platform.accounts.names import name_key
from tutti.platform.rows import ID_LENGTH, Rows

LONGEST_BIO: Final = 500
LONGEST_TIMEZONE: Final = 64
LONGEST_KEY: Final = 60
MOST_KEYS: Final = 6
BY_BYTE: Final = String(LONGEST_KEY).with_variant(String(LONGEST_KEY, collation="C"), "postgresql")
"""Compared as SQLite does, so that what begins alike stands together on either database."""


def _user(*, primary_key: bool = False) -> Mapped[str]:
    return mapped_column(
        String(ID_LENGTH), ForeignKey("users.id", ondelete="CASCADE"), primary_key=primary_key
    )


class Profile(Rows):
    """`avatar` names the picture; whoever knows it may fetch it, so it changes when somebody shall see it no more."""

    __tablename__ = "profiles"

    user_id: Mapped[str] = _user(primary_key=True)
    bio: Mapped[str] = mapped_column(String(LONGEST_BIO))
    avatar: Mapped[str | None] = mapped_column(String(64))
    timezone: Mapped[str] = mapped_column(String(LONGEST_TIMEZONE))
    profile_visibility: Mapped[str] = mapped_column(String(10))
    allow_friend_requests: Mapped[bool]
    show_online_status: Mapped[bool]
    searchable: Mapped[bool]


class Friendship(Rows):
    """`status`: `pending` or `accepted`. `pair`: both ids, the lesser first: two people have one row."""

    __tablename__ = "friendships"
    __table_args__ = (
        Index(None, "requester_id", "status", "at_ms"),
        Index(None, "addressee_id", "status", "at_ms"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    pair: Mapped[str] = mapped_column(String(2 * ID_LENGTH + 1), unique=True)
    requester_id: Mapped[str] = _user()
    addressee_id: Mapped[str] = _user()
    status: Mapped[str] = mapped_column(String(10))
    at_ms: Mapped[int] = mapped_column(BigInteger)


class Block(Rows):
    __tablename__ = "blocks"
    __table_args__ = (Index(None, "blocked_id"), Index(None, "blocker_id", "at_ms"))

    blocker_id: Mapped[str] = _user(primary_key=True)
    blocked_id: Mapped[str] = _user(primary_key=True)
    at_ms: Mapped[int] = mapped_column(BigInteger)


class FoundBy(Rows):
    """What somebody's name begins with, and each word of it, as names are compared. Kept with the account itself."""

    __tablename__ = "found_by"
    __table_args__ = (Index(None, "key"),)

    user_id: Mapped[str] = _user(primary_key=True)
    key: Mapped[str] = mapped_column(BY_BYTE, primary_key=True)


def keys(username: str, display_name: str) -> tuple[str, ...]:
    """`Ann "Example"`, called `ann7`: `ann7`, `ann "example"`, `"example"`, `example"`."""
    words = name_key(display_name).split()
    shown = [" ".join(words[n:]) for n in range(len(words))][:MOST_KEYS]
    whole = [name_key(username), *shown]
    return tuple(dict.fromkeys(key[:LONGEST_KEY] for key in [*whole, *map(_from_letter, whole)] if key))


def _from_letter(key: str) -> str:
    """Without the signs that it begins with."""
    return next((key[n:] for n, letter in enumerate(key) if letter.isalnum()), "")


def pair_of(a: str, b: str) -> str:
    return ":".join(sorted((a, b)))


def _keep(_: Mapper[User], connection: Connection, user: User) -> None:
    found = [{"user_id": user.id, "key": key} for key in keys(user.username, user.display_name)]
    connection.execute(insert(FoundBy), found)


def _keep_changed(mapper: Mapper[User], connection: Connection, user: User) -> None:
    attributes = inspect(user).attrs
    if attributes.username.history.has_changes() or attributes.display_name.history.has_changes():
        connection.execute(delete(FoundBy).where(FoundBy.user_id == user.id))
        _keep(mapper, connection, user)


# Accounts are made and renamed in several places, none of which has to know that names are searched.
event.listen(User, "after_insert", _keep)
event.listen(User, "after_update", _keep_changed)
