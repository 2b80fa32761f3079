"""Who hears of whom: each published cell is a topic, and its subscribers are the sockets of people who are around it.

A subscriber is kept in one cell, that of its person; who publishes looks into the cells within `HEARING` rings of
their own. Which sockets hear, and in what order, follows from what is published, and from nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import Final

import structlog

from tutti.core.geo import Cell, around
from tutti.core.ids import MemberId
from tutti.service.nearby.ports import MayMeet
from tutti.service.nearby.values import Hear, LiveEvent, NearbyEvent

log = structlog.get_logger("tutti.nearby")

HEARING: Final = 2
"""Rings, as wide as the radius that people have until they choose another."""


class Subscriber:
    __slots__ = ("cell", "hear", "user")

    def __init__(self, user: MemberId, hear: Hear, cell: Cell | None) -> None:
        self.user = user
        self.hear = hear
        self.cell = cell


class Topics:
    def __init__(self, may_meet: MayMeet | None) -> None:
        self._may_meet = may_meet
        self._cells: dict[Cell, dict[Subscriber, None]] = {}
        self._people: dict[MemberId, list[Subscriber]] = {}

    def subscribe(self, user: MemberId, hear: Hear, cell: Cell | None) -> Callable[[], None]:
        """Until the result is called, which may be often."""
        subscriber = Subscriber(user, hear, None)
        self._people.setdefault(user, []).append(subscriber)
        self._place(subscriber, cell)
        return lambda: self._unsubscribe(subscriber)

    def moved(self, user: MemberId, cell: Cell | None) -> None:
        """The person's published cell is another one; None: there is none."""
        for subscriber in self._people.get(user, ()):
            self._place(subscriber, cell)

    def tell(self, user: MemberId, event: NearbyEvent) -> None:
        for subscriber in tuple(self._people.get(user, ())):
            _hear(subscriber, event)

    def publish(self, about: MemberId, cell: Cell, event: LiveEvent) -> None:
        """To everybody around that cell but themselves."""
        self._publish(about, around(cell, HEARING), (), event)

    def publish_move(
        self, about: MemberId, old: Cell, new: Cell, *, left: LiveEvent, joined: LiveEvent
    ) -> None:
        """To whom they were near, and to whom they are near now; nothing to those who are around both cells."""
        before, after = tuple(around(old, HEARING)), tuple(around(new, HEARING))
        self._publish(about, before, after, left)
        self._publish(about, after, before, joined)

    def _publish(
        self, about: MemberId, cells: Iterable[Cell], but: Container[Cell], event: LiveEvent
    ) -> None:
        may_meet = self._may_meet
        for cell in filter(self._cells.__contains__, cells):  # in most nobody listens
            if cell in but:
                continue
            for subscriber in tuple(self._cells.get(cell, ())):
                user = subscriber.user
                if user != about and (may_meet is None or may_meet(about, user)):
                    _hear(subscriber, event)

    def _place(self, subscriber: Subscriber, cell: Cell | None) -> None:
        old, subscriber.cell = subscriber.cell, cell
        if old is not None:
            here = self._cells[old]
            del here[subscriber]
            if not here:
                del self._cells[old]
        if cell is not None:
            self._cells.setdefault(cell, {})[subscriber] = None

    def _unsubscribe(self, subscriber: Subscriber) -> None:
        subscribers = self._people.get(subscriber.user, [])
        if subscriber not in subscribers:
            return
        self._place(subscriber, None)
        subscribers.remove(subscriber)
        if not subscribers:
            del self._people[subscriber.user]


def _hear(subscriber: Subscriber, event: NearbyEvent) -> None:
    """One socket's bug keeps nobody else from hearing, and nobody from disappearing."""
    try:
        subscriber.hear(event)
    except Exception:
        log.exception("bug", event_type=type(event).__name__)
