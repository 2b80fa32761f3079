"""A million people who are live nearby: each on one device, with a name and a place, in a service that keeps them so."""

from __future__ import annotations

import gc
from array import array
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

from bench import Unmeasured
from bench.crowd import Crowd, names
from tutti.core.geo import Cell, name
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Refused
from tutti.service.nearby.nearby import Nearby
from tutti.service.nearby.values import NearbyEvent
from tutti.service.ports import Clock
from tutti.service.timers import TimerWheel

SOCKETS = 2_000
SET_UP_S = 320
"""Simulated: long enough for the first to be looked at again by the shield while we measure."""
HEARTBEAT_S = 18
SETTLING_S = 60
"""Simulated: after it, leases end and heartbeats come as evenly as they do in life."""

Make = Callable[[Clock, TimerWheel], Nearby]


class Hands:
    """A clock that the bench turns, and that may run on by itself besides."""

    def __init__(self, by_itself_ms: Callable[[], float] = lambda: 0.0) -> None:
        self._turned_ms = 1.7e12
        self._by_itself_ms = by_itself_ms

    def now_ms(self) -> float:
        return self._turned_ms + self._by_itself_ms()

    def wall_ms(self, room_ms: float) -> float:
        return room_ms

    def turn(self, by_s: float) -> float:
        self._turned_ms += by_s * 1000
        return self.now_ms() / 1000


class NoRooms:
    async def open_listen(self, host: MemberId, guest: MemberId, host_name: str | None) -> RoomId | Refused:
        raise Unmeasured(f"nobody asked for a room, but {host} ({host_name}) and {guest} get one")


class World:
    """Everybody of the crowd, once they have arrived."""

    def __init__(self, people: Crowd, make: Make | None = None, clock: Hands | None = None) -> None:
        self.crowd = people
        self.cells = array("q", people.cells)
        self.users: list[MemberId] = []
        self.clock = clock or Hands()
        self.wheel = TimerWheel(self.clock.now_ms() / 1000)
        self.random = Random(3)
        self.told = 0
        self.nearby = (make or _by_itself)(self.clock, self.wheel)
        self._beating = 0

    def arrive(self) -> float:
        """Over some simulated minutes. How many bytes of memory it took for each."""
        before = _pss_bytes()
        self._all_go_live()
        taken = _pss_bytes() - before
        self._listen()
        return taken / len(self.users)

    def settle(self) -> None:
        """Come to an even flow of heartbeats and leases."""
        steps_a_second = 10  # of a tick each: who sends a heartbeat in one tick is looked at in one tick
        for _ in range(SETTLING_S * steps_a_second):
            self.beat_next(len(self.users) // (HEARTBEAT_S * steps_a_second))
            self.pass_time(1 / steps_a_second)

    def beat_next(self, count: int) -> None:
        """The next so many people send a heartbeat, in turns."""
        for _ in range(count):
            if self._beating >= len(self.users):
                self._beating = 0
            user = self.users[self._beating]
            self._beating += 1
            self.nearby.heartbeat(user, f"device of {user}")

    def pass_time(self, seconds: float) -> None:
        self.wheel.turn(self.clock.turn(seconds))

    def moved(self, number: int) -> Cell:
        """A place some cells on."""
        step = self.random.randint(-3, 3) * 32_768 + self.random.randint(-3, 3)
        return Cell(self.cells[number] + step)

    def _all_go_live(self) -> None:
        count = len(self.cells)
        every = max(count // SET_UP_S, 1)
        for number, user in enumerate(names(count)):
            who = MemberId(user)
            self.users.append(who)
            self.nearby.go_live(who, f"device of {user}", name=display_name(number))
            self.nearby.update_location(who, name(Cell(self.cells[number])))
            if number % every == 0:
                self.beat_next(number // HEARTBEAT_S)
                self.pass_time(1)

    def _listen(self) -> None:
        def hear(_: NearbyEvent) -> None:
            self.told += 1

        for user in self.random.sample(self.users, min(SOCKETS, len(self.users))):
            self.nearby.subscribe(user, hear)


def display_name(number: int) -> str:
    return f"Somebody {number % 1000:03}"


_by_itself: Make = partial(Nearby, draw=Random(4).random, new_id=lambda: "", companions=NoRooms())


def _pss_bytes() -> int:
    gc.collect()
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise Unmeasured("this system does not tell a process's memory")
