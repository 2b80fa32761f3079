"""Conversations, notifications, and what is on its way to somebody live."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _outbox()
    _notifications()
    _conversations()


def downgrade() -> None:
    for table in (
        "attachments",
        "direct_messages",
        "conversation_members",
        "conversations",
        "notification_preferences",
        "notifications",
        "outbox",
    ):
        op.drop_table(table)


def _outbox() -> None:
    op.create_table(
        "outbox",
        _id(),
        _of("users", "user_id"),
        sa.Column("text", sa.Text, nullable=False),
        _ms("at_ms"),
        sa.Column("handed_at_ms", sa.BigInteger),
    )
    op.create_index(None, "outbox", ["user_id", "at_ms", "id"])
    op.create_index(None, "outbox", ["at_ms"])


def _notifications() -> None:
    op.create_table(
        "notifications",
        _id(),
        _of("users", "user_id"),
        sa.Column("actor_id", sa.String(36), sa.ForeignKey("users.id", ondelete="SET NULL")),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("title", sa.String(250), nullable=False),
        sa.Column("message", sa.String(500), nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("key", sa.String(200)),
        sa.Column("shown", sa.Boolean, nullable=False),
        sa.Column("to_mail", sa.Boolean, nullable=False),
        _ms("at_ms"),
        sa.Column("read_at_ms", sa.BigInteger),
    )
    for columns in (
        ["user_id", "shown", "at_ms", "id"],
        ["user_id", "read_at_ms", "shown"],
        ["user_id", "key"],
        ["user_id", "to_mail"],
        ["at_ms"],
        ["actor_id"],
    ):
        op.create_index(None, "notifications", columns)
    op.create_table(
        "notification_preferences",
        _of("users", "user_id", primary_key=True),
        sa.Column("type", sa.String(40), primary_key=True),
        sa.Column("in_app", sa.Boolean, nullable=False),
        sa.Column("email", sa.Boolean, nullable=False),
    )


def _conversations() -> None:
    op.create_table(
        "conversations",
        _id(),
        sa.Column("pair", sa.String(73), unique=True),
        sa.Column("title", sa.String(100), nullable=False),
        _ms("created_at_ms"),
        _ms("last_at_ms"),
    )
    op.create_index(None, "conversations", ["last_at_ms", "id"])
    op.create_table(
        "conversation_members",
        _of("conversations", "conversation_id", primary_key=True),
        _of("users", "user_id", primary_key=True),
        sa.Column("owner", sa.Boolean, nullable=False),
        _ms("joined_at_ms"),
        _ms("read_ms"),
    )
    op.create_index(None, "conversation_members", ["user_id"])
    op.create_table(
        "direct_messages",
        _id(),
        _of("conversations", "conversation_id"),
        sa.Column("sender_id", sa.String(36), sa.ForeignKey("users.id", ondelete="SET NULL")),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("reply_to", sa.String(36)),
        _ms("at_ms"),
        sa.Column("edited_at_ms", sa.BigInteger),
        sa.Column("deleted_at_ms", sa.BigInteger),
    )
    op.create_index(None, "direct_messages", ["conversation_id", "at_ms"], unique=True)
    op.create_index(None, "direct_messages", ["sender_id"])
    op.create_table(
        "attachments",
        _id(),
        _of("conversations", "conversation_id"),
        _of("users", "user_id"),
        sa.Column("message_id", sa.String(36), sa.ForeignKey("direct_messages.id", ondelete="CASCADE")),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("media_type", sa.String(40), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        _ms("at_ms"),
    )
    for column in ("message_id", "conversation_id", "user_id", "at_ms"):
        op.create_index(None, "attachments", [column])


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String(36), primary_key=True)


def _of(table: str, name: str, *, primary_key: bool = False) -> sa.Column[str]:
    owner = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(name, sa.String(36), owner, primary_key=primary_key, nullable=False)


def _ms(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)
