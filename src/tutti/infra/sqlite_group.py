"""What one transaction of the SQLite room log writes: the appends of one turn of the loop, in the order they came.

Each append is checked before any of it is written, against the log as those before it in the group leave it. Events
are collected and inserted together; whatever needs to see them, or deletes any, inserts what was collected first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from tutti.core.defaults import Expiry
from tutti.core.events import Recorded, RoomClosed, RoomOpened
from tutti.core.ids import RoomId, Seq
from tutti.core.room import Room
from tutti.infra.log_rules import KEPT_MS, trimmed_through
from tutti.infra.sqlite_reading import Head
from tutti.service.ports import Position

_FORGOTTEN_AT_ONCE = 64


class Entry(NamedTuple):
    """An append, encoded. `opened`: the event that begins a new life, if this does."""

    room: RoomId
    expected: Position | None
    opened: RoomOpened | None
    events: tuple[Recorded, ...]
    bodies: list[bytes]


class Group:
    """`heads`: where the logs touched end after the commit; None: the room is gone."""

    def __init__(self, connection: sqlite3.Connection, committed: Callable[[RoomId], Head | None]) -> None:
        self.heads: dict[RoomId, Head | None] = {}
        self._connection = connection
        self._committed = committed
        self._rows: list[tuple[int, int, float, bytes]] = []

    def append(self, entry: Entry) -> bool:
        """False: somebody was first, and nothing of it was written."""
        head = self._head(entry.room)
        if entry.opened is not None:
            if head is not None and (not head.closed or head.epoch == entry.events[0].epoch):
                return False
            head = self._begin_life(entry, entry.opened, head)
        elif head is None or not _is_at(head, entry.expected):
            return False
        closed = head.closed
        for recorded, body in zip(entry.events, entry.bodies, strict=True):
            self._rows.append((head.key, recorded.seq, recorded.at_ms, body))
            if isinstance(recorded.event, RoomClosed):
                closed = True
                self._connection.execute(_CLOSE, (recorded.at_ms, head.key))
        last = entry.events[-1]
        self.heads[entry.room] = Head(head.key, head.epoch, last.seq, last.at_ms, closed)
        return True

    def keep(self, snapshot: Room, body: bytes) -> int:
        """1 if it is the newest snapshot now; what it makes superfluous is deleted. Something is written in any case."""
        head = self._head(snapshot.id)
        if head is None or head.epoch != snapshot.epoch or snapshot.seq > head.seq:
            self._touch()
            return 0
        self.insert()
        kept = self._connection.execute(_SNAPSHOT, (head.key, snapshot.seq, body)).rowcount
        if not kept:
            self._touch()
            return 0
        self._connection.execute(_PUT_OFF, (snapshot.expires_at_ms, head.key))
        through = trimmed_through(snapshot.seq, head.seq)
        self._connection.execute(_TRIM, (head.key, through, head.key, through, head.at_ms - KEPT_MS))
        return kept

    def forget(self, ended_before_ms: float) -> int:
        """How many rooms were deleted; a few at a time, so that a long list holds nobody up."""
        self.insert()
        ended = self._connection.execute(_ENDED, (ended_before_ms, _FORGOTTEN_AT_ONCE)).fetchall()
        for key, room in ended:
            self._delete(key)
            self.heads[room] = None
        return len(ended)

    def insert(self) -> None:
        """Write the events collected so far."""
        if self._rows:
            self._connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?)", self._rows)
            self._rows.clear()

    def _touch(self) -> None:
        """Write what changes nothing. SQLite writes no row that is already so, and a full disk would go unnoticed."""
        (same,) = self._connection.execute("PRAGMA user_version").fetchone()
        self._connection.execute(f"PRAGMA user_version={same}")

    def _head(self, room: RoomId) -> Head | None:
        return self.heads[room] if room in self.heads else self._committed(room)

    def _begin_life(self, entry: Entry, opened: RoomOpened, old: Head | None) -> Head:
        if old is not None:
            self.insert()
            self._delete(old.key)
        first, defaults = entry.events[0], opened.defaults
        sliding = defaults.expiry is Expiry.FROM_LAST_ACTIVITY
        facts = (entry.room, first.epoch, defaults.dialect, first.at_ms, defaults.lives_ms, sliding)
        key = self._connection.execute(_OPEN, (*facts, first.at_ms + defaults.lives_ms)).lastrowid
        assert key is not None  # an insert has a row id
        return Head(key, first.epoch, Seq(0), first.at_ms, closed=False)

    def _delete(self, key: int) -> None:
        for statement in _DELETE:
            self._connection.execute(statement, (key,))


def _is_at(head: Head, expected: Position | None) -> bool:
    return expected is not None and head.seq == expected.seq and head.epoch == expected.epoch


_OPEN = """
INSERT INTO rooms (id, epoch, dialect, opened_at_ms, lives_ms, sliding, expires_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_CLOSE = "UPDATE rooms SET closed_at_ms = ? WHERE key = ?"
_DELETE = (
    "DELETE FROM events WHERE room = ?",
    "DELETE FROM snapshots WHERE room = ?",
    "DELETE FROM rooms WHERE key = ?",
)
_ENDED = "SELECT key, id FROM rooms WHERE closed_at_ms < ? LIMIT ?"
_SNAPSHOT = """
INSERT INTO snapshots (room, seq, body) VALUES (?, ?, ?)
ON CONFLICT (room) DO UPDATE SET seq = excluded.seq, body = excluded.body WHERE excluded.seq > seq
"""
_PUT_OFF = "UPDATE rooms SET expires_at_ms = ? WHERE key = ? AND sliding"
_TRIM = """
DELETE FROM events WHERE room = ? AND seq <= ? AND seq < (
    SELECT seq FROM events WHERE room = ? AND (seq > ? OR at_ms >= ?) ORDER BY seq LIMIT 1
)
"""
