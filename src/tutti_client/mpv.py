"""A player: mpv started for a room, or somebody's own mpv; what it does, where it is, and what happened in it by hand.

What we do to it comes back as events like anything else. So every seek of ours is counted and every pause and speed of
ours remembered, and only what is left over is told as done by hand.

Rules that measuring taught. While it plays, `audio-pts` is right to a fraction of a millisecond, and `time-pos` only to a
frame. After a seek while it stands it is the other way round: `audio-pts` counts sound that was not yet written. A call
that took long says little about when, and is repeated. Resampling changes speed seamlessly; the pitch-preserving
filter jumps by 10–20 ms whenever the speed leaves 1 or comes back to it. A new speed counts for sound that is already
in the buffer, in what mpv reads out but not in what is heard: see `lead.py`.
"""

from __future__ import annotations

import asyncio
import math
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

from tutti_client import mpv_ipc
from tutti_client.mpv_ipc import Ipc, MpvGone, MpvRefused, Reading

SLOW_MS: Final = 2.0
TRIES: Final = 3
START_WITHIN_S: Final = 15.0
END_WITHIN_S: Final = 3.0
LOAD_WITHIN_S: Final = 30.0
USUAL_FRAME_MS: Final = 40.0
FARTHEST_MS: Final = 1e9
SAME_SPEED: Final = 1e-6
SOUND_UNSURE_MS: Final = 0.1
TOLD_WITHIN_S: Final = 0.5
"""mpv tells of a change a moment later; of one that somebody has taken back by then it tells nothing."""

INSTALL_IT: Final = (
    "mpv is not installed; install it first: apt install mpv, brew install mpv, or see https://mpv.io"
)

OPTIONS: Final = (
    "--idle=yes",
    "--pause=yes",
    "--keep-open=yes",
    "--keep-open-pause=no",
    "--hr-seek=yes",
    "--force-window=yes",
    "--audio-pitch-correction=no",
    "--resume-playback=no",
    "--save-position-on-quit=no",
    "--no-terminal",
)
_SETTINGS: Final = {"keep-open": "yes", "keep-open-pause": False, "audio-pitch-correction": False}
_OF_THE_FILM: Final = ("duration", "container-fps", "eof-reached", "paused-for-cache")
_OBSERVED: Final = ("pause", "speed", *_OF_THE_FILM)


class NoMpv(Exception):
    """There is no mpv here, or it did not start; says what to do about it."""


class NotPlayable(Exception):
    """mpv could not open it."""


