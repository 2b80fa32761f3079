"""Is the database there? Asked by whoever watches a server: the answer is quick, whatever the database does."""

from __future__ import annotations

import asyncio

import psycopg

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
    postgres: Postgres,
) -> None:
    url = postgres.fresh()
    database = Database(url)
    await database.open()
    with psycopg.connect(url) as locking:
        locking.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
        told = await asyncio.gather(*(database.trouble(SOON_S) for _ in range(50)))
        assert set(told) == {"no answer in 0.2 s"}
        waiting = locking.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
        assert waiting == (1,)
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
