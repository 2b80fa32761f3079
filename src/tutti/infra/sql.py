"""The SQL database behind the `Sql` port: a SQLite file of ours, or the operator's PostgreSQL.

On SQLite a writer has the whole file from the start of its transaction (`BEGIN IMMEDIATE`), one at a time in this
process, so that nobody finds the file busy half-way; readers see the last state that was kept. On PostgreSQL rows that
are read in order to be changed are locked (`with_for_update`, which SQLite leaves out).
"""

from __future__ import annotations

import asyncio
import select
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any
from weakref import WeakSet

import aiosqlite
import structlog
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, event, make_url, pool, text
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    DisconnectionError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from tutti.service.ports import Unavailable

log = structlog.get_logger("tutti.sql")

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATING = 7_885_561_214_400_451
"""The advisory lock that a migrating process holds on PostgreSQL."""
BUSY_S = 10.0
CONNECT_WITHIN_S = 10
CONNECTIONS = 20
"""To PostgreSQL. They are kept: making one costs more than most of what is asked over it."""
RESTED_S = 10.0
"""A connection that nobody used for so long may be gone, and is asked whether it is there."""
ANSWER_WITHIN_S = 2.0

_WRITES = "tutti_writes"


class CannotOpen(Exception):
    """The database cannot serve. The text is one line for a person, without the URL's password."""


