"""`tutti join` as people run it: a process of its own, and an mpv that the test can look at and put its hands on."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.server import ROOT, TUTTI, environment
from tutti_client.mpv_ipc import Ipc, MpvRefused, attach

Said = dict[str, Any]
WITHIN_S = 40.0
HEADLESS = ("--no-config", "--vo=null", "--ao=null", "--really-quiet", "--no-terminal")
PROMPT_MS = 2.0


class Screen:
    """Somebody's mpv, seen from outside."""

    def __init__(self, ipc: Ipc, path: Path, process: asyncio.subprocess.Process) -> None:
        self.path = path
        self.process = process
        self._ipc = ipc

    async def does(self, *command: Any) -> None:
        await self._ipc.ask(*command)

    async def value(self, name: str) -> Any:
        try:
            return (await self._ipc.ask("get_property", name)).value
        except MpvRefused:
            return None

    async def sound_ms(self) -> tuple[float, float] | None:
        """Where its sound is, and the local time of that; None where it cannot be said well."""
        try:
            reading = await self._ipc.ask("get_property", "audio-pts")
        except MpvRefused:
            return None
        if reading.took_ms > PROMPT_MS or not isinstance(reading.value, float):
            return None
        return reading.value * 1000, reading.at_ms

    async def until(self, name: str, value: Any) -> None:
        async with asyncio.timeout(WITHIN_S):
            while await self.value(name) != value:  # noqa: ASYNC110 - asking is how one knows
                await asyncio.sleep(0.02)

    def close(self) -> None:
        self._ipc.close()


def runs(pid: int) -> bool:
    """A zombie does not: that is only waiting to be counted."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@asynccontextmanager
async def screen(path: Path) -> AsyncIterator[Screen]:
    process = await asyncio.create_subprocess_exec("mpv", *HEADLESS, "--idle", f"--input-ipc-server={path}")
    try:
        shown = Screen(await attached_once_up(path), path, process)
        yield shown
        shown.close()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def attached_once_up(path: Path) -> Ipc:
    """As soon as mpv listens, which is a moment after its socket is there."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            try:
                return await attach(path, lambda _: None)
            except OSError:
                await asyncio.sleep(0.02)


class Joiner:
    """`events`: what `--json` told, in order."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.events: list[Said] = []
        self.process = process
        self.lines: list[str] = []
        self._news = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    async def tells(
        self,
        event: str,
        which: Callable[[Said], bool] = lambda _: True,
        *,
        since: int = 0,
        within_s: float = WITHIN_S,
    ) -> Said:
        try:
            async with asyncio.timeout(within_s), self._news:
                while True:
                    for said in self.events[since:]:
                        if said["event"] == event and which(said):
                            return said
                    assert not self._reading.done(), f"it ended before it told of {event}: {self.lines}"
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"no {event} in {within_s} s; it told {self.events[since:][-5:]}") from None

    async def says(self, words: str) -> None:
        """On a line of its own, without `--json`."""
        async with asyncio.timeout(WITHIN_S), self._news:
            await self._news.wait_for(lambda: any(words in line for line in self.lines))

    async def together(self, within_ms: float, *, within_s: float = WITHIN_S) -> Said:
        """The first status from now on in which it plays and is as near as that, and sure of it."""
        return await self.tells(
            "status",
            lambda said: (
                said["state"] == "playing" and said["error"] is not None and abs(said["error"]) <= within_ms
                and said["bound"] <= within_ms
            ),
            since=len(self.events),
            within_s=within_s,
        )  # fmt: skip

    def children(self) -> list[int]:
        """The processes that it started."""
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    async def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    async def ended(self) -> int:
        async with asyncio.timeout(WITHIN_S):
            status = await self.process.wait()
            await self._reading
        return status

    async def aclose(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.ended()

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            text = line.decode().rstrip("\n")
            async with self._news:
                self.lines.append(text)
                if text.startswith("{"):
                    self.events.append(json.loads(text))
                self._news.notify_all()
        async with self._news:
            self._news.notify_all()


@asynccontextmanager
async def joining(*args: str, as_json: bool = True) -> AsyncIterator[Joiner]:
    process = await asyncio.create_subprocess_exec(
        TUTTI, "join", *(("--json",) if as_json else ()), *args,
        cwd=ROOT, env=environment({}), limit=1024 * 1024,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    joiner = Joiner(process)
    try:
        yield joiner
    finally:
        await joiner.aclose()


@dataclass(frozen=True, slots=True)
class Seat:
    """One who follows a room, so far ahead of it."""

    screen: Screen
    joiner: Joiner
    offset_ms: float = 0.0


@asynccontextmanager
async def seated(
    url: str, film: Path, name: str, folder: Path, *, offset_ms: float = 0.0
) -> AsyncIterator[Seat]:
    offset = ("--offset", f"{offset_ms:g}") if offset_ms else ()
    async with (
        screen(folder / f"{name}.mpv") as shown,
        joining("--name", name, "--ipc", str(shown.path), *offset, url, str(film)) as joiner,
    ):
        yield Seat(shown, joiner, offset_ms)
