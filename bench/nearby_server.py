"""Tutti as it is served, with so many people live nearby: `python -m bench.nearby_server PEOPLE serve …`.

The service is the one that the server makes, in its own process. People arrive through its facade once it serves, as
in life: what they leave in memory was not there when the server froze its start. Their first minutes are simulated and
the server answers nobody meanwhile; then time is real. Everybody stays live by heartbeats, which are calls here instead
of messages; leases and shields come due as they do.
"""

from __future__ import annotations

import asyncio
import sys
import time
from functools import partial
from typing import Any
from unittest.mock import patch

from bench.crowd import crowd
from bench.nearby_world import HEARTBEAT_S, Hands, World
from tutti import app, cli
from tutti.service.nearby.nearby import Nearby
from tutti.service.ports import Clock
from tutti.service.timers import TimerWheel

ARRIVE_AFTER_S = 1.0
STEP_S = 0.01
HURRY = 4
"""A server that was stopped meanwhile hears what it missed this many times faster, not all of it at once."""


class Town:
    def __init__(self, people: int) -> None:
        self._people = people
        self._world: World
        self._began_s = 0.0
        self._beaten = 0

    def nearby(self, clock: Clock, _: TimerWheel, **given: Any) -> Nearby:
        """What the server makes, on a clock that is turned while people arrive and runs by itself afterwards."""
        self._world = World(crowd(self._people), partial(Nearby, **given), Hands(clock.now_ms))
        asyncio.get_running_loop().call_later(ARRIVE_AFTER_S, self._arrive)
        return self._world.nearby

    def _arrive(self) -> None:
        self._world.arrive()
        self._world.settle()
        self._began_s = time.monotonic()
        self._live()

    def _live(self) -> None:
        asyncio.get_running_loop().call_later(STEP_S, self._live)
        a_second = self._people / HEARTBEAT_S
        due = int((time.monotonic() - self._began_s) * a_second) - self._beaten
        now = min(due, int(a_second * STEP_S * HURRY) + 1)
        self._world.beat_next(now)
        self._beaten += now
        self._world.pass_time(0)


if __name__ == "__main__":
    with patch.object(app, "Nearby", Town(int(sys.argv.pop(1))).nearby):
        cli.main()