class Database:
    """`url`: a path is a SQLite file, made if it is not there. Use between `open` and `aclose`."""

    def __init__(self, url: str | Path) -> None:
        self._url = _with_driver(url)
        self.sqlite = self._url.get_backend_name() == "sqlite"
        self._connections: WeakSet[aiosqlite.Connection] = WeakSet()
        self._engine = _engine(self._url, self._connections, foreign_keys=True)
        self._readers = async_sessionmaker(_reading(self._engine), expire_on_commit=False)
        self._writers = async_sessionmaker(
            self._engine.execution_options(**{_WRITES: True}), expire_on_commit=False
        )
        self._writing = asyncio.Lock() if self.sqlite else None
        self._looking: asyncio.Task[str | None] | None = None
        self._trouble: str | None = None

    async def open(self) -> None:
        """Bring the tables to the current version. Raises `CannotOpen`."""
        if self.sqlite and not self._url.query:
            _look_at(self._url.database or "")
        await self.migrate("head")

    async def migrate(self, revision: str) -> None:
        """Forward or back to a revision (`head`, `base`, an id), all or nothing, one process at a time."""
        # A table is rebuilt by copying it, which must not delete what points at it.
        engine = _engine(self._url, self._connections, foreign_keys=False, poolclass=pool.NullPool)
        try:
            async with engine.execution_options(**{_WRITES: True}).begin() as connection:
                await _alone(connection)
                await connection.run_sync(_migrate, revision)
        except CommandError as problem:
            raise CannotOpen(f"it was written by another version of Tutti ({_one_line(problem)})") from None
        except (SQLAlchemyError, OSError) as problem:
            raise CannotOpen(_one_line(problem)) from None
        finally:
            await engine.dispose()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        async with _as_unavailable(), self._readers() as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        async with AsyncExitStack() as stack:
            if self._writing is not None:
                await stack.enter_async_context(self._writing)
            await stack.enter_async_context(_as_unavailable())
            session = await stack.enter_async_context(self._writers())
            await stack.enter_async_context(session.begin())
            yield session

    async def trouble(self, within_s: float = ANSWER_WITHIN_S) -> str | None:
        """Why nothing can be read now, if that is so; a change is logged.

        However many ask, one read is under way at a time.
        """
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        await asyncio.wait((self._looking,), timeout=within_s)
        problem = self._looking.result() if self._looking.done() else f"no answer in {within_s:g} s"
        if problem != self._trouble:
            self._trouble = problem
            log.warning("database.trouble", problem=problem or "none any more")
        return problem

    async def aclose(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait((self._looking,))
        await self._engine.dispose()
        await _ended(self._connections)

    async def _look(self) -> str | None:
        """At a row that there is in every database of ours."""
        try:
            async with self.reading() as session:
                await session.execute(text("SELECT version_num FROM alembic_version"))
        except (Unavailable, SQLAlchemyError) as problem:
            return _one_line(problem)
        return None


@asynccontextmanager
async def _as_unavailable() -> AsyncIterator[None]:
    """A full disk, a lock that is not let go, a server that is gone. Anything else is a bug of ours."""
    try:
        yield
    except (OperationalError, InterfaceError) as problem:
        raise Unavailable(_one_line(problem)) from None
    except DBAPIError as problem:
        if problem.connection_invalidated:
            raise Unavailable(_one_line(problem)) from None
        raise
    except TimeoutError as problem:  # every connection is in use
        raise Unavailable(_one_line(problem)) from None


def _with_driver(url: str | Path) -> URL:
    if isinstance(url, Path):
        return URL.create("sqlite+aiosqlite", database=str(url))
    try:
        parsed = make_url(url.strip())
        backend = parsed.drivername.partition("+")[0].lower()
    except (ArgumentError, ValueError):
        raise CannotOpen("it is not the URL of a database") from None
    if backend == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise CannotOpen("a SQLite database needs a file, such as sqlite:///data/accounts.db")
        return parsed.set(drivername="sqlite+aiosqlite")
    if backend in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg")
    raise CannotOpen("only SQLite and PostgreSQL are known")


def _engine(
    url: URL,
    connections: WeakSet[aiosqlite.Connection],
    *,
    foreign_keys: bool,
    poolclass: type[pool.Pool] | None = None,
) -> AsyncEngine:
    """`connections` hears of those to SQLite."""
    if url.get_backend_name() != "sqlite":
        sized: dict[str, Any] = {"pool_size": CONNECTIONS, "max_overflow": 0, "pool_use_lifo": True}
        engine = create_async_engine(
            url,
            hide_parameters=True,
            skip_autocommit_rollback=True,
            connect_args={"connect_timeout": CONNECT_WITHIN_S, "application_name": "tutti"},
            **({"poolclass": poolclass} if poolclass else sized),
        )
        _look_before_use(engine)
        return engine

    def connect(*args: Any, **settings: Any) -> aiosqlite.Connection:
        connection = aiosqlite.connect(*args, **settings)
        connection._thread.daemon = True
        connections.add(connection)
        return connection

    engine = create_async_engine(
        url,
        hide_parameters=True,
        connect_args={"timeout": BUSY_S, "async_creator_fn": connect},
        **({"poolclass": poolclass} if poolclass else {}),
    )

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself: we say when, and how
        try:
            _prepare(connection, foreign_keys=foreign_keys)
        except BaseException:
            connection.close()  # it has a thread, which nobody else knows of yet
            raise

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _reading(engine: AsyncEngine) -> AsyncEngine:
    """On PostgreSQL each statement sees its own moment anyway, and beginning and ending would be words for nothing."""
    return (
        engine if engine.dialect.name == "sqlite" else engine.execution_options(isolation_level="AUTOCOMMIT")
    )


def _look_before_use(engine: AsyncEngine) -> None:
    """Whether a connection is still there; the pool makes another in place of one that is not.

    To ask the server each time would cost as much as what is asked afterwards. One that it has closed can be read from,
    although nothing was asked; that it is gone without a word can only be where nobody spoke for a while.
    """

    @event.listens_for(engine.sync_engine, "checkin")
    def rests(_: object, record: Any) -> None:
        record.info["since"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def used(connection: Any, record: Any, _: object) -> None:
        since = record.info.get("since")
        if since is None or (
            time.monotonic() - since < RESTED_S and not _has_something_to_say(connection.driver_connection)
        ):
            return
        dialect = engine.sync_engine.dialect
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as problem:
            raise DisconnectionError from problem


def _has_something_to_say(connection: Any) -> bool:
    watched = select.poll()
    watched.register(connection.fileno(), select.POLLIN)
    return bool(watched.poll(0))


async def _ended(connections: WeakSet[aiosqlite.Connection]) -> None:
    """Each has a thread. One whose reader was cancelled is not waited for by the pool, and would still be speaking to the
    loop when that has ended.
    """
    for connection in tuple(connections):
        thread = connection._thread  # it has no other name
        if not thread.is_alive():
            continue
        await asyncio.to_thread(thread.join, BUSY_S)
        if thread.is_alive():
            log.error("bug", problem="a connection was in use when the database was closed")
            connection.stop()


def _look_at(path: str) -> None:
    """First by itself: the thread of a connection that cannot be made outlives whoever wanted it."""
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_S)) as connection:
            connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.Error as problem:
        raise CannotOpen(_one_line(problem)) from None


def _prepare(connection: Any, *, foreign_keys: bool) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
    cursor.close()


async def _alone(connection: AsyncConnection) -> None:
    """SQLite's transaction has begun as a writer's, which is enough."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATING})


def _migrate(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    if revision == "base" or revision.startswith("-"):
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)


def _one_line(problem: BaseException) -> str:
    """What the driver says, without the statement."""
    said = problem.orig if isinstance(problem, DBAPIError) and problem.orig is not None else problem
    lines = [line.strip() for line in str(said).splitlines() if line.strip()]
    return (lines[0] if lines else type(problem).__name__)[:200]
