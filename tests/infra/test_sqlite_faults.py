"""What was acknowledged is kept, whatever becomes of the process or of the disk."""

from __future__ import annotations

import asyncio
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.rooms import numbered, opened
from tutti.core import events as e
from tutti.core.events import Recorded
from tutti.core.ids import Epoch, MemberId, RoomId, Seq
from tutti.core.room import fold
from tutti.core.roster import Member, Role
from tutti.infra.sqlite_log import SqliteLog
from tutti.service.ports import Hear, Position, Unavailable

ROOMS = [RoomId(f"room {n}") for n in range(8)]


async def append_for_ever(path: Path) -> None:
    """Append to several rooms at once, and print each `room seq` that was acknowledged. Meant to be killed."""
    log = SqliteLog(path, checkpoint_after=128)
    await log.open()

    async def acknowledge(room: RoomId) -> None:
        await log.append(room, None, numbered(opened()))
        seq = 1
        while True:
            sys.stdout.write(f"{room}={seq}\n")
            at = Position(Epoch("e1"), Seq(seq))
            await log.append(room, at, numbered(e.CapacityChanged(seq), e.ChatSwitched(True), after=seq))
            seq += 2

    async with asyncio.TaskGroup() as group:
        for room in ROOMS:
            group.create_task(acknowledge(room))


if __name__ == "__main__":
    asyncio.run(append_for_ever(Path(sys.argv[1])))


@pytest.mark.parametrize("acknowledged", [10, 2_000, 9_000])
async def test_what_was_acknowledged_survives_kill_9(tmp_path: Path, acknowledged: int) -> None:
    path = tmp_path / "rooms.db"
    told = await asyncio.to_thread(_killed_after, acknowledged, path)
    log = SqliteLog(path)
    await log.open()
    for room in ROOMS:
        past = await log.read(room)
        seqs = [recorded.seq for recorded in past.events] if past else []
        assert seqs == list(range(1, len(seqs) + 1))
        assert len(seqs) >= told.get(room, 0)
        if seqs:
            assert len(seqs) % 2 == 1  # an append of two events is there whole or not at all
            await log.append(
                room, Position(Epoch("e1"), Seq(seqs[-1])), numbered(e.LockChanged(True), after=seqs[-1])
            )
    await log.aclose()


def _killed_after(acknowledged: int, path: Path) -> dict[RoomId, int]:
    """Run `append_for_ever`, kill it after so many lines, and give the last number that it told of each room."""
    command = [sys.executable, "-u", "-m", "tests.infra.test_sqlite_faults", str(path)]
    told: dict[RoomId, int] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for number, line in enumerate(process.stdout, 1):
            if number == acknowledged:
                process.send_signal(signal.SIGKILL)
            room, complete, seq = line.rstrip("\n").partition("=")
            if complete and line.endswith("\n"):
                told[RoomId(room)] = int(seq)
    assert process.returncode == -signal.SIGKILL
    assert sum(told.values()) >= acknowledged
    return told


class FullDisk:
    """A log whose disk can be filled up and given space again, in one of the ways in which disks fill up."""

    def __init__(self, log: SqliteLog, path: Path) -> None:
        self.log = log
        self.path = path

    @contextmanager
    def no_more_pages(self) -> Iterator[None]:
        """SQLite itself says SQLITE_FULL: the file may not grow."""
        connection = self.log._connection
        assert connection is not None
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={pages + 2}")
        yield
        connection.execute("PRAGMA max_page_count=1000000")

    @contextmanager
    def no_more_bytes(self) -> Iterator[None]:
        """The kernel refuses the write in the middle of a page of the write-ahead log (EFBIG)."""
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        size = self.path.with_name(f"{self.path.name}-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10_000, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
async def disk(tmp_path: Path) -> AsyncIterator[FullDisk]:
    log = SqliteLog(tmp_path / "rooms.db")
    await log.open()
    yield FullDisk(log, tmp_path / "rooms.db")
    await log.aclose()


@pytest.mark.parametrize("filled", [FullDisk.no_more_pages, FullDisk.no_more_bytes], ids=lambda f: f.__name__)
async def test_a_full_disk_refuses_loses_nothing_and_works_again_with_space(
    disk: FullDisk, filled: Callable[[FullDisk], AbstractContextManager[None]]
) -> None:
    log, heard = disk.log, dict.fromkeys(ROOMS, 0)
    for room in ROOMS:
        log.follow(room, _noting(heard, room))
    await asyncio.gather(*(log.append(room, None, numbered(opened())) for room in ROOMS))
    kept = dict.fromkeys(ROOMS, 1)
    refused = 0
    with filled(disk):
        for _ in range(20):
            refused += await _join_everywhere(log, kept)
        assert refused >= len(ROOMS)
        assert await _last_numbers(log) == kept
    assert await _join_everywhere(log, kept) == 0
    assert await _last_numbers(log) == kept == heard
    await log.aclose()
    assert _integrity(disk.path) == ["ok"]
    await log.open()
    assert await _last_numbers(log) == kept


async def test_a_full_disk_refuses_a_snapshot_that_is_kept_already(disk: FullDisk) -> None:
    """Whoever asks for it again wants to know whether anything can be kept now."""
    first = numbered(opened())
    await disk.log.append(ROOMS[0], None, first)
    room = fold(ROOMS[0], first)
    assert room is not None
    await disk.log.keep(room)
    with disk.no_more_bytes(), pytest.raises(Unavailable):
        for _ in range(20):
            await disk.log.keep(room)
    await disk.log.keep(room)


async def _join_everywhere(log: SqliteLog, kept: dict[RoomId, int]) -> int:
    """Somebody with a long name joins every room, all in one moment. How many were refused; `kept` learns the rest."""
    somebody = e.MemberJoined(Member(MemberId("m"), "a long name " * 100, Role.MEMBER, 0.0))
    outcomes = await asyncio.gather(
        *(
            log.append(room, Position(Epoch("e1"), Seq(seq)), numbered(somebody, after=seq))
            for room, seq in kept.items()
        ),
        return_exceptions=True,
    )
    for room, outcome in zip(list(kept), outcomes, strict=True):
        assert outcome is None or isinstance(outcome, Unavailable)
        kept[room] += outcome is None
    return sum(outcome is not None for outcome in outcomes)


async def _last_numbers(log: SqliteLog) -> dict[RoomId, int]:
    last = {}
    for room in ROOMS:
        past = await log.read(room)
        assert past is not None
        last[room] = past.events[-1].seq
        assert [recorded.seq for recorded in past.events] == list(range(1, last[room] + 1))
    return {room: int(seq) for room, seq in last.items()}


def _noting(heard: dict[RoomId, int], room: RoomId) -> Hear:
    def note(events: tuple[Recorded, ...]) -> None:
        heard[room] = events[-1].seq

    return note


def _integrity(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    found = [line for (line,) in connection.execute("PRAGMA integrity_check")]
    connection.close()
    return found
