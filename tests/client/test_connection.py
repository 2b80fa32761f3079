"""The connection, against a small server of the test's own: hello, resuming, asking, the clock, and being lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tutti_client import wire
from tutti_client.connection import Connection, Disconnected, News, Refusal, State, Waits, local_ms
from tutti_client.endings import End, Ended
from tutti_client.spoken import Hello, Pause, Play, Seek

Said = dict[str, Any]
AHEAD_MS = 5_000_000.0
TIMELINE = {"position": 0.0, "rate": 1.0, "playing": False, "at": 0.0}
ROOM = {"id": "r1", "name": "Film night", "members": [{"id": "ann", "name": "Ann"}], "timeline": TIMELINE}
WITHIN_S = 10.0

Server = Callable[["Guest"], Awaitable[None]]


class Guest:
    """One connection as the server sees it. Clock probes are answered at once, and are not told of."""

    def __init__(self, socket: ServerConnection, number: int) -> None:
        self.number = number
        self.hellos: list[Said] = []
        self._socket = socket

    async def hears(self) -> Said:
        while True:
            said: Said = json.loads(await self._socket.recv())
            if said["type"] == "ping":
                await self.says("pong", ref=said["ref"], at=local_ms() + AHEAD_MS)
                continue
            return said

    async def says(self, kind: str, **fields: Any) -> None:
        await self._socket.send(json.dumps({"type": kind, **fields}))

    async def welcomes(self, seq: int = 5, **fields: Any) -> Said:
        """Its hello, answered."""
        hello = await self.hears()
        said = {"you": {"id": "ann", "role": "host"}, "epoch": "e1", "seq": seq, "now": 0.0, **fields}
        await self.says("welcome", **({"room": ROOM} | said if not said.get("resumed") else said))
        return hello

    async def goes_on(self) -> None:
        """Listen until it leaves."""
        while True:
            await self.hears()

    async def closes(self, code: int) -> None:
        await self._socket.close(code)


class Visitor:
    """A connection under test, and everything it told."""

    def __init__(self, port: int) -> None:
        self.news: list[News] = []
        self.connection = Connection(
            f"ws://127.0.0.1:{port}/v1/rooms/r1", Hello(name="Ann"), hear=self._hear, chance=lambda: 0.0
        )
        self._told = asyncio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not condition():
                self._told.clear()
                await self._told.wait()

    async def connected(self, times: int = 1) -> None:
        await self.until(lambda: self.news.count(State.CONNECTED) >= times)

    def _hear(self, news: News) -> None:
        self.news.append(news)
        self._told.set()


@asynccontextmanager
async def visiting(server: Server) -> AsyncIterator[tuple[Visitor, asyncio.Task[Ended]]]:
    guests = 0
    failures: list[BaseException] = []

    async def receive(socket: ServerConnection) -> None:
        nonlocal guests
        guests += 1
        try:
            await server(Guest(socket, guests))
        except ConnectionClosed:
            pass
        except AssertionError as failure:
            failures.append(failure)

    async with serve(receive, "127.0.0.1", 0, subprotocols=[Subprotocol("tutti.v1")]) as running:
        visitor = Visitor(next(iter(running.sockets)).getsockname()[1])
        task = asyncio.create_task(visitor.connection.run())
        try:
            yield visitor, task
        finally:
            task.cancel()
            await asyncio.wait({task})
    assert not failures, failures


async def ended(task: asyncio.Task[Ended]) -> Ended:
    async with asyncio.timeout(WITHIN_S):
        return await task


async def test_it_says_hello_and_knows_the_room_and_its_clock() -> None:
    async def server(guest: Guest) -> None:
        hello = await guest.welcomes()
        assert hello == {"type": "hello", "name": "Ann"}
        await guest.goes_on()

    async with visiting(server) as (visitor, _):
        await visitor.connected()
        connection = visitor.connection
        assert connection.room is not None
        assert (connection.room.name, connection.room.me, connection.room.seq) == ("Film night", "ann", 5)
        await visitor.until(lambda: connection.clock.bound_ms(local_ms()) < 5.0)
        before, room_ms, after = local_ms(), connection.room_ms(), local_ms()
        bound = connection.clock.bound_ms(after)
        assert before - bound <= room_ms - AHEAD_MS <= after + bound
        before, soon, after = local_ms(), connection.local_at(connection.room_ms() + 100), local_ms()
        assert before + 99 <= soon <= after + 101


async def test_a_command_is_answered_or_refused_by_its_ref() -> None:
    async def server(guest: Guest) -> None:
        await guest.welcomes()
        play = await guest.hears()
        seek = await guest.hears()
        pause = await guest.hears()
        assert [said["type"] for said in (play, seek, pause)] == ["play", "seek", "pause"]
        await guest.says("refused", ref=seek["ref"], code="not_allowed", message="No", mayRetry=True)
        await guest.says("malformed", ref=pause["ref"], message="What?")
        await guest.says("ack", ref=play["ref"], seq=9)
        await guest.goes_on()

    async with visiting(server) as (visitor, _):
        await visitor.connected()
        asked = [visitor.connection.ask(wish) for wish in (Play(), Seek(1_000.0), Pause())]
        played, sought, paused = await asyncio.gather(*asked, return_exceptions=True)
        assert played == 9
        assert isinstance(sought, Refusal)
        assert (sought.code, sought.message, sought.may_retry) == ("not_allowed", "No", True)
        assert isinstance(paused, Refusal)
        assert paused.code == "malformed"


async def test_lost_in_the_middle_it_comes_back_and_is_told_what_it_missed() -> None:
    async def server(guest: Guest) -> None:
        if guest.number == 1:
            await guest.welcomes(seq=5)
            await guest.says("locked", seq=6, at=1.0, locked=True)
            await guest.hears()
            await guest.closes(1012)
            return
        hello = await guest.welcomes(seq=6, resumed=True, missed=1)
        assert hello["resume"] == {"epoch": "e1", "seq": 6}
        assert hello["id"] == "ann", "one is a member under that id"
        await guest.says("capacity", seq=7, at=2.0, capacity=3)
        await guest.goes_on()

    async with visiting(server) as (visitor, _):
        await visitor.connected()
        with pytest.raises(Disconnected):
            await visitor.connection.ask(Play())
        await visitor.connected(times=2)
        room = visitor.connection.room
        await visitor.until(lambda: visitor.connection.room is not None and visitor.connection.room.seq == 7)
        room = visitor.connection.room
        assert room is not None
        assert (room.locked, room.capacity, room.name) == (True, 3, "Film night")
        assert State.LOST in visitor.news


async def test_a_gap_is_closed_by_saying_hello_again() -> None:
    async def server(guest: Guest) -> None:
        await guest.welcomes(seq=5)
        await guest.says("locked", seq=7, at=1.0, locked=False)
        hello = await guest.hears()
        assert hello["resume"] == {"epoch": "e1", "seq": 5}
        you = {"id": "ann"}
        await guest.says("welcome", you=you, epoch="e1", seq=5, now=1.0, resumed=True, missed=2)
        await guest.says("capacity", seq=6, at=1.0, capacity=4)
        await guest.says("locked", seq=7, at=1.0, locked=True)
        await guest.goes_on()

    async with visiting(server) as (visitor, _):
        await visitor.until(lambda: visitor.connection.room is not None and visitor.connection.room.seq == 7)
        room = visitor.connection.room
        assert room is not None
        assert (room.capacity, room.locked) == (4, True)


async def test_when_it_cannot_resume_it_begins_anew() -> None:
    async def server(guest: Guest) -> None:
        if guest.number == 1:
            await guest.welcomes(seq=5)
            await guest.closes(1011)
        else:
            await guest.welcomes(seq=2, epoch="e2", reason="unknown_epoch")
            await guest.goes_on()

    async with visiting(server) as (visitor, _):
        await visitor.connected(times=2)
        room = visitor.connection.room
        assert room is not None
        assert (room.epoch, room.seq) == ("e2", 2)


async def test_sent_away_it_comes_back_after_as_long_as_it_was_told() -> None:
    async def server(guest: Guest) -> None:
        await guest.welcomes()
        if guest.number == 1:
            await guest.says("draining", reconnectInMs=321)
            await guest.closes(1012)
        await guest.goes_on()

    async with visiting(server) as (visitor, _):
        await visitor.connected(times=2)
        waits = [news for news in visitor.news if isinstance(news, Waits)]
        assert [round(one.retry_in_s, 3) for one in waits] == [0.321]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (4403, End.EXPELLED),
        (4404, End.NO_SUCH_ROOM),
        (4410, End.ROOM_ENDED),
        (1000, End.LEFT),
    ],
)
async def test_some_endings_are_for_good(code: int, why: End) -> None:
    async def server(guest: Guest) -> None:
        await guest.welcomes()
        await guest.closes(code)

    async with visiting(server) as (visitor, task):
        assert (await ended(task)).why is why
        assert visitor.connection.state is State.ENDED


async def test_who_is_not_let_in_is_told_why_in_the_servers_words() -> None:
    async def server(guest: Guest) -> None:
        await guest.hears()
        await guest.says("refused", code="room_locked", message="This room is locked", mayRetry=False)
        await guest.closes(1008)

    async with visiting(server) as (_, task):
        assert await ended(task) == Ended(End.REFUSED, "This room is locked")


async def test_what_may_be_tried_again_is_tried_again() -> None:
    async def server(guest: Guest) -> None:
        if guest.number == 1:
            await guest.hears()
            await guest.says("refused", code="unavailable", message="Not now", mayRetry=True)
            await guest.closes(1008)
            return
        await guest.welcomes()
        await guest.goes_on()

    async with visiting(server) as (visitor, _):
        await visitor.connected()
        assert [news.why for news in visitor.news if isinstance(news, Waits)] == ["Not now"]


async def test_nonsense_from_the_server_is_a_lost_connection_and_not_the_end() -> None:
    async def server(guest: Guest) -> None:
        await guest.welcomes()
        if guest.number == 1:
            await guest.says("timeline", seq=6, at=1.0, timeline="here")
        await guest.goes_on()

    async with visiting(server) as (visitor, _):
        await visitor.connected(times=2)
        (lost,) = [news for news in visitor.news if isinstance(news, Waits)]
        assert "cannot be understood" in lost.why


async def test_leaving_is_said_and_ends_it() -> None:
    heard: list[Said] = []

    async def server(guest: Guest) -> None:
        await guest.welcomes()
        heard.append(await guest.hears())
        await guest.goes_on()

    async with visiting(server) as (visitor, task):
        await visitor.connected()
        await visitor.connection.leave()
        assert (await ended(task)).why is End.LEFT
    assert heard == [{"type": "leave"}]


async def test_leaving_does_not_wait_for_a_server_that_is_gone() -> None:
    visitor = Visitor(1)
    task = asyncio.create_task(visitor.connection.run())
    await visitor.until(lambda: State.LOST in visitor.news)
    assert any(isinstance(news, Waits) and "cannot be reached" in news.why for news in visitor.news)
    await visitor.connection.leave()
    assert (await ended(task)).why is End.LEFT


async def test_another_protocol_is_no_server_of_rooms() -> None:
    async def receive(socket: ServerConnection) -> None:
        await socket.wait_closed()

    async with serve(receive, "127.0.0.1", 0) as running:
        visitor = Visitor(next(iter(running.sockets)).getsockname()[1])
        task = asyncio.create_task(visitor.connection.run())
        assert (await ended(task)).why is End.NO_SERVER


async def test_events_reach_who_listens_after_they_were_applied() -> None:
    async def server(guest: Guest) -> None:
        await guest.welcomes(seq=5)
        await guest.says("chat", seq=6, at=1.0, member="bob", name="Bob", text="Hello")
        await guest.goes_on()

    async with visiting(server) as (visitor, _):
        await visitor.until(lambda: any(isinstance(news, wire.ChatSaid) for news in visitor.news))
        room = visitor.connection.room
        assert room is not None
        assert [line.text for line in room.chat] == ["Hello"]
