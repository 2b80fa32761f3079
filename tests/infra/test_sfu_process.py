"""What is heard of a relay's process; a small program stands where the relay would, and says what it would."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tutti.core.ids import MemberId, RoomId
from tutti.infra import sfu_process
from tutti.infra.sfu_process import SfuProcess

ROOM, ANN, BEN = RoomId("DAILY"), MemberId("ann"), MemberId("ben")
WITHIN_S = 20.0
STAND_IN = """
import json, sys
def say(**line): print(json.dumps(line), flush=True)
say(say="ready", port=1)
for line in sys.stdin:
    said = json.loads(line)
    if said["do"] == "enter":
        about = {"room": said["room"], "member": said["member"]}
        for when in ("before", "after"):
            if when == "after": say(say="entered", **about)
            say(say="signal", to=said["member"], frame={"event": when}, **about)
            say(say="signal", to="somebody", frame={"event": when}, **about)
            say(say="failed", **about)
"""
"""Whatever it says to whoever enters, it says once before it has heard of that, and once after."""


class Heard:
    """A room that hears what the relay says."""

    def __init__(self) -> None:
        self.ready = asyncio.Event()
        self.said: asyncio.Queue[tuple[MemberId, bytes | None]] = asyncio.Queue()

    def available(self) -> None:
        self.ready.set()

    def signalled(self, to: MemberId, frame: bytes) -> None:
        self.said.put_nowait((to, frame))

    def unreachable(self, member: MemberId) -> None:
        self.said.put_nowait((member, None))

    def lost(self) -> None: ...


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest_asyncio.fixture
async def relay(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SfuProcess]:
    monkeypatch.setattr(sfu_process, "PROGRAM", (sys.executable, "-c", STAND_IN))
    async with SfuProcess(above=2, port=0, addresses=()) as running:
        running.open(ROOM, heard)
        async with asyncio.timeout(WITHIN_S):
            await heard.ready.wait()
        yield running


async def test_whoever_enters_is_not_told_what_was_meant_for_its_last_page(
    relay: SfuProcess, heard: Heard
) -> None:
    somebody = MemberId("somebody")
    for member in (ANN, BEN):
        relay.enter(ROOM, member, "Somebody", offers=True)
        async with asyncio.timeout(WITHIN_S):
            said = [await heard.said.get() for _ in range(4)]
        assert said == [
            (somebody, b'{"event": "before"}'),
            (member, b'{"event": "after"}'),
            (somebody, b'{"event": "after"}'),
            (member, None),
        ]


async def test_of_two_entrances_the_later_one_counts(relay: SfuProcess, heard: Heard) -> None:
    for _ in range(2):
        relay.enter(ROOM, ANN, "Ann", offers=True)
    async with asyncio.timeout(WITHIN_S):
        said = [await heard.said.get() for _ in range(6)]
    assert [member for member, _ in said].count(ANN) == 2, "one offer and one failure, and both are the last"
    assert said[-1] == (ANN, None)
