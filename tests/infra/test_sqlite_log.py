"""What the SQLite log promises beyond the ports: one owner, one transaction per moment, room for what breaks."""

from __future__ import annotations

import asyncio
import math
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.rooms import numbered, opened
from tutti.core import events as e
from tutti.core.ids import Epoch, RoomId, Seq
from tutti.core.room import Room, fold
from tutti.infra.file_lock import InUse
from tutti.infra.sqlite_log import GATHER_S, SqliteLog
from tutti.infra.sqlite_schema import MIGRATIONS, CannotOpen, TooNew
from tutti.service.ports import Past, Position, Unavailable

ROOM = RoomId("r1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "rooms.db"


@pytest.fixture
async def log(path: Path) -> AsyncIterator[SqliteLog]:
    log = SqliteLog(path)
    await log.open()
    yield log
    await log.aclose()


async def reopened(log: SqliteLog, path: Path) -> SqliteLog:
    await log.aclose()
    again = SqliteLog(path)
    await again.open()
    return again


def at(seq: int) -> Position:
    return Position(Epoch("e1"), Seq(seq))


async def fill(log: SqliteLog, last: int) -> Room:
    """Open the room, and append events up to number `last`, a second apart."""
    turns = (e.LockChanged(seq % 2 == 0) for seq in range(2, last + 1))
    await log.append(ROOM, None, numbered(opened(), *turns, every_ms=1_000.0))
    past = await log.read(ROOM)
    room = fold(ROOM, past.events if past else ())
    assert room is not None
    return room


async def append_for_ever(log: SqliteLog, kept: list[int]) -> None:
    """Append after the first event, and note each number that was kept."""
    while True:
        seq = 1 + len(kept)
        await log.append(ROOM, at(seq), numbered(e.ChatSwitched(seq % 2 == 0), after=seq))
        kept.append(seq + 1)


def tamper(path: Path, statement: str) -> None:
    """Change the closed file behind the log's back."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


def content(path: Path) -> bytes:
    return path.read_bytes()


def waiting_bytes(path: Path) -> int:
    """How long the write-ahead log is."""
    return path.with_name(f"{path.name}-wal").stat().st_size


class TestReopening:
    async def test_everything_is_there_again(self, log: SqliteLog, path: Path) -> None:
        state = await fill(log, 2_000)
        await log.keep(state)
        await log.append(ROOM, at(2_000), numbered(e.ChatSwitched(False), after=2_000))
        before, tail = await log.read(ROOM), await log.since(ROOM, at(1_500))
        again = await reopened(log, path)
        assert await again.read(ROOM) == before
        assert await again.since(ROOM, at(1_500)) == tail
        assert await again.listed("watch", 5) == (ROOM,)
        await again.append(ROOM, at(2_001), numbered(e.ChatSwitched(True), after=2_001))
        await again.aclose()

    async def test_closing_commits_what_waits_and_leaves_one_file(self, log: SqliteLog, path: Path) -> None:
        waiting = asyncio.ensure_future(log.append(ROOM, None, numbered(opened())))
        await asyncio.sleep(0)  # it has asked
        again = await reopened(log, path)
        await waiting
        assert await again.read(ROOM) == Past(None, numbered(opened()))
        await again.aclose()
        assert sorted(file.name for file in path.parent.iterdir()) == ["rooms.db", "rooms.db.lock"]

    async def test_a_log_that_is_not_open_is_unavailable(self, path: Path) -> None:
        log = SqliteLog(path)
        for _ in range(2):
            with pytest.raises(Unavailable):
                await log.append(ROOM, None, numbered(opened()))
            with pytest.raises(Unavailable):
                await log.read(ROOM)
            await log.open()
            await log.aclose()
            await log.aclose()


class TestOneOwner:
    async def test_a_second_process_is_refused_with_one_clear_line(self, log: SqliteLog, path: Path) -> None:
        second = f"""
import asyncio, pathlib, sys
from tutti.infra.file_lock import InUse
from tutti.infra.sqlite_log import SqliteLog
try:
    asyncio.run(SqliteLog(pathlib.Path({str(path)!r})).open())
except InUse as refusal:
    sys.exit(str(refusal))
"""
        ran = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", second],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert ran.returncode == 1
        assert ran.stderr == f"{path.parent} is in use by another Tutti (process {os.getpid()})\n"

    async def test_the_next_may_have_it_once_it_is_closed(self, log: SqliteLog, path: Path) -> None:
        second = SqliteLog(path)
        with pytest.raises(InUse):
            await second.open()
        await log.aclose()
        await second.open()
        await second.aclose()


class TestVersions:
    async def test_a_new_file_has_the_current_version(self, log: SqliteLog, path: Path) -> None:
        await log.aclose()
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        connection.close()

    async def test_a_later_versions_file_is_refused_and_left_alone(self, log: SqliteLog, path: Path) -> None:
        await log.aclose()
        tamper(path, "PRAGMA user_version = 99")
        before = content(path)
        for _ in range(2):  # the lock is let go of as well
            with pytest.raises(TooNew, match="version 99"):
                await log.open()
        assert content(path) == before

    async def test_an_older_file_is_brought_up_to_date(
        self, log: SqliteLog, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await fill(log, 5)
        later = (*MIGRATIONS, "CREATE TABLE later (x INTEGER); INSERT INTO later VALUES (1)")
        monkeypatch.setattr("tutti.infra.sqlite_schema.MIGRATIONS", later)
        for _ in range(2):  # the second time there is nothing to do
            log = await reopened(log, path)
        past = await log.read(ROOM)
        assert past is not None
        assert len(past.events) == 5
        await log.aclose()
        tamper(path, "UPDATE later SET x = 2 WHERE x = 1")

    async def test_a_migration_that_fails_changes_nothing(
        self, log: SqliteLog, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await fill(log, 5)
        await log.aclose()
        with monkeypatch.context() as patch:
            broken = (*MIGRATIONS, "DROP TABLE events; CREATE TABLE rooms (x)")
            patch.setattr("tutti.infra.sqlite_schema.MIGRATIONS", broken)
            with pytest.raises(CannotOpen, match="table rooms already exists"):
                await log.open()
        await log.open()
        assert await log.since(ROOM, at(0)) is not None


class TestUnreadable:
    async def test_a_snapshot_that_cannot_be_read_is_passed_over_while_the_events_are_there(
        self, log: SqliteLog, path: Path
    ) -> None:
        state = await fill(log, 100)
        await log.keep(state)
        await log.aclose()
        tamper(path, "UPDATE snapshots SET body = CAST('[99,{}]' AS BLOB)")
        await log.open()
        past = await log.read(ROOM)
        assert past is not None
        assert past.snapshot is None
        assert fold(ROOM, past.events) == state

    @pytest.mark.parametrize(
        "damage",
        [
            "UPDATE snapshots SET body = CAST('junk' AS BLOB)",
            "UPDATE events SET body = CAST('junk' AS BLOB) WHERE seq = 2001",
            "DELETE FROM events WHERE seq = 2001",
        ],
    )
    async def test_a_room_that_cannot_be_folded_is_unavailable_and_the_others_are_not(
        self, log: SqliteLog, path: Path, damage: str
    ) -> None:
        await log.keep(await fill(log, 2_000))
        await log.append(ROOM, at(2_000), numbered(e.ChatSwitched(False), e.ChatSwitched(True), after=2_000))
        await log.append(RoomId("r2"), None, numbered(opened()))
        await log.aclose()
        tamper(path, damage)
        await log.open()
        with pytest.raises(Unavailable):
            await log.read(ROOM)
        assert await log.read(RoomId("r2")) is not None


class TestGroups:
    async def test_appends_of_one_moment_are_one_transaction(self, log: SqliteLog, path: Path) -> None:
        watcher = sqlite3.connect(path)
        versions = [watcher.execute("PRAGMA data_version").fetchone()]
        rooms = [RoomId(f"room {n}") for n in range(64)]
        log.follow(rooms[0], lambda _: versions.append(watcher.execute("PRAGMA data_version").fetchone()))
        seen: list[int] = []
        log.follow(rooms[0], lambda _: seen.extend(watcher.execute("SELECT count(*) FROM rooms").fetchone()))
        await asyncio.gather(*(log.append(room, None, numbered(opened())) for room in rooms))
        watcher.close()
        assert seen == [64]
        assert versions[0] != versions[1]

    async def test_commits_keep_their_distance_so_that_a_crowd_shares_them(self, log: SqliteLog) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        for n in range(10):
            await log.append(RoomId(f"one{n}"), None, numbered(opened()))
        assert loop.time() - began_s >= 9 * GATHER_S
        began_s = loop.time()
        await asyncio.gather(*(log.append(RoomId(f"all{n}"), None, numbered(opened())) for n in range(500)))
        assert loop.time() - began_s < 500 * GATHER_S

    async def test_what_cannot_be_stored_harms_only_its_asker(self, log: SqliteLog) -> None:
        lone = "\ud800"
        outcomes = await asyncio.gather(
            log.append(ROOM, None, numbered(opened())),
            log.append(RoomId(lone), None, numbered(opened())),
            log.append(RoomId("r2"), None, numbered(opened(lone))),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [type(None), UnicodeEncodeError, UnicodeEncodeError]
        assert await log.read(ROOM) is not None

    async def test_a_group_that_failed_midway_leaves_nothing_and_the_next_one_works(
        self, log: SqliteLog
    ) -> None:
        timeless = numbered(opened(), at_ms=math.nan)  # which SQLite takes for NULL, and refuses
        outcomes = await asyncio.gather(
            log.append(RoomId("r2"), None, numbered(opened())),
            log.append(ROOM, None, timeless),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [Unavailable, Unavailable]
        assert await log.listed("watch", 5) == ()
        await fill(log, 2)
        assert await log.listed("watch", 5) == (ROOM,)


class TestCheckpoints:
    async def test_appends_wait_for_a_checkpoint_to_end_and_the_loop_does_not(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begun, may_end = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def slow_disk(connection: sqlite3.Connection) -> None:
            loop.call_soon_threadsafe(begun.set)
            assert may_end.wait(timeout=30)

        monkeypatch.setattr("tutti.infra.sqlite_checkpoint.begin_anew", slow_disk)
        log = SqliteLog(path, checkpoint_after=1)
        await log.open()
        await fill(log, 1)
        heard: list[int] = []
        appending = asyncio.create_task(append_for_ever(log, heard))
        await begun.wait()
        kept = len(heard)
        for _ in range(10):  # the loop turns
            assert await log.since(ROOM, at(1 + kept)) == ()
            await asyncio.sleep(0)
        assert len(heard) == kept
        went_on = asyncio.Event()
        log.follow(ROOM, lambda _: went_on.set())
        may_end.set()
        await went_on.wait()
        appending.cancel()
        await log.aclose()

    async def test_the_write_ahead_log_stays_small_while_appends_go_on(self, path: Path) -> None:
        log = SqliteLog(path, checkpoint_after=64)
        await log.open()
        largest = 0
        await log.append(ROOM, None, numbered(opened()))
        for seq in range(1, 3_000):
            await log.append(ROOM, at(seq), numbered(e.ChatSwitched(seq % 2 == 0), after=seq))
            if seq % 50 == 0:
                largest = max(largest, waiting_bytes(path))
        past = await log.read(ROOM)
        await log.aclose()
        assert past is not None
        assert len(past.events) == 3_000  # some 12 MB went through the write-ahead log
        assert 64 * 1024 < largest < 2 * 1024 * 1024
