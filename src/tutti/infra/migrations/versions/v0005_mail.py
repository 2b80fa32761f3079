"""Jobs that are run later; codes that are mailed; an email belongs to whoever has proven it, and to nobody before."""

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
    op.create_table(
        "mailed_codes",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.String(36), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("purpose", sa.String(10), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger, nullable=False),
    )
    op.create_index(None, "mailed_codes", ["user_id", "purpose"])
    op.create_index(None, "mailed_codes", ["expires_at_ms"])
    with op.batch_alter_table("users") as table:
        table.drop_constraint("uq_users_email", type_="unique")
    op.create_index(None, "users", ["email"])
    proven = sa.text("email_verified")
    op.create_index(
        "uq_users_proven_email", "users", ["email"], unique=True, sqlite_where=proven, postgresql_where=proven
    )


def downgrade() -> None:
    """Of several who claim an email, whoever has proven it keeps it, else the first."""
    op.drop_index("uq_users_proven_email", "users")
    op.drop_index("ix_users_email", "users")
    op.execute(
        "UPDATE users SET email = NULL WHERE email IS NOT NULL AND id <> (SELECT u.id FROM users AS u"
        " WHERE u.email = users.email ORDER BY u.email_verified DESC, u.id LIMIT 1)"
    )
    with op.batch_alter_table("users") as table:
        table.create_unique_constraint("uq_users_email", ["email"])
    op.drop_table("mailed_codes")
    op.drop_table("jobs")
