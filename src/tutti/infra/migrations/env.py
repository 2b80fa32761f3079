"""What Alembic runs: over the connection that `tutti.infra.sql` hands it, in the transaction that is open there."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from tutti.platform.models import TABLES


def run() -> None:
    connection = context.config.attributes["connection"]
    assert isinstance(connection, Connection)
    context.configure(
        connection=connection,
        target_metadata=TABLES,
        render_as_batch=True,  # SQLite changes a table by building it anew
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
