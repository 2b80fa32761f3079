"""The end of a room's waiting for everybody: a timer, while it waits, and again until the end is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutti.core.commands import EndWait
from tutti.core.refusals import Refused
from tutti.core.room import Room
from tutti.service.ports import Clock
from tutti.service.timers import Timer, TimerWheel

if TYPE_CHECKING:
    from tutti.service.live_room import Accepted, LiveRoom

RETRY_MS = 1_000.0


class Deadline:
    def __init__(self, live: LiveRoom, wheel: TimerWheel, clock: Clock) -> None:
        self._live = live
        self._wheel = wheel
        self._clock = clock
        self._timer: Timer | None = None

    def changed(self, room: Room) -> None:
        """A wait began or ended; or the room was loaded, and one may have been over long ago."""
        self.stop()
        if room.waiting is not None:
            self._arm(room.waiting.until_ms - self._clock.now_ms())

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, for_ms: float) -> None:
        self._timer = self._wheel.after(for_ms / 1000, self._over)

    def _over(self) -> None:
        self._timer = None
        self._live.submit(EndWait(), None, self._answered)

    def _answered(self, answer: Accepted | Refused) -> None:
        """A timer may be a little early, and what could not be kept has to be tried again."""
        room = self._live.state
        if room is None or room.closed is not None or room.waiting is None or self._timer is not None:
            return
        retry_ms = RETRY_MS if isinstance(answer, Refused) else 0.0
        self._arm(max(room.waiting.until_ms - self._clock.now_ms(), retry_ms))
