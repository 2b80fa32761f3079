"""What was seen of the players, put on common instants: pure, from the observer's rows.

A position between two readings is on the straight line through them, unless they are far apart or no steady playing
can lead from one to the other: then nobody knows where the player was.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

WIDEST_GAP_MS = 250.0
FASTEST = 1.25
READING_ERROR_MS = 2.0


@dataclass
class Trace:
    """One player's readings, in the order of time."""

    times: list[float] = field(default_factory=list)
    positions: list[float] = field(default_factory=list)
    state_times: list[float] = field(default_factory=list)
    speeds: list[float] = field(default_factory=list)
    paused: list[bool] = field(default_factory=list)
    frames: list[float | None] = field(default_factory=list)  # the video's position, which moves by frames
    seeks: list[float] = field(default_factory=list)
    thrown_away: int = 0

    def at(self, now: float) -> float | None:
        """Where it was, in milliseconds of the media."""
        after = bisect_left(self.times, now)
        if after == len(self.times):
            return None
        if self.times[after] == now:
            return self.positions[after]
        if after == 0:
            return None
        began, ended = self.times[after - 1], self.times[after]
        start, end = self.positions[after - 1], self.positions[after]
        took, went = ended - began, end - start
        if took > WIDEST_GAP_MS or not -READING_ERROR_MS <= went <= took * FASTEST + READING_ERROR_MS:
            return None
        return start + went * (now - began) / took

    def plays_at(self, now: float) -> bool:
        """By what it said last, and will say next. Nothing said yet: it does not play."""
        known = bisect_right(self.state_times, now) - 1
        return known >= 0 and not any(self.paused[known : known + 2])

    def speeds_between(self, began: float, ended: float) -> list[float]:
        return self.speeds[bisect_left(self.state_times, began) : bisect_right(self.state_times, ended)]

    def states_between(self, began: float, ended: float) -> Iterator[tuple[float, float, bool, float | None]]:
        """(at, speed, paused, video position)."""
        span = slice(bisect_left(self.state_times, began), bisect_right(self.state_times, ended))
        return zip(
            self.state_times[span], self.speeds[span], self.paused[span], self.frames[span], strict=True
        )

    def seeks_between(self, began: float, ended: float) -> list[float]:
        return [seek for seek in self.seeks if began <= seek < ended]


def read(lines: Iterable[str]) -> dict[str, Trace]:
    """The observer's rows, by player."""
    traces: dict[str, Trace] = {}
    for line in lines:
        kind, name, *values = json.loads(line)
        _take(traces.setdefault(name, Trace()), kind, values)
    return traces


def _take(trace: Trace, kind: str, values: Sequence[Any]) -> None:
    match kind:
        case "position":
            trace.times.append(values[0])
            trace.positions.append(values[1])
        case "state":
            trace.state_times.append(values[0])
            trace.speeds.append(values[1])
            trace.paused.append(values[2])
            trace.frames.append(values[3])
        case "seek":
            trace.seeks.append(values[0])
        case "slow":
            trace.thrown_away += 1
        case _:
            assert kind == "restart", kind


def instants(began: float, ended: float, step: float = 50.0) -> list[float]:
    """The common instants of a stretch of time."""
    return [began + step * number for number in range(max(0, int((ended - began) // step) + 1))]
