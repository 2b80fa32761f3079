"""What people listened to while live and sharing it: artists and tags, never tracks, never times, only in memory.

It outlives a session, or nobody would ever match; it is shown only while both are live and share what they play.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from tutti.core.affinity import Affinity, Taste, affinity, heard
from tutti.core.ids import MemberId
from tutti.service.nearby.person import Person
from tutti.service.nearby.values import Match, Track
from tutti.service.ports import Clock

MOST_TASTES: Final = 200_000
COMPARED: Final = 200
"""People that one question looks at, the nearest."""

_TAG_WEIGHT: Final = 0.5


class Vibes:
    def __init__(self, clock: Clock, most: int = MOST_TASTES) -> None:
        self._clock = clock
        self._most = most
        self._tastes: OrderedDict[MemberId, Taste] = OrderedDict()

    def heard(self, user: MemberId, track: Track) -> None:
        now_ms = self._clock.now_ms()
        taste = heard(self._tastes.get(user, Taste()), track.artists, now_ms)
        self._tastes[user] = heard(taste, track.tags, now_ms, _TAG_WEIGHT)
        self._tastes.move_to_end(user)
        if len(self._tastes) > self._most:
            self._tastes.popitem(last=False)

    def between(self, user: MemberId, other: MemberId) -> Affinity | None:
        mine, theirs = self._tastes.get(user), self._tastes.get(other)
        if mine is None or theirs is None:
            return None
        return affinity(mine, theirs, self._clock.now_ms())

    def matches(self, user: MemberId, near: Iterable[Person], limit: int) -> tuple[Match, ...]:
        found = [(self.between(user, person.user), person) for person in near]
        best = sorted(
            ((in_common, person) for in_common, person in found if in_common is not None),
            key=lambda one: -one[0].strength,
        )
        return tuple(
            Match(person.user, person.name, person.avatar_url, in_common.words, in_common.shared)
            for in_common, person in best[:limit]
        )

    def forget(self, user: MemberId) -> None:
        self._tastes.pop(user, None)
