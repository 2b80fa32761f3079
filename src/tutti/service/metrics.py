"""What is counted. Plain integers, bumped on hot paths; whoever shows them reads them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter

FANOUT_BUCKETS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)


class Histogram:
    """Counts per upper bound (seconds), the last one for everything above."""

    __slots__ = ("bounds", "counts", "sum_s")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum_s = 0.0

    def observe(self, value_s: float) -> None:
        self.counts[bisect_left(self.bounds, value_s)] += 1
        self.sum_s += value_s


class Tally:
    """A counter to hold on to: cheaper to bump than to look up."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


class Metrics:
    """One per process. `events_in` and `refusals` are counted by (dialect, name)."""

    __slots__ = (
        "connections",
        "deliveries",
        "events_in",
        "events_out",
        "fanout",
        "malformed",
        "refusals",
        "rooms",
    )

    def __init__(self) -> None:
        self.connections = 0
        self.rooms = 0
        self.events_in: dict[tuple[str, str], Tally] = {}
        self.events_out: Counter[str] = Counter()
        self.deliveries: Counter[str] = Counter()
        self.refusals: Counter[tuple[str, str]] = Counter()
        self.malformed: Counter[str] = Counter()
        self.fanout = Histogram(FANOUT_BUCKETS_S)
