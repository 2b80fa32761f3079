"""A real mpv: started, asked where it is, moved, touched by hand, closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.film import FRAME_MS, LENGTH_S, film
from tests.e2e.joiner import attached_once_up
from tutti_client import mpv
from tutti_client.mpv import Hand, Mpv, NoMpv, NotPlayable, Place
from tutti_client.mpv_ipc import Ipc, attach

pytestmark = pytest.mark.e2e

HEADLESS = ("--no-config", "--vo=null", "--ao=null")
WITHIN_S = 15.0


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("film"))


class Watched:
    """An mpv of the client's, what it told of, and somebody's hands in it."""

    def __init__(self, path: Path) -> None:
        self.hands: list[Hand] = []
        self.landed = 0
        self.path = path
        self.mpv = Mpv(self._touched, self._landed)
        self._news = asyncio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def goes_to(self, to_ms: float) -> None:
        before = self.landed
        await self.mpv.seek(to_ms)
        await self.until(lambda: self.landed > before)

    async def untouched(self) -> bool:
        """A pause may seem to be by hand when news of ours comes late; asking tells."""
        seeks = [hand for hand in self.hands if hand is not Hand.PAUSE]
        return not seeks and await self.mpv.paused_by_hand() is None

    async def hand(self) -> Ipc:
        return await attach(self.path, lambda _: None)

    async def place(self) -> Place:
        """A reading that came promptly."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                place = await self.mpv.place()
                if place is not None and place.prompt:
                    return place
                await asyncio.sleep(0)

    def _touched(self, hand: Hand) -> None:
        self.hands.append(hand)
        self._news.set()

    def _landed(self) -> None:
        self.landed += 1
        self._news.set()


@pytest_asyncio.fixture
async def watched(clip: Path, tmp_path: Path) -> AsyncIterator[Watched]:
    """Somebody's own mpv, attached to, with the film open."""
    path = tmp_path / "mpv"
    process = await asyncio.create_subprocess_exec(
        "mpv", *HEADLESS, "--idle", "--really-quiet", "--no-terminal", f"--input-ipc-server={path}"
    )
    try:
        (await attached_once_up(path)).close()
        seen = Watched(path)
        async with mpv.attached(path, seen.mpv):
            await seen.mpv.load(str(clip))
            yield seen
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_it_opens_paused_at_the_beginning_and_knows_the_film(watched: Watched) -> None:
    player = watched.mpv
    assert player.loaded
    await watched.until(lambda: player.duration_ms is not None)
    assert player.duration_ms == pytest.approx(LENGTH_S * 1000, abs=100)
    assert player.frame_ms == pytest.approx(FRAME_MS)
    place = await watched.place()
    assert place.position_ms == pytest.approx(0.0, abs=FRAME_MS)


async def test_it_lands_on_the_very_picture_that_was_asked_for(watched: Watched) -> None:
    for to_ms in (60_000.0, 20_000.0, 20_040.0, 90_000.0):
        await watched.goes_to(to_ms)
        place = await watched.place()
        assert place.position_ms == pytest.approx(to_ms, abs=1.0)
        assert not place.by_sound
    assert await watched.untouched(), "what we do is not taken for somebody's hand"


async def test_it_starts_where_it_stands_and_runs_to_the_millisecond(watched: Watched) -> None:
    await watched.goes_to(30_000.0)
    began_ms = await watched.mpv.resume()
    await asyncio.sleep(0.5)
    first = await watched.place()
    await asyncio.sleep(0.5)
    second = await watched.place()
    assert first.by_sound
    assert first.position_ms - 30_000.0 == pytest.approx(first.at_ms - began_ms, abs=25.0)
    drift = (second.position_ms - first.position_ms) - (second.at_ms - first.at_ms)
    assert abs(drift) <= 1.0 + first.unsure_ms + second.unsure_ms
    assert await watched.untouched()


async def test_another_speed_is_run_at_at_once_and_exactly(watched: Watched) -> None:
    await watched.goes_to(30_000.0)
    await watched.mpv.resume()
    await asyncio.sleep(0.3)
    await watched.mpv.set_speed(1.05)
    await asyncio.sleep(0.2)
    first = await watched.place()
    await asyncio.sleep(0.5)
    second = await watched.place()
    moved = second.position_ms - first.position_ms
    assert moved == pytest.approx(1.05 * (second.at_ms - first.at_ms), abs=1.5)
    assert await watched.untouched()


async def test_a_hand_on_it_is_told_once(watched: Watched) -> None:
    hand = await watched.hand()
    await watched.mpv.resume()
    await hand.ask("set_property", "pause", True)
    await watched.until(lambda: Hand.PAUSE in watched.hands)
    assert await watched.mpv.paused_by_hand() is True
    assert await watched.mpv.paused_by_hand() is None, "known now"
    await hand.ask("seek", 10, "relative+exact")
    await watched.until(lambda: Hand.SEEK in watched.hands)
    await hand.ask("set_property", "speed", 1.5)
    await watched.until(lambda: Hand.SPEED in watched.hands)
    assert await watched.mpv.speed_by_hand() == 1.5
    assert [watched.hands.count(kind) for kind in (Hand.SEEK, Hand.SPEED)] == [1, 1]
    hand.close()


async def test_at_its_end_it_has_ended_and_nobody_paused_it(watched: Watched) -> None:
    await watched.goes_to(LENGTH_S * 1000 - 300.0)
    await watched.mpv.resume()
    async with asyncio.timeout(WITHIN_S):
        while not watched.mpv.ended:  # noqa: ASYNC110 - it is only shown, not told
            await asyncio.sleep(0.02)
    assert await watched.untouched()
    await watched.goes_to(5_000.0)
    assert not watched.mpv.ended


async def test_what_cannot_be_opened_is_said(watched: Watched, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.mp4"
    nothing.write_bytes(b"not a film")
    with pytest.raises(NotPlayable, match="cannot open"):
        await watched.mpv.load(str(nothing))


async def test_one_of_our_own_is_started_and_does_not_stay(clip: Path) -> None:
    seen = Watched(Path())
    async with mpv.started(HEADLESS, seen.mpv):
        await seen.mpv.load(str(clip))
        gone = asyncio.create_task(seen.mpv.gone())
        assert seen.mpv.loaded
    async with asyncio.timeout(WITHIN_S):
        await gone


async def test_where_there_is_none_the_way_out_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Watched(Path())
    with pytest.raises(NoMpv, match="--input-ipc-server"):
        async with mpv.attached(tmp_path / "nobody", seen.mpv):
            pass
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoMpv, match="apt install mpv"):
        async with mpv.started((), seen.mpv):
            pass


async def test_one_that_says_nonsense_is_not_believed(tmp_path: Path) -> None:
    """A player that answers every question with the same: no number, no place."""
    answers = iter(("-5", "1e300", '"soon"', "null", "true"))

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            number = line.partition(b'"request_id":')[2].rstrip(b"}\n").decode()
            data = next(answers, "null") if b'"time-pos"' in line or b'"audio-pts"' in line else "null"
            writer.write(f'garbage\n{{"error":"success","data":{data},"request_id":{number}}}\n'.encode())

    path = tmp_path / "mpv"
    server = await asyncio.start_unix_server(speak, path)
    async with server:
        seen = Watched(path)
        async with mpv.attached(path, seen.mpv):
            for _ in range(5):
                assert await seen.mpv.place() is None
