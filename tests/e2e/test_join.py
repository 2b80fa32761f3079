"""`tutti join` and real mpv: they play, seek and pause together, whosever hand did it, and over a server's death."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.e2e.film import FRAME_MS, LENGTH_S, film
from tests.e2e.joiner import Screen, Seat, joining, runs, seated
from tests.e2e.server import TUTTI, Server, serving
from tutti_client.connection import Connection, News, State, local_ms
from tutti_client.spoken import Hello, Pause, Play, QueueAdd, Seek, Spoken, WaitForAll
from tutti_client.wire import Entry, WaitEnded

pytestmark = pytest.mark.e2e

TOGETHER_MS = 40.0
SOON_S = 15.0
"""Moves are done within 1.5 s; the rest is a busy machine."""
LOOKS = 20
WITHIN_S = 20.0
HEADLESS = ("--no-config", "--vo=null", "--ao=null")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("film"))


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as running:
        yield running


async def made(server: Server, **fields: object) -> str:
    """A room; its id."""
    media = {
        "id": "film",
        "provider": "local",
        "kind": "movie",
        "title": "A film",
        "durationMs": LENGTH_S * 1000,
    }
    body = {"name": "Film night", "userName": "Ann", "userId": "ann", "media": media, **fields}
    async with httpx.AsyncClient(base_url=server.url) as http:
        answer = await http.post("/v1/rooms", json=body)
    assert answer.status_code == 201, answer.text
    room: str = answer.json()["room"]
    return room


class Onlooker:
    """Somebody in the room who plays nothing, and knows its time and timeline."""

    def __init__(self, url: str) -> None:
        self._news = asyncio.Event()
        self.missed: list[tuple[str, ...]] = []
        """For each wait that ended, who was not ready."""
        self.connection = Connection(url, Hello(name="Ann", id="ann"), hear=self._hear)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def asks(self, wish: Spoken) -> None:
        """And until it is so."""
        await self.connection.ask(wish)
        room = self.connection.room
        assert room is not None
        assert room.timeline is not None
        await asyncio.sleep(max(self.connection.local_at(room.timeline.at) - local_ms(), 0.0) / 1000)

    def position(self, local: float | None = None) -> float:
        room = self.connection.room
        assert room is not None
        position = room.position_at(self.connection.room_ms(local))
        assert position is not None
        return position

    def _hear(self, news: News) -> None:
        if isinstance(news, WaitEnded):
            self.missed.append(news.missing)
        self._news.set()

    def sees(self) -> set[str | None]:
        """Everybody's names."""
        room = self.connection.room
        return {member.name for member in room.members} if room is not None else set()

    def is_told_that_all_are_near(self, names: set[str]) -> bool:
        """And that they are sure of it."""
        room = self.connection.room
        if room is None:
            return False
        told = {member.name: room.standings.get(member.id) for member in room.members}
        return all(
            (one := told[name]) is not None
            and one.error is not None
            and one.bound is not None
            and abs(one.error) + one.bound <= TOGETHER_MS
            for name in names
        )

    @property
    def playing(self) -> bool:
        room = self.connection.room
        return room is not None and room.timeline is not None and room.timeline.playing

    @property
    def queue(self) -> tuple[Entry, ...]:
        room = self.connection.room
        return room.queue if room is not None else ()

    @property
    def anchor_ms(self) -> float:
        """Where the last move of the timeline went, whenever that is looked at."""
        room = self.connection.room
        assert room is not None
        assert room.timeline is not None
        return room.timeline.position


@dataclass
class Cinema:
    server: Server
    url: str
    ann: Onlooker
    seats: list[Seat]

    @property
    def screens(self) -> Sequence[Screen]:
        return [seat.screen for seat in self.seats]

    async def errors(self) -> list[float] | None:
        """How far each screen is from where it should be; None when one did not answer promptly."""
        errors = []
        for seat in self.seats:
            place = await seat.screen.sound_ms()
            if place is None:
                return None
            errors.append(place[0] - self.ann.position(place[1]) - seat.offset_ms)
        return errors

    async def are_together(self) -> None:
        """Soon, and then they stay so."""
        async with asyncio.timeout(SOON_S + WITHIN_S):
            deadline = local_ms() + SOON_S * 1000
            good = 0
            last: list[float] | None = None
            while good < LOOKS:
                errors = await self.errors()
                if errors is not None:
                    last = errors
                    near = max(map(abs, errors)) <= TOGETHER_MS
                    assert near or local_ms() < deadline, f"apart: {last}"
                    good = good + 1 if near else 0
                await asyncio.sleep(0.05)

    async def stand_at(self, position_ms: float) -> None:
        """All of them show the same picture, that of this position."""
        async with asyncio.timeout(SOON_S):
            while True:
                shown = [await one.value("time-pos") for one in self.screens]
                paused = [await one.value("pause") for one in self.screens]
                there = all(at is not None and abs(at * 1000 - position_ms) <= FRAME_MS for at in shown)
                if all(paused) and there and len(set(shown)) == 1:
                    return
                await asyncio.sleep(0.05)


