"""Room for secrets of authenticator apps that are sealed. The server seals those that are there: it has the key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("second_factors") as table:
        table.alter_column("secret", existing_type=sa.String(64), type_=sa.Text, existing_nullable=False)


def downgrade() -> None:
    """An earlier version cannot read what is sealed: nobody's second factor is turned off, PostgreSQL refuses."""
    with op.batch_alter_table("second_factors") as table:
        table.alter_column("secret", existing_type=sa.Text, type_=sa.String(64), existing_nullable=False)
