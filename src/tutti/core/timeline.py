"""The timeline: where the film or the track is, as a vector. It is never ticked; a position is computed from `now`.

The idea is the W3C Timing Object's (position, velocity, timestamp). `rate` is kept while paused, so that playing
again resumes at the rate that people chose.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

MIN_RATE = 0.25
MAX_RATE = 4.0


@dataclass(frozen=True, slots=True)
class Timeline:
    """At room time `anchored_at_ms` the media stood, or will stand, at `position_ms`."""

    position_ms: float = 0.0
    rate: float = 1.0
    playing: bool = False
    anchored_at_ms: float = 0.0

    def position_at(self, now_ms: float, duration_ms: float | None = None) -> float:
        """Where everybody should be at room time `now_ms`, within [0, duration]. Before the anchor: at the anchor."""
        return self.extrapolated_at(max(now_ms, self.anchored_at_ms), duration_ms)

    def extrapolated_at(self, now_ms: float, duration_ms: float | None = None) -> float:
        """As `position_at`, but before the anchor: where a player has to start now, to be right at the anchor."""
        position = self.position_ms
        if self.playing:
            position += (now_ms - self.anchored_at_ms) * self.rate
        if duration_ms is not None:
            position = min(position, duration_ms)
        return max(position, 0.0)

    def play(self, now_ms: float, duration_ms: float | None = None) -> Timeline:
        return replace(self.anchored(now_ms, duration_ms), playing=True)

    def pause(self, now_ms: float, duration_ms: float | None = None) -> Timeline:
        return replace(self.anchored(now_ms, duration_ms), playing=False)

    def seek(self, to_ms: float, now_ms: float) -> Timeline:
        return replace(self, position_ms=to_ms, anchored_at_ms=now_ms)

    def at_rate(self, rate: float, now_ms: float, duration_ms: float | None = None) -> Timeline:
        return replace(self.anchored(now_ms, duration_ms), rate=rate)

    def anchored(self, now_ms: float, duration_ms: float | None = None) -> Timeline:
        """The same movement, described from `now_ms`."""
        return replace(self, position_ms=self.position_at(now_ms, duration_ms), anchored_at_ms=now_ms)
