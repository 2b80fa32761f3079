"""Watch parties: what outlives their rooms; and the answers that are given again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_answers",
        _of("users", "owner_id", primary_key=True),
        sa.Column("key", sa.String(128), primary_key=True),
        sa.Column("asked", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.create_index(None, "kept_answers", ["at_ms"])
    op.create_table(
        "parties",
        sa.Column("id", sa.String(36), primary_key=True),
        _of("users", "host_id"),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("room_code", sa.String(8), nullable=False, unique=True),
        sa.Column("visibility", sa.String(12), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("scheduled_for_ms", sa.BigInteger),
        sa.Column("started_at_ms", sa.BigInteger),
        sa.Column("ended_at_ms", sa.BigInteger),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger, nullable=False),
        sa.Column("max_participants", sa.Integer, nullable=False),
        sa.Column("participant_count", sa.Integer, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("video", sa.Text),
        sa.Column("position_ms", sa.BigInteger, nullable=False),
        sa.Column("playing", sa.Boolean, nullable=False),
        sa.Column("synced_at_ms", sa.BigInteger),
    )
    op.create_index(None, "parties", ["host_id"])
    op.create_index(None, "parties", ["status"])
    op.create_index(None, "parties", ["visibility", "created_at_ms", "id"])
    op.create_table(
        "party_participants",
        _of("parties", "party_id", primary_key=True),
        _of("users", "user_id", primary_key=True),
        sa.Column("role", sa.String(12), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("party_at_ms", sa.BigInteger, nullable=False),
        sa.Column("since_ms", sa.BigInteger, nullable=False),
        sa.Column("left_at_ms", sa.BigInteger),
    )
    op.create_index(None, "party_participants", ["user_id", "party_at_ms", "party_id"])
    op.create_index(None, "party_participants", ["party_id", "status", "since_ms"])
    op.create_table(
        "party_invitations",
        sa.Column("id", sa.String(36), primary_key=True),
        _of("parties", "party_id"),
        _of("users", "inviter_id"),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("email", sa.String(254)),
        _of("users", "user_id", nullable=True),
        sa.Column("message", sa.String(500), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger, nullable=False),
    )
    op.create_index(None, "party_invitations", ["party_id", "status"])
    op.create_index(None, "party_invitations", ["user_id", "status"])


def downgrade() -> None:
    for table in ("party_invitations", "party_participants", "parties", "kept_answers"):
        op.drop_table(table)


def _of(table: str, column: str, *, primary_key: bool = False, nullable: bool = False) -> sa.Column[str]:
    owner = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(column, sa.String(36), owner, primary_key=primary_key, nullable=nullable)
