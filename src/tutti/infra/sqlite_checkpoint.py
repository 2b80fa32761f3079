"""Moving the write-ahead log into the database, in a thread, so that the loop never waits for the disk.

A passive checkpoint copies all but the newest pages while the loop goes on writing. It alone never ends under load,
because more has been written meanwhile; so for the rest, a few milliseconds, appends wait (the loop does not), and
the log starts again from nothing. Its first commit waits for the disk too, so that is made here as well.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import structlog

log = structlog.get_logger()

CHECKPOINT_AFTER = 12_000
"""Writes: some 40 MB of write-ahead log when each is to another room."""

WAL_KEPT_BYTES = 64 * 1024 * 1024
"""The write-ahead log is written over from its beginning, not cut: cutting it costs a sync. Only a larger one is cut."""

PASSES = 2
"""The second copies what was written during the first, so that little is left to do while appends wait."""


class Checkpoints:
    """Owned by an open `SqliteLog`. `hold` stops its writes and `release` lets them go on, both in the loop."""

    def __init__(self, path: Path, hold: Callable[[], None], release: Callable[[], None]) -> None:
        self._path = path
        self._hold = hold
        self._release = release
        self._wanted = asyncio.Event()
        self._ending = False
        self._failing = False
        self._connection: sqlite3.Connection | None = None
        self._task = asyncio.create_task(self._run(), name="checkpoints")

    def want(self) -> None:
        self._wanted.set()

    async def aclose(self) -> None:
        """Finish a checkpoint that is under way, and start no other."""
        self._ending = True
        self._wanted.set()
        await self._task
        if self._connection is not None:
            self._connection.close()

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            if self._ending:
                return
            try:
                await self._checkpoint()
                self._failing = False
            except sqlite3.Error as error:
                if not self._failing:  # a full disk is reported once, not at every try
                    log.warning("log.checkpoint_failed", error=str(error))
                self._failing = True

    async def _checkpoint(self) -> None:
        if self._connection is None:
            self._connection = await asyncio.to_thread(connect, self._path)
        for _ in range(PASSES):
            await asyncio.to_thread(copy_most, self._connection)
        self._hold()
        try:
            await asyncio.to_thread(begin_anew, self._connection)
        finally:
            self._release()


def connect(path: Path) -> sqlite3.Connection:
    """For one thread at a time, whichever it is."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for setting in ("synchronous=NORMAL", "wal_autocheckpoint=0", f"journal_size_limit={WAL_KEPT_BYTES}"):
        connection.execute(f"PRAGMA {setting}").fetchone()
    return connection


def copy_most(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


def begin_anew(connection: sqlite3.Connection) -> None:
    """Nobody may be writing. The commit at the end changes nothing: it pays for syncing the new log's header."""
    connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
    (same,) = connection.execute("PRAGMA user_version").fetchone()
    connection.execute(f"PRAGMA user_version={same}")


def tidy(path: Path) -> None:
    """Leave one file. Nobody may be writing or reading."""
    connection = connect(path)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.close()
