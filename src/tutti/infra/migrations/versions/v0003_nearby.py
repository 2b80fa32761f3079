"""What people chose to share nearby."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "nearby_choices",
        sa.Column("user_id", sa.String(36), sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("share_track", sa.Boolean, nullable=False),
        sa.Column("allow_find", sa.Boolean, nullable=False),
        sa.Column("radius_km", sa.Double, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("nearby_choices")
