"""People, devices, logins, refresh tokens, second factors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("email", sa.String(254), unique=True),
        sa.Column("username", sa.String(150), nullable=False),
        sa.Column("username_key", sa.String(450), nullable=False, unique=True),
        sa.Column("display_name", sa.String(150), nullable=False),
        sa.Column("first_name", sa.String(150), nullable=False),
        sa.Column("last_name", sa.String(150), nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("spotify_id", sa.String(128), unique=True),
        sa.Column("email_verified", sa.Boolean, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "devices",
        sa.Column("id", sa.String(36), primary_key=True),
        _of("users", "user_id"),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("first_seen_at_ms", sa.BigInteger, nullable=False),
        sa.Column("last_seen_at_ms", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("user_id", "key"),
    )
    op.create_table(
        "login_sessions",
        sa.Column("id", sa.String(36), primary_key=True),
        _of("users", "user_id"),
        _of("devices", "device_id"),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("last_used_at_ms", sa.BigInteger, nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger),
        sa.Column("ended_because", sa.String(20)),
    )
    op.create_index(None, "login_sessions", ["user_id", "ended_at_ms"])
    op.create_index(None, "login_sessions", ["ended_at_ms"])
    op.create_index(None, "login_sessions", ["expires_at_ms"])
    op.create_table(
        "refresh_tokens",
        sa.Column("hash", sa.String(64), primary_key=True),
        _of("login_sessions", "session_id"),
        sa.Column("issued_at_ms", sa.BigInteger, nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger, nullable=False),
        sa.Column("used_at_ms", sa.BigInteger),
        sa.Column("sealed_successor", sa.String(64)),
    )
    op.create_index(None, "refresh_tokens", ["session_id"])
    op.create_index(None, "refresh_tokens", ["expires_at_ms"])
    op.create_table(
        "second_factors",
        _of("users", "user_id", primary_key=True),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("confirmed_at_ms", sa.BigInteger),
        sa.Column("last_step", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "backup_codes",
        _of("users", "user_id", primary_key=True),
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("used_at_ms", sa.BigInteger),
    )


def downgrade() -> None:
    for table in ("backup_codes", "second_factors", "refresh_tokens", "login_sessions", "devices", "users"):
        op.drop_table(table)


def _of(table: str, column: str, *, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(
        column,
        sa.String(36),
        sa.ForeignKey(f"{table}.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
    )
