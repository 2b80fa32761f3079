"""Whose turn comes when: one timer for everybody whose turn comes in the same tick, so that a turn costs 8 bytes.

What is put here stays until its tick. Whoever is called looks whether it is time, and is put again if it is not: a
lease that is renewed costs nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from tutti.service.ports import Clock
from tutti.service.timers import TimerWheel

TICK_MS: Final = 100.0

T = TypeVar("T")


def ticks(seconds: float) -> int:
    return int(seconds * 1000 / TICK_MS)


class Ticks:
    """The time as a number of ticks: the same object for everybody who asks within one tick.

    Rotas whose turns fall into the same tick have them in the order in which the rotas were made, so that what people
    hear has one order.
    """

    def __init__(self, clock: Clock, wheel: TimerWheel) -> None:
        self._clock = clock
        self._wheel = wheel
        self._now = 0
        self._rotas: list[Rota[Any]] = []
        self._armed: set[int] = set()

    def now(self) -> int:
        now = self.at(self._clock.now_ms())
        if now != self._now:
            self._now = now
        return self._now

    def at(self, time_ms: float) -> int:
        return int(time_ms / TICK_MS)

    def rota(self, call: Callable[[T], None]) -> Rota[T]:
        rota = Rota(call, self._arm)
        self._rotas.append(rota)
        return rota

    def _arm(self, tick: int) -> None:
        if tick not in self._armed:
            self._armed.add(tick)
            self._wheel.after((tick * TICK_MS - self._clock.now_ms()) / 1000, lambda: self._due(tick))

    def _due(self, tick: int) -> None:
        self._armed.discard(tick)
        if self.now() < tick:  # the wheel counts from its last turn
            self._arm(tick)
            return
        for rota in self._rotas:
            rota.run(tick)


class Rota(Generic[T]):
    """Made by `Ticks.rota`."""

    __slots__ = ("_arm", "_call", "_turns")

    def __init__(self, call: Callable[[T], None], arm: Callable[[int], None]) -> None:
        self._call = call
        self._arm = arm
        self._turns: dict[int, list[T]] = {}

    def put(self, tick: int, who: T) -> None:
        """Call them at that tick or soon after, in the order in which they were put. Twice is called twice."""
        turns = self._turns.get(tick)
        if turns is None:
            turns = self._turns[tick] = []
            self._arm(tick)
        turns.append(who)

    def run(self, tick: int) -> None:
        for who in self._turns.pop(tick, ()):
            self._call(who)
