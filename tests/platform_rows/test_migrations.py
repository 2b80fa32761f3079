"""The tables: made, brought up to date, taken back, and the same as the models say, on both databases."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError

from tests.platform_rows.desk import Desk
from tests.platform_rows.postgres import Postgres
from tutti.infra.sql import CannotOpen, Database
from tutti.platform.accounts.models import User
from tutti.service.ports import Unavailable


async def tables(database: Database) -> set[str]:
    async with database.reading() as db:
        return set(await (await db.connection()).run_sync(lambda c: inspect(c).get_table_names()))


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, User.metadata))


async def test_the_tables_are_what_the_models_say(database: Database) -> None:
    await database.open()
    async with database.reading() as db:
        assert await (await db.connection()).run_sync(differences) == []


async def test_forward_and_back_and_forward_again(database: Database) -> None:
    await database.migrate("head")
    made = await tables(database)
    assert {"users", "login_sessions", "nearby_choices", "alembic_version"} <= made
    await database.migrate("base")
    assert await tables(database) == {"alembic_version"}
    await database.migrate("head")
    assert await tables(database) == made


async def test_opening_again_changes_nothing(database: Database) -> None:
    await database.open()
    desk = Desk(database)
    ann = await desk.ann()
    await database.open()
    assert await desk.accounts.person(ann.person.id) == ann.person
    desk.close()


async def test_many_who_open_an_empty_database_at_once_make_its_tables_once(url: str | Path) -> None:
    databases = [Database(url) for _ in range(4)]
    await asyncio.gather(*(database.open() for database in databases))
    assert "users" in await tables(databases[0])
    for database in databases:
        await database.aclose()


async def test_a_database_of_a_later_version_is_one_clear_line(database: Database) -> None:
    await database.open()
    async with database.writing() as db:
        await db.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    with pytest.raises(CannotOpen, match="another version of Tutti") as caught:
        await database.open()
    assert "\n" not in str(caught.value)


async def test_what_raises_is_undone_and_what_returns_is_kept(database: Database) -> None:
    await database.open()
    desk = Desk(database)
    ann = await desk.ann()
    with pytest.raises(ZeroDivisionError):
        async with database.writing() as db:
            (await db.get_one(User, ann.person.id)).display_name = "Somebody"
            await db.flush()
            raise ZeroDivisionError
    assert await desk.accounts.person(ann.person.id) == ann.person
    desk.close()


async def test_rows_that_belong_to_a_row_go_with_it(database: Database) -> None:
    await database.open()
    desk = Desk(database)
    ann = await desk.ann()
    async with database.writing() as db:
        await db.delete(await db.get_one(User, ann.person.id))
    async with database.reading() as db:
        for table in ("login_sessions", "refresh_tokens", "devices"):
            assert await db.scalar(text(f"SELECT count(*) FROM {table}")) == 0
    desk.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hush@127.0.0.1:1/tutti",
        "postgresql+asyncpg://me:hush@127.0.0.1:1/tutti",
        "sqlite:////no/such/folder/hush.db",
        "mysql://me:hush@localhost/x",
        "postgresql://me:hush@127.0.0.1:port/x",
        "not a url, hush",
        "sqlite://",
    ],
)
async def test_what_cannot_be_opened_is_one_line_without_the_password(url: str) -> None:
    with pytest.raises(CannotOpen) as caught:
        await Database(url).open()
    line = str(caught.value)
    assert line
    assert "hush" not in line
    assert "\n" not in line


async def test_a_file_that_is_no_database_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "accounts.db"
    path.write_bytes(b"this is not a database, and never was one" * 100)
    with pytest.raises(CannotOpen, match="not a database"):
        await Database(path).open()


async def test_a_postgres_that_has_gone_is_unavailable_and_its_return_is_noticed(postgres: Postgres) -> None:
    url = postgres.fresh()
    database = Database(url)
    await database.open()
    async with database.reading() as db:
        number = await db.scalar(text("SELECT pg_backend_pid()"))
    async with database.writing() as db:
        await db.execute(text("SELECT 1"))
    other = Database(url)
    with pytest.raises(Unavailable):
        async with database.reading() as mine:
            own = await mine.scalar(text("SELECT pg_backend_pid()"))
            async with other.reading() as db:
                await db.execute(text("SELECT pg_terminate_backend(:own)"), {"own": own})
            await mine.execute(text("SELECT 1"))
    async with database.reading() as db:
        assert await db.scalar(text("SELECT pg_backend_pid()")) != number
    await other.aclose()
    await database.aclose()


async def test_who_had_an_address_claims_it_and_going_back_leaves_it_with_one(database: Database) -> None:
    await database.migrate("0004")
    async with database.writing() as db:
        await db.execute(text(USER), {"id": "ann", "email": "ann@example.org", "proven": False})
        await db.execute(text(DEVICE))
        await db.execute(text(LOGIN))
    await database.migrate("0005")
    async with database.writing() as db:
        await db.execute(text(USER), {"id": "ben", "email": "ann@example.org", "proven": True})
        await db.execute(text(USER), {"id": "cem", "email": "ann@example.org", "proven": False})
    with pytest.raises(IntegrityError):
        async with database.writing() as db:
            await db.execute(text("UPDATE users SET email_verified = true WHERE id = 'ann'"))
    await database.migrate("-1")
    async with database.reading() as db:
        kept = (await db.execute(text("SELECT id, email FROM users ORDER BY id"))).all()
        assert [tuple(row) for row in kept] == [("ann", None), ("ben", "ann@example.org"), ("cem", None)]
        assert await db.scalar(text("SELECT count(*) FROM login_sessions")) == 1
    with pytest.raises(IntegrityError):
        async with database.writing() as db:
            await db.execute(text("UPDATE users SET email = 'ann@example.org' WHERE id = 'ann'"))


USER = """
    INSERT INTO users (id, email, username, username_key, display_name, first_name, last_name,
                       email_verified, active, created_at_ms)
    VALUES (:id, :email, :id, :id, :id, '', '', :proven, true, 0)
"""
DEVICE = "INSERT INTO devices VALUES ('laptop', 'ann', 'key', 'Laptop', 0, 0)"
LOGIN = "INSERT INTO login_sessions VALUES ('login', 'ann', 'laptop', 0, 0, 1, NULL, NULL)"
