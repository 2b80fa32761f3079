"""Who hears of a room's appends: this process's own listeners, told synchronously and in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from tutti.core.events import Recorded
from tutti.core.ids import RoomId
from tutti.service.ports import Hear


@dataclass(slots=True, eq=False)
class _Follower:
    hear: Hear
    listening: bool = True


class Followers:
    """A room's tuple is replaced, never changed: whoever comes or goes while others are told disturbs nobody."""

    def __init__(self) -> None:
        self._of: dict[RoomId, tuple[_Follower, ...]] = {}

    def follow(self, room: RoomId, hear: Hear) -> Callable[[], None]:
        follower = _Follower(hear)
        self._of[room] = (*self._of.get(room, ()), follower)

        def stop() -> None:
            if follower.listening:
                follower.listening = False
                self._drop(room, follower)

        return stop

    def tell(self, room: RoomId, events: tuple[Recorded, ...]) -> None:
        """What one listener throws is reported to the loop; the append stands, and the others hear of it."""
        for follower in self._of.get(room, ()):
            if not follower.listening:
                continue
            try:
                follower.hear(events)
            except Exception as error:
                asyncio.get_running_loop().call_exception_handler(
                    {"message": "a follower of a room failed", "exception": error}
                )

    def _drop(self, room: RoomId, follower: _Follower) -> None:
        left = tuple(other for other in self._of[room] if other is not follower)
        if left:
            self._of[room] = left
        else:
            del self._of[room]
