"""Recorders as processes: one for each recording that a room says is on, started, watched, ended; then the combined file.

What is to be recorded is read from the rooms' states, so it does not matter which event said so or when it was heard:
after a restart of the server a recording that was on goes on, as further files of the same folder. A recorder that dies
is started again; one that keeps dying ends the recording, and everybody is told.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from tutti.core.ids import MemberId, RoomId
from tutti.core.room import Room
from tutti.core.roster import Role
from tutti.infra.recordings import RecordingShelf
from tutti.service.passes import Passes

log = structlog.get_logger("tutti.recordings")

TOKEN = "TUTTI_RECORDER_TOKEN"
STOP_WITHIN_S = 20.0
RESTARTS, WITHIN_S, AGAIN_S = 3, 60.0, 0.5
KEPT = ("PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV", "TMPDIR")
PROGRAM = (sys.executable, "-m", "tutti_media.recorder")
COMBINING = (sys.executable, "-m", "tutti_media.recorder.program", "combine")

Failed = Callable[[RoomId], None]
IsOn = Callable[[RoomId, str], Coroutine[Any, Any, bool]]


@dataclass(eq=False)
class _Recording:
    room: RoomId
    id: str
    by: MemberId | None
    started_ms: float
    owners: set[MemberId] = field(default_factory=set)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


class RecorderProcesses:
    """Use as `async with`; it begins when it knows where the server is. `failed` ends a room's recording."""

    def __init__(
        self, shelf: RecordingShelf, passes: Passes, wall_ms: Callable[[float], float], failed: Failed
    ) -> None:
        self._server = ""
        self._serving = asyncio.Event()
        self._shelf = shelf
        self._passes = passes
        self._wall_ms = wall_ms
        self._failed = failed
        self._recordings: dict[RoomId, _Recording] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._combining = asyncio.Lock()
        self._closing = False

    async def __aenter__(self) -> RecorderProcesses:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        """Recorders finish their files; the rooms still say that they are recorded, and so it goes on after a restart."""
        self._closing = True
        self._serving.set()
        for recording in self._recordings.values():
            recording.stopping.set()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def changed(self, room: Room) -> None:
        """A room is now like this. It may be told again and again."""
        said, known = room.recording, self._recordings.get(room.id)
        over = said is None or room.closed is not None
        if known is not None and (over or (said is not None and said.id != known.id)):
            del self._recordings[room.id]
            known.stopping.set()
            known = None
        if over or said is None:
            return
        if known is None and not self._closing:
            known = _Recording(room.id, said.id, said.by, self._wall_ms(said.started_at_ms))
            self._recordings[room.id] = known
            self._spawn(self._record(known))
        if known is not None:
            self._note_owners(known, room)

    def serves_at(self, server: str, is_on: IsOn) -> None:
        """Recorders reach the server there (ws://host:port). Takes up what an earlier server left: `is_on` tells whether
        a room still says that it is recorded under this id."""
        self._server = server
        self._serving.set()
        self._spawn(self._take_up(is_on))

    async def _take_up(self, is_on: IsOn) -> None:
        left = await asyncio.to_thread(lambda: tuple(self._shelf.unfinished()))
        for room, recording, place in left:
            if self._closing:
                return
            if not await is_on(room, recording):  # a room that is: it has been loaded, and told `changed`
                self._shelf.over(place, _newest_ms(place))
                await self._combine(place)

    async def _record(self, recording: _Recording) -> None:
        place = self._shelf.place(recording.room, recording.id)
        ends: deque[float] = deque(maxlen=RESTARTS)
        loop = asyncio.get_running_loop()
        await self._serving.wait()
        while not recording.stopping.is_set():
            status = await self._run(recording, place)
            if recording.stopping.is_set():
                break
            ends.append(loop.time())
            dies = len(ends) == RESTARTS and ends[-1] - ends[0] < WITHIN_S
            log.warning(
                "recorder.ended", room=recording.room, recording=recording.id, status=status, gives_up=dies
            )
            if status == 0 or dies:
                self._forget(recording)
                break
            await asyncio.sleep(AGAIN_S)
        if not self._closing:
            self._shelf.over(place, _newest_ms(place))
            await self._combine(place)

    async def _run(self, recording: _Recording, place: Path) -> int:
        """Its exit status. It is asked to stop when the recording is over, and killed if it does not."""
        process = await asyncio.create_subprocess_exec(
            *PROGRAM, "--server", self._server, f"--room={recording.room}", f"--recording={recording.id}",
            f"--folder={place}", f"--started-ms={int(recording.started_ms)}", f"--started-by={recording.by or ''}",
            "--with-stdin",
            env={**environment(), TOKEN: self._passes.issue_recorder(recording.room, recording.id)},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        log.info("recorder.started", room=recording.room, recording=recording.id, pid=process.pid)
        stopping = asyncio.create_task(recording.stopping.wait())
        ending = asyncio.create_task(process.wait())
        try:
            await asyncio.wait((stopping, ending), return_when=asyncio.FIRST_COMPLETED)
            if not ending.done():
                await _end(process, ending)
        finally:
            stopping.cancel()
            if not ending.done():
                process.kill()
            await ending
        return ending.result()

    async def _combine(self, place: Path) -> None:
        """One at a time; how it goes is written beside the files."""
        async with self._combining:
            if self._closing:
                return
            process = await asyncio.create_subprocess_exec(
                *COMBINING, str(place), env=environment(),
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
            ending = asyncio.create_task(process.wait())
            while not ending.done() and not self._closing:
                await asyncio.wait((ending,), timeout=0.5)
            if not ending.done():
                os.killpg(process.pid, signal.SIGKILL)  # and its ffmpeg; the next server begins again
            log.info("recording.combined", folder=place.name, status=await ending)

    def _note_owners(self, recording: _Recording, room: Room) -> None:
        now = {m.id for m in room.members.values() if m.role in (Role.HOST, Role.MODERATOR)}
        if recording.by is not None:
            now.add(recording.by)
        if now <= recording.owners:
            return
        recording.owners |= now
        try:
            self._shelf.owned(recording.room, recording.id, now)
        except OSError as problem:
            log.error("recording.owners_not_kept", room=room.id, problem=str(problem))

    def _forget(self, recording: _Recording) -> None:
        """It could not be gone on with: the room is to say so."""
        if self._recordings.get(recording.room) is recording:
            del self._recordings[recording.room]
            self._failed(recording.room)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def environment() -> dict[str, str]:
    """What a program needs to run; none of the server's secrets."""
    return {name: os.environ[name] for name in KEPT if name in os.environ}


async def _end(process: asyncio.subprocess.Process, ending: asyncio.Task[int]) -> None:
    process.terminate()
    await asyncio.wait((ending,), timeout=STOP_WITHIN_S)


def _newest_ms(place: Path) -> int:
    """When something was last written there."""
    return int(1000 * max((path.stat().st_mtime for path in place.glob("*")), default=0.0))


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        log.exception("bug")
