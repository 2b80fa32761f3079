"""Meetings without a network: what a front end would send goes in, what it would hear is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec

from tests.service.world import World, settle
from tutti.core.commands import Command
from tutti.core.ids import MemberId, RoomId
from tutti.core.room import Room
from tutti.dialects.meet import errors
from tutti.dialects.meet.dialect import SPOKEN, Meet
from tutti.dialects.meet.fields import is_room
from tutti.dialects.meet.heard import SIGNALS
from tutti.dialects.meet.ice import Ice
from tutti.dialects.meet.relay import relayed
from tutti.infra.memory_log import MemoryLog
from tutti.service.frames import Frame
from tutti.service.limits import Limits
from tutti.service.live_room import Answer, LiveRoom
from tutti.service.passwords import Passwords
from tutti.transports.cors import Cors
from tutti.transports.engineio_admission import Admission, Caps
from tutti.transports.handshake import Handshake, Headers
from tutti.transports.meeting_socket import Manners, MeetingSocket, MeetingSockets
from tutti.transports.websocket import Accepted

ROOM = RoomId("DAILY")

Said = dict[str, Any]


class Wire:
    """The far end of a WebSocket."""

    def __init__(self) -> None:
        self.heard: list[Said] = []
        self.raw: list[bytes] = []
        self.closed_with: tuple[int, str] | None = None
        self.reading = True

    def send(self, frame: Frame) -> None:
        assert self.closed_with is None, f"nothing is sent after the end: {frame.text!r}"
        said: Said = json.loads(frame.text)
        assert set(said) <= {"event", "data", "seq"}
        if said["event"] not in SIGNALS:
            msgspec.convert(said["data"], SPOKEN[said["event"]], strict=False)
        self.heard.append(said)
        self.raw.append(frame.text)

    def close(self, code: int, reason: str) -> None:
        if self.closed_with is None:
            self.closed_with = (code, reason)

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class Client:
    """`cookies`: of its browser."""

    def __init__(self, socket: MeetingSocket) -> None:
        self.socket = socket
        self.wire = Wire()
        self.id = ""
        self.token = ""
        self.epoch = ""
        self.last_seq = 0
        self._taken = 0
        socket.opened(self.wire)  # type: ignore[arg-type] # a far end that only keeps what it is sent

    async def says(self, event: str, /, **data: object) -> None:
        self.writes({"event": event, "data": data})
        await settle()

    def writes(self, said: object) -> None:
        """Without letting anything happen behind it."""
        self.socket.text(said if isinstance(said, bytes) else msgspec.json.encode(said))

    async def joins(self, **join: object) -> Said:
        """What it is told; the rest is still to be taken."""
        await self.says("join", **join)
        [at] = [n for n, said in enumerate(self.wire.heard) if said["event"] == "peers" and n >= self._taken]
        peers: Said = self.wire.heard.pop(at)["data"]
        self.id, self.token, self.epoch = peers["yourId"], peers["resumeToken"], peers["epoch"]
        self.last_seq = peers["seq"]
        return peers

    def take(self) -> list[Said]:
        """What was heard since the last time."""
        news = self.wire.heard[self._taken :]
        self._taken = len(self.wire.heard)
        self.last_seq = max([self.last_seq, *(said.get("seq", 0) for said in news)])
        return news

    def events(self) -> list[str]:
        return [said["event"] for said in self.take()]

    def only(self, event: str) -> Said:
        """The `data` of the one thing that was heard."""
        news = self.take()
        assert [said["event"] for said in news] == [event], news
        data: Said = news[0]["data"]
        return data

    def refused(self) -> tuple[str, str]:
        """The code of the one error that was heard, and what it was about."""
        error = self.only("error")
        return error["code"], error.get("event", "")

    @property
    def ended(self) -> int | None:
        return None if self.wire.closed_with is None else self.wire.closed_with[0]

    def closes(self, code: int = 1000) -> None:
        self.socket.closed(code, "")

    def loses_its_line(self) -> None:
        self.closes(1006)


async def at_once(compute: Callable[[bytes, bytes], bytes], text: bytes, salt: bytes) -> bytes:
    """Without a thread, which a clock that is turned by hand would not wait for."""
    return compute(text, salt)


class House:
    """A node with no room in it. Use as `async with House() as house:`."""

    def __init__(
        self,
        *,
        closed: bool = False,
        limits: Limits | None = None,
        caps: Caps | None = None,
        log: MemoryLog | None = None,
        capacity: int = 50,
        world: World | None = None,
        turn_ttl_s: int | None = None,
        origins: frozenset[str] | None = None,
    ) -> None:
        self.world = world or World(closed=closed, limits=limits, log=log)
        self.world.hall.passwords = Passwords(at_once)
        ids = count(1)
        self.new_id = lambda: f"id-{next(ids):020}"
        turn = (
            Ice((), ("turn:turn.example:3478",), b"a secret", turn_ttl_s) if turn_ttl_s is not None else Ice()
        )
        meet, objects = (
            Meet(
                self.world.clock,
                issue=self.world.hall.passes.issue,
                new_id=self.new_id,
                ice_servers=turn.ice_servers,
                capacity=capacity,
                objects=objects,
            )
            for objects in (False, True)
        )
        self.sockets = MeetingSockets(
            self.world.hall,
            meet,
            Manners(
                objects=objects,
                events=Meet.events,
                signals=frozenset(SIGNALS),
                stamped=relayed,
                refused_with=errors.CLOSE_CODES,
                parted_with=errors.farewell,
                is_room=is_room,
            ),
            cors=Cors(origins),
            admission=Admission(caps or Caps(), lambda: self.world.clock.now_ms() / 1000),
            new_id=self.new_id,
            refresh_every_s=turn.refresh_every_s,
        )

    async def __aenter__(self) -> House:
        await self.world.__aenter__()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.world.__aexit__(*exception)

    def knocks(
        self, room: str = ROOM, client: str = "192.0.2.1", query: str = "", **headers: str
    ) -> Accepted | object:
        """What the door answers to an upgrade request."""
        lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        request = Handshake("GET", f"/room/{room}/websocket", query, Headers(lines), client)
        return self.sockets.route(request, room)

    def connects(
        self, room: str = ROOM, client: str = "192.0.2.1", query: str = "", **headers: str
    ) -> Client:
        accepted = self.knocks(room, client, query, **headers)
        assert isinstance(accepted, Accepted)
        assert isinstance(accepted.channel, MeetingSocket)
        return Client(accepted.channel)

    async def enters(self, who: str, room: str = ROOM, **join: object) -> Client:
        """Somebody who is in, and has heard nothing since."""
        client = self.connects(room)
        await client.joins(peerId=who, username=who.title(), **join)
        client.take()
        return client

    async def meeting(self, *who: str) -> list[Client]:
        """These in one room, the first its host, and all of them have heard of one another."""
        clients = [await self.enters(one) for one in who]
        for client in clients:
            client.take()
        return clients

    async def back(self, client: Client, **join: object) -> Client:
        """Its page, on another connection, saying what it last heard; what it is told is still to be taken."""
        again = self.connects()
        resume = {"resumeToken": client.token, "epoch": client.epoch, "lastSeq": client.last_seq}
        await again.joins(username=client.id.title(), **{**resume, **join})
        return again

    async def live(self, room: str = ROOM) -> LiveRoom:
        live = await self.world.rooms.live(RoomId(room))
        assert isinstance(live, LiveRoom)
        return live

    async def room(self, room: str = ROOM) -> Room:
        state = (await self.live(room)).state
        assert state is not None
        return state

    async def asks(self, who: str, command: Command, room: str = ROOM) -> Answer:
        return await self.world.rooms.ask(RoomId(room), command, MemberId(who))

    async def passes(self, seconds: float) -> None:
        await self.world.turn(seconds * 1000, 100.0)
