"""Node programs that a test talks to: one JSON object per line, requests in, answers and events out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tests.e2e.server import ROOT, environment

CLIENTS = ROOT / "tests" / "clients"
WITHIN_S = 30.0

Said = dict[str, Any]


def of(user: str) -> Callable[[Said], bool]:
    """For `tells`: what this person's client told, in a program of several people."""
    return lambda said: said["user"] == user


class Program:
    """`events`: everything it told of its own accord, in order, each with `at`: milliseconds of the monotonic clock."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.events: list[Said] = []
        self._process = process
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._asked = 0
        self._news = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    async def do(self, what: str, **details: Any) -> Any:
        """Ask for something and return what came of it."""
        assert self._process.stdin is not None
        self._asked += 1
        answer = self._answers[self._asked] = asyncio.get_running_loop().create_future()
        line = json.dumps({"id": self._asked, "do": what, **details})
        self._process.stdin.write(line.encode() + b"\n")
        async with asyncio.timeout(WITHIN_S):
            return await answer

    async def tells(
        self,
        event: str,
        which: Callable[[Said], bool] = lambda _: True,
        *,
        since: int = 0,
        within_s: float = WITHIN_S,
    ) -> Said:
        """The first such event, from the one numbered `since` on."""
        try:
            async with asyncio.timeout(within_s), self._news:
                while True:
                    for said in self.events[since:]:
                        if said["event"] == event and which(said):
                            return said
                    assert not self._reading.done(), f"the program ended before it told of {event}"
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"no {event} in {within_s} s; it told {self.events[since:]}") from None

    async def end(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said: Said = json.loads(line)
            if "id" in said:
                self._settle(said)
                continue
            async with self._news:
                self.events.append(said)
                self._news.notify_all()
        for answer in self._answers.values():
            answer.cancel()
        async with self._news:
            self._news.notify_all()

    def _settle(self, said: Said) -> None:
        answer = self._answers.pop(said["id"])
        if answer.done():
            return
        if "failed" in said:
            answer.set_exception(AssertionError(said["failed"]))
        else:
            answer.set_result(said.get("result"))


@asynccontextmanager
async def running(script: str, *args: str, env: Mapping[str, str] | None = None) -> AsyncIterator[Program]:
    """`node tests/clients/{script}`, for as long as the test needs it."""
    process = await asyncio.create_subprocess_exec(
        "node", str(CLIENTS / script), *args,
        env=environment(env or {}), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    program = Program(process)
    try:
        yield program
    finally:
        await program.end()
