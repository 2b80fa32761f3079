"""A modelled link and two clocks: what probes over it say, on a time that the test turns."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from random import Random

from tutti_client.clock import Clock, Probe


@dataclass(frozen=True)
class Profile:
    """One-way delays are Gaussian; a loss is a wait of 200 ms and two more trips, as TCP would show it."""

    there_ms: float
    back_ms: float
    jitter_ms: float
    loss: float

    def delay_ms(self, rng: Random, mean_ms: float) -> float:
        lost = 200.0 + 2 * mean_ms if rng.random() < self.loss else 0.0
        return max(0.05, rng.gauss(mean_ms, self.jitter_ms)) + lost


LAN = Profile(0.3, 0.3, 0.1, 0.0)
WAN = Profile(40.0, 40.0, 6.0, 0.005)
MOBILE = Profile(80.0, 80.0, 25.0, 0.02)
LOPSIDED = Profile(60.0, 100.0, 25.0, 0.02)


class Station:
    """A client with a clock of its own, which is `drift_ppm` slow, asking the server for the time when it is time to."""

    def __init__(self, rng: Random, profile: Profile, drift_ppm: float, ahead_ms: float) -> None:
        self._rng = rng
        self._profile = profile
        self._slow = 1.0 - drift_ppm * 1e-6
        self.ahead_ms = ahead_ms
        self.server_ahead_ms = 0.0
        self.clock = Clock.initial()
        self.probes = 0
        self._asks_at_ms = 0.0
        self._answer: tuple[float, float, float] | None = None

    def local_ms(self, true_ms: float) -> float:
        return true_ms * self._slow + self.ahead_ms

    def room_ms(self, true_ms: float) -> float:
        return true_ms + self.server_ahead_ms

    def advance(self, true_ms: float) -> None:
        """Hear the answers, and ask the questions, that are due by now."""
        if self._answer is not None and self._answer[1] <= true_ms:
            sent_ms, received_at_ms, server_ms = self._answer
            received_ms = self.local_ms(received_at_ms)
            self._answer = None
            self.probes += 1
            self.clock = self.clock.observe(Probe(sent_ms, received_ms, server_ms))
            self._asks_at_ms = received_at_ms + self.clock.next_probe_in_ms(received_ms)
        if self._answer is None and self._asks_at_ms <= true_ms:
            there = true_ms + self._profile.delay_ms(self._rng, self._profile.there_ms)
            back = there + self._profile.delay_ms(self._rng, self._profile.back_ms)
            self._answer = (self.local_ms(true_ms), back, self.room_ms(there))

    def wake(self, true_ms: float) -> None:
        """Ask when the clock wants to be asked: what was planned before a sleep may be long due, or far off."""
        self._asks_at_ms = true_ms + self.clock.next_probe_in_ms(self.local_ms(true_ms))

    def cut(self) -> None:
        """No question goes out and no answer comes any more."""
        self._answer, self._asks_at_ms = None, inf

    def error_ms(self, true_ms: float) -> float:
        return self.clock.room_ms(self.local_ms(true_ms)) - self.room_ms(true_ms)

    def bound_ms(self, true_ms: float) -> float:
        return self.clock.bound_ms(self.local_ms(true_ms))
