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
STOPPED_S = 0.5
"""A step that comes so late was held up by SIGSTOP, while a peer had the core: for people here no time has passed."""


class Town:
    def __init__(self, people: int) -> None:
        self._people = people
        self._world: World
        self._stopped_s = 0.0
        self._stepped_s = 0.0
        self._began_s = 0.0
        self._beaten = 0

    def nearby(self, _clock: Clock, _wheel: TimerWheel, **given: Any) -> Nearby:
        """What the server makes, on a clock that is turned while people arrive and runs by itself afterwards."""
        hands = Hands(lambda: self._lived_s() * 1000)
        self._world = World(crowd(self._people), partial(Nearby, **given), hands)
        asyncio.get_running_loop().call_later(ARRIVE_AFTER_S, self._arrive)
        return self._world.nearby

    def _lived_s(self) -> float:
        return time.monotonic() - self._began_s - self._stopped_s if self._began_s else 0.0

    def _arrive(self) -> None:
        self._world.arrive()
        self._world.settle()
        self._began_s = self._stepped_s = time.monotonic()
        self._live()

    def _live(self) -> None:
        asyncio.get_running_loop().call_later(STEP_S, self._live)
        now_s = time.monotonic()
        if now_s - self._stepped_s > STOPPED_S:
            self._stopped_s += now_s - self._stepped_s
        self._stepped_s = now_s
        due = int(self._lived_s() * self._people / HEARTBEAT_S)
        self._world.beat_next(due - self._beaten)
        self._beaten = due
        self._world.pass_time(0)


if __name__ == "__main__":
    with patch.object(app, "Nearby", Town(int(sys.argv.pop(1))).nearby):
        cli.main()
