"""Whose request this is. Guide 000's later requests name nobody: the token is all there is.

A pass of ours tells. So does a token that is verified. In open mode a token proves nothing, and the guide's curl lines
use one for everybody: then it is whoever last came to the session with it.
"""

from __future__ import annotations

from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.service.identity import matched
from tutti.service.passes import is_pass
from tutti.service.ports import Principal
from tutti.service.session import Hall

DIALECT = "listen"


async def admitted(
    hall: Hall, room: RoomId | None, token: str, claimed: MemberId | None
) -> Principal | Refused:
    """Who it is that says who it is, or only wants to look. `room` None: there is none yet."""
    if room is not None and is_pass(token):
        holder = hall.passes.holder(room, token)
        if holder is None:
            return Refused(Reason.UNAUTHENTICATED, "This token is not of this session")
        return matched(Principal(holder), claimed)
    return await hall.gate.admit(DIALECT, token, claimed)


async def host(hall: Hall, room: Room, token: str) -> MemberId | Refused:
    """Who asks for what only the host may."""
    if is_pass(token) or hall.gate.verifies(DIALECT):
        return _id(await admitted(hall, room.id, token, None))
    known = hall.bearers.holder(room.id, token, as_host=True)
    return known or Refused(Reason.NOT_ALLOWED, "Only the host may end the session; send the host's token")


async def client(hall: Hall, room: Room, token: str) -> MemberId | Refused:
    """Whose offset is meant."""
    if is_pass(token) or hall.gate.verifies(DIALECT):
        who = _id(await admitted(hall, room.id, token, None))
    else:
        who = _presumed(hall, room, token)
    if isinstance(who, Refused) or who != room.host:
        return who
    return Refused(Reason.NOT_ALLOWED, "The host is the reference: only a client has an offset")


def _presumed(hall: Hall, room: Room, token: str) -> MemberId | Refused:
    known = hall.bearers.holder(room.id, token, as_host=False)
    if known is not None and known in room.members:
        return known
    clients = [member for member in room.members if member != room.host]
    if len(clients) == 1:
        return clients[0]
    return Refused(Reason.NOT_ALLOWED, "This token does not tell which client you are; send your clientToken")


def _id(who: Principal | Refused) -> MemberId | Refused:
    return who if isinstance(who, Refused) else who.id
