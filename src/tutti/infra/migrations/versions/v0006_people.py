"""Profiles, friends, and who wants nothing to do with whom."""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "profiles",
        _user("user_id", primary_key=True),
        sa.Column("bio", sa.String(500), nullable=False),
        sa.Column("avatar", sa.String(64)),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("profile_visibility", sa.String(10), nullable=False),
        sa.Column("allow_friend_requests", sa.Boolean, nullable=False),
        sa.Column("show_online_status", sa.Boolean, nullable=False),
        sa.Column("searchable", sa.Boolean, nullable=False),
    )
    op.create_table(
        "friendships",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("pair", sa.String(73), nullable=False, unique=True),
        _user("requester_id"),
        _user("addressee_id"),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.create_index(None, "friendships", ["requester_id", "status", "at_ms"])
    op.create_index(None, "friendships", ["addressee_id", "status", "at_ms"])
    op.create_table(
        "blocks",
        _user("blocker_id", primary_key=True),
        _user("blocked_id", primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.create_index(None, "blocks", ["blocked_id"])
    op.create_index(None, "blocks", ["blocker_id", "at_ms"])
    key = sa.String(60).with_variant(sa.String(60, collation="C"), "postgresql")
    op.create_table(
        "found_by",
        _user("user_id", primary_key=True),
        sa.Column("key", key, primary_key=True),
    )
    op.create_index(None, "found_by", ["key"])
    _find_those_who_are_there()


def downgrade() -> None:
    for table in ("found_by", "blocks", "friendships", "profiles"):
        op.drop_table(table)


def _user(name: str, *, primary_key: bool = False) -> sa.Column[str]:
    owner = sa.ForeignKey("users.id", ondelete="CASCADE")
    return sa.Column(name, sa.String(36), owner, primary_key=primary_key, nullable=False)


def _find_those_who_are_there() -> None:
    """The names of accounts that were made before names were searched."""
    db = op.get_bind()
    users = sa.table("users", sa.column("id"), sa.column("username"), sa.column("display_name"))
    found_by = sa.table("found_by", sa.column("user_id"), sa.column("key"))
    for user in db.execute(sa.select(users)).all():
        rows = [{"user_id": user.id, "key": key} for key in _keys(user.username, user.display_name)]
        if rows:
            db.execute(sa.insert(found_by), rows)


def _keys(username: str, display_name: str) -> tuple[str, ...]:
    words = _key(display_name).split()
    shown = [" ".join(words[n:]) for n in range(len(words))][:6]
    whole = [_key(username), *shown]
    return tuple(dict.fromkeys(key[:60] for key in [*whole, *map(_from_letter, whole)] if key))


def _from_letter(key: str) -> str:
    return next((key[n:] for n, letter in enumerate(key) if letter.isalnum()), "")


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name.strip()).casefold()
