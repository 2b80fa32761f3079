"""The room's clock as known from here: its offset and drift against the local monotonic clock, with a bound.

A probe proves two things. When it was sent the room's clock showed no more than what the server answered, and
when the answer came no less. So the offset, drawn over local time, is nearly a straight line that runs below a
point for each probe sent and above a point for each answer received. The lines that pass all of them are a convex
polygon in (offset, drift), and its corners bound the offset at any time: true by construction, however lopsided
the link. When no line passes, a clock was set or slept, and the probes from before that are dropped.

Pure: local time is an argument, everything is milliseconds. The estimate inside the bound is a line fitted through
the probes, where those that came back quickly count for more.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite

KEPT = 48
KEPT_FOR_MS = 600_000.0
MOST_DRIFT = 250e-6
"""Two crystals that are each 125 ppm off."""
LIKELY_DRIFT = 60e-6
WANDER_PER_MS = 0.02e-6 / 1000
"""Drift itself changes, with temperature: by 0.02 ppm a second at most."""
READING_MS = 0.1
"""Clocks are read in steps: a browser's in tenths of a millisecond."""

BURST = 8
BURST_EVERY_MS = 60.0
RARER_BY = 1.3
RAREST_MS = 12_000.0
SILENCE_MS = 30_000.0

Corner = tuple[float, float]
"""Offset in ms (less `Clock.base_ms`) and drift, as of `Clock.at_ms`."""


@dataclass(frozen=True, slots=True)
class Probe:
    sent_ms: float
    received_ms: float
    server_ms: float

    @property
    def rtt_ms(self) -> float:
        return self.received_ms - self.sent_ms


@dataclass(frozen=True, slots=True)
class Clock:
    """What the probes so far say. `probes` are those that hold together, the newest last."""

    probes: tuple[Probe, ...]
    burst: int
    """Probes since the last burst began."""
    at_ms: float
    base_ms: float
    offset_ms: float
    """Room time less local time at `at_ms`, less `base_ms`."""
    drift: float
    region: tuple[Corner, ...]
    odd: int = 0
    """1 or -1 when the newest probe lies oddly far above or below the line before it."""

    @staticmethod
    def initial() -> Clock:
        return Clock((), 0, 0.0, 0.0, 0.0, 0.0, ())

    def observe(self, probe: Probe) -> Clock:
        if not _possible(probe):
            return self
        newest = self.probes[-1] if self.probes else probe
        odd = self._odd(probe)
        known = self.probes[-1:] if odd and odd == self.odd else self.probes
        probes = tuple(kept for kept in known if _still_tells(kept, probe))[1 - KEPT :]
        probes, region = _agreeing((*probes, probe))
        rested = probe.sent_ms - newest.received_ms > SILENCE_MS
        burst = min(0 if rested else self.burst, len(probes) - 1) + 1
        offset, drift = _line(probes, region)
        return Clock(probes, burst, probe.received_ms, _base(probe), offset, drift, region, odd)

    def room_ms(self, local_ms: float) -> float:
        return local_ms + self.base_ms + self._offset(local_ms)

    def bound_ms(self, local_ms: float) -> float:
        """`room_ms` is wrong by at most this; infinite before the first probe."""
        if not self.region:
            return inf
        age, offset = local_ms - self.at_ms, self._offset(local_ms)
        offsets = [corner + drift * age for corner, drift in self.region]
        return max(max(offsets) - offset, offset - min(offsets)) + _wander(age)

    @property
    def rtt_ms(self) -> float:
        """The quickest round trip that is remembered; infinite before the first."""
        return min((probe.rtt_ms for probe in self.probes), default=inf)

    @property
    def drift_ppm(self) -> float:
        """How much faster the room's clock runs than the local one."""
        return self.drift * 1e6

    def next_probe_in_ms(self, local_ms: float) -> float:
        """Ask after an answer came, or was given up; a probe under way does not count."""
        if not self.probes:
            return 0.0
        silent = local_ms - self.at_ms
        if not 0.0 <= silent <= SILENCE_MS:
            return 0.0
        rarer = 1.0 if self.odd else RARER_BY ** max(0, self.burst - BURST)
        return max(0.0, min(BURST_EVERY_MS * rarer, RAREST_MS) - silent)

    def _offset(self, local_ms: float) -> float:
        return self.offset_ms + self.drift * (local_ms - self.at_ms)

    def _odd(self, probe: Probe) -> int:
        """A step smaller than the round trip may contradict nothing; but two probes in a row, on the same side and
        farther out than their delay explains, are one."""
        if len(self.probes) < BURST:
            return 0
        middle = (probe.sent_ms + probe.received_ms) / 2
        off = probe.server_ms - middle - self.base_ms - self._offset(middle)
        drifts = [corner[1] for corner in self.region]
        unsure = (max(drifts) - min(drifts)) * abs(middle - self.at_ms)
        excess = max(0.0, probe.rtt_ms - self.rtt_ms)
        if abs(off) <= (excess + _usual_excess(self.probes)) / 2 + unsure + READING_MS:
            return 0
        return 1 if off > 0 else -1


