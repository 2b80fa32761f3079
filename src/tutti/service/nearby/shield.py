"""When a person's place may become known: the movement shield.

The cell that others get changes only at moments that are drawn for each person, 5 to 10 minutes apart, whether they
move or not, and only if they are beyond the cells that touch the published one. The first place while live is
published at once, since that is what going live means; a few times, so that leaving and coming back is no way round.
Somebody who cannot have got where they say they are stays where they were last plausible, for others and for what they
are told themselves. How often is drawn, and when, does not depend on any place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tutti.core.geo import Cell, gap_km, steps
from tutti.core.ids import MemberId
from tutti.service.nearby.person import Person
from tutti.service.nearby.ports import Draw
from tutti.service.nearby.rota import TICK_MS, Ticks, ticks

SHORTEST_S: Final = 300.0
LONGEST_S: Final = 600.0
FASTEST_KM_S: Final = 0.1
"""360 km/h: the fastest trains. Who flies is quarantined until the journey is plausible as a whole."""
FIRSTS: Final = 3
FIRST_EVERY_S: Final = 600.0
"""First places are published at once this many times in a row, and once more every so often."""

_FIRST_EVERY: Final = ticks(FIRST_EVERY_S)


class Shield:
    """`publish` is called when it is time, with the cell that others are to get from now on."""

    def __init__(self, time: Ticks, draw: Draw, publish: Callable[[Person, Cell], None]) -> None:
        self._time = time
        self._draw = draw
        self._publish = publish
        self._rota = time.rota(self._due)
        self._paid_until: dict[MemberId, int] = {}
        """Of who withdrew a place soon after it was the first: the tick until which that counts. No place is in it."""
        self._forgetting = time.rota(self._forget)

    def said(self, person: Person, cell: Cell) -> None:
        """Where they say they are. Others get nothing of it now, unless it is the first."""
        if not person.first_at:
            person.first_at = -1
            self._schedule(person)
        person.place = cell
        if person.published is None and self._may_be_first(person.user):
            person.plausible_at = person.first_at = self._time.now()
            self._publish(person, cell)
        if person.published == cell:
            person.place = person.published  # one object where one will do

    def withdrawn(self, person: Person) -> None:
        """Their place is known no more. What stays is when the first was published, until that is long enough ago."""
        user = person.user
        known = self._paid_until.get(user)
        until = max(known or 0, person.first_at) + _FIRST_EVERY
        if until <= self._time.now():
            return
        if known is None:
            self._forgetting.put(until, user)
        self._paid_until[user] = until

    def is_settled(self, person: Person) -> bool:
        """What is published is true, as far as it is meant to be."""
        return person.place is not None and _still_there(person.published, person.place)

    def _schedule(self, person: Person) -> None:
        wait_s = SHORTEST_S + self._draw() * (LONGEST_S - SHORTEST_S)
        self._rota.put(self._time.now() + ticks(wait_s), person)

    def _due(self, person: Person) -> None:
        if not person.live:
            return
        self._schedule(person)
        now, place = self._time.now(), person.place
        if place is None or not plausible(person.published, person.plausible_at, place, now):
            return
        person.plausible_at = now
        if not _still_there(person.published, place):
            self._publish(person, place)

    def _may_be_first(self, user: MemberId) -> bool:
        now = self._time.now()
        return self._paid_until.get(user, now) - now <= (FIRSTS - 1) * _FIRST_EVERY

    def _forget(self, user: MemberId) -> None:
        until = self._paid_until[user]
        if until > self._time.now():
            self._forgetting.put(until, user)
        else:
            del self._paid_until[user]


def plausible(old: Cell | None, then: int, new: Cell, now: int) -> bool:
    """Whether somebody who was in the old cell at that tick can be in the new one now."""
    if old is None:
        return True
    return gap_km(old, new) <= (now - then) * TICK_MS / 1000 * FASTEST_KM_S


def _still_there(published: Cell | None, place: Cell) -> bool:
    return published is not None and steps(published, place) <= 1
