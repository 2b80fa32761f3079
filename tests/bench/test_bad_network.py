"""The bad network of the bench: delays, loss as stalls, order, and a proxy that does to bytes what arithmetic says."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bench.sync.profiles import PROFILES, RETRANSMISSION_MS, Direction, Way, directions
from bench.sync.proxy import Link


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(1, 20_000)), min_size=1), st.integers())
def test_nothing_overtakes_and_nothing_arrives_before_it_is_sent(
    writes: list[tuple[float, int]], seed: int
) -> None:
    direction = Direction(Way(40, 25), 0.1, Random(seed))
    now, last = 0.0, 0.0
    for pause, size in writes:
        now += pause
        arrival = direction.arrival_ms(now, size)
        assert arrival >= max(now, last)
        last = arrival


def test_delay_is_what_the_profile_says() -> None:
    up, down = directions(PROFILES["mobile"], "weather")
    for direction, mean, loss in ((up, 60.0, 0.02), (down, 100.0, 0.02)):
        delays = [direction.arrival_ms(now, 100) - now for now in range(0, 20_000_000, 10_000)]
        undisturbed = sorted(delays)[: int(len(delays) * (1 - loss))]
        assert abs(sum(undisturbed) / len(undisturbed) - mean) < 5


def test_a_lost_segment_comes_a_retransmission_later() -> None:
    lossy = Direction(Way(40, 0), 1.0, Random(1))
    assert lossy.arrival_ms(1000, 1) == 1000 + 40 + RETRANSMISSION_MS + 2 * 40


def test_many_segments_are_lost_more_often_than_one() -> None:
    def stalls(size: int) -> int:
        direction = Direction(Way(40, 0), 0.02, Random(2))
        return sum(direction.arrival_ms(now, size) - now > 200 for now in range(0, 2_000_000, 1000))

    assert stalls(15_000) > 5 * stalls(1000) > 0


def test_the_same_seed_gives_the_same_weather() -> None:
    first, again, other = (directions(PROFILES["wan"], seed)[0] for seed in ("a", "a", "b"))
    weather = [[way.arrival_ms(now, 500) for now in range(0, 50_000, 500)] for way in (first, again, other)]
    assert weather[0] == weather[1] != weather[2]


async def test_bytes_pass_in_order_and_with_the_delay_of_both_ways() -> None:
    async with _echo_behind("wan") as (_, reader, writer):
        loop = asyncio.get_running_loop()
        began = loop.time()
        writer.write(b"one ")
        writer.write(b"two")
        writer.write_eof()
        assert await reader.read() == b"one two"
        assert loop.time() - began > 0.04


async def test_a_cut_link_holds_bytes_until_it_heals() -> None:
    async with _echo_behind("lan") as (link, reader, writer):
        writer.write(b"before")
        assert await reader.readexactly(6) == b"before"
        link.whole.clear()
        writer.write(b"while it is cut")
        held = asyncio.create_task(reader.readexactly(15))
        done, _ = await asyncio.wait([held], timeout=0.05)
        assert not done
        link.whole.set()
        assert await held == b"while it is cut"


@contextlib.asynccontextmanager
async def _echo_behind(
    profile: str,
) -> AsyncIterator[tuple[Link, asyncio.StreamReader, asyncio.StreamWriter]]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data)
        writer.close()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        link = Link(profile, server.sockets[0].getsockname()[1], "test")
        async with await asyncio.start_server(link.carry, "127.0.0.1", 0) as front:
            reader, writer = await asyncio.open_connection("127.0.0.1", front.sockets[0].getsockname()[1])
            try:
                yield link, reader, writer
            finally:
                writer.close()
                await writer.wait_closed()
