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

CHECKPOINT_OVER_BYTES = 8 * 1024 * 1024


class Checkpoints:
    """Owned by an open `SqliteLog`. `hold` stops its writes and `release` lets them go on, both in the loop."""

    def __init__(self, path: Path, hold: Callable[[], None], release: Callable[[], None]) -> None:
        self._path = path
        self._hold = hold
        self._release = release
        self._wanted = asyncio.Event()
        self._ending = False
        self._failing = False
        self._task = asyncio.create_task(self._run(), name="checkpoints")

    def want(self) -> None:
        self._wanted.set()

    async def aclose(self) -> None:
        """Finish a checkpoint that is under way, and start no other."""
        self._ending = True
        self._wanted.set()
        await self._task

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
        for _ in range(PASSES):
            await asyncio.to_thread(copy_most, self._path)
        self._hold()
        try:
            await asyncio.to_thread(begin_anew, self._path)
        finally:
            self._release()


def copy_most(path: Path) -> None:
    _on_own_connection(path, "PRAGMA wal_checkpoint(PASSIVE)")


def begin_anew(path: Path) -> None:
    """Nobody may be writing. The commit at the end changes nothing: it pays for syncing the new log's header."""
    _on_own_connection(path, "PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA user_version")


def _on_own_connection(path: Path, checkpoint: str, then: str | None = None) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute(checkpoint).fetchone()
        if then is not None:
            (same,) = connection.execute(then).fetchone()
            connection.execute(f"{then}={same}")
    finally:
        connection.close()
