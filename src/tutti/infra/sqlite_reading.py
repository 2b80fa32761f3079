"""What the SQLite room log can be asked, as functions of a connection."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

import structlog

from tutti.core.events import Recorded
from tutti.core.ids import Epoch, RoomId, Seq
from tutti.core.room import Room
from tutti.infra.event_codec import Unreadable, decode_event, decode_snapshot
from tutti.service.ports import Past

log = structlog.get_logger()


class Head(NamedTuple):
    """Where a room's log ends. `key` is the room's number in the file."""

    key: int
    epoch: Epoch
    seq: Seq
    at_ms: float
    closed: bool


def head_of(connection: sqlite3.Connection, room: RoomId) -> Head | None:
    row = connection.execute(_HEAD, (room,)).fetchone()
    if row is None:
        return None
    key, epoch, seq, at_ms, closed = row
    return Head(key, Epoch(epoch), Seq(seq), at_ms, bool(closed))


def past(connection: sqlite3.Connection, head: Head) -> Past:
    """Raises `Unreadable` if the room cannot be folded from what is left."""
    snapshot = _snapshot(connection, head)
    after = Seq(0) if snapshot is None else snapshot.seq
    events = events_after(connection, head, after)
    if events is None:
        raise Unreadable("a room's older events, with no snapshot in their place")
    return Past(snapshot, events)


def events_after(connection: sqlite3.Connection, head: Head, after: Seq) -> tuple[Recorded, ...] | None:
    """None if they are not all there."""
    rows = connection.execute(_EVENTS, (head.key, after)).fetchall()
    if len(rows) != head.seq - after:
        return None
    return tuple(Recorded(head.epoch, Seq(seq), at_ms, decode_event(body)) for seq, at_ms, body in rows)


def listed(connection: sqlite3.Connection, dialect: str, limit: int) -> tuple[RoomId, ...]:
    return tuple(RoomId(room) for (room,) in connection.execute(_LISTED, (dialect, max(limit, 0))))


def due(connection: sqlite3.Connection, now_ms: float) -> tuple[RoomId, ...]:
    return tuple(RoomId(room) for (room,) in connection.execute(_DUE, {"now_ms": now_ms}))


def _snapshot(connection: sqlite3.Connection, head: Head) -> Room | None:
    """A snapshot that cannot be read is as good as none: the events may still all be there."""
    row = connection.execute("SELECT body FROM snapshots WHERE room = ?", (head.key,)).fetchone()
    if row is None:
        return None
    try:
        return decode_snapshot(row[0])
    except Unreadable as error:
        log.warning("log.snapshot_passed_over", error=str(error))
        return None


_HEAD = """
SELECT key, epoch, seq, at_ms, closed_at_ms IS NOT NULL
FROM rooms JOIN events ON events.room = rooms.key
WHERE id = ? ORDER BY seq DESC LIMIT 1
"""
_EVENTS = "SELECT seq, at_ms, body FROM events WHERE room = ? AND seq > ? ORDER BY seq"
_LISTED = """
SELECT id FROM rooms WHERE dialect = ? AND closed_at_ms IS NULL
ORDER BY opened_at_ms DESC, key DESC LIMIT ?
"""
_DUE = """
SELECT id FROM rooms WHERE closed_at_ms IS NULL AND expires_at_ms <= :now_ms AND (
    NOT sliding
    OR lives_ms + (SELECT at_ms FROM events WHERE room = key ORDER BY seq DESC LIMIT 1) <= :now_ms
)
"""