@asynccontextmanager
async def opened(
    server: Server, clip: Path, folder: Path, *names: str, **fields: object
) -> AsyncIterator[Cinema]:
    room = await made(server, **fields)
    url = f"{server.url}/r/{room}"
    async with AsyncExitStack() as stack:
        ann = Onlooker(f"{server.ws_url}/v1/rooms/{room}")
        running = asyncio.create_task(ann.connection.run())
        stack.callback(running.cancel)
        await ann.until(lambda: ann.connection.state is State.CONNECTED)
        seats = [await stack.enter_async_context(seated(url, clip, name, folder)) for name in names]
        for seat in seats:
            await seat.joiner.tells(
                "status", lambda said: said["state"] == "paused" and said["error"] is not None
            )
        yield Cinema(server, url, ann, seats)


@pytest_asyncio.fixture
async def cinema(server: Server, clip: Path, tmp_path: Path) -> AsyncIterator[Cinema]:
    async with opened(server, clip, tmp_path, "Ben", "Cid") as two:
        yield two


async def test_they_play_seek_and_pause_as_one(cinema: Cinema) -> None:
    await cinema.ann.asks(Play())
    await cinema.are_together()
    for to_ms in (60_000.0, 20_000.5):
        await cinema.ann.asks(Seek(to_ms))
        await cinema.are_together()
        assert cinema.ann.playing
        assert to_ms <= cinema.ann.position() < to_ms + 1000 * (SOON_S + WITHIN_S)
    await cinema.ann.asks(Pause())
    await cinema.stand_at(cinema.ann.position())


async def test_what_somebody_does_in_mpv_the_room_does(cinema: Cinema) -> None:
    ben, cid = cinema.screens
    await ben.does("set_property", "pause", False)
    await cinema.ann.until(lambda: cinema.ann.playing)
    await cinema.are_together()
    await cid.does("seek", 70, "absolute+exact")
    await cinema.ann.until(lambda: abs(cinema.ann.anchor_ms - 70_000.0) <= 1_000.0)
    await cinema.are_together()
    await ben.does("set_property", "pause", True)
    await cid.until("pause", True)
    await cinema.ann.until(lambda: not cinema.ann.playing)
    await cinema.stand_at(cinema.ann.position())
    moves = [said["event"] for seat in cinema.seats for said in seat.joiner.events]
    assert "refused" not in moves


async def test_who_comes_late_is_with_them_soon(cinema: Cinema, clip: Path, tmp_path: Path) -> None:
    await cinema.ann.asks(Play())
    await cinema.are_together()
    async with seated(cinema.url, clip, "Dee", tmp_path) as dee:
        said = await dee.joiner.together(TOGETHER_MS)
        assert {person["name"] for person in said["people"]} == {"Ann", "Ben", "Cid", "Dee"}
        cinema.seats.append(dee)
        await cinema.are_together()


async def test_what_they_report_is_what_is_seen_from_outside(cinema: Cinema) -> None:
    await cinema.ann.asks(Play())
    await cinema.are_together()
    await cinema.ann.until(lambda: cinema.ann.is_told_that_all_are_near({"Ben", "Cid"}))


async def test_a_server_that_dies_and_comes_back_finds_them_together(cinema: Cinema) -> None:
    await cinema.ann.asks(Play())
    await cinema.are_together()
    await cinema.server.kill()
    heard = [len(seat.joiner.events) for seat in cinema.seats]
    for seat in cinema.seats:
        await seat.joiner.tells("reconnecting")
    await cinema.are_together()
    await cinema.server.start()
    for seat, since in zip(cinema.seats, heard, strict=True):
        await seat.joiner.tells("rejoined", since=since)
    await cinema.ann.until(lambda: cinema.ann.connection.state is State.CONNECTED)
    await cinema.are_together()
    await cinema.ann.asks(Seek(30_000.0))
    await cinema.are_together()


