"""Rooms kept in this process, for tests and for rooms nobody needs tomorrow. Services may share one object.

Nothing here waits, so an append is atomic because no other coroutine runs in between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tutti.core.defaults import Expiry
from tutti.core.events import Recorded, RoomClosed, RoomOpened
from tutti.core.ids import Epoch, RoomId
from tutti.core.room import Room
from tutti.infra.followers import Followers
from tutti.infra.log_rules import KEPT_MS, opening_of, trimmed_through
from tutti.service.ports import Conflict, Hear, Past, Position


@dataclass(slots=True, eq=False)
class _Life:
    """One life of a room: `events` is the kept tail of its log, never empty."""

    epoch: Epoch
    opened: RoomOpened
    opened_at_ms: float
    events: list[Recorded]
    snapshot: Room | None = None
    closed_at_ms: float | None = None

    @property
    def last(self) -> Recorded:
        return self.events[-1]

    @property
    def expires_at_ms(self) -> float:
        defaults = self.opened.defaults
        sliding = defaults.expiry is Expiry.FROM_LAST_ACTIVITY
        return (self.last.at_ms if sliding else self.opened_at_ms) + defaults.lives_ms

    def after(self, seq: int) -> tuple[Recorded, ...]:
        return tuple(self.events[max(seq + 1 - self.events[0].seq, 0) :])


class MemoryLog:
    """A `RoomLog` and `RoomIndex` that lives as long as the object."""

    def __init__(self) -> None:
        self._lives: dict[RoomId, _Life] = {}
        self._followers = Followers()

    async def append(self, room: RoomId, expected: Position | None, events: tuple[Recorded, ...]) -> None:
        opened = opening_of(expected, events)
        life = self._lives.get(room)
        if opened is not None:
            if life is not None and (life.closed_at_ms is None or life.epoch == events[0].epoch):
                raise Conflict(room)
            life = _Life(events[0].epoch, opened, events[0].at_ms, [])
        elif life is None or Position(life.epoch, life.last.seq) != expected:
            raise Conflict(room)
        self._lives[room] = life
        life.events += events
        for recorded in events:
            if isinstance(recorded.event, RoomClosed):
                life.closed_at_ms = recorded.at_ms
        self._followers.tell(room, events)

    async def read(self, room: RoomId) -> Past | None:
        life = self._lives.get(room)
        if life is None:
            return None
        return Past(life.snapshot, life.after(life.snapshot.seq if life.snapshot else 0))

    async def since(self, room: RoomId, after: Position) -> tuple[Recorded, ...] | None:
        life = self._lives.get(room)
        if life is None or life.epoch != after.epoch:
            return None
        if not life.events[0].seq - 1 <= after.seq <= life.last.seq:
            return None
        return life.after(after.seq)

    async def keep(self, snapshot: Room) -> None:
        life = self._lives.get(snapshot.id)
        if life is None or life.epoch != snapshot.epoch or snapshot.seq > life.last.seq:
            return
        if life.snapshot is not None and life.snapshot.seq >= snapshot.seq:
            return
        life.snapshot = snapshot
        through = trimmed_through(snapshot.seq, life.last.seq)
        before_ms = life.last.at_ms - KEPT_MS
        kept = (i for i, r in enumerate(life.events) if r.seq > through or r.at_ms >= before_ms)
        del life.events[: next(kept)]

    def follow(self, room: RoomId, hear: Hear) -> Callable[[], None]:
        return self._followers.follow(room, hear)

    async def listed(self, dialect: str, limit: int) -> tuple[RoomId, ...]:
        open_here = [
            (life.opened_at_ms, room)
            for room, life in self._lives.items()
            if life.closed_at_ms is None and life.opened.defaults.dialect == dialect
        ]
        newest_first = sorted(open_here, key=lambda entry: entry[0], reverse=True)
        return tuple(room for _, room in newest_first[: max(limit, 0)])

    async def due(self, now_ms: float) -> tuple[RoomId, ...]:
        lives = self._lives.items()
        return tuple(r for r, life in lives if life.closed_at_ms is None and life.expires_at_ms <= now_ms)

    async def forget(self, ended_before_ms: float) -> int:
        ended = [
            room
            for room, life in self._lives.items()
            if life.closed_at_ms is not None and life.closed_at_ms < ended_before_ms
        ]
        for room in ended:
            del self._lives[room]
        return len(ended)