def _possible(probe: Probe) -> bool:
    return isfinite(probe.server_ms) and isfinite(probe.sent_ms) and 0.0 <= probe.rtt_ms < inf


def _still_tells(kept: Probe, newest: Probe) -> bool:
    """A probe from the future is from before the local clock was set back."""
    return 0.0 <= newest.received_ms - kept.received_ms <= KEPT_FOR_MS


def _base(probe: Probe) -> float:
    """Offsets can be large and their differences matter, so they are kept less this one."""
    return probe.server_ms - probe.received_ms


def _wander(age_ms: float) -> float:
    return WANDER_PER_MS * age_ms * age_ms / 2


def _agreeing(probes: tuple[Probe, ...]) -> tuple[tuple[Probe, ...], tuple[Corner, ...]]:
    """The newest probes that one line can pass, and the lines that do."""
    newest = probes[-1]
    most = newest.rtt_ms + READING_MS
    rise = MOST_DRIFT * newest.rtt_ms
    region: tuple[Corner, ...] = (
        (-READING_MS, -MOST_DRIFT),
        (max(most - rise, -READING_MS), -MOST_DRIFT),
        (most + rise, MOST_DRIFT),
        (-READING_MS, MOST_DRIFT),
    )
    for agreeing in range(1, len(probes)):
        smaller = _clipped(region, probes[-1 - agreeing], newest)
        if not smaller:
            return probes[-agreeing:], region
        region = smaller
    return probes, region


def _clipped(region: tuple[Corner, ...], probe: Probe, newest: Probe) -> tuple[Corner, ...]:
    at, base = newest.received_ms, _base(newest)
    slack = READING_MS + _wander(at - probe.sent_ms)
    highest = probe.server_ms - probe.sent_ms - base + slack
    lowest = probe.server_ms - probe.received_ms - base - slack
    below = _half(region, -1.0, at - probe.sent_ms, highest)
    return _half(below, 1.0, probe.received_ms - at, -lowest)


def _half(
    region: tuple[Corner, ...], by_offset: float, by_drift: float, constant: float
) -> tuple[Corner, ...]:
    """The part of a convex polygon where by_offset · offset + by_drift · drift + constant ≥ 0."""
    kept: list[Corner] = []
    sides = [by_offset * offset + by_drift * drift + constant for offset, drift in region]
    for i, (corner, side) in enumerate(zip(region, sides, strict=True)):
        before, side_before = region[i - 1], sides[i - 1]
        if (side >= 0.0) != (side_before >= 0.0):
            share = side_before / (side_before - side)
            kept.append(
                (before[0] + share * (corner[0] - before[0]), before[1] + share * (corner[1] - before[1]))
            )
        if side >= 0.0:
            kept.append(corner)
    return tuple(kept)


def _line(probes: tuple[Probe, ...], region: tuple[Corner, ...]) -> tuple[float, float]:
    """Offset and drift by weighted least squares, with drift presumed small, and inside the region's extent."""
    at, base = probes[-1].received_ms, _base(probes[-1])
    quickest = min(probe.rtt_ms for probe in probes)
    usual = _usual_excess(probes)
    sum_w = sum_wx = sum_wxx = sum_wy = sum_wxy = 0.0
    for probe in probes:
        weight = 1.0 / _variance(probe.rtt_ms - quickest, usual)
        x = (probe.sent_ms + probe.received_ms) / 2 - at
        y = probe.server_ms - (probe.sent_ms + probe.received_ms) / 2 - base
        sum_w += weight
        sum_wx += weight * x
        sum_wxx += weight * x * x
        sum_wy += weight * y
        sum_wxy += weight * x * y
    sum_wxx += 1.0 / LIKELY_DRIFT**2
    drift = (sum_w * sum_wxy - sum_wx * sum_wy) / (sum_w * sum_wxx - sum_wx * sum_wx)
    drift = _within(drift, [corner[1] for corner in region])
    offset = (sum_wy - drift * sum_wx) / sum_w
    return _within(offset, [corner[0] for corner in region]), drift


def _usual_excess(probes: tuple[Probe, ...]) -> float:
    trips = sorted(probe.rtt_ms for probe in probes)
    return trips[len(trips) // 2] - trips[0]


def _variance(excess_ms: float, usual_ms: float) -> float:
    """What a probe was slower than the quickest, it may have lost on one way alone, or on both."""
    return READING_MS**2 + usual_ms**2 / 16 + excess_ms**2 / 12


def _within(value: float, values: list[float]) -> float:
    return min(max(value, min(values)), max(values))
