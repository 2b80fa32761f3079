"""How far apart two players are, and whether to say so: guide 000's "Drift Calculation Algorithm" and its scale."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tutti.core.timeline import Timeline

SEEK_WHEN_OVER_MS = 1000.0


class Quality(Enum):
    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


def quality(drift_ms: float) -> Quality:
    """Guide 000, "Sync Status Update": under 100, 500 and 1000 ms; else poor."""
    apart = abs(drift_ms)
    if apart < 100:
        return Quality.EXCELLENT
    if apart < 500:
        return Quality.GOOD
    if apart < SEEK_WHEN_OVER_MS:
        return Quality.FAIR
    return Quality.POOR


class Doing(Enum):
    """What a player says it is doing."""

    PLAYING = "playing"
    PAUSED = "paused"
    SEEKING = "seeking"
    BUFFERING = "buffering"
    BACKGROUND = "background"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Observation:
    """A player stood at `position_ms` at room time `at_ms`, and moved on from there at `rate` (0: paused)."""

    position_ms: float
    at_ms: float
    rate: float

    def position_at(self, now_ms: float) -> float:
        return max(self.position_ms + (now_ms - self.at_ms) * self.rate, 0.0)


def target_ms(timeline: Timeline, offset_ms: float, now_ms: float, duration_ms: float | None = None) -> float:
    """Where a member with this offset, whose player does at once what it is told, should be at `now_ms`."""
    return max(timeline.extrapolated_at(now_ms, duration_ms) + offset_ms, 0.0)


def drift_ms(
    observed: Observation,
    timeline: Timeline,
    *,
    offset_ms: float,
    now_ms: float,
    duration_ms: float | None = None,
) -> float:
    """Positive: the player is ahead of where it should be."""
    return observed.position_at(now_ms) - target_ms(timeline, offset_ms, now_ms, duration_ms)


def needs_seek(drift: float) -> bool:
    return abs(drift) > SEEK_WHEN_OVER_MS
