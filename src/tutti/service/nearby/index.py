"""Who is live in which published cell, in this process.

A query looks at the cells around one, nearest first, until it has enough. Where a crowd is larger than what is asked
for, each asker gets the same part of it every time, and another asker another part. Nothing here knows where anybody
is, only what is published of it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from tutti.core.geo import Cell, around
from tutti.service.nearby.person import Person


class CellIndex:
    def __init__(self) -> None:
        self._crowds: dict[Cell, list[Person]] = {}
        self._numbers: list[int] = []

    def put(self, person: Person, cell: Cell) -> None:
        """There, and nowhere else."""
        self.take(person)
        crowd = self._crowds.get(cell)
        if crowd is None:
            crowd = self._crowds[cell] = []
        person.published = crowd[0].published if crowd else cell  # one object for all of them
        person.at = self._number(len(crowd))
        crowd.append(person)

    def take(self, person: Person) -> None:
        """Nowhere any more. O(1): the last of the crowd takes the place."""
        cell, person.published = person.published, None
        if cell is None:
            return
        crowd = self._crowds[cell]
        last = crowd.pop()
        if last is not person:
            crowd[person.at] = last
            last.at = person.at
        elif not crowd:
            del self._crowds[cell]

    def near(
        self, cell: Cell, rings: int, limit: int, turn: int, shown: Callable[[Person], bool]
    ) -> list[Person]:
        """At most `limit` people around that cell who are `shown`. `turn` chooses the part of a large crowd."""
        found: list[Person] = []
        for here in filter(self._crowds.__contains__, around(cell, rings)):  # in most there is nobody
            crowd = self._crowds[here]
            size = len(crowd)
            first = turn % size if size > limit else 0
            for number in chain(range(first, size), range(first)):
                person = crowd[number]
                if shown(person):
                    found.append(person)
                    if len(found) == limit:
                        return found
        return found

    def _number(self, number: int) -> int:
        """The same object every time: there is no more of them than the largest crowd has people."""
        while len(self._numbers) <= number:
            self._numbers.append(len(self._numbers))
        return self._numbers[number]
