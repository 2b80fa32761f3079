"""What was said in a party, for longer than its room remembers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chat_messages",
        sa.Column("room_id", sa.String(128), primary_key=True),
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.String(128), nullable=False),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("reply_to", sa.String(64)),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("edited_at_ms", sa.BigInteger),
        sa.Column("removed_at_ms", sa.BigInteger),
    )
    op.create_index("ix_chat_messages_room_id_at_ms_key", "chat_messages", ["room_id", "at_ms", "key"])
    op.create_table(
        "chat_copied",
        sa.Column("room_id", sa.String(128), primary_key=True),
        sa.Column("epoch", sa.String(64), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("chat_copied")
    op.drop_table("chat_messages")
