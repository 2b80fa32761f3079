"""What becomes of somebody's connection and files, whoever ends them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.media.sender import Sender
from tutti_media.recorder.feedback import Feedback
from tutti_media.recorder.peer import Peer
from tutti_media.recorder.person import Person
from tutti_media.recorder.stream import Stream
from tutti_media.recorder.take import Take
from tutti_media.recorder.timing import PersonClock

WITHIN_S = 20.0


def hears_sound(peer: Peer, path: Path) -> None:
    """Two packets of it, as if they had come over their connection."""
    clock, sender = PersonClock(), Sender(1, 48_000)
    stream = Stream("audio", clock, Feedback())
    for at_s in (0.0, 1.0):
        stream.packet(sender.sound(at_s), time.monotonic() - 1.0 + at_s)
    peer._takes["camera"] = Take(lambda: path, clock, lambda *_: None)
    peer._takes["camera"].streams.append(stream)


async def test_files_that_are_being_finished_are_finished_before_the_program_ends(tmp_path: Path) -> None:
    """Their page was loaded again, and in that moment the recording was stopped."""
    said: asyncio.Queue[str] = asyncio.Queue()
    finished: list[str] = []

    async def send(event: str, _data: object) -> None:
        said.put_nowait(event)

    person = Person(
        "ann", send, dict, file_for=lambda *_: tmp_path, opened=lambda *_: None,
        closed=lambda _who, path: finished.append(path.name), newcomer=False,
    )  # fmt: skip
    running = asyncio.create_task(person.run())
    async with asyncio.timeout(WITHIN_S):
        assert await said.get() == "offer"
        assert person.peer is not None
        hears_sound(person.peer, tmp_path / "a.part.webm")
        first = asyncio.create_task(person.close())
        await asyncio.sleep(0)
        assert (first.done(), finished) == (False, []), "it has begun"
        for task in (first, running):
            task.cancel()
        await asyncio.gather(first, running, return_exceptions=True)
        await person.close()
    assert finished == ["a.webm"]
