"""SIGTERM: everybody is sent away in a way that brings them back, and the process ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.programs import of, running
from tests.e2e.rooms import made_room
from tests.e2e.server import STOP_WITHIN_S, Server, serving

pytestmark = pytest.mark.e2e

KINDS = {"poll": ["polling"], "upgrade": ["polling", "websocket"], "socket": ["websocket"]}
COMES_BACK = {
    "poll": ("transport close", "transport error"),  # the error if it was between two polls
    "upgrade": ("transport close",),
    "socket": ("transport close",),
}
"""Reasons after which socket.io-client connects again by itself; after "io server disconnect" it would not."""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as server:
        yield server


async def test_clients_of_every_transport_come_back_to_whoever_serves_next(server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.url) as http, running("watchers.mjs", server.url) as people:
        room = await made_room(http, "ann")
        for user, transports in KINDS.items():
            await people.do("enter", user=user, roomId=room, transports=transports)

        server.ask_to_stop()
        for user in KINDS:
            gone = await people.tells("disconnect", of(user))
            assert gone["reason"] in COMES_BACK[user], gone
        assert await server.ended() == 0

        heard = len(people.events)
        await server.start()
        for user in KINDS:
            back = await people.tells("initial_state", of(user), since=heard)
            assert set(back["data"]["participants"]) == {"ann", *KINDS}


async def test_stopping_says_that_it_is_not_ready_and_waits_for_nobody(server: Server) -> None:
    """Idle connections of every kind: a poll that hangs, a sid that nobody polls, a WebSocket and an HTTP connection."""
    async with httpx.AsyncClient(base_url=server.url, timeout=STOP_WITHIN_S) as http:
        query = {"EIO": "4", "transport": "polling"}
        await http.get("/socket.io/", params=query)  # nobody will ever poll this one
        opened = json.loads((await http.get("/socket.io/", params=query)).text[1:])
        hanging = asyncio.create_task(polled(http, {**query, "sid": opened["sid"]}))
        idle_reader, idle_writer = await asyncio.open_connection("127.0.0.1", server.port)
        deaf_reader, deaf_writer = await asyncio.open_connection("127.0.0.1", server.port)
        deaf_writer.write(
            b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        assert b"101" in await deaf_reader.readline()
        assert (await http.get("/health/ready")).status_code == 200

        server.ask_to_stop()
        await server.says("draining", STOP_WITHIN_S)
        ready = await http.get("/health/ready")
        assert (ready.status_code, ready.json()["checks"]["serving"]) == (503, "draining")
        assert await hanging == "1", "the poll is told to close"
        assert await server.ended() == 0
        for writer in (idle_writer, deaf_writer):
            writer.close()
        assert await idle_reader.read() == b""


async def polled(http: httpx.AsyncClient, query: dict[str, str]) -> str:
    """Poll until something comes that is no heartbeat."""
    while (said := (await http.get("/socket.io/", params=query)).text) == "2":
        pass
    return said


async def test_second_signal_ends_it_at_once(server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.url) as http:
        await http.get("/socket.io/", params={"EIO": "4", "transport": "polling"})
        server.ask_to_stop()
        await server.says("draining", STOP_WITHIN_S)
        server.ask_to_stop()
        assert await server.ended(within_s=4) == 0
