"""Both databases, each empty for every test: a SQLite file, and a PostgreSQL that is started once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.platform_rows.desk import Desk
from tests.platform_rows.postgres import Missing, Postgres, running
from tutti.infra.sql import Database


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    try:
        with running() as server:
            yield server
    except Missing:
        pytest.skip("there is no PostgreSQL on this machine")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    if request.param == "sqlite":
        return tmp_path / "accounts.db"
    server = request.getfixturevalue("postgres")
    assert isinstance(server, Postgres)
    return server.fresh()


@pytest.fixture
async def database(url: str | Path) -> AsyncIterator[Database]:
    database = Database(url)
    yield database
    await database.aclose()


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    await database.open()
    desk = Desk(database)
    yield desk
    desk.close()
