"""What a room's state says is to end at some time: a timer until then, and again until the end is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from tutti.core.commands import Command, EndPoll, EndWait
from tutti.core.refusals import Refused
from tutti.core.room import Room
from tutti.service.ports import Clock
from tutti.service.timers import Timer, TimerWheel

if TYPE_CHECKING:
    from tutti.service.live_room import Accepted, LiveRoom

RETRY_MS = 1_000.0
Next: TypeAlias = tuple[float, Command] | None
"""Room time, and what the server itself is to ask then."""


class Deadline:
    """`next_of`: what is due next in a room; None: nothing."""

    def __init__(
        self, live: LiveRoom, wheel: TimerWheel, clock: Clock, next_of: Callable[[Room], Next]
    ) -> None:
        self._live = live
        self._wheel = wheel
        self._clock = clock
        self._next_of = next_of
        self._timer: Timer | None = None

    def changed(self, room: Room) -> None:
        """Something may be due at another time; or the room was loaded, and something may be over long ago."""
        self.stop()
        due = self._next_of(room)
        if due is not None:
            self._arm(due[0] - self._clock.now_ms(), due[1])

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, for_ms: float, command: Command) -> None:
        self._timer = self._wheel.after(for_ms / 1000, lambda: self._over(command))

    def _over(self, command: Command) -> None:
        self._timer = None
        self._live.submit(command, None, self._answered)

    def _answered(self, answer: Accepted | Refused) -> None:
        """A timer may be a little early, and what could not be kept has to be tried again."""
        room = self._live.state
        if room is None or room.closed is not None or self._timer is not None:
            return
        due = self._next_of(room)
        if due is not None:
            retry_ms = RETRY_MS if isinstance(answer, Refused) else 0.0
            self._arm(max(due[0] - self._clock.now_ms(), retry_ms), due[1])


def end_of_wait(room: Room) -> Next:
    return None if room.waiting is None else (room.waiting.until_ms, EndWait())


def end_of_poll(room: Room) -> Next:
    """Of the one that ends first."""
    ends = [(poll.until_ms, poll.id) for poll in room.polls if not poll.closed and poll.until_ms is not None]
    if not ends:
        return None
    until_ms, id_ = min(ends)
    return until_ms, EndPoll(id_)
