"""The real server as a process: started on a free port, waited for, stopped, killed, and started again on the same data.

It sees no setting of the machine that runs the tests: only what the test gives it. Everything that it logs is kept.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
TUTTI = Path(sys.executable).with_name("tutti")
START_WITHIN_S = 60.0
STOP_WITHIN_S = 30.0
LONGEST_LINE = 4 * 1024 * 1024
ADDRESS = re.compile(r"http://[^/\s\"]+:(\d+)/")


class Server:
    """`port` 0 is any free one; after the first start it is the same again on every later one."""

    def __init__(
        self,
        data: Path,
        *,
        env: Mapping[str, str] | None = None,
        args: Sequence[str] = (),
        port: int = 0,
        before: Callable[[], None] | None = None,
    ) -> None:
        self.data = data
        self.port = port
        self.lines: list[str] = []
        self._env = dict(env or {})
        self._args = tuple(args)
        self._before = before
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def log(self) -> str:
        return "\n".join(self.lines)

    async def start(self) -> None:
        """Return when it can serve."""
        first = len(self.lines)
        self._process = await asyncio.create_subprocess_exec(
            TUTTI, "serve", "--port", str(self.port), "--data", str(self.data), *self._args,
            cwd=self.data.parent, env=environment(self._env), preexec_fn=self._before, limit=LONGEST_LINE,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        self._reading = asyncio.create_task(self._read(self._process))
        line = await self.says("serving", START_WITHIN_S, first)
        address = ADDRESS.search(line)
        assert address is not None, line
        self.port = int(address[1])
        async with httpx.AsyncClient(timeout=START_WITHIN_S) as http:
            ready = await http.get(f"{self.url}/health/ready")
        assert ready.status_code == 200, ready.text

    async def says(self, words: str, within_s: float, first: int = 0) -> str:
        """The line, from the one numbered `first` on, in which it says this."""
        try:
            async with asyncio.timeout(within_s), self._news:
                while True:
                    for line in self.lines[first:]:
                        if words in line:
                            return line
                    assert self._reading is not None, "it does not run"
                    assert not self._reading.done(), f"it ended without saying {words!r}:\n{self.log}"
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"it did not say {words!r} in {within_s} s:\n{self.log}") from None

    def ask_to_stop(self) -> None:
        self._running().send_signal(signal.SIGTERM)

    async def ended(self, within_s: float = STOP_WITHIN_S) -> int:
        """The exit status, when it has ended and everything it said has been read."""
        process = self._running()
        async with asyncio.timeout(within_s):
            status = await process.wait()
            if self._reading is not None:
                await self._reading
        self._process = self._reading = None
        return status

    async def stop(self) -> int:
        self.ask_to_stop()
        return await self.ended()

    async def kill(self) -> None:
        """As a power cut would: no goodbye."""
        self._running().send_signal(signal.SIGKILL)
        await self.ended()

    async def aclose(self) -> None:
        if self._process is not None:
            await self.kill()

    def memory_kb(self) -> int:
        """Resident memory of the process."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def _running(self) -> asyncio.subprocess.Process:
        assert self._process is not None, "it does not run"
        return self._process

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            async with self._news:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))
                self._news.notify_all()
        async with self._news:
            self._news.notify_all()


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """What a process needs to run at all, and what the test gives."""
    kept = ("PATH", "HOME", "LANG", "VIRTUAL_ENV", "PYTHONPATH", "TMPDIR")
    return {**{name: os.environ[name] for name in kept if name in os.environ}, **given}


@asynccontextmanager
async def serving(
    folder: Path,
    *,
    env: Mapping[str, str] | None = None,
    args: Sequence[str] = (),
    before: Callable[[], None] | None = None,
) -> AsyncIterator[Server]:
    """A server that keeps its rooms in `folder/data`, for as long as the test needs it."""
    server = Server(folder / "data", env=env, args=args, before=before)
    try:
        await server.start()
        yield server
    finally:
        await server.aclose()


async def refused_start(
    folder: Path, *args: str, env: Mapping[str, str] | None = None
) -> tuple[int, list[str]]:
    """Exit status and lines of a server that must not start."""
    process = await asyncio.create_subprocess_exec(
        TUTTI, "serve", "--data", str(folder / "data"), *args,
        cwd=folder, env=environment(env or {}),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(START_WITHIN_S):
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, out.decode().splitlines()
