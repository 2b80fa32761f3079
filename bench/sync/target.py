"""Where players should be: pure.

A room's timeline is told ahead of the instant from which it holds; until then the one before it goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from bench.sync.traces import Trace


class Target(Protocol):
    def at(self, now: float) -> float | None:
        """Where everybody should be at this instant, in milliseconds of the media, if anybody knows."""


@dataclass(frozen=True)
class Anchor:
    """From `holds_from` on, the media is at `position` at `at` and goes on at `rate`, or stands if that is 0."""

    holds_from: float
    at: float
    position: float
    rate: float


class Timeline:
    """What the room said, on our own clock."""

    def __init__(self, anchors: Sequence[Anchor] = ()) -> None:
        self._anchors = list(anchors)

    def add(self, anchor: Anchor) -> None:
        """What is told later replaces what was told for the same time or for later."""
        while self._anchors and self._anchors[-1].holds_from >= anchor.holds_from:
            self._anchors.pop()
        self._anchors.append(anchor)

    @property
    def latest(self) -> float:
        """Since when, or from when on, what was told last holds."""
        return self._anchors[-1].holds_from

    def at(self, now: float) -> float | None:
        for anchor in reversed(self._anchors):
            if anchor.holds_from <= now:
                return anchor.position + (now - anchor.at) * anchor.rate
        return None


class Middle:
    """For a room that tells nobody its timeline: the median of those that play. It flatters players that err together."""

    def __init__(self, traces: Mapping[str, Trace]) -> None:
        self._traces = traces

    def at(self, now: float) -> float | None:
        playing = [trace for trace in self._traces.values() if trace.plays_at(now)]
        known = [where for trace in playing if (where := trace.at(now)) is not None]
        return median(known) if known else None
