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


def downgrade() -> None:
    for table in ("kept_answers",):
        op.drop_table(table)


def _of(table: str, column: str, *, primary_key: bool = False) -> sa.Column[str]:
    owner = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(column, sa.String(36), owner, primary_key=primary_key, nullable=False)
