"""Listeners who play on, skip, pause, seek and stop as people do, drawn from a seed: what their players said and when.

How often and how early tracks are skipped follows what was published of skips once: a quarter within five seconds, a
third within thirty, half before the end. Not everybody is so restless: `restless` scales it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import count
from random import Random

from tutti.service.nearby.players import Playing
from tutti.service.nearby.values import Track

SKIPS = ((0.24, 0.5, 5.0), (0.05, 5.0, 10.0), (0.06, 10.0, 30.0), (0.14, 30.0, 1e9))
"""Probability, and between which ages of the track in seconds."""


@dataclass(frozen=True)
class Moment:
    """From `at_ms` on, until the next one. `track` None: nothing plays. `progress_ms`: at that moment."""

    at_ms: float
    track: Track | None
    is_playing: bool = False
    progress_ms: float = 0.0
    duration_ms: float = 0.0


class Listener:
    """What happens in `hours`, all of it drawn beforehand."""

    def __init__(self, seed: int, hours: float, *, restless: float = 1.0) -> None:
        self._random = Random(seed)
        self._restless = restless
        self.moments: list[Moment] = [Moment(0.0, None)]
        self._numbers = count(1)
        self._name = f"{seed}"
        until_ms = hours * 3_600_000
        at_ms = self._random.uniform(1_000, 200_000)
        while at_ms < until_ms:
            at_ms = self._track(at_ms)
            if self._random.random() < 0.01:
                self.moments.append(Moment(at_ms, None))
                at_ms += self._random.expovariate(1 / 900_000)
        self.moments = [moment for moment in self.moments if moment.at_ms < until_ms]
        self._times = [moment.at_ms for moment in self.moments]
        self.changes = self._times[1:]

    def said(self, at_ms: float) -> Playing | None:
        """What the provider answers at that time: `progress_ms` runs on while nobody touches the player."""
        moment = self.moments[bisect_right(self._times, at_ms) - 1]
        if moment.track is None:
            return None
        run_ms = at_ms - moment.at_ms if moment.is_playing else 0.0
        progress_ms = moment.progress_ms + run_ms
        return Playing(moment.track, moment.is_playing, progress_ms, moment.duration_ms, moment.at_ms)

    def _track(self, at_ms: float) -> float:
        """One track, until it ends or is skipped; when the next one begins."""
        draw = self._random
        length_ms = min(max(draw.gauss(215_000, 50_000), 90_000), 480_000)
        track = Track(f"{self._name}-{next(self._numbers)}", artists=(f"Artist {draw.randrange(40)}",))
        heard_ms = self._heard_ms(length_ms)
        position_ms = 0.0
        self.moments.append(Moment(at_ms, track, True, 0.0, length_ms))
        while draw.random() < 1 - 0.96 ** ((heard_ms - position_ms) / 60_000):  # a pause, or a jump
            done_ms = draw.uniform(position_ms, heard_ms)
            at_ms += done_ms - position_ms
            position_ms = done_ms
            if draw.random() < 0.75:
                self.moments.append(Moment(at_ms, track, False, position_ms, length_ms))
                at_ms += draw.expovariate(1 / 150_000)
            else:
                position_ms = draw.uniform(0, heard_ms)
            self.moments.append(Moment(at_ms, track, True, position_ms, length_ms))
        return at_ms + heard_ms - position_ms

    def _heard_ms(self, length_ms: float) -> float:
        drawn = self._random.random()
        for probability, early_s, late_s in SKIPS:
            drawn -= probability * self._restless
            if drawn < 0:
                return self._random.uniform(early_s * 1000, min(late_s * 1000, length_ms))
        return length_ms
