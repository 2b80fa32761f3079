"""Clocks that a test turns by hand."""

from __future__ import annotations


class TurnedClock:
    """A `Clock` that stands still until turned. The wall clock shows `wall_ahead_ms` more than room time."""

    def __init__(self, now_ms: float = 1_000_000.0, *, wall_ahead_ms: float = 0.0) -> None:
        self._now_ms = now_ms
        self.wall_ahead_ms = wall_ahead_ms

    def now_ms(self) -> float:
        return self._now_ms

    def wall_ms(self, room_ms: float) -> float:
        return room_ms + self.wall_ahead_ms

    def turn(self, by_ms: float) -> float:
        """Let `by_ms` pass; the new time."""
        if by_ms < 0:
            raise ValueError("room time never goes back")
        self._now_ms += by_ms
        return self._now_ms
