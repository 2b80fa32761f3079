"""What mpv tells late, or not at all: news of properties come behind its events, and only if something is new."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tutti_client.mpv import Hand, Mpv

WITHIN_S = 15.0
PROPERTIES: dict[str, Any] = {"duration": 125.0, "container-fps": 50.0, "eof-reached": False}


async def _speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An mpv that opens whatever it is given, and tells of no property by itself."""
    while line := await reader.readline():
        said = json.loads(line)
        what, *details = said["command"]
        answer = {"error": "success", "data": None, "request_id": said["request_id"]}
        if what == "get_property":
            answer |= {"data": PROPERTIES.get(details[0])}
        writer.write(json.dumps(answer).encode() + b"\n")
        if what == "loadfile":
            writer.write(b'{"event":"playback-restart"}\n')
    writer.close()


@pytest.fixture
def touched() -> asyncio.Queue[Hand]:
    """What somebody seems to have done by hand."""
    return asyncio.Queue()


@pytest_asyncio.fixture
async def player(tmp_path: Path, touched: asyncio.Queue[Hand]) -> AsyncIterator[Mpv]:
    async with await asyncio.start_unix_server(_speak, tmp_path / "mpv"):
        player = Mpv(touched.put_nowait)
        await player.attach(tmp_path / "mpv")
        yield player
        await player.release()


async def test_how_long_a_film_is_and_its_pictures_are_is_known_as_soon_as_it_is_open(player: Mpv) -> None:
    await player.load("film.mkv")
    assert (player.duration_ms, player.frame_ms) == (125_000.0, 20.0)


async def test_another_film_as_long_as_the_one_before_is_known_to_be(player: Mpv) -> None:
    for film in ("first.mkv", "second.mkv"):
        await player.load(film)
        assert player.duration_ms == 125_000.0


async def test_a_film_that_has_just_been_opened_is_not_at_its_end(player: Mpv) -> None:
    await player.load("first.mkv")
    player.hear({"event": "property-change", "name": "eof-reached", "data": True})
    await player.load("second.mkv")
    assert not player.ended


async def test_somebody_who_takes_back_what_we_did_before_it_was_told_of_is_noticed(
    player: Mpv, touched: asyncio.Queue[Hand], monkeypatch: pytest.MonkeyPatch
) -> None:
    """mpv tells of nothing then: for all that it has told of, nothing has changed."""
    player.hear({"event": "property-change", "name": "pause", "data": True})
    monkeypatch.setitem(PROPERTIES, "pause", True)
    await player.resume()
    async with asyncio.timeout(WITHIN_S):
        assert await touched.get() is Hand.PAUSE
    assert await player.paused_by_hand() is True
    assert await player.paused_by_hand() is None
