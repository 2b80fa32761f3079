"""Room time: the machine's monotonic clock plus an offset that is kept in the data directory.

On one boot the offset never changes, so room time goes on over restarts exactly, whoever steps the wall clock. After
a reboot, or on another machine, it starts from the wall clock, never earlier than where it may have been.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

PERSIST_EVERY_MS = 10_000.0
"""How often the owner calls `persist`. After a reboot twice that is added to the last time kept: timers come late."""

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def monotonic_ms() -> float:
    return time.monotonic_ns() / 1e6


def wall_clock_ms() -> float:
    return time.time_ns() / 1e6


def boot_id() -> str | None:
    """Another one after every boot; None where the system does not tell."""
    try:
        return _BOOT_ID.read_text("ascii").strip() or None
    except OSError:
        return None


class _Kept(msgspec.Struct, frozen=True):
    """`boot` None: not known, so never the present one."""

    boot: str | None
    offset_ms: float
    room_ms: float


class RoomClock:
    """A `Clock`, kept in the file at `path`. Call `persist` every `PERSIST_EVERY_MS` and at the end."""

    def __init__(
        self,
        path: Path,
        *,
        monotonic: Callable[[], float] = monotonic_ms,
        wall: Callable[[], float] = wall_clock_ms,
        boot: Callable[[], str | None] = boot_id,
    ) -> None:
        self._path = path
        self._monotonic = monotonic
        self._wall = wall
        self._boot = boot()
        self._offset_ms = self._first_offset_ms(_kept(path))
        self.persist()

    def now_ms(self) -> float:
        return self._monotonic() + self._offset_ms

    def wall_ms(self, room_ms: float) -> float:
        return self._wall() - self.now_ms() + room_ms

    def persist(self) -> None:
        """Atomic; not synced, since a power cut that loses it costs no more than what the wall clock knows."""
        kept = _Kept(self._boot, self._offset_ms, self.now_ms())
        beside = self._path.with_name(f"{self._path.name}.new")
        beside.write_bytes(msgspec.json.encode(kept))
        beside.replace(self._path)

    def _first_offset_ms(self, kept: _Kept | None) -> float:
        if kept is None:
            return self._wall() - self._monotonic()
        if self._boot is not None and kept.boot == self._boot:
            return kept.offset_ms
        return max(self._wall(), kept.room_ms + 2 * PERSIST_EVERY_MS) - self._monotonic()


def _kept(path: Path) -> _Kept | None:
    """What an earlier run left; None if nothing can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
