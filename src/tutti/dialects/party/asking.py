"""A party's room for those who come by guide 003: the way in, and asking it something over HTTP.

A room answers its members. Whoever asks from elsewhere comes in for it and goes again in the same moment, so that the
others see them come, what they did, and them go. Looking at what there is asks nothing of the room.
"""

from __future__ import annotations

from tutti.core import commands as c
from tutti.core.ids import RoomId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.dialects.party.problems import Forbidden, NoSuch
from tutti.platform.parties.doors import Doors
from tutti.platform.parties.parties import Parties
from tutti.platform.parties.schemas import Problem, Role, Wrong
from tutti.platform.rows import ID_LENGTH
from tutti.service.dialect import Declined
from tutti.service.live_room import Accepted
from tutti.service.ports import Principal


class Asking:
    def __init__(self, parties: Parties, doors: Doors) -> None:
        self._parties = parties
        self._doors = doors

    async def entrance(self, party_id: str, who: Principal) -> RoomId | Refused:
        """The open room of the party with this id or code, if this person may enter it. Raises `Unavailable`."""
        if not _is_id(party_id):
            return Refused(Reason.ROOM_NOT_FOUND)
        found = await self._parties.entrance(party_id, who.id)
        if isinstance(found, Problem):
            return refused(found)
        room = await self._doors.open(found.party.id)
        if isinstance(room, Refused):
            return room
        return Refused(Reason.ROOM_NOT_FOUND) if room is None else room.id

    async def where(self, party_id: str, who: Principal) -> tuple[RoomId, Role]:
        """The room of a party that this person is in, over or not, and as what."""
        found = await self._parties.visible(who.id, party_id) if _is_id(party_id) else None
        if found is None or isinstance(found, Problem):
            raise NoSuch
        if found.standing != "approved" or found.role is None:
            raise Forbidden
        return RoomId(found.party.room_code), found.role

    async def look(self, party_id: str, who: Principal) -> Room | None:
        """It may not be open yet, or not any more."""
        room_id, _ = await self.where(party_id, who)
        room = await self._doors.rooms.look(room_id)
        return None if isinstance(room, Refused) else room

    async def enter(self, party_id: str, who: Principal) -> Room:
        """The party's open room, into which this person may come."""
        room_id = await self.entrance(party_id, who)
        room = room_id if isinstance(room_id, Refused) else await self._doors.rooms.look(room_id)
        if isinstance(room, Refused):
            raise Declined(room)
        return room

    async def ask(self, room: Room, who: Principal, command: c.Command) -> Accepted:
        answer = await self._doors.rooms.act(room.id, who.id, who.name or who.id, command)
        if isinstance(answer, Refused):
            raise Declined(answer)
        return answer


def refused(problem: Problem) -> Refused:
    """Why somebody may not enter, as a room would say it."""
    match problem.wrong:
        case Wrong.NOT_FOUND:
            return Refused(Reason.ROOM_NOT_FOUND)
        case Wrong.OVER:
            return Refused(Reason.ROOM_CLOSED, problem.sentence)
        case Wrong.NOBODY:
            return Refused(Reason.UNAUTHENTICATED, problem.sentence)
        case Wrong.FULL:
            return Refused(Reason.ROOM_FULL, problem.sentence)
        case _:
            return Refused(Reason.NOT_ALLOWED, problem.sentence)


def _is_id(given: str) -> bool:
    return len(given) <= ID_LENGTH and given.isascii() and given.isprintable()
