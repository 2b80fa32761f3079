"""A new speed and the sound that is already in the buffer.

When mpv is told another speed it says at once where it would be if everything in the buffer had been made at that
speed. What is in the buffer was not: it is heard as it was made. So what mpv says leaps by the change times the
buffer's length, what is heard does not, and the two meet when the buffer has been played. `heard_ms` is what people
hear, for honest reports. What controls the speed needs `buffer_ms`, so as not to chase its own corrections.

Pure; the buffer's length is learned from the leaps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

USUAL_MS: Final = 300.0
LONGEST_MS: Final = 2000.0
TELLING_CHANGE: Final = 0.004
LEARNS: Final = 0.3
UNSURE: Final = 0.2
"""By which share of itself the buffer's length may be wrong."""


@dataclass(frozen=True, slots=True)
class Change:
    at_ms: float
    by: float


@dataclass(frozen=True, slots=True)
class Lead:
    """`changes`: of speed, as far as they can still be in the buffer."""

    buffer_ms: float = USUAL_MS
    changes: tuple[Change, ...] = ()

    def changed(self, at_ms: float, by: float) -> Lead:
        recent = tuple(change for change in self.changes if at_ms - change.at_ms < self.buffer_ms)
        return replace(self, changes=(*recent, Change(at_ms, by)))

    def learned(self, leap_ms: float, by: float) -> Lead:
        """What mpv said leapt by this when the speed was changed `by`; small changes teach nothing."""
        if abs(by) < TELLING_CHANGE:
            return self
        buffer_ms = -leap_ms / by
        if not 0.0 <= buffer_ms <= LONGEST_MS:
            return self
        return replace(self, buffer_ms=self.buffer_ms + LEARNS * (buffer_ms - self.buffer_ms))

    def emptied(self) -> Lead:
        """After a seek or a start nothing made at another speed is left."""
        return replace(self, changes=())

    def heard_ms(self, said_ms: float, at_ms: float) -> float:
        return said_ms + sum(change.by * self._left_ms(change, at_ms) for change in self.changes)

    def unsure_ms(self, at_ms: float) -> float:
        return sum(abs(change.by) * UNSURE * self._left_ms(change, at_ms) for change in self.changes)

    def _left_ms(self, change: Change, at_ms: float) -> float:
        return max(self.buffer_ms - max(at_ms - change.at_ms, 0.0), 0.0)
