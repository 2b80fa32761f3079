"""Recorders are started, watched and ended as the rooms say; a small program stands where the recorder would."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.rooms import HOST, numbered, opened
from tutti.core import events as e
from tutti.core.ids import MemberId, RoomId
from tutti.core.room import Room, fold
from tutti.infra import recorder_process
from tutti.infra.recorder_process import RecorderProcesses
from tutti.infra.recordings import RecordingShelf
from tutti.service.passes import Passes

ROOM = RoomId("DAILY")
STAND_IN = """
import json, os, pathlib, signal, sys, time
given = dict(word[2:].split("=", 1) for word in sys.argv[1:] if "=" in word)
folder = pathlib.Path(given["folder"]); folder.mkdir(parents=True, exist_ok=True)
about = {"room": given["room"], "recordingId": given["recording"], "state": "recording", "startedAt": 1}
(folder / "recording.json").write_text(json.dumps(about))
def end(*_):
    (folder / "recording.json").write_text(json.dumps({**about, "state": "ended"}))
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
with open(folder / "pids", "a") as pids: pids.write(f"{os.getpid()} {os.environ['TUTTI_RECORDER_TOKEN']}\\n")
if os.path.exists(folder.parent / "dies"): sys.exit(1)
time.sleep(60)
"""
COMBINER = (
    "import pathlib, sys; (pathlib.Path(sys.argv[1]) / 'combined.json').write_text('{\"state\": \"done\"}')"
)


def recorded(recording: str = "rec-1") -> Room:
    room = fold(ROOM, numbered(opened(), e.RecordingStarted(recording, HOST)), None)
    assert room is not None
    return room


class Watch:
    """What the processes do, seen from outside."""

    def __init__(self, folder: Path, processes: RecorderProcesses, passes: Passes) -> None:
        self.processes = processes
        self.passes = passes
        self.failed: list[RoomId] = []
        self.shelf = RecordingShelf(folder)

    def started(self, recording: str = "rec-1") -> list[tuple[int, str]]:
        path = self.shelf.place(ROOM, recording) / "pids"
        lines = path.read_text().splitlines() if path.exists() else []
        return [(int(pid), token) for pid, token in (line.split() for line in lines)]

    async def until_started(self, count: int) -> None:
        await self.until(lambda: len(self.started()) >= count)

    async def until_combined(self) -> None:
        await self.until((self.shelf.place(ROOM, "rec-1") / "combined.json").exists)

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not true():  # noqa: ASYNC110 - what is waited for is another process
                await asyncio.sleep(0.02)


@asynccontextmanager
async def watching(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, on: bool = False
) -> AsyncIterator[Watch]:
    """`on`: rooms still say that they are recorded, for whatever an earlier server left."""
    monkeypatch.setattr(recorder_process, "PROGRAM", (sys.executable, "-c", STAND_IN))
    monkeypatch.setattr(recorder_process, "COMBINING", (sys.executable, "-c", COMBINER))
    monkeypatch.setattr(recorder_process, "AGAIN_S", 0.01)
    passes, failed = Passes(b"x" * 32, closed=False), list[RoomId]()
    processes = RecorderProcesses(RecordingShelf(folder), passes, lambda at: at, failed.append)

    async def is_on(room: RoomId, recording: str) -> bool:
        if on:
            processes.changed(recorded(recording))
        return on

    async with processes:
        watch = Watch(folder, processes, passes)
        watch.failed = failed
        processes.serves_at("ws://127.0.0.1:1", is_on)
        yield watch


async def test_a_recorder_runs_for_as_long_as_the_room_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watching(tmp_path, monkeypatch) as watch:
        watch.processes.changed(recorded())
        watch.processes.changed(recorded())
        await watch.until_started(1)
        ((pid, token),) = watch.started()
        assert watch.passes.recording(ROOM, token) == "rec-1"
        watch.processes.changed(replace(recorded(), recording=None))
        await watch.until_combined()
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert (watch.failed, len(watch.started())) == ([], 1)


async def test_a_room_that_closes_is_recorded_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watching(tmp_path, monkeypatch) as watch:
        watch.processes.changed(recorded())
        await watch.until_started(1)
        watch.processes.changed(replace(recorded(), closed=e.CloseReason.HOST_ENDED))
        await watch.until_combined()


async def test_a_recorder_that_is_killed_is_followed_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watching(tmp_path, monkeypatch) as watch:
        watch.processes.changed(recorded())
        await watch.until_started(1)
        os.kill(watch.started()[0][0], signal.SIGKILL)
        await watch.until_started(2)
    assert watch.failed == []


async def test_recorders_that_keep_dying_end_the_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / str(ROOM)).mkdir()
    (tmp_path / str(ROOM) / "dies").touch()
    async with watching(tmp_path, monkeypatch) as watch:
        watch.processes.changed(recorded())
        await watch.until(lambda: watch.failed)
        await watch.until_combined()
    assert (watch.failed, len(watch.started())) == ([ROOM], recorder_process.RESTARTS)


async def test_a_server_that_ends_leaves_the_recording_to_be_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watching(tmp_path, monkeypatch) as first:
        first.processes.changed(recorded())
        await first.until_started(1)
    assert not (first.shelf.place(ROOM, "rec-1") / "combined.json").exists()
    async with watching(tmp_path, monkeypatch, on=True) as second:
        await second.until_started(2)
        second.processes.changed(replace(recorded(), recording=None))
        await second.until_combined()


async def test_what_nobody_goes_on_with_is_finished_by_the_next_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = RecordingShelf(tmp_path).place(ROOM, "rec-1")
    place.mkdir(parents=True)
    (place / "recording.json").write_text('{"room": "DAILY", "recordingId": "rec-1", "state": "recording"}')
    async with watching(tmp_path, monkeypatch) as watch:
        await watch.until_combined()
    assert json.loads((place / "recording.json").read_text())["state"] == "ended"
    assert watch.started() == []


async def test_whoever_moderates_meanwhile_owns_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with watching(tmp_path, monkeypatch) as watch:
        watch.processes.changed(recorded())
        await watch.until_started(1)
    assert watch.shelf.owners(ROOM, "rec-1") == {HOST}
    assert watch.shelf.owners(ROOM, "other") == frozenset()
    watch.shelf.owned(ROOM, "rec-1", [MemberId("later")])
    assert watch.shelf.owners(ROOM, "rec-1") == {HOST, "later"}
