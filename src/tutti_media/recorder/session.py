"""A recording from beginning to end: who is there is recorded, what happens is written down, until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from aiortc.rtcconfiguration import RTCIceServer
from aiortc.rtcicetransport import connection_kwargs

from tutti_media.recorder.film import follow
from tutti_media.recorder.folder import EVENTS, EventLog, Folder
from tutti_media.recorder.path import IceServers
from tutti_media.recorder.person import Person
from tutti_media.recorder.signalling import Data, Meeting, Unreachable

log = structlog.get_logger("tutti.recorder")

BEAT_S, FLUSH_BEATS, REPORT_BEATS = 0.05, 5, 20
SIGNALS = ("offer", "answer", "candidate")
KEPT = frozenset((
    "chat-message", "raise-hand", "lower-hand", "reaction", "screen-share-start", "screen-share-stop",
    "participant-muted", "host-changed", "role-changed",
    "peer-reconnecting", "peer-reconnected",
))  # fmt: skip
"""Events that are written down as they are; comings and goings are as well, in our own words."""
DROPPED = frozenset(("seq", "epoch"))


@dataclass(frozen=True, slots=True)
class Assignment:
    """What to record: `token` proves to the server that we may come in."""

    server: str
    room: str
    recording: str
    token: str | None
    folder: Path
    started_ms: int
    started_by: str | None = None

    @property
    def me(self) -> str:
        return f"recorder-{self.recording}"


class Session:
    """`run` returns when the recording is over, every file being finished; `stop` makes it end."""

    def __init__(self, task: Assignment) -> None:
        self._task = task
        self._folder = Folder(task.folder)
        hello: Data = {"peerId": task.me, "username": "Recording"}
        if task.token:
            hello["recorderToken"] = task.token
        self._meeting = Meeting(task.server, task.room, hello)
        self._me = task.me
        self._people: dict[str, tuple[Person, asyncio.Task[None]]] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._servers: IceServers = {}
        self._stopped = asyncio.Event()
        self._film: asyncio.Task[None] | None = None
        self._log: EventLog
        self._zero_s = 0.0

    def stop(self) -> None:
        self._stopped.set()

    async def run(self) -> None:
        task = self._task
        began_ms = self._folder.begin(
            room=task.room, recording=task.recording, started_ms=task.started_ms, by=task.started_by
        )
        for path in self._folder.repair():
            log.warning("recorder.repaired", file=path.name)
        self._zero_s = time.monotonic() - (time.time() - began_ms / 1000)
        self._log = EventLog(task.folder / EVENTS)
        self._tell("recorder-started", recordingId=task.recording)
        listening = asyncio.create_task(self._listen())
        stopping = asyncio.create_task(self._stopped.wait())
        beating = asyncio.create_task(self._beat())
        try:
            await asyncio.wait((listening, stopping, beating), return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._finish(listening, stopping, beating)

    async def _finish(self, *tasks: asyncio.Task[Any]) -> None:
        if self._film is not None:
            tasks = (*tasks, self._film)
        for task in tasks:
            if not task.done():
                task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        for name in tuple(self._people):
            self._left(name)
        await asyncio.gather(*self._leaving)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await self._meeting.leave()
        self._tell("recorder-stopped")
        self._log.close()
        self._folder.end(int(time.time() * 1000))
        for problem in ended:
            if isinstance(problem, Exception) and not isinstance(problem, Unreachable):
                raise problem

    async def _listen(self) -> None:
        try:
            async for event, data in self._meeting.frames():
                if self._over(event, data):
                    return
                self._hear(event, data)
        except Unreachable as problem:
            log.warning("recorder.meeting_lost", problem=str(problem))

    def _over(self, event: str, data: Data) -> bool:
        if event == "error":
            log.warning("recorder.refused", code=data.get("code"), message=data.get("message"))
        stopped = event == "recording-stopped" and data.get("recordingId") in (None, self._task.recording)
        return stopped or event in ("kicked", "room-closed")

    def _hear(self, event: str, data: Data) -> None:
        who = data.get("peerId")
        if event == "peers":
            self._welcomed(data)
        elif event in SIGNALS:
            if isinstance(who, str) and who in self._people:
                self._people[who][0].hear(event, data)
        elif event == "peer-joined" and isinstance(who, str):
            self._came(who, newcomer=True, username=data.get("username"))
        elif event == "peer-left" and isinstance(who, str):
            self._left(who)
        elif event == "ice-servers":
            self._servers = ice_settings(data.get("iceServers"))
        elif event in KEPT:
            self._tell(event, **{name: value for name, value in data.items() if name not in DROPPED})

    def _welcomed(self, data: Data) -> None:
        """Again, after a reconnect: connections that stand, stay."""
        self._me = str(data.get("yourId") or self._me)
        self._follow_film()
        self._servers = ice_settings(data.get("iceServers"))
        told = data.get("participants")
        described = (
            {one.get("peerId"): one for one in told if isinstance(one, dict)}
            if isinstance(told, list)
            else {}
        )
        present: set[str] = set()
        for one in data.get("peers") or ():
            name = one.get("peerId") if isinstance(one, dict) else one
            if (
                isinstance(name, str)
                and name != self._me
                and described.get(name, {}).get("kind") != "recorder"
            ):
                present.add(name)
        for name in set(self._people) - present:
            self._left(name)
        for name in sorted(present - set(self._people)):
            self._came(name, newcomer=False, username=described.get(name, {}).get("username"))

    def _follow_film(self) -> None:
        """Whoever may be in the meeting may hear what its room plays."""
        token = self._task.token
        if self._film is None and token is not None:
            self._film = asyncio.create_task(follow(self._task.server, self._task.room, token, self._film_is))

    def _film_is(self, from_s: float, film: dict[str, Any]) -> None:
        self._tell("film", **{"from": self._at_ms(from_s)}, **film)

    def _came(self, name: str, *, newcomer: bool, username: Any) -> None:
        if name in self._people or name == self._me:
            return
        self._tell("peer-joined" if newcomer else "peer-present", peerId=name, username=username)
        person = Person(
            name, self._meeting.send, lambda: self._servers,
            file_for=self._folder.free, opened=self._opened, closed=self._closed, newcomer=newcomer,
        )  # fmt: skip
        self._people[name] = person, asyncio.create_task(person.run())

    def _left(self, name: str) -> None:
        person, running = self._people.pop(name, (None, None))
        if person is None or running is None:
            return
        self._tell("peer-left", peerId=name)
        leaving = asyncio.create_task(_see_off(person, running))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    def _opened(self, name: str, path: Path, begin_s: float) -> None:
        file = path.name.removesuffix(".part.webm") + ".webm"
        self._tell("file-begins", file=file, peerId=name, begins=self._at_ms(begin_s))

    def _closed(self, name: str, path: Path) -> None:
        self._tell("file-ends", file=path.name, peerId=name)

    async def _beat(self) -> None:
        count = 0
        while True:
            await asyncio.sleep(BEAT_S)
            count += 1
            for person, running in tuple(self._people.values()):
                if running.done():
                    running.result()  # it never ends by itself: this raises what went wrong
                if person.peer is None:
                    continue
                person.peer.beat()
                if count % FLUSH_BEATS == 0:
                    person.peer.flush()
                if count % REPORT_BEATS == 0:
                    person.peer.report()

    def _tell(self, event: str, **data: Any) -> None:
        self._log.tell(self._at_ms(time.monotonic()), event, **data)

    def _at_ms(self, now_s: float) -> int:
        return max(0, round((now_s - self._zero_s) * 1000))


async def _see_off(person: Person, running: asyncio.Task[None]) -> None:
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await person.close()


def ice_settings(told: Any) -> IceServers:
    """What the server says of STUN and TURN, as aioice wants it."""
    servers = [
        RTCIceServer(one["urls"], one.get("username"), one.get("credential"))
        for one in (told if isinstance(told, list) else ())
        if isinstance(one, dict) and one.get("urls")
    ]
    try:
        return connection_kwargs(servers)
    except (ValueError, TypeError):
        return {}
