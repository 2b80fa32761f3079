"""Bad networks as pure arithmetic: when does what was sent now arrive?

TCP hides loss as a stall: a lost segment comes a retransmission later, and everything behind it waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

SEGMENT_BYTES = 1448
RETRANSMISSION_MS = 200.0  # Linux' smallest retransmission timeout


@dataclass(frozen=True)
class Way:
    """One direction: a Gaussian one-way delay."""

    mean_ms: float
    deviation_ms: float


@dataclass(frozen=True)
class Profile:
    """What is between a member and the server; `loss` is the share of segments lost, in each direction."""

    name: str
    up: Way
    down: Way
    loss: float = 0.0


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("lan", Way(0.3, 0.1), Way(0.3, 0.1)),
        Profile("wan", Way(40.0, 6.0), Way(40.0, 6.0), loss=0.005),
        Profile("mobile", Way(60.0, 25.0), Way(100.0, 25.0), loss=0.02),
    )
}


class Direction:
    """One direction of one connection. It remembers only when the last bytes arrive: nothing overtakes them."""

    def __init__(self, way: Way, loss: float, random: Random) -> None:
        self._way = way
        self._loss = loss
        self._random = random
        self._last_ms = 0.0

    def arrival_ms(self, now_ms: float, size: int) -> float:
        """When `size` bytes written at `now_ms` are all there."""
        delay_ms = max(0.0, self._random.gauss(self._way.mean_ms, self._way.deviation_ms))
        segments = -(-size // SEGMENT_BYTES)
        if any(self._random.random() < self._loss for _ in range(segments)):
            delay_ms += RETRANSMISSION_MS + 2 * delay_ms
        self._last_ms = max(self._last_ms, now_ms + delay_ms)
        return self._last_ms


def directions(profile: Profile, seed: str) -> tuple[Direction, Direction]:
    """The way up and the way down of one connection; the same seed gives the same weather."""
    return (
        Direction(profile.up, profile.loss, Random(f"{seed} up")),
        Direction(profile.down, profile.loss, Random(f"{seed} down")),
    )
