"""A member that stops reading costs at most its outbox and then its connection; nobody waits for it."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.e2e.rooms import action, entered, made_room
from tests.e2e.server import Server, serving
from tests.e2e.talker import Talker, talking

pytestmark = pytest.mark.e2e

MOST_MOVES = 60_000
BATCH = 250
IN_TIME_S = 10.0
"""For a batch of moves to reach everybody, on a busy machine."""

MOST_GROWTH_KB = 32 * 1024
LONG = "x" * 100
"""Makes each event a little larger, so that fewer are needed."""


async def test_member_that_stops_reading_is_cut_and_the_others_hear_everything_in_time(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path, env={"TUTTI_LIMITS": "off"}) as server, AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=server.url))
        mover = f"ann-{LONG}"
        room = await made_room(http, mover)
        talkers = [await stack.enter_async_context(talking(server.ws_url, f"token-{n}")) for n in range(3)]
        for talker, user in zip(talkers, (mover, "ben", "cid"), strict=True):
            await entered(talker, room, user)
        deaf = await stack.enter_async_context(not_reading(server, room, "dee"))
        await talkers[0].hears("user_joined", lambda said: said["userId"] == "dee")
        before_kb = server.memory_kb()

        moved = 0
        while await cut(http) == 0:
            assert moved < MOST_MOVES, "it was never cut"
            await move(talkers, room, mover, moved)
            moved += BATCH
            await beat(deaf)
        await move(talkers, room, mover, moved)

        assert server.memory_kb() - before_kb < MOST_GROWTH_KB
        for talker in talkers[1:]:
            heard = [
                data["state"]["currentTime"] for name, data in talker.heard if name == "playback_updated"
            ]
            assert heard == [float(at(n)) for n in range(moved + BATCH)]
        assert await the_end(deaf), "its connection is closed"


async def move(talkers: list[Talker], room: str, mover: str, first: int) -> None:
    """A batch of seeks; everybody must have heard the last one in time."""
    began = time.monotonic()
    since = [len(talker.heard) for talker in talkers]
    for number in range(first, first + BATCH):
        await talkers[0].emit("playback_action", action(room, mover, "seek", currentTime=at(number)))
    last = float(at(first + BATCH - 1))
    for talker, heard in zip(talkers, since, strict=True):
        await talker.hears(
            "playback_updated",
            lambda said: said["state"]["currentTime"] == last,
            since=heard,
            within_s=IN_TIME_S,
        )
    assert time.monotonic() - began < IN_TIME_S


def at(number: int) -> int:
    return (number + 1) * 10


@asynccontextmanager
async def not_reading(server: Server, room: str, user: str) -> AsyncIterator[socket.socket]:
    """In the room, over a socket with small buffers from which nobody reads any more."""
    loop = asyncio.get_running_loop()
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.setblocking(False)
        await loop.sock_connect(raw, ("127.0.0.1", server.port))
        await loop.sock_sendall(
            raw,
            b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
            + base64.b64encode(os.urandom(16))
            + b"\r\n\r\n",
        )
        await answered(raw, b"\r\n\r\n")
        await loop.sock_sendall(raw, masked("40"))
        await answered(raw, b"40{")
        join = json.dumps(["join_room", {"roomId": room, "userId": user}])
        await loop.sock_sendall(raw, masked("42" + join))
        yield raw


async def beat(raw: socket.socket) -> None:
    """Say what answers a heartbeat, heard or not: who says nothing is lost before much is left unread."""
    with suppress(ConnectionError):  # it has been cut
        await asyncio.get_running_loop().sock_sendall(raw, masked("3"))


async def answered(raw: socket.socket, by: bytes) -> None:
    heard = b""
    async with asyncio.timeout(IN_TIME_S):
        while by not in heard:
            heard += await asyncio.get_running_loop().sock_recv(raw, 256)


async def the_end(raw: socket.socket) -> bool:
    """Read what is left, until there is no more."""
    async with asyncio.timeout(IN_TIME_S):
        try:
            while await asyncio.get_running_loop().sock_recv(raw, 65_536):
                continue
        except ConnectionResetError:
            return True
    return True


async def cut(http: httpx.AsyncClient) -> int:
    """How many slow consumers the server says that it dropped."""
    metrics = (await http.get("/metrics")).text
    line = next(
        line for line in metrics.splitlines() if line.startswith("tutti_slow_consumers_dropped_total ")
    )
    return int(float(line.split()[1]))


def masked(text: str) -> bytes:
    """A client's frame, with a mask of zeros."""
    payload = text.encode()
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2)
    return b"\x81" + size + b"\0\0\0\0" + payload
