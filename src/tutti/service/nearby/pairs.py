"""Rooms of two who found one another by their music: the same room for both, whoever asks first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Refused
from tutti.service.nearby.ports import Companions
from tutti.service.nearby.rota import Ticks, ticks
from tutti.service.nearby.values import TogetherOpened

REMEMBERED_S: Final = 300.0
"""For so long two people get the same room again, and the other is not invited twice."""

Pair = frozenset[MemberId]


class Pairs:
    def __init__(
        self,
        time: Ticks,
        companions: Companions,
        tell: Callable[[MemberId, TogetherOpened], None],
        name_of: Callable[[MemberId], str | None],
    ) -> None:
        self._time = time
        self._forgetting = time.rota(self._forget)
        self._companions = companions
        self._tell = tell
        self._name_of = name_of
        self._rooms: dict[Pair, RoomId] = {}
        self._opening: dict[Pair, asyncio.Lock] = {}

    async def together(self, user: MemberId, other: MemberId) -> RoomId | Refused:
        pair = frozenset((user, other))
        async with self._opening.setdefault(pair, asyncio.Lock()):
            known = self._rooms.get(pair)
            if known is not None:
                return known
            try:
                room = await self._companions.open_listen(user, other, self._name_of(user))
            finally:
                self._opening.pop(pair, None)
            if isinstance(room, Refused):
                return room
            self._rooms[pair] = room
        self._forgetting.put(self._time.now() + ticks(REMEMBERED_S), pair)
        for one in (user, other):
            self._tell(one, TogetherOpened(room, user, other, None))
        return room

    def part(self, one: MemberId, other: MemberId) -> None:
        """One of them blocks the other."""
        self._forget(frozenset((one, other)))

    def _forget(self, pair: Pair) -> None:
        self._rooms.pop(pair, None)
