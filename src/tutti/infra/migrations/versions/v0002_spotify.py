"""Connections to Spotify, and sign-ins that are under way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "spotify_connections",
        sa.Column("user_id", sa.String(36), sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("spotify_id", sa.String(128), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("sealed", sa.Text),
        sa.Column("access_expires_at_ms", sa.BigInteger, nullable=False),
        sa.Column("consented_at_ms", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "spotify_states",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("browser", sa.String(64), nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("challenge", sa.String(43)),
        sa.Column("expires_at_ms", sa.BigInteger, nullable=False),
    )
    op.create_index(None, "spotify_states", ["expires_at_ms"])
    op.create_table(
        "spotify_codes",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("challenge", sa.String(43)),
        sa.Column("expires_at_ms", sa.BigInteger, nullable=False),
    )
    op.create_index(None, "spotify_codes", ["expires_at_ms"])


def downgrade() -> None:
    for table in ("spotify_codes", "spotify_states", "spotify_connections"):
        op.drop_table(table)
