"""Jobs that are run later, and codes that are mailed and work once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("key", sa.String(200)),
        sa.Column("waiting_key", sa.String(241), unique=True),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at_ms", sa.BigInteger),
        sa.Column("lease", sa.String(36)),
        sa.Column("reason", sa.String(300)),
        sa.Column("added_at_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger),
    )
    op.create_index(None, "jobs", ["due_at_ms"])
    op.create_index(None, "jobs", ["kind", "key"])
    op.create_index(None, "jobs", ["ended_at_ms"])


def downgrade() -> None:
    op.drop_table("jobs")
