"""The guards around uvicorn's HTTP parsing: who dawdles or floods before there is a request, and what follows one."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest

from tests.transports.test_websocket_frames import frame
from tests.transports.websocket_room import UPGRADE, Echoing, Served, serving, until
from tutti.transports.http_protocol import HEAD_LIMIT, GuardedHttp
from tutti.transports.websocket import protocol
from tutti.transports.wsframes import TEXT

FIN = 0x80
PAGE = b"GET / HTTP/1.1\r\nHost: there\r\n\r\n"

pytestmark = pytest.mark.timeout(30, method="thread")  # uvloop does not let the alarm signal interrupt it


class Impatient(GuardedHttp):
    """Only while a test says so: whoever is to be answered does not race a deadline on a busy machine."""

    head_s = 600.0


@contextmanager
def impatience(head_s: float = 0.05) -> Iterator[None]:
    """For whoever begins a head meanwhile."""
    patient_s, Impatient.head_s = Impatient.head_s, head_s
    try:
        yield
    finally:
        Impatient.head_s = patient_s


def endpoint() -> type[asyncio.Protocol]:
    return protocol(lambda _: Echoing())


async def page(served: Served) -> bytes:
    client = await served.raw()
    client.write(PAGE)
    return await client.head() + await client.reader.readexactly(4)


@pytest.mark.parametrize("begun", [b"", b"GE", b"GET / HTTP/1.1\r\nHost: th", UPGRADE, b"\r\n"])
async def test_a_head_that_never_ends_is_hung_up_on(begun: bytes) -> None:
    async with serving(endpoint(), Impatient) as served:
        with impatience():
            client = await served.raw()
            client.write(begun)
            assert await client.end() == b""
        assert (await page(served)).endswith(b"page")


@pytest.mark.parametrize("behind", [b"G", b"\r\n"])
async def test_a_second_request_has_no_more_time_than_the_first(behind: bytes) -> None:
    async with serving(endpoint(), Impatient) as served:
        client = await served.raw()
        client.write(PAGE)
        assert (await client.head()).startswith(b"HTTP/1.1 200")
        assert await client.reader.readexactly(4) == b"page"
        with impatience():
            client.write(behind)
            assert await client.end() == b""


async def test_an_idle_connection_is_uvicorns_to_keep() -> None:
    async with serving(endpoint(), Impatient) as served:
        client = await served.raw()
        for _ in range(2):
            client.write(PAGE)
            assert (await client.head()).startswith(b"HTTP/1.1 200")
            assert await client.reader.readexactly(4) == b"page"
            with impatience():
                bystander = await served.raw()  # its deadline passes while the first connection only waits
                assert await bystander.end() == b""


async def test_a_body_may_take_longer_than_a_head() -> None:
    async with serving(endpoint(), Impatient) as served:
        with impatience(1.0):
            client = await served.raw()
            client.write(b"POST / HTTP/1.1\r\nHost: there\r\nContent-Length: 100000\r\n\r\n" + b"x" * 99_999)
            bystander = await served.raw()
            assert await bystander.end() == b""
        client.write(b"x")
        assert (await client.head()).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("first", [b"", b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx"])
async def test_a_head_without_end_is_cut_at_its_limit(first: bytes) -> None:
    async with serving(endpoint(), GuardedHttp) as served:
        client = await served.raw()
        client.write(first + b"GET / HTTP/1.1\r\nX-Long: ")
        for _ in range(HEAD_LIMIT // 1000 + 1):
            client.write(b"x" * 1000)
            await asyncio.sleep(0)
        assert b"HTTP/1.1 431 " in await client.end()
        await until(lambda: not served.server.server_state.connections)


@pytest.mark.parametrize("next_in_time", [True, False])
async def test_the_rest_of_a_body_that_was_answered_early_is_no_head_of_another_request(
    next_in_time: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tutti.transports.http_protocol.HEAD_LIMIT", 512)  # less than any segment of the body
    async with serving(endpoint(), GuardedHttp) as served:
        client = await served.raw()
        length = 4 * HEAD_LIMIT
        client.write(b"POST /early HTTP/1.1\r\nHost: there\r\nContent-Length: %d\r\n\r\n" % length)
        assert (await client.head()).startswith(b"HTTP/1.1 200")
        assert await client.reader.readexactly(4) == b"page"
        if next_in_time:
            client.write(b"x" * length + PAGE)
        else:
            client.write(b"x" * length)
            (connection,) = served.server.server_state.connections
            await until(lambda: not cast(GuardedHttp, connection)._in_body)
            client.write(PAGE)
        assert (await client.head()).startswith(b"HTTP/1.1 200")


async def test_the_rest_of_a_body_that_was_answered_early_is_not_waited_for_for_ever() -> None:
    async with serving(endpoint(), Impatient) as served:
        client = await served.raw()
        client.write(b"POST /early HTTP/1.1\r\nHost: there\r\nContent-Length: 100\r\n\r\n")
        assert (await client.head()).startswith(b"HTTP/1.1 200")
        assert await client.reader.readexactly(4) == b"page"
        with impatience():
            client.write(b"x")
            assert await client.end() == b""


async def test_a_frame_in_the_segment_of_the_upgrade_is_not_lost() -> None:
    async with serving(endpoint(), GuardedHttp) as served:
        client = await served.raw()
        client.write(UPGRADE + b"\r\n" + frame(FIN | TEXT, b"early") + frame(FIN | TEXT, b"bird"))
        assert (await client.head()).startswith(b"HTTP/1.1 101 ")
        assert await client.frame() == (FIN | TEXT, b"early")
        assert await client.frame() == (FIN | TEXT, b"bird")


async def test_an_accepted_websocket_outlives_the_deadline_and_the_http_side() -> None:
    seen: list[weakref.ref[GuardedHttp]] = []

    class Watched(Impatient):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            seen.append(weakref.ref(self))

    async with serving(endpoint(), Watched) as served:
        gc.disable()  # nothing here may wait for a collection
        try:
            with impatience(1.0):
                client = await served.upgraded()
                await until(lambda: seen[0]() is None)
                bystander = await served.raw()
                assert await bystander.end() == b""
        finally:
            gc.enable()
        client.write(frame(FIN | TEXT, b"still here"))
        assert await client.frame() == (FIN | TEXT, b"still here")
