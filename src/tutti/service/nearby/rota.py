"""Whose turn comes when: one timer for everybody whose turn comes in the same tick, so that a turn costs 8 bytes.

What is put here stays until its tick. Whoever is called looks whether it is time, and is put again if it is not: a
lease that is renewed costs nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from tutti.service.ports import Clock
from tutti.service.timers import TimerWheel

TICK_MS: Final = 100.0

T = TypeVar("T")


def ticks(seconds: float) -> int:
    return int(seconds * 1000 / TICK_MS)


class Ticks:
    """The time as a number of ticks: the same object for everybody who asks within one tick."""

    __slots__ = ("_clock", "_now")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._now = 0

    def now(self) -> int:
        now = int(self._clock.now_ms() / TICK_MS)
        if now != self._now:
            self._now = now
        return self._now

    def until_s(self, tick: int) -> float:
        return (tick * TICK_MS - self._clock.now_ms()) / 1000


class Rota(Generic[T]):
    def __init__(self, wheel: TimerWheel, time: Ticks, call: Callable[[T], None]) -> None:
        self._wheel = wheel
        self._time = time
        self._call = call
        self._turns: dict[int, list[T]] = {}

    def put(self, tick: int, who: T) -> None:
        """Call them at that tick or soon after. To put one twice is to call one twice."""
        turns = self._turns.get(tick)
        if turns is None:
            turns = self._turns[tick] = []
            self._arm(tick)
        turns.append(who)

    def _arm(self, tick: int) -> None:
        self._wheel.after(self._time.until_s(tick), lambda: self._due(tick))

    def _due(self, tick: int) -> None:
        if self._time.now() < tick:  # the wheel counts from its last turn
            self._arm(tick)
            return
        for who in self._turns.pop(tick):
            self._call(who)
