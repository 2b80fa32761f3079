"""A party's sockets without a network: what a client would send goes in, what it would hear is kept."""

from __future__ import annotations

import json
from functools import partial
from itertools import count
from typing import Any

import msgspec

from tests.service.world import World, settle
from tutti.core import commands as c
from tutti.core.defaults import Control, Defaults, Expiry, HostLost
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.dialects.party.sockets import errors
from tutti.dialects.party.sockets.lines import NAMES, lines, pong
from tutti.service.frames import Frame
from tutti.service.hall import Hall
from tutti.service.identity import Gate
from tutti.service.limits import Limits
from tutti.service.logins import Logins
from tutti.service.ports import Principal, Unavailable
from tutti.transports.cors import Cors
from tutti.transports.engineio_admission import Admission, Caps
from tutti.transports.handshake import Handshake, Headers, Rejected
from tutti.transports.party_socket import Manners, PartyLines, PartySocket, PartySockets
from tutti.transports.websocket import Accepted

ROOM = RoomId("PARTYABC")
HOST = MemberId("ada")
TOKEN_LIVES_MS = 900_000.0
PARTY, SYNC, CHAT, INTERACTIVE = "party/{}/", "party/{}/sync/", "chat/{}/", "interactive/{}/"


def defaults(control: Control = Control.HOST, capacity: int = 50) -> Defaults:
    return Defaults(
        dialect="party",
        capacity=capacity,
        control=control,
        host_lost=HostLost.PASSES_ON,
        expiry=Expiry.FROM_LAST_ACTIVITY,
        lives_ms=86_400_000.0,
        grace_ms=20_000.0,
        host_grace_ms=20_000.0,
        correct_over_ms=1_000.0,
        seat_ms=86_400_000.0,
    )


class Names:
    """A token is `name` or `name/login`; `refresh` and `forged` are none."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def verify(self, token: str) -> Principal | None:
        if token in ("refresh", "forged"):
            return None
        name, _, login = token.partition("/")
        clock = self._house.world.clock
        expires_ms = clock.wall_ms(clock.now_ms()) + TOKEN_LIVES_MS
        return Principal(MemberId(name), name.title(), expires_ms, login or None)


class Wire:
    """The far end of a WebSocket."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.closed_with: tuple[int, str] | None = None
        self.reading = True

    def send(self, frame: Frame) -> None:
        assert self.closed_with is None, "nothing is sent after the end"
        self.heard.append(json.loads(frame.text))

    def close(self, code: int, reason: str) -> None:
        if self.closed_with is None:
            self.closed_with = (code, reason)

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class Client:
    def __init__(self, socket: PartySocket) -> None:
        self.socket = socket
        self.wire = Wire()
        socket.opened(self.wire)  # type: ignore[arg-type] # a far end that only keeps what it is sent

    @property
    def code(self) -> int | None:
        return None if self.wire.closed_with is None else self.wire.closed_with[0]

    async def says(self, what: str, /, **said: object) -> list[dict[str, Any]]:
        """What it heard after it had said this."""
        self.take()
        self.writes({"type": what, **said})
        await settle()
        return self.take()

    def writes(self, said: object) -> None:
        """Without letting anything happen behind it."""
        self.socket.text(said if isinstance(said, bytes) else msgspec.json.encode(said))

    def take(self) -> list[dict[str, Any]]:
        """What was heard since the last time."""
        heard, self.wire.heard = self.wire.heard, []
        return heard

    def last(self, kind: str) -> dict[str, Any]:
        return next(said for said in reversed(self.wire.heard) if said["type"] == kind)

    def loses_its_line(self) -> None:
        self.socket.closed(1006, "")


class House:
    """A node with one party, whose host is not connected, and from which `eve` is kept out."""

    def __init__(
        self,
        *,
        control: Control = Control.HOST,
        capacity: int = 50,
        limits: Limits | None = None,
        caps: Caps | None = None,
        origins: frozenset[str] | None = None,
    ) -> None:
        self.world = World(limits=limits)
        self.defaults = defaults(control, capacity)
        self.logins = Logins()
        self.apart: list[set[str]] = []
        self.world.rooms.may_meet = self.may_meet
        gate = Gate(Names(self), closed=False, strict=NAMES)
        self.hall = Hall(self.world.rooms, gate, lambda _: RoomId("NEW"), logins=self.logins)
        ids = count(1)

        def new_id() -> str:
            return f"id{next(ids)}"

        manners = Manners(self.entrance, errors.CLOSE_CODES, errors.farewell, partial(pong, self.world.clock))
        self.lines = PartyLines(
            (
                address,
                PartySockets(
                    self.hall,
                    line,
                    line.events,
                    manners,
                    cors=Cors(origins),
                    admission=Admission(caps or Caps(), lambda: self.world.clock.now_ms() / 1000),
                    new_id=new_id,
                ),
            )
            for address, line in lines(self.world.clock, self.may_meet, new_id)
        )

    def may_meet(self, one: str, other: str) -> bool:
        return {one, other} not in self.apart

    async def entrance(self, party: str, who: Principal) -> RoomId | Refused:
        if party == "broken":
            raise ZeroDivisionError
        if party == "away":
            raise Unavailable("the database is away")
        if party != ROOM:
            return Refused(Reason.ROOM_NOT_FOUND)
        return Refused(Reason.NOT_ALLOWED) if who.id == "eve" else ROOM

    async def __aenter__(self) -> House:
        await self.world.__aenter__()
        await self.world.rooms.found(lambda: ROOM, c.Open("Movie Night", "Ada", self.defaults), HOST)
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.world.__aexit__(*exception)

    def knocks(self, path: str = PARTY, query: str = "", **headers: str) -> Accepted | Rejected:
        """What the door answers to an upgrade request."""
        lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        request = Handshake("GET", f"/ws/{path.format(ROOM)}", query, Headers(lines), "192.0.2.1")
        return self.lines.route(request)

    async def connects(self, token: str, path: str = PARTY) -> Client:
        accepted = self.knocks(path, f"token={token}" if token else "")
        assert isinstance(accepted, Accepted)
        assert isinstance(accepted.channel, PartySocket)
        client = Client(accepted.channel)
        await settle()
        return client

    async def enters(self, token: str, path: str = PARTY) -> Client:
        """Somebody who is in, and has heard nothing since."""
        client = await self.connects(token, path)
        assert client.code is None
        client.take()
        return client

    @property
    async def room(self) -> Room:
        room = await self.world.rooms.look(ROOM)
        assert isinstance(room, Room)
        return room

    async def passes(self, seconds: float) -> None:
        await self.world.turn(seconds * 1000, 100.0 if seconds < 100 else 1_000.0)
