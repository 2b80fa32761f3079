"""Is the database there? Asked by whoever watches a server: the answer is quick, whatever the database does."""

from __future__ import annotations

import asyncio
import threading
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.platform_rows.postgres import Postgres
from tutti.infra.sql import Database

SOON_S = 0.2
LONG_S = 30.0


async def test_a_database_that_answers_is_no_trouble(database: Database) -> None:
    await database.open()
    assert await database.trouble(LONG_S) is None


async def test_a_database_without_our_tables_is_trouble(database: Database) -> None:
    problem = await database.trouble(LONG_S)
    assert problem is not None
    assert "alembic_version" in problem


async def test_a_database_that_is_dropped_under_us_is_trouble(postgres: Postgres) -> None:
    url = postgres.fresh()
    database = Database(url)
    await database.open()
    assert await database.trouble(LONG_S) is None
    postgres.drop(url)
    problem = await database.trouble(LONG_S)
    assert problem is not None
    assert "does not exist" in problem
    await database.aclose()


async def test_a_database_that_does_not_answer_is_not_waited_for_and_is_asked_once(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.fresh()
    database = Database(url)
    await database.open()
    looks: list[None] = []

    def noted() -> AbstractAsyncContextManager[AsyncSession]:
        looks.append(None)
        return Database.reading(database)

    monkeypatch.setattr(database, "reading", noted)
    with psycopg.connect(url) as locking:
        locking.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
        told = await asyncio.gather(*(database.trouble(SOON_S) for _ in range(50)))
        assert set(told) == {"no answer in 0.2 s"}
        assert len(looks) == 1
        locking.rollback()
    assert await database.trouble(LONG_S) is None
    await database.aclose()


async def test_closing_does_not_wait_for_an_answer(postgres: Postgres) -> None:
    url = postgres.fresh()
    database = Database(url)
    await database.open()
    with psycopg.connect(url) as locking:
        locking.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
        await database.trouble(SOON_S)
        async with asyncio.timeout(LONG_S):
            await database.aclose()


async def test_no_thread_of_a_reader_that_was_cancelled_outlives_the_database(tmp_path: Path) -> None:
    """It would be speaking to a loop that has ended."""
    before = set(threading.enumerate())
    for turns in range(12):  # of the loop, before it is cancelled: while it connects, and while it reads
        database = Database(tmp_path / f"{turns}.db")
        await database.open()
        looking = asyncio.create_task(_count_slowly(database))
        for _ in range(turns * 40):
            await asyncio.sleep(0)
        looking.cancel()
        await asyncio.wait((looking,))
        await database.aclose()
        assert {one for one in threading.enumerate() if "_connection_worker" in one.name} <= before


async def _count_slowly(database: Database) -> None:
    async with database.reading() as db:
        long = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT max(i) FROM n"
        await db.execute(text(long))
