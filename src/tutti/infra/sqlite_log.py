"""Rooms in one SQLite file, written in the event loop's own thread: ADR 0009 says why, and what that costs.

All appends of one turn of the loop are committed together. If the commit fails, nothing of the group was kept and
everybody in it hears `Unavailable`. With WAL and synchronous=NORMAL a commit is a write to the kernel's memory: what
was acknowledged survives `kill -9` of this process. A power cut may lose the last moments; it never corrupts.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tutti.core.events import Recorded
from tutti.core.ids import RoomId
from tutti.core.room import Room
from tutti.infra import sqlite_reading as reading
from tutti.infra.event_codec import Unreadable, encode_event, encode_snapshot
from tutti.infra.file_lock import FileLock
from tutti.infra.followers import Followers
from tutti.infra.log_rules import opening_of
from tutti.infra.sqlite_checkpoint import CHECKPOINT_AFTER, Checkpoints, tidy
from tutti.infra.sqlite_group import Entry, Group
from tutti.infra.sqlite_reading import Head
from tutti.infra.sqlite_schema import CannotOpen, migrate
from tutti.service.ports import Conflict, Hear, Past, Position, Unavailable

_HEADS_KEPT = 50_000

GATHER_S = 0.005
"""Commits are at least this far apart. Whoever comes alone is not kept waiting; a crowd shares its commits."""

PAGE_BYTES = 1024
"""Of a new file. An append touches a page of its own room's: a quarter of the usual size is a quarter to write."""


@dataclass(slots=True, eq=False)
class _Append:
    entry: Entry
    done: asyncio.Future[None]
    kept: bool = False


@dataclass(slots=True, eq=False)
class _Job:
    """Another write that takes its turn among the appends."""

    run: Callable[[Group], int]
    done: asyncio.Future[int]
    result: int = 0