class Hand(Enum):
    """What somebody seems to have done in the player itself."""

    PAUSE = "pause"
    """Or the contrary: `Mpv.paused_by_hand` says whether, and which."""
    SEEK = "seek"
    SPEED = "speed"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the player is: `position_ms` at local time `at_ms`, unsure by `unsure_ms`. `prompt` False: it took so long
    to ask that a controller had better look again."""

    position_ms: float
    at_ms: float
    unsure_ms: float
    by_sound: bool
    prompt: bool


class Mpv:
    """`by_hand` is told of what seems not to be our doing; of a seek when it ends. `landed`: of any seek's end."""

    def __init__(self, by_hand: Callable[[Hand], None], landed: Callable[[], None] = lambda: None) -> None:
        self.paused = True
        self.speed = 1.0
        self.ended = False
        self.starved = False
        self.seeking = False
        self.loaded = False
        self.duration_ms: float | None = None
        self.frame_ms = USUAL_FRAME_MS
        self._by_hand = by_hand
        self._moved_while_paused = True
        self._our_pause = True
        self._told_pause: bool | None = None
        self._not_told: asyncio.TimerHandle | None = None
        self._our_speed = 1.0
        self._our_seeks = 0
        self._sought_by_hand = False
        self._landed = landed
        self._opened: asyncio.Future[None] | None = None
        self._ipc: Ipc | None = None
        self._was: dict[str, Any] = {}

    async def attach(self, path: Path) -> None:
        """Take over the mpv whose IPC socket this is. Raises OSError when there is none."""
        await self.adopt(await mpv_ipc.attach(path, self.hear))

    async def adopt(self, ipc: Ipc) -> None:
        """Take over the mpv at the other end, paused."""
        self._ipc = ipc
        for number, name in enumerate(_OBSERVED, 1):
            await self._ipc.ask("observe_property", number, name)
        for name, value in _SETTINGS.items():
            with suppress(MpvRefused):
                self._was[name] = (await self._ipc.ask("get_property", name)).value
                await self._set(name, value)
        with suppress(MpvRefused):
            self.loaded = (await self._ipc.ask("get_property", "duration")).value is not None
        await self.pause()

    async def release(self) -> None:
        """Leave it to its owner as it was found."""
        if self._not_told is not None:
            self._not_told.cancel()
        with suppress(MpvGone, MpvRefused):
            for name, value in {**self._was, "speed": 1.0}.items():
                await self._set(name, value)
        if self._ipc is not None:
            self._ipc.close()

    async def gone(self) -> None:
        """Until there is no player any more."""
        await asyncio.shield(self._connected().gone)

    async def load(self, what: str) -> None:
        """Open a file or address, paused at its beginning. Raises `NotPlayable`."""
        self.loaded = False
        self.duration_ms = None
        self._opened = asyncio.get_running_loop().create_future()
        await self.pause()
        await self._connected().ask("loadfile", what, "replace")
        try:
            async with asyncio.timeout(LOAD_WITHIN_S):
                await self._opened
        except TimeoutError:
            raise NotPlayable(f"mpv cannot open {what} within {LOAD_WITHIN_S:g} s") from None
        await self._look()
        self.loaded = True

    async def stop(self) -> None:
        """Show nothing."""
        self.loaded = False
        with suppress(MpvRefused):
            await self._connected().ask("stop")

    async def pause(self) -> None:
        if not self.paused:
            self._moved_while_paused = False
        self._our_pause = self.paused = True
        await self._set("pause", True)
        self._expect_news_of_pause()

    async def resume(self) -> float:
        """Play; the local time at which it began."""
        self._our_pause = self.paused = False
        began_ms = (await self._set("pause", False)).at_ms
        self._expect_news_of_pause()
        return began_ms

    async def set_speed(self, speed: float) -> float:
        """The local time since when it counts."""
        self._our_speed = self.speed = speed
        return (await self._set("speed", speed)).at_ms

    async def seek(self, to_ms: float) -> None:
        """Go there exactly; `seeking` until the picture is there."""
        self._our_seeks += 1
        self.seeking = True
        try:
            await self._connected().ask("seek", max(to_ms, 0.0) / 1000, "absolute+exact")
        except MpvRefused:
            self.seeking = False
            self._our_seeks = 0
            raise

    async def paused_by_hand(self) -> bool | None:
        """What it does that we did not ask for; None: it does as we said. News of a pause may come late."""
        doing = (await self._connected().ask("get_property", "pause")).value is True
        if doing is self._our_pause:
            return None
        self._our_pause = self.paused = doing
        self._moved_while_paused = False
        return doing

    async def speed_by_hand(self) -> float | None:
        speed = (await self._connected().ask("get_property", "speed")).value
        if not isinstance(speed, int | float) or abs(speed - self._our_speed) < SAME_SPEED:
            return None
        self._our_speed = self.speed = float(speed)
        return self.speed

    async def place(self, *, resting: bool = False) -> Place | None:
        """Where it is, `resting`: which picture it shows; None where it does not say, or says what cannot be."""
        stands = self.paused
        if not (stands and (resting or self._moved_while_paused)):
            heard = await self._read("audio-pts")
            if heard is not None:
                return _place(heard, SOUND_UNSURE_MS, by_sound=True, stands=stands)
        seen = await self._read("time-pos")
        if seen is None:
            return None
        return _place(seen, 0.0 if stands else self.frame_ms, by_sound=False, stands=stands)

    async def show(self, text: str, for_s: float = 3.0) -> None:
        """On the picture, in its corner."""
        with suppress(MpvRefused):
            await self._connected().ask("show-text", text, int(for_s * 1000))

    async def _look(self) -> None:
        """News of these may come behind that of the film's being open, or not at all: if the one before was like it."""
        for name in _OF_THE_FILM:
            with suppress(MpvRefused):
                self._changed(name, (await self._connected().ask("get_property", name)).value)

    async def _read(self, name: str) -> Reading | None:
        """The promptest of a few answers; None: it has no such value."""
        best: Reading | None = None
        for _ in range(TRIES):
            try:
                reading = await self._connected().ask("get_property", name)
            except MpvRefused:
                return None
            if best is None or reading.took_ms < best.took_ms:
                best = reading
            if best.took_ms <= SLOW_MS or self.paused:
                break
        return best

    async def _set(self, name: str, value: Any) -> Reading:
        return await self._connected().ask("set_property", name, value)

    def _expect_news_of_pause(self) -> None:
        if self._not_told is not None:
            self._not_told.cancel()
        self._not_told = asyncio.get_running_loop().call_later(TOLD_WITHIN_S, self._miss_news_of_pause)

    def _miss_news_of_pause(self) -> None:
        if self._told_pause is not self._our_pause:
            self._by_hand(Hand.PAUSE)

    def _connected(self) -> Ipc:
        if self._ipc is None:
            raise MpvGone
        return self._ipc

    def hear(self, message: dict[str, Any]) -> None:
        match message["event"]:
            case "property-change":
                self._changed(message.get("name"), message.get("data"))
            case "seek":
                self._sought()
            case "playback-restart":
                self._playing_again()
            case "end-file":
                self._closed(message.get("reason"), message.get("file_error"))

    def _changed(self, name: Any, value: Any) -> None:
        match name:
            case "pause":
                self._told_pause = value is True
                if value is not self._our_pause:
                    self._by_hand(Hand.PAUSE)
            case "speed" if isinstance(value, int | float):
                if abs(value - self._our_speed) > SAME_SPEED:
                    self._by_hand(Hand.SPEED)
            case "eof-reached":
                self.ended = value is True
            case "paused-for-cache":
                self.starved = value is True
            case "duration":
                self.duration_ms = value * 1000 if _sensible(value) else None
            case "container-fps":
                self.frame_ms = 1000 / value if _sensible(value) and value > 1 else USUAL_FRAME_MS

    def _sought(self) -> None:
        self.seeking = True
        if self._our_seeks > 0:
            self._our_seeks -= 1
        elif self.loaded:
            self._sought_by_hand = True

    def _playing_again(self) -> None:
        self.seeking = False
        self._our_seeks = 0
        self._moved_while_paused = True
        self._landed()
        if self._opened is not None and not self._opened.done():
            self._opened.set_result(None)
        if self._sought_by_hand:
            self._sought_by_hand = False
            self._by_hand(Hand.SEEK)

    def _closed(self, reason: Any, why: Any) -> None:
        if reason == "error" and self._opened is not None and not self._opened.done():
            self._opened.set_exception(NotPlayable(f"mpv cannot open it: {why or 'unknown error'}"))


