"""What Alembic runs: over the connection that `tutti.infra.sql` hands it, in the transaction that is open there."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from tutti.platform.accounts import models as accounts
from tutti.platform.nearby import models as nearby
from tutti.platform.rows import Rows
from tutti.platform.spotify import models as spotify

FEATURES = (accounts, nearby, spotify)
"""Their tables are known by being imported."""


def run() -> None:
    connection = context.config.attributes["connection"]
    assert isinstance(connection, Connection)
    context.configure(
        connection=connection,
        target_metadata=Rows.metadata,
        render_as_batch=True,  # SQLite changes a table by building it anew
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
