"""Who is let in at the main namespace, and how a dialect is found."""

from __future__ import annotations

import json

import pytest

from tests.service.world import World, settle
from tests.transports.engine_room import Clock, Engine, Wire
from tutti.core import commands as c
from tutti.core.ids import MemberId, RoomId
from tutti.dialects.listen.defaults import session_defaults
from tutti.dialects.listen.dialect import Listen
from tutti.transports.engineio import EngineSession
from tutti.transports.lobby import Lobby
from tutti.transports.socketio import SocketServer
from tutti.transports.socketio_packets import event_frame

ROOM = RoomId("ABC123")


class Door:
    """A lobby behind a real engine; deadlines are on the world's wheel."""

    def __init__(self, world: World) -> None:
        self.world = world
        lobby = Lobby(world.hall, (Listen(event_frame, world.clock),))
        clock = Clock()
        sockets = SocketServer({"/": lobby}, wheel=clock.wheel, new_id=lambda: "socket")
        self.engine = Engine(converse=sockets.converse, clock=clock)

    async def knock(self, auth: object = None) -> tuple[EngineSession, Wire]:
        session, wire = self.engine.open_websocket()
        wire.take()
        session.text(b"40" + (b"" if auth is None else json.dumps(auth).encode()))
        await settle()
        return session, wire


async def opened(world: World) -> None:
    command = c.Open("Music", "Host", session_defaults())
    world.rooms.open(ROOM, command, MemberId("host"), lambda _: None)
    await settle()


@pytest.mark.parametrize("auth", [None, {}, {"token": ""}, {"token": None}, {"token": 7}, {"other": []}])
async def test_open_mode_lets_anybody_in(auth: object) -> None:
    async with World() as world:
        _, wire = await Door(world).knock(auth)
        assert wire.take() == [b'40{"sid":"socket"}']


async def test_closed_mode_refuses_a_bad_token_at_the_door() -> None:
    async with World(closed=True) as world:
        _, wire = await Door(world).knock({"token": "bad"})
        [refusal] = wire.take()
        assert refusal.startswith(b"44")
        assert json.loads(refusal[2:])["data"] == {"code": "UNAUTHENTICATED"}


async def test_closed_mode_gives_ten_seconds_to_sign_in() -> None:
    async with World(closed=True) as world:
        _, wire = await Door(world).knock()
        assert wire.take() == [b'40{"sid":"socket"}']
        await world.turn(9_000)
        assert wire.alive()
        await world.turn(2_000)
        assert wire.closed_with == (1008, "sign in first")


async def test_a_session_token_opens_a_socket_in_closed_mode() -> None:
    async with World(closed=True) as world:
        await opened(world)
        await world.rooms.ask(ROOM, c.Join("Ann"), MemberId("ann"))
        token = world.hall.passes.issue(ROOM, MemberId("ann"))
        session, wire = await Door(world).knock({"token": token})
        assert wire.take() == [b'40{"sid":"socket"}']
        session.text(b'42["join_session",{"sessionId":"ABC123","role":"client","userId":"ann"}]')
        await settle()
        assert b"sync_status" in b"".join(wire.take())
        await world.turn(12_000)
        assert wire.alive()


async def test_a_session_token_opens_no_other_session() -> None:
    async with World(closed=True) as world:
        await opened(world)
        token = world.hall.passes.issue(RoomId("OTHER1"), MemberId("host"))
        session, wire = await Door(world).knock({"token": token})
        wire.take()
        session.text(b'42["join_session",{"sessionId":"ABC123","role":"host","userId":"host"}]')
        await settle()
        assert b"UNAUTHORIZED" in b"".join(wire.take())


async def test_an_unknown_event_is_answered_and_counted() -> None:
    async with World() as world:
        session, wire = await Door(world).knock()
        wire.take()
        session.text(b'42["dance",{}]')
        [said] = wire.take()
        assert json.loads(said[2:])[1]["code"] == "UNKNOWN_EVENT"
        assert world.metrics.malformed == {"unknown event": 1}


async def test_a_gone_socket_is_no_connection_any_more() -> None:
    async with World() as world:
        session, _ = await Door(world).knock()
        assert world.metrics.connections == 1
        session.closed(1006, "")
        assert world.metrics.connections == 0