class SqliteLog:
    """A `RoomLog` and `RoomIndex` in the file at `path`, of which this is the only user: `open` it, `aclose` it."""

    def __init__(self, path: Path, *, checkpoint_after: int = CHECKPOINT_AFTER) -> None:
        self._path = path
        self._checkpoint_after = checkpoint_after
        self._followers = Followers()
        self._heads: dict[RoomId, Head] = {}
        self._waiting: list[_Append | _Job] = []
        self._flush_is_due = False
        self._held = False
        self._written = 0
        """Writes since the last checkpoint was wanted."""
        self._flushed_s = -GATHER_S
        self._lock: FileLock | None = None
        self._connection: sqlite3.Connection | None = None
        self._checkpoints: Checkpoints | None = None

    async def open(self) -> None:
        """Raises `InUse` if another process has the file, `CannotOpen` if it is damaged or of a later version."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(Path(f"{self._path}.lock"))
        try:
            self._connection = sqlite3.connect(self._path, isolation_level=None)
            for setting in (
                "page_size=1024",
                f"page_size={PAGE_BYTES}",
                "journal_mode=WAL",
                "synchronous=NORMAL",
                "wal_autocheckpoint=0",
                "cache_size=-32768",
            ):
                self._connection.execute(f"PRAGMA {setting}")
            migrate(self._connection)
        except sqlite3.Error as error:
            self._let_go()
            raise CannotOpen(f"{self._path} cannot be opened as a room log: {error}") from error
        except BaseException:
            self._let_go()
            raise
        self._checkpoints = Checkpoints(self._path, self._hold, self._release)

    async def aclose(self) -> None:
        """Commit what waits and leave one tidy file. Asked anything after this, the log is `Unavailable`."""
        if self._checkpoints is None:
            return
        await self._checkpoints.aclose()
        self._checkpoints = None
        self._flush()
        with suppress(sqlite3.Error):  # it is kept; only tidying up failed
            await asyncio.to_thread(tidy, self._path)
        self._let_go()

    def append(
        self, room: RoomId, expected: Position | None, events: tuple[Recorded, ...]
    ) -> asyncio.Future[None]:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            opened = opening_of(expected, events)
            room.encode()  # what cannot be stored fails here, not amid a group
            bodies = [encode_event(recorded.event) for recorded in events]
            self._enqueue(_Append(Entry(room, expected, opened, events, bodies), done))
        except Exception as problem:  # the asker's, like any other answer
            done.set_exception(problem)
        return done

    async def read(self, room: RoomId) -> Past | None:
        with self._reading() as connection:
            head = self._head(room)
            return None if head is None else reading.past(connection, head)

    async def since(self, room: RoomId, after: Position) -> tuple[Recorded, ...] | None:
        with self._reading() as connection:
            head = self._head(room)
            if head is None or head.epoch != after.epoch or not 0 <= after.seq <= head.seq:
                return None
            return reading.events_after(connection, head, after.seq)

    async def keep(self, snapshot: Room) -> None:
        body = encode_snapshot(snapshot)
        await self._do(lambda group: group.keep(snapshot, body))

    def follow(self, room: RoomId, hear: Hear) -> Callable[[], None]:
        return self._followers.follow(room, hear)

    async def listed(self, dialect: str, limit: int) -> tuple[RoomId, ...]:
        with self._reading() as connection:
            return reading.listed(connection, dialect, limit)

    async def due(self, now_ms: float) -> tuple[RoomId, ...]:
        with self._reading() as connection:
            return reading.due(connection, now_ms)

    async def forget(self, ended_before_ms: float) -> int:
        total = 0
        while deleted := await self._do(lambda group: group.forget(ended_before_ms)):
            total += deleted
        return total

    async def _do(self, run: Callable[[Group], int]) -> int:
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._enqueue(_Job(run, done))
        return await done

    def _enqueue(self, item: _Append | _Job) -> None:
        if self._checkpoints is None:
            raise Unavailable("the room log is not open")
        self._waiting.append(item)
        if not self._flush_is_due and not self._held:
            self._flush_is_due = True
            loop = asyncio.get_running_loop()
            wait_s = self._flushed_s + GATHER_S - loop.time()
            if wait_s > 0:
                loop.call_later(wait_s, self._flush)
            else:
                loop.call_soon(self._flush)

    def _hold(self) -> None:
        self._held = True

    def _release(self) -> None:
        self._held = False
        self._flush()

    def _flush(self) -> None:
        self._flush_is_due = False
        if self._held or not self._waiting or self._connection is None:
            return
        items, self._waiting = self._waiting, []
        self._flushed_s = asyncio.get_running_loop().time()
        try:
            group = self._commit(self._connection, items)
        except Exception as error:
            self._undo(self._connection, items, error)
            return
        self._remember(group.heads)
        for item in items:
            self._answer(item)
        self._count(len(items))

    def _commit(self, connection: sqlite3.Connection, items: list[_Append | _Job]) -> Group:
        connection.execute("BEGIN IMMEDIATE")
        group = Group(connection, self._head)
        for item in items:
            if isinstance(item, _Append):
                item.kept = group.append(item.entry)
            else:
                item.result = item.run(group)
        group.insert()
        connection.execute("COMMIT")
        return group

    def _undo(self, connection: sqlite3.Connection, items: list[_Append | _Job], error: Exception) -> None:
        """What the disk cannot do now it may do later; any other error is our own bug, and goes up as it is."""
        if connection.in_transaction:  # on some errors SQLite has rolled back by itself
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        for item in items:
            if not item.done.done():
                item.done.set_exception(
                    Unavailable(str(error)) if isinstance(error, sqlite3.Error) else error
                )
        if self._checkpoints is not None:
            self._checkpoints.want()  # the write-ahead log can then be written from its beginning again

    def _answer(self, item: _Append | _Job) -> None:
        """An appender that was cancelled meanwhile has appended all the same, and the followers hear of it."""
        waits = not item.done.done()
        if isinstance(item, _Job):
            if waits:
                item.done.set_result(item.result)
        elif item.kept:
            if waits:
                item.done.set_result(None)
            self._followers.tell(item.entry.room, item.entry.events)
        elif waits:
            item.done.set_exception(Conflict(item.entry.room))

    def _head(self, room: RoomId) -> Head | None:
        """As of the last commit. Remembered, because nobody else writes."""
        head = self._heads.get(room)
        if head is None and self._connection is not None:
            head = reading.head_of(self._connection, room)
            if head is not None:
                self._remember({room: head})
        return head

    def _remember(self, heads: dict[RoomId, Head | None]) -> None:
        for room, head in heads.items():
            if head is None:
                self._heads.pop(room, None)
            else:
                self._heads[room] = head
        while len(self._heads) > _HEADS_KEPT:
            del self._heads[next(iter(self._heads))]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        if self._connection is None:
            raise Unavailable("the room log is not open")
        try:
            yield self._connection
        except (sqlite3.Error, Unreadable) as error:
            raise Unavailable(str(error)) from error

    def _count(self, writes: int) -> None:
        self._written += writes
        if self._written >= self._checkpoint_after and self._checkpoints is not None:
            self._written = 0
            self._checkpoints.want()

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        self._heads.clear()
