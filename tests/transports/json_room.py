"""Native connections without a network: what a client would send goes in, what it would hear is kept."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import msgspec

from tests.service.world import World, settle
from tutti.core import commands as c
from tutti.core.ids import MemberId, RoomId
from tutti.dialects.native import errors, spoken
from tutti.dialects.native.defaults import defaults
from tutti.dialects.native.dialect import SUBPROTOCOL, Native
from tutti.service.frames import Frame
from tutti.service.limits import Limits
from tutti.transports.cors import Cors
from tutti.transports.engineio_admission import Admission, Caps
from tutti.transports.handshake import Handshake, Headers
from tutti.transports.json_socket import JsonSocket, JsonSockets, Manners
from tutti.transports.websocket import Accepted

ROOM = RoomId("ROOM")
HOST = MemberId("ada")


class Wire:
    """The far end of a WebSocket. `early`: what went ahead of what waits for the end of the tick."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.early: list[dict[str, Any]] = []
        self.closed_with: tuple[int, str] | None = None
        self.reading = True

    def send(self, frame: Frame) -> None:
        assert self.closed_with is None, "nothing is sent after the end"
        self.heard.append(_message(frame.text))

    def send_now(self, wire: bytes) -> None:
        first, length = wire[:2]
        assert (first, length) == (0x81, len(wire) - 2), "one short text frame"
        self.early.append(_message(wire[2:]))

    def close(self, code: int, reason: str) -> None:
        if self.closed_with is None:
            self.closed_with = (code, reason)

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


def _message(text: bytes) -> dict[str, Any]:
    """As the documents describe it."""
    said: dict[str, Any] = json.loads(text)
    msgspec.convert(said, spoken.SPOKEN[said["type"]])
    return said


class Client:
    def __init__(self, socket: JsonSocket) -> None:
        self.socket = socket
        self.wire = Wire()
        socket.opened(self.wire)  # type: ignore[arg-type] # a far end that only keeps what it is sent

    async def says(self, what: str, /, **said: object) -> None:
        self.writes({"type": what, **said})
        await settle()

    def writes(self, said: object) -> None:
        """Without letting anything happen behind it."""
        self.socket.text(said if isinstance(said, bytes) else msgspec.json.encode(said))

    def take(self) -> list[dict[str, Any]]:
        """What was heard since the last time."""
        heard, self.wire.heard = self.wire.heard, []
        return heard

    def types(self) -> list[str]:
        return [said["type"] for said in self.take()]

    def only(self, kind: str) -> dict[str, Any]:
        (said,) = self.take()
        assert said["type"] == kind, said
        return said

    def loses_its_line(self) -> None:
        self.socket.closed(1006, "")


class Hotel:
    """A node with one native room, whose host is not connected. Use as `async with Hotel() as hotel:`."""

    def __init__(
        self,
        *,
        closed: bool = False,
        limits: Limits | None = None,
        caps: Caps | None = None,
        origins: frozenset[str] | None = None,
    ) -> None:
        self.world = World(closed=closed, limits=limits)
        draws, ids = count(), count(1)
        self.sockets = JsonSockets(
            self.world.hall,
            Native(),
            Manners(SUBPROTOCOL, Native.events, errors.CLOSE_CODES, errors.farewell),
            cors=Cors(origins),
            admission=Admission(caps or Caps(), lambda: self.world.clock.now_ms() / 1000),
            new_id=lambda: f"socket{next(ids)}",
            below=lambda end: next(draws) * 997 % end,
        )

    async def __aenter__(self) -> Hotel:
        await self.world.__aenter__()
        await self.world.rooms.found(lambda: ROOM, c.Open("Movie Night", "Ada", defaults()), HOST)
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.world.__aexit__(*exception)

    def knocks(self, room: str = ROOM, client: str = "192.0.2.1", **headers: str) -> object:
        """What the door answers to an upgrade request."""
        lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        request = Handshake("GET", f"/v1/rooms/{room}", "", Headers(lines), client)
        return self.sockets.route(request, room)

    def connects(self, room: str = ROOM, client: str = "192.0.2.1") -> Client:
        accepted = self.knocks(room, client, sec_websocket_protocol=SUBPROTOCOL)
        assert isinstance(accepted, Accepted)
        assert isinstance(accepted.channel, JsonSocket)
        return Client(accepted.channel)

    async def enters(self, who: str, **hello: object) -> Client:
        """Somebody who has been welcomed, and nothing since."""
        client = self.connects()
        await client.says("hello", id=who, name=who.title(), **hello)
        assert client.take()[0]["type"] == "welcome"
        return client

    async def passes(self, seconds: float) -> None:
        await self.world.turn(seconds * 1000, 100.0)
