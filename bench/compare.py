"""Interleaved comparison: every round measures each server once, so that a noisy minute hits all of them alike.

Ratios are taken pair by pair within a round, and their median is what counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Comparison:
    """What each server showed, round by round, in one unit."""

    unit: str
    samples: Mapping[str, tuple[float, ...]]

    def median(self, name: str) -> float:
        return median(self.samples[name])

    def ratio(self, name: str, against: str) -> float:
        """The median over rounds of `name` divided by `against`."""
        return median(self.ratios(name, against))

    def ratios(self, name: str, against: str) -> list[float]:
        pairs = zip(self.samples[name], self.samples[against], strict=True)
        return [one / other for one, other in pairs]


def interleaved(unit: str, rounds: int, probes: Mapping[str, Callable[[], float]]) -> Comparison:
    """Measure A B C, A B C, … and keep every sample."""
    samples: dict[str, list[float]] = {name: [] for name in probes}
    for _ in range(rounds):
        for name, probe in probes.items():
            samples[name].append(probe())
    return Comparison(unit, {name: tuple(values) for name, values in samples.items()})


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least this share of all values does not exceed (nearest rank)."""
    ordered = sorted(values)
    rank = max(int(-(-share * len(ordered) // 1)) - 1, 0)
    return ordered[rank]
