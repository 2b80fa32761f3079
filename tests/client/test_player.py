"""The follow loop at the end of a film: a player that only does as it is told, and a room that is only looked at."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, cast

from tutti_client.clock import Clock
from tutti_client.connection import Connection, State, local_ms
from tutti_client.mpv import Mpv, Place
from tutti_client.player import Player
from tutti_client.room import Room
from tutti_client.spoken import PlayNext, Spoken
from tutti_client.wire import Entry, Media, Timeline

LENGTH_MS = 120_000.0
FILM = Media("film", "local", duration_ms=LENGTH_MS)
LOOKS_S = 0.3


class AtItsEnd:
    """An mpv whose film has ended."""

    loaded = ended = True
    paused = seeking = starved = False
    speed = 1.0
    frame_ms = 40.0
    duration_ms: float | None = LENGTH_MS

    async def load(self, _: str) -> None: ...

    async def pause(self) -> None:
        self.paused = True

    async def place(self, *, resting: bool) -> Place:
        return Place(LENGTH_MS, local_ms(), 0.0, by_sound=False, prompt=True)

    async def seek(self, _: float) -> None: ...


class Looked:
    """A connection to this room, in which what is asked of it is kept. Its clock is ours."""

    state = State.CONNECTED
    clock = Clock.initial()

    def __init__(self, room: Room) -> None:
        self.room = room
        self.asked: list[Spoken] = []

    def room_ms(self, at_ms: float | None = None) -> float:
        return local_ms() if at_ms is None else at_ms

    async def ask(self, wish: Spoken) -> int:
        self.asked.append(wish)
        return 0

    async def tell(self, _: Any) -> None: ...


async def asked_in(room: Room) -> list[Spoken]:
    """What a player at the end of its film asks of this room."""
    looked = Looked(room)
    player = Player(
        cast(Mpv, AtItsEnd()), cast(Connection, looked), file="film.mkv", origin="", say=lambda _: None
    )
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOKS_S):
            await player.run()
    return looked.asked


def played(since_ms: float) -> Timeline:
    return Timeline(0.0, 1.0, True, local_ms() - since_ms)


def room(timeline: Timeline, previous: Timeline | None = None) -> Room:
    return Room(
        "r", "e", 1, "me", media=FILM, timeline=timeline, previous=previous, queue=(Entry("q2", FILM),)
    )


async def test_at_the_end_of_a_film_the_next_one_is_asked_for_once() -> None:
    assert await asked_in(room(played(LENGTH_MS + 1_000))) == [PlayNext("q2")]


async def test_when_the_next_one_is_announced_already_the_one_after_it_is_not_asked_for() -> None:
    coming = Timeline(0.0, 1.0, True, local_ms() + 60_000)
    assert await asked_in(room(coming, played(LENGTH_MS + 1_000))) == []
