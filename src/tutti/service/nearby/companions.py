"""The rooms in which two people who are near listen together: listening sessions like any other, made for the two."""

from __future__ import annotations

import structlog

from tutti.core import commands as c
from tutti.core.defaults import Defaults
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Refused
from tutti.service.hall import Hall

log = structlog.get_logger("tutti.nearby")


class ListenRooms:
    """`defaults`: of the sessions that are opened."""

    def __init__(self, hall: Hall, defaults: Defaults) -> None:
        self._hall = hall
        self._defaults = defaults

    async def open_listen(
        self,
        host: MemberId,
        guest: MemberId,  # noqa: ARG002 - the port's
        host_name: str | None,
    ) -> RoomId | Refused:
        """Whoever knows the room's id may enter; nobody but the two is told it."""
        slow = self._hall.taken(self._hall.founding, host)
        if slow is not None:
            return slow
        opening = c.Open(host_name or host, host_name or host, self._defaults)
        answer = await self._hall.rooms.found(
            lambda: self._hall.new_room_id(self._defaults.dialect), opening, host
        )
        if isinstance(answer, Refused):
            return answer
        log.info("nearby.together", room=answer.room.id)
        return answer.room.id