async def test_closing_mpv_leaves_the_room(cinema: Cinema) -> None:
    ben = cinema.seats[0]
    ben.screen.process.terminate()
    assert await ben.joiner.ended() == 0
    assert ben.joiner.events[-1]["event"] == "left"
    await cinema.ann.until(lambda: "Ben" not in cinema.ann.sees())


async def test_an_mpv_of_its_own_plays_and_ctrl_c_ends_both(server: Server, clip: Path) -> None:
    room = await made(server)
    url = f"{server.url}/r/{room}"
    async with joining(url, str(clip), "--name", "Ben", "--", *HEADLESS) as ben:
        await ben.tells("status", lambda said: said["state"] == "paused" and said["error"] is not None)
        ann = Onlooker(f"{server.ws_url}/v1/rooms/{room}")
        running = asyncio.create_task(ann.connection.run())
        await ann.until(lambda: ann.connection.state is State.CONNECTED)
        await ann.asks(Play())
        await ben.together(TOGETHER_MS)
        await ben.interrupt()
        assert await ben.ended() == 0
        assert ben.events[-1] == {"event": "left", "why": "left", "message": "Left the room"}
        assert all(line.startswith("{") for line in ben.lines), "no traceback"
        running.cancel()


async def test_when_nobody_reads_what_it_tells_it_leaves(server: Server, clip: Path) -> None:
    room = await made(server)
    ann = Onlooker(f"{server.ws_url}/v1/rooms/{room}")
    running = asyncio.create_task(ann.connection.run())
    command = f"{TUTTI} join --json {server.url}/r/{room} {clip} --name Ben -- {' '.join(HEADLESS)} | head -1"
    shell = await asyncio.create_subprocess_shell(
        f"set -o pipefail; {command}",
        executable="/bin/bash",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(WITHIN_S):
        out, complaints = await shell.communicate()
    assert (shell.returncode, complaints) == (0, b"")
    assert out.startswith(b'{"event": "joined"')
    await ann.until(lambda: ann.sees() == {"Ann"})
    running.cancel()


async def test_what_the_room_does_not_allow_is_said_and_undone(
    server: Server, clip: Path, tmp_path: Path
) -> None:
    async with opened(server, clip, tmp_path, "Ben", control="host") as cinema:
        (ben,) = cinema.seats
        await cinema.ann.asks(Play())
        await cinema.are_together()
        for deed in (("set_property", "pause", True), ("seek", 90, "absolute+exact")):
            since = len(ben.joiner.events)
            await ben.screen.does(*deed)
            await ben.joiner.tells("refused", since=since)
            await cinema.are_together()


async def test_a_room_that_waits_starts_when_everybody_has_the_picture(cinema: Cinema) -> None:
    await cinema.ann.asks(WaitForAll(True))
    await cinema.ann.asks(Play())
    await cinema.are_together()
    await cinema.ann.asks(Seek(80_000.0))
    await cinema.ann.until(lambda: cinema.ann.playing)
    await cinema.are_together()
    room = cinema.ann.connection.room
    assert room is not None
    assert room.waiting is None
    assert cinema.ann.missed == [()], "nobody was waited for in vain"


async def test_at_the_end_of_a_film_the_next_one_begins_and_no_other(cinema: Cinema) -> None:
    room = cinema.ann.connection.room
    assert room is not None
    assert room.media is not None
    for _ in range(2):
        await cinema.ann.asks(QueueAdd(room.media))
    await cinema.ann.asks(Seek(LENGTH_S * 1000 - 3_000.0))
    await cinema.ann.asks(Play())
    await cinema.ann.until(lambda: len(cinema.ann.queue) < 2)
    await cinema.are_together()
    assert len(cinema.ann.queue) == 1
    assert cinema.ann.position() < LENGTH_S * 1000 / 2


async def test_another_cut_is_followed_at_its_offset(cinema: Cinema, clip: Path, tmp_path: Path) -> None:
    await cinema.ann.asks(Play())
    await cinema.are_together()
    async with seated(cinema.url, clip, "Dee", tmp_path, offset_ms=1_500.0) as dee:
        await dee.joiner.together(TOGETHER_MS)
        cinema.seats.append(dee)
        await cinema.are_together()


async def test_an_offset_that_no_room_allows_is_said_in_one_line(server: Server, clip: Path) -> None:
    url = f"{server.url}/r/{await made(server)}"
    async with joining(url, str(clip), "--offset", "99999", as_json=False) as ben:
        assert await ben.ended() == 1
        assert any(line.startswith("tutti: --offset 99999: ") for line in ben.lines)


async def test_a_silent_film_is_followed_by_its_pictures(server: Server, tmp_path: Path) -> None:
    silent = film(tmp_path, sound=False)
    async with opened(server, silent, tmp_path, "Ben") as cinema:
        (ben,) = cinema.seats
        await cinema.ann.asks(Play())
        said = await ben.joiner.together(FRAME_MS + TOGETHER_MS)
        assert said["bound"] >= FRAME_MS, "a picture stands for so long"


async def test_its_mpv_does_not_outlive_it_however_it_ends(server: Server, clip: Path) -> None:
    url = f"{server.url}/r/{await made(server)}"
    async with joining(url, str(clip), "--", *HEADLESS) as ben:
        await ben.tells("status", lambda said: said["state"] == "paused" and said["error"] is not None)
        (player,) = ben.children()
        ben.process.kill()
        await ben.ended()
        async with asyncio.timeout(WITHIN_S):
            while runs(player):  # noqa: ASYNC110 - it is nobody's child any more
                await asyncio.sleep(0.02)


async def test_an_mpv_that_does_not_start_is_said_in_one_line(server: Server, clip: Path) -> None:
    url = f"{server.url}/r/{await made(server)}"
    async with joining(url, str(clip), "--", "--no-such-option", as_json=False) as ben:
        assert await ben.ended() == 1
        assert ben.lines[-1].startswith("tutti: mpv does not start")


async def test_a_file_of_another_length_is_said_once(server: Server, clip: Path) -> None:
    media = {"id": "film", "provider": "local", "kind": "movie", "title": "A film", "durationMs": 125_000}
    url = f"{server.url}/r/{await made(server, media=media)}"
    async with joining(url, str(clip), "--", *HEADLESS) as ben:
        said = await ben.tells("warning")
        assert "5 s shorter" in said["message"]
        assert "offset" in said["message"]
        await ben.tells("status", since=ben.events.index(said))
        assert [one["event"] for one in ben.events].count("warning") == 1


async def test_the_rooms_own_address_is_opened_without_a_file(server: Server) -> None:
    media = {"id": f"{server.url}/clip.webm", "provider": "direct", "kind": "movie"}
    url = f"{server.url}/r/{await made(server, media=media)}"
    async with joining(url, "--", *HEADLESS) as ben:
        await ben.tells("status", lambda said: said["state"] == "paused" and said["error"] is not None)


async def test_the_terminal_is_told_in_plain_lines(server: Server, clip: Path) -> None:
    url = f"{server.url}/r/{await made(server)}"
    args = (url, str(clip), "--name", "Ben", "--", *HEADLESS)
    async with joining(*args, as_json=False) as ben:
        await ben.says("⏸")
        await ben.interrupt()
        assert await ben.ended() == 0
        assert ben.lines[0].startswith("In Film night with")
        assert ben.lines[-1] == "Left the room"
        assert not any("\x1b" in line or "\r" in line for line in ben.lines), "no colours, no redrawing"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/r/no-such-room", "There is no such room"),
        ("/nothing", "is no room's address"),
        ("", "is no room's address"),
    ],
)
async def test_what_is_no_room_is_said_in_one_line(server: Server, clip: Path, path: str, says: str) -> None:
    async with joining(f"{server.url}{path}", str(clip), as_json=False) as ben:
        assert await ben.ended() != 0
        assert len(ben.lines) == 1
        assert says in ben.lines[0]


async def test_a_file_that_is_not_there_is_said_in_one_line(server: Server) -> None:
    async with joining(f"{server.url}/r/x", "/nowhere/film.mkv", as_json=False) as ben:
        assert await ben.ended() == 1
        assert ben.lines == ["tutti: there is no file /nowhere/film.mkv"]


async def test_a_server_that_is_not_there_is_waited_for(clip: Path, tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    await server.start()
    room = await made(server)
    await server.kill()
    args = (f"{server.url}/r/{room}", str(clip), "--", *HEADLESS)
    async with joining(*args) as ben:
        said = await ben.tells("reconnecting")
        assert "cannot be reached" in said["message"]
        await server.start()
        await ben.tells("joined")
        await ben.interrupt()
        assert await ben.ended() == 0
    await server.aclose()
