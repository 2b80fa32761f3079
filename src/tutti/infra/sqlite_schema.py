"""The tables of the SQLite room log, and how an older file becomes a current one.

Events are clustered by room, so that a room's tail is read, and its old events are deleted, a few pages at a time.
Only the events of a room's current life are kept; its epoch is in `rooms`.
"""

from __future__ import annotations

import sqlite3

_VERSION_1 = """
CREATE TABLE rooms (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    epoch TEXT NOT NULL,
    dialect TEXT NOT NULL,
    opened_at_ms REAL NOT NULL,
    lives_ms REAL NOT NULL,
    sliding INTEGER NOT NULL,        -- 1: `lives_ms` count from the last event
    expires_at_ms REAL NOT NULL,     -- sliding: as of the last snapshot; it is not before this
    closed_at_ms REAL
) STRICT;
CREATE INDEX rooms_listed ON rooms (dialect, opened_at_ms) WHERE closed_at_ms IS NULL;
CREATE INDEX rooms_due ON rooms (expires_at_ms) WHERE closed_at_ms IS NULL;
CREATE INDEX rooms_ended ON rooms (closed_at_ms) WHERE closed_at_ms IS NOT NULL;
CREATE TABLE events (
    room INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at_ms REAL NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE snapshots (
    room INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
"""

MIGRATIONS = (_VERSION_1,)
"""The n-th script makes version n of version n - 1. Append; never edit one that was released."""


class CannotOpen(Exception):
    """The file cannot serve as the room log. The text is one line for a person."""


class TooNew(CannotOpen):
    """The file was written by a later version of Tutti."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to the current version, each step in a transaction of its own. Raises `TooNew`."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise TooNew(f"the room log has version {version}, and this Tutti knows {len(MIGRATIONS)} at most")
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        connection.executescript(f"BEGIN IMMEDIATE;{script};PRAGMA user_version={number};COMMIT")
