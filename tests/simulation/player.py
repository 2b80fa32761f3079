"""A modelled player on a clock that the test turns: late at everything, noisy, stalling, on a sound card of its own.

What a real one was seen to do is kept: media on its way to the loudspeaker goes on at the old speed, and the reading
(like mpv's `audio-pts`) runs ahead of that; pausing and going on take effect at once; a seek takes time and lands on
a frame, and to start after it takes a browser some 70 ms more.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tutti_client.follow import Action, Sample, State


@dataclass(frozen=True)
class Nature:
    seek_ms: tuple[float, float] = (50.0, 600.0)
    start_ms: tuple[float, float] = (0.0, 20.0)
    noise_ms: float = 0.02
    card_ppm: float = 0.0
    lag_ms: float = 380.0
    frame_ms: float = 40.0


MPV = Nature(seek_ms=(15.0, 60.0), start_ms=(0.0, 1.0))
BROWSER = Nature(seek_ms=(10.0, 300.0), start_ms=(65.0, 85.0), noise_ms=5.0, lag_ms=75.0, frame_ms=0.0)
SLUGGISH = Nature()


class Player:
    """Times are true milliseconds since the start; `advance` moves on to one."""

    def __init__(self, rng: Random, nature: Nature = MPV) -> None:
        self._rng = rng
        self.nature = nature
        self.now_ms = 0.0
        self.media_ms = 0.0
        self.rate = 1.0
        self.held = True
        self.seeks: list[float] = []
        self._busy_until_ms = 0.0
        self._sought = True
        self._busy: State = "paused"
        self._stall_until_ms = 0.0

    @property
    def state(self) -> State:
        if self.now_ms < self._stall_until_ms:
            return "buffering"
        if self.now_ms < self._busy_until_ms:
            return self._busy
        return "paused" if self.held else "playing"

    def advance(self, now_ms: float) -> None:
        if not self.held:
            began = max(self.now_ms, self._busy_until_ms, self._stall_until_ms)
            speed = self.rate * (1 + self.nature.card_ppm * 1e-6)
            self.media_ms += max(0.0, now_ms - began) * speed
        self.now_ms = now_ms

    def reading_ms(self) -> float:
        return self.media_ms + self._rng.uniform(-1.0, 1.0) * self.nature.noise_ms

    def obey(self, action: Action) -> None:
        if action.rate != self.rate:
            self.media_ms -= (action.rate - self.rate) * self.nature.lag_ms * (not self.held)
            self.rate = action.rate
        if self.held and not action.hold:
            self._be_busy("paused", self._rng.uniform(*self.nature.start_ms) * self._sought)
            self._sought = False
        self.held = action.hold
        if action.seek_to_ms is not None:
            frame = self.nature.frame_ms
            self.media_ms = -(-action.seek_to_ms // frame) * frame if frame else action.seek_to_ms
            self.seeks.append(self.now_ms)
            self._sought = True
            self._be_busy("seeking", self._rng.uniform(*self.nature.seek_ms))

    def stall(self, for_ms: float) -> None:
        self._stall_until_ms = self.now_ms + for_ms

    def sample(
        self, *, now_ms: float, target_ms: float, playing: bool, rate: float, bound_ms: float
    ) -> Sample:
        """`now_ms` is the local clock's."""
        return Sample(now_ms, self.reading_ms(), target_ms, playing, rate, self.state, bound_ms)

    def _be_busy(self, state: State, for_ms: float) -> None:
        self._busy, self._busy_until_ms = state, max(self._busy_until_ms, self.now_ms) + for_ms
