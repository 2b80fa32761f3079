"""A town of people with the nearby service in it, whose time and chance are turned by hand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from random import Random
from typing import TypeVar

from tests.clocks import TurnedClock
from tutti.core.geo import Cell, cell_at, name
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Refused
from tutti.service.nearby.nearby import Nearby
from tutti.service.nearby.ports import MayMeet
from tutti.service.nearby.values import FindView, Match, Near, NearbyEvent, Place, Track
from tutti.service.timers import TimerWheel

CENTRE = cell_at(48.8566, 2.3522)
PHONE = "phone"


def cell(up: int = 0, right: int = 0, start: Cell = CENTRE) -> str:
    """The geohash of the cell so many up and to the right of the town's centre."""
    return name(Cell(start + up * 32_768 + right))


class RoomsOfTwo:
    """`Companions`: rooms that are only counted. `meanwhile`: what happens while the next one is opened."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], object] | None = None
        self.opened: list[tuple[MemberId, MemberId]] = []
        self.host_names: list[str | None] = []
        self.refusal: Refused | None = None

    async def open_listen(self, host: MemberId, guest: MemberId, host_name: str | None) -> RoomId | Refused:
        if self.refusal is not None:
            return self.refusal
        if self.meanwhile is not None:
            self.meanwhile()
        self.opened.append((host, guest))
        self.host_names.append(host_name)
        return RoomId(f"room-{len(self.opened)}")


class Town:
    def __init__(self, seed: int = 1, may_meet: MayMeet | None = None) -> None:
        self.clock = TurnedClock(1_000_000.0)
        self.wheel = TimerWheel(self.clock.now_ms() / 1000)
        self.rooms = RoomsOfTwo()
        self.heard: dict[MemberId, list[tuple[float, NearbyEvent]]] = {}
        self._alive: set[MemberId] = set()
        self._since_beat_s = 0.0
        ids = deque(f"find-{number}" for number in range(10_000))
        self.nearby = Nearby(
            self.clock,
            self.wheel,
            draw=Random(seed).random,
            new_id=ids.popleft,
            companions=self.rooms,
            may_meet=may_meet,
        )

    def turn(self, seconds: float, step_s: float = 0.5) -> None:
        """Time passes; who is kept alive sends heartbeats."""
        left = seconds
        while left > 1e-9:
            now = self.clock.turn(min(step_s, left) * 1000)
            left -= step_s
            self._since_beat_s += step_s
            if self._since_beat_s >= 15:
                self._since_beat_s = 0.0
                self.beat()
            self.wheel.turn(now / 1000)

    def beat(self) -> None:
        for user in sorted(self._alive):
            self.nearby.heartbeat(user, PHONE)

    def live(self, user: str, geohash: str | None = None, *, stays: bool = True) -> MemberId:
        """Somebody goes live, listens for events, and says where they are, if at all."""
        who = MemberId(user)
        if who not in self.heard:
            self.listen(who)
        accepted(self.nearby.go_live(who, PHONE, name=user.title()))
        if stays:
            self._alive.add(who)
        if geohash is not None:
            self.at(who, geohash)
        return who

    def dies(self, user: MemberId) -> None:
        """No heartbeats any more."""
        self._alive.discard(user)

    def listen(self, user: MemberId) -> Callable[[], None]:
        heard = self.heard.setdefault(user, [])
        return self.nearby.subscribe(user, lambda event: heard.append((self.clock.now_ms(), event)))

    def at(self, user: MemberId, geohash: str) -> Place:
        return accepted(self.nearby.update_location(user, geohash))

    def plays(self, user: MemberId, *artists: str, tags: tuple[str, ...] = ()) -> Track:
        track = Track(f"track-{'-'.join(artists)}", "A song", artists, tags)
        assert self.nearby.update_track(user, track) is None
        return track

    def shares(self, user: MemberId, *, track: bool | None = None, find: bool | None = None) -> None:
        accepted(self.nearby.change_settings(user, share_track=track, allow_find=find))

    def sees(self, user: MemberId, radius_km: float | None = 10.0, limit: int = 50) -> tuple[Near, ...]:
        return accepted(self.nearby.nearby(user, radius_km, limit))

    def names(self, user: MemberId, radius_km: float | None = 10.0) -> list[str]:
        return sorted(one.user for one in self.sees(user, radius_km))

    def likes(self, user: MemberId) -> tuple[Match, ...]:
        return accepted(self.nearby.matches(user))

    def events(self, user: MemberId) -> list[NearbyEvent]:
        """What they have heard since they were asked last."""
        heard = [event for _, event in self.heard[user]]
        self.heard[user].clear()
        return heard

    def finding(self, seeker: MemberId, target: MemberId) -> FindView:
        """An accepted find session of the two, of whom the target allows it."""
        self.shares(target, find=True)
        offered = accepted(self.nearby.start_find(seeker, target))
        return accepted(self.nearby.accept(target, offered.id))


T = TypeVar("T")


def accepted(outcome: T | Refused) -> T:
    assert not isinstance(outcome, Refused), outcome
    return outcome


def refused(outcome: object) -> Refused:
    assert isinstance(outcome, Refused), outcome
    return outcome
