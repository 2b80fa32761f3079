"""What `bench.nearby` asks about, and how it speaks with Redis."""

from __future__ import annotations

from io import BufferedReader, BytesIO

import pytest

from bench import Unmeasured
from bench.crowd import crowd, names
from bench.nearby_world import World
from bench.redis import packed, read
from tutti.core.geo import Cell, steps


def answer(wire: bytes) -> object:
    return read(BufferedReader(BytesIO(wire)))


def test_a_sixth_of_all_live_in_the_largest_city() -> None:
    people = crowd(6_000)
    assert len(people.cells) == 6_000
    assert len(people.densest) / 6_000 == pytest.approx(0.17, abs=0.02)
    near = [steps(Cell(people.cells[people.densest[0]]), Cell(people.cells[one])) for one in people.densest]
    assert max(near) < 100


def test_the_same_people_every_time() -> None:
    assert crowd(500).cells == crowd(500).cells
    ids = list(names(500))
    assert len(set(ids)) == 500
    assert {len(one) for one in ids} == {36}


def test_everybody_of_the_world_is_live_and_somewhere() -> None:
    world = World(crowd(700))
    world.arrive()
    assert all(world.nearby.is_live(user) for user in world.users)
    assert all(world.nearby.place(user).geohash for user in world.users)


def test_redis_is_spoken_as_it_is_specified() -> None:
    assert packed("GEOADD", "é") == b"*2\r\n$6\r\nGEOADD\r\n$2\r\n\xc3\xa9\r\n"
    assert answer(b"*3\r\n$3\r\nabc\r\n:42\r\n*2\r\n$-1\r\n+OK\r\n") == [b"abc", 42, [None, b"OK"]]
    with pytest.raises(Unmeasured):
        answer(b"-ERR unknown\r\n")
    with pytest.raises(Unmeasured):
        answer(b"$3")
