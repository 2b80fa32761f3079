"""How fast somebody may send: as fast as their own line carries it, and as the lines of all who watch do.

There is one picture of each for everybody, so whoever has the slowest line decides; `LEAST_BPS` is what they cannot go
below, so that one bad line does not spoil a meeting.
"""

from __future__ import annotations

from collections.abc import Sequence

LEAST_BPS, MOST_BPS, FIRST_BPS = 200_000, 2_000_000, 1_000_000
"""Of one picture."""
LATE_S = 0.15
GROWTH, BACK_OFF = 1.08, 0.85
LOSES, HARDLY_LOSES = 0.10, 0.03
SMOOTHING = 0.3


class Uplink:
    """What a line carries of what its owner sends."""

    def __init__(self) -> None:
        self.bits_per_s = FIRST_BPS
        self._octets = 0
        self._since_s: float | None = None

    def decide(self, now_s: float, octets: int, late_s: Sequence[float]) -> int:
        """Once a second; `octets`: so far. Slower when packets come later and later, else a little faster."""
        if self._since_s is not None and now_s > self._since_s:
            came = int(8 * max(0, octets - self._octets) / (now_s - self._since_s))
            if max(late_s, default=0.0) > LATE_S:
                self.bits_per_s = max(LEAST_BPS, int(BACK_OFF * came))
            else:
                self.bits_per_s = min(MOST_BPS, int(GROWTH * self.bits_per_s))
        self._since_s, self._octets = now_s, octets
        return self.bits_per_s


class Downlink:
    """What a line carries of each stream that is sent to its owner, by what gets lost."""

    def __init__(self) -> None:
        self.bits_per_s = MOST_BPS
        self._lost = 0.0

    def hears(self, fraction_lost: int) -> None:
        """Of 256, of one stream."""
        self._lost += SMOOTHING * (fraction_lost / 256 - self._lost)

    def decide(self) -> int:
        """Once a second."""
        if self._lost > LOSES:
            self.bits_per_s = max(LEAST_BPS, int(BACK_OFF * self.bits_per_s))
        elif self._lost < HARDLY_LOSES:
            self.bits_per_s = min(MOST_BPS, int(GROWTH * self.bits_per_s))
        return self.bits_per_s
