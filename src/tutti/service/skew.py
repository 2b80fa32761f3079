"""What a person's own clock is worth: nothing by itself, but its differences tell how long a message was under way.

The smallest (received − stamped) of the last reports is the clock's error plus the fastest way here; whatever a report
has beyond that, it was late. A clock that is minutes wrong, or is set while we listen, changes nothing (DESIGN D7).
"""

from __future__ import annotations

from collections import deque
from math import inf

REPORTS = 16

WINDOW_MS = 6 * 60_000.0
"""Older reports are forgotten: a clock that is being slewed gains or loses up to 0.5 ms a second."""

STEPPED_MS = 10_000.0
"""No report is that late: somebody has set the clock back."""

LATE_MS = 1_000.0
AGREE_MS = 250.0
"""Two reports in a row that are late by more than `LATE_MS`, and equally so: their clock was set back."""


class Skew:
    """One person's clock on one connection."""

    __slots__ = ("_last_ms", "_seen")

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque(maxlen=REPORTS)
        self._last_ms = -inf

    def late_ms(self, stamped_ms: float, received_ms: float) -> float:
        """How much longer than the fastest this report was under way; at least 0."""
        seen, ahead_ms = self._seen, received_ms - stamped_ms
        while seen and received_ms - seen[0][1] > WINDOW_MS:
            seen.popleft()
        if stamped_ms <= self._last_ms or (seen and self._was_set_back(ahead_ms)):
            seen.clear()  # reports come in order: a stamp that is no later is of a clock that was set back, or of none
        self._last_ms = stamped_ms
        seen.append((ahead_ms, received_ms))
        return ahead_ms - min(least for least, _ in seen)

    def _was_set_back(self, ahead_ms: float) -> bool:
        late_ms = ahead_ms - min(least for least, _ in self._seen)
        if late_ms > STEPPED_MS:
            return True
        return late_ms > LATE_MS and abs(ahead_ms - self._seen[-1][0]) < AGREE_MS
