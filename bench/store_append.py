"""Store: rows appended per second of CPU through Tutti's SQLite event store, in this process.

The peer is the plainest way to be as durable: a `sqlite3` loop that inserts one prebuilt row per transaction, with the
same journal and the same synchronous setting. Tutti encodes, checks the expected number and tells followers as well.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from bench import options
from bench.compare import interleaved
from bench.report import Figure, conclude
from tutti.core.defaults import Control, Defaults, Expiry, HostLost
from tutti.core.events import Move, Recorded, RoomOpened, TimelineMoved
from tutti.core.ids import Epoch, MemberId, RoomId, Seq
from tutti.core.roster import Member, Role
from tutti.core.timeline import Timeline
from tutti.infra.event_codec import encode_event
from tutti.infra.sqlite_log import SqliteLog
from tutti.service.ports import Position

ROOMS_AT_ONCE = 64
MANY = f"tutti, {ROOMS_AT_ONCE} rooms at once"
ONE = "tutti, one room"
PEER = "sqlite3, one transaction a row"

_HOST = Member(MemberId("host"), "Host", Role.HOST, 0.0)
_DEFAULTS = Defaults(
    dialect="watch",
    capacity=10,
    control=Control.EVERYBODY,
    host_lost=HostLost.PASSES_ON,
    expiry=Expiry.FROM_LAST_ACTIVITY,
    lives_ms=86_400_000.0,
    grace_ms=60_000.0,
    host_grace_ms=30_000.0,
    correct_over_ms=500.0,
)


class OurStore:
    """The store in a folder of its own, with some rooms that are appended to side by side."""

    def __init__(self, loop: asyncio.Runner, folder: Path, rooms: int) -> None:
        self._loop = loop
        self._log = SqliteLog(folder / "rooms.sqlite3")
        self._ends = {RoomId(f"room{number}"): Position(Epoch("e"), Seq(1)) for number in range(rooms)}
        loop.run(self._open())

    def rows_per_core_s(self, rows: int) -> float:
        return _rows_per_core_s(rows, lambda: self._loop.run(self._append_to_all(rows // len(self._ends))))

    def close(self) -> None:
        self._loop.run(self._log.aclose())

    async def _open(self) -> None:
        await self._log.open()
        opened = RoomOpened("Bench", _DEFAULTS, _HOST, None)
        for room, end in self._ends.items():
            await self._log.append(room, None, (Recorded(end.epoch, end.seq, 0.0, opened),))

    async def _append_to_all(self, times: int) -> None:
        appends: list[Coroutine[Any, Any, None]] = [self._append_to(room, times) for room in self._ends]
        await asyncio.gather(*appends)

    async def _append_to(self, room: RoomId, times: int) -> None:
        end = self._ends[room]
        for _ in range(times):
            recorded = _seek(end.epoch, end.seq + 1)
            await self._log.append(room, end, (recorded,))
            end = Position(recorded.epoch, recorded.seq)
        self._ends[room] = end


class PlainLoop:
    """One INSERT, one COMMIT."""

    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(folder / "plain.sqlite3", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(
            "CREATE TABLE events (room INTEGER, seq INTEGER, at_ms REAL, body BLOB, PRIMARY KEY (room, seq)) "
            "STRICT, WITHOUT ROWID"
        )
        self._seq = 0
        self._body = encode_event(_seek(Epoch("e"), 1).event)

    def rows_per_core_s(self, rows: int) -> float:
        return _rows_per_core_s(rows, lambda: self._append(rows))

    def close(self) -> None:
        self._connection.close()

    def _append(self, rows: int) -> None:
        for _ in range(rows):
            self._seq += 1
            row = (self._seq % ROOMS_AT_ONCE, self._seq, float(self._seq), self._body)
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("INSERT INTO events VALUES (?, ?, ?, ?)", row)
            self._connection.execute("COMMIT")


def measure(given: options.Options) -> list[Figure]:
    rows, rounds = given.pick(20_000, 2_000), given.pick(7, 2)
    with tempfile.TemporaryDirectory(prefix="tutti-bench-") as name, asyncio.Runner() as loop:
        folders = [Path(name, part) for part in ("many", "one", "plain")]
        for folder in folders:
            folder.mkdir()
        many, one = OurStore(loop, folders[0], ROOMS_AT_ONCE), OurStore(loop, folders[1], 1)
        plain = PlainLoop(folders[2])
        stores: dict[str, OurStore | PlainLoop] = {MANY: many, ONE: one, PEER: plain}
        probes = {label: partial(store.rows_per_core_s, rows) for label, store in stores.items()}
        result = interleaved("rows", rounds, probes)
        for store in stores.values():
            store.close()
    conclude("durable appends: rows per core-second", result, MANY, PEER)
    return [
        Figure("durable appends per core-second, 64 rooms", result.median(MANY), "/s", higher_is_better=True)
    ]


def _seek(epoch: Epoch, seq: int) -> Recorded:
    moved = TimelineMoved(Timeline(position_ms=seq * 1000.0), Move.SEEK, _HOST.id)
    return Recorded(epoch, Seq(seq), seq * 10.0, moved)


def _rows_per_core_s(rows: int, append: Callable[[], None]) -> float:
    before = time.process_time()
    append()
    return rows / (time.process_time() - before)


if __name__ == "__main__":
    options.run(measure, __doc__ or "", subject=False)