def _place(reading: Reading, unsure_ms: float, *, by_sound: bool, stands: bool) -> Place | None:
    """What stands is where it is however long it took to say so, and still when the answer came."""
    value = reading.value
    if not _sensible(value):
        return None
    half_ms = reading.took_ms / 2
    if stands:
        return Place(value * 1000, reading.at_ms + half_ms, unsure_ms, by_sound, True)
    return Place(value * 1000, reading.at_ms, unsure_ms + half_ms, by_sound, reading.took_ms <= SLOW_MS)


def _sensible(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float) and math.isfinite(value) and 0 <= value * 1000 < FARTHEST_MS


@asynccontextmanager
async def attached(path: Path, player: Mpv) -> AsyncIterator[None]:
    """Somebody's own mpv, started with --input-ipc-server; it goes on when we leave."""
    try:
        await player.attach(path)
    except (OSError, MpvGone):
        raise NoMpv(
            f"no mpv listens at {path}; start one with: mpv --idle --input-ipc-server={path}"
        ) from None
    try:
        yield
    finally:
        await player.release()


@asynccontextmanager
async def started(options: Sequence[str], player: Mpv) -> AsyncIterator[None]:
    """An mpv of our own, ended when we leave. Others may look at it, through the socket in its options."""
    program = shutil.which("mpv")
    if program is None:
        raise NoMpv(
            "mpv is not installed; install it first: apt install mpv, brew install mpv, or https://mpv.io"
        )
    ours, its = socket.socketpair()
    ours.setblocking(False)
    with tempfile.TemporaryDirectory(prefix="tutti-") as folder, ours:
        with its:
            process = await asyncio.create_subprocess_exec(
                program, *OPTIONS, f"--input-ipc-server={folder}/mpv", *options, f"--input-ipc-client=fd://{its.fileno()}",
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL, pass_fds=(its.fileno(),),
                start_new_session=True,  # Ctrl-C is for us: we leave the room, and then end it
            )  # fmt: skip
        try:
            await _adopt(player, ours)
            yield
        finally:
            await player.release()
            await _end(process)


async def _adopt(player: Mpv, ours: socket.socket) -> None:
    """Through a socket of its own: when that closes mpv ends, and so it does not outlive us, however we end."""
    try:
        async with asyncio.timeout(START_WITHIN_S):
            await player.adopt(await mpv_ipc.over(ours, player.hear))
    except (OSError, MpvGone, MpvRefused, TimeoutError):
        raise NoMpv(
            "mpv does not start; try what it says to: mpv --idle --force-window, with your options"
        ) from None


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(END_WITHIN_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
