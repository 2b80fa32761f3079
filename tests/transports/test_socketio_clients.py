"""Real clients: an unmodified `socket.io-client` (Node) over each transport, and raw sockets with bad intentions."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from websockets.asyncio.client import ClientConnection

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "tests" / "clients" / "socketio.mjs"
WITHIN_S = 30
RUNNING = re.compile(rb"running on http://[^/\s]+:(\d+)")


@asynccontextmanager
async def conformance_server(*args: str) -> AsyncIterator[int]:
    """A server process on a free port, with the heartbeat of a calm machine."""
    command = ("-m", "tests.conformance.server", "--host", "127.0.0.1", "--port", "0", *args)
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, stderr=asyncio.subprocess.PIPE
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(WITHIN_S):
            while (found := RUNNING.search(line := await process.stderr.readline())) is None:
                assert line, "the server did not start"
        yield int(found[1])
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with conformance_server("--ping-interval-ms", "5000", "--ping-timeout-ms", "5000") as port:
        yield port


@pytest.mark.parametrize("mode", ["polling", "websocket", "upgrade"])
async def test_socket_io_client_is_served_over(port: int, mode: str) -> None:
    process = await asyncio.create_subprocess_exec(
        "node", str(CLIENT), f"http://127.0.0.1:{port}", mode, stdout=-1, stderr=-1
    )
    async with asyncio.timeout(WITHIN_S):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    seen: dict[str, Any] = json.loads(out)
    ids = seen.pop("ids")
    assert ids[0] != ids[1]
    assert seen == {
        "auth": {"token": "añ€"},
        "inOrder": True,
        "transport": "polling" if mode == "polling" else "websocket",
        "event": ["text €", {"nested": [True, None]}, {"bytes": [1, 2, 3]}, {"deep": {"bytes": [4]}}],
        "ack": ["x", {"bytes": [5, 6]}],
        "emptyAck": [],
        "answered": [["WHY", {"bytes": [7]}]],
        "large": True,
        "customAuth": {"token": "añ€"},
        "refused": "Invalid namespace",
        "disconnected": "io client disconnect",
    }


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[ClientConnection]:
    """A WebSocket in the main namespace."""
    url = f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
    async with asyncio.timeout(WITHIN_S), websockets.connect(url, compression=None) as connection:
        assert str(await connection.recv()).startswith("0{")
        await connection.send("40")
        assert str(await connection.recv()).startswith("40{")
        assert await connection.recv() == '42["auth",{}]'
        yield connection


@pytest.mark.parametrize(
    "packet",
    [
        '42["message",' + "[" * 100_000 + "]" * 100_001,
        "42" + "1" * 900_000 + '["message"]',
        '4599-["message"]',
        '451-["message",{"_placeholder":true,"num":7}]',
        "4" * 900_000,
        b"\x00" * 900_000,
    ],
    ids=["deep", "long id", "many attachments", "lying placeholder", "no json", "unannounced binary"],
)
async def test_bad_packet_closes_its_connection_and_no_other(port: int, packet: str | bytes) -> None:
    async with connected(port) as innocent, connected(port) as guilty:
        await guilty.send(packet)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await guilty.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1002
        await innocent.send('42["message",1]')
        assert await innocent.recv() == '42["message-back",1]'


async def test_post_of_ten_megabytes_is_cut_off(port: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/engine.io/") as client:
        opened = await client.get("", params={"EIO": "4", "transport": "polling"})
        query = {"EIO": "4", "transport": "polling", "sid": json.loads(opened.text[1:])["sid"]}

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(160):
                yield b"4" * 65536

        async with asyncio.timeout(WITHIN_S):
            with suppress(httpx.WriteError, httpx.ReadError):  # it may hang up while we are still sending
                assert (await client.post("", params=query, content=endless())).status_code == 413
            assert (await client.get("", params=query)).status_code == 400


async def test_client_that_hangs_up_its_poll_is_forgotten_at_once(port: int) -> None:
    request = "GET /engine.io/?EIO=4&transport=polling{} HTTP/1.1\r\nHost: x\r\n\r\n"
    query = {"EIO": "4", "transport": "polling"}
    async with asyncio.timeout(WITHIN_S):
        # The session is opened on the same connection: the server reads from it before it reads from a later one.
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request.format("").encode())
        opened = (await reader.readuntil(b"}")).partition(b"\r\n\r\n0")[2]
        query["sid"] = json.loads(opened)["sid"]
        writer.write(request.format(f"&sid={query['sid']}").encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/engine.io/") as client:
            assert (await client.get("", params=query)).status_code == 400
