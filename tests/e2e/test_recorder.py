"""What real browsers send, as the recorder writes it: nothing lost, sound with picture, playable whatever happens."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import av
import pytest
from playwright.async_api import Browser, Page

from tests.e2e.server import ROOT, environment
from tests.e2e.site import site
from tests.media.meeting_server import MeetingServer, meeting_server
from tutti_media.recorder import path as ways
from tutti_media.recorder import rtp
from tutti_media.recorder.combine import combine, parts_of
from tutti_media.recorder.folder import Folder
from tutti_media.recorder.session import Assignment, Session

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

PAGE = ROOT / "tests" / "media" / "caller.html"
RECORDER = "recorder-r1"
IN_TIME_S = 40.0
TOGETHER_MS = 40.0


class Recorder:
    """The program, as the server starts it."""

    def __init__(self, folder: Path, process: asyncio.subprocess.Process) -> None:
        self.folder = Folder(folder)
        self.process = process

    async def stop(self) -> None:
        self.process.terminate()
        await self.ended()

    async def kill(self) -> None:
        self.process.kill()
        await self.ended()

    async def ended(self) -> None:
        async with asyncio.timeout(IN_TIME_S):
            await self.process.wait()

    def files(self) -> list[str]:
        return [path.name for path in self.folder.files()]


class Stage:
    def __init__(self, meeting: MeetingServer, url: str, browser: Browser, folder: Path) -> None:
        self.meeting = meeting
        self._url = url
        self._browser = browser
        self._folder = folder
        self._recorders: list[Recorder] = []

    async def caller(self, name: str, **options: str) -> Page:
        context = await self._browser.new_context(permissions=["camera", "microphone"])
        page = await context.new_page()
        more = "".join(f"&{key}={value}" for key, value in options.items())
        await page.goto(f"{self._url}/caller.html?me={name}&socket={self.meeting.url}/room/x/websocket{more}")
        await page.evaluate("enter()")
        await self.is_there(name)  # whoever comes next is told of it
        return page

    async def record(self) -> Recorder:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tutti_media.recorder",
            "--server", self.meeting.url, "--room", "x", "--recording", "r1", "--folder", str(self._folder),
            env=environment({"PYTHONPATH": os.pathsep.join((str(ROOT / "src"), os.environ.get("PYTHONPATH", "")))}),
            stdin=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        self._recorders.append(Recorder(self._folder, process))
        return self._recorders[-1]

    async def is_there(self, name: str, *, there: bool = True) -> None:
        async with asyncio.timeout(IN_TIME_S):
            await self.meeting.until(name, there=there)

    async def aclose(self) -> None:
        for recorder in self._recorders:
            if recorder.process.returncode is None:
                await recorder.kill()
        for context in tuple(self._browser.contexts):
            await context.close()


@asynccontextmanager
async def stage(browser: Browser, folder: Path) -> AsyncIterator[Stage]:
    async with meeting_server() as meeting:
        with site({"caller.html": ("text/html", PAGE.read_bytes())}) as pages:
            here = Stage(meeting, pages.url, browser, folder)
            try:
                yield here
            finally:
                await here.aclose()


async def sent(page: Page, kind: str, number: int = 0) -> dict[str, Any]:
    found: list[dict[str, Any]] = await page.evaluate(f"sent('{RECORDER}')")
    same = [one for one in found if one["kind"] == kind]
    return same[number] if number < len(same) else {"frames": 0, "packets": 0}


async def sounds(page: Page) -> int:
    """Packets of sound, each counted once, however often it was sent."""
    audio = await sent(page, "audio")
    return int(audio["packets"] - audio["retransmitted"])


async def until_sent(page: Page, least: int, *, kind: str = "video", number: int = 0) -> None:
    """So many frames of a picture, or packets of a sound."""
    async with asyncio.timeout(IN_TIME_S):
        await page.evaluate(f"untilSent('{RECORDER}', '{kind}', {number}, {least})")


async def hush(page: Page) -> None:
    """Send nothing more, and let what is under way arrive."""
    async with asyncio.timeout(IN_TIME_S):
        await page.evaluate(f"hush('{RECORDER}')")


def read(path: Path) -> dict[str, list[float]]:
    """Seconds of each packet in the file, by kind; it must be readable to its end."""
    found: dict[str, list[float]] = {"audio": [], "video": []}
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.pts is not None and packet.size:
                found[packet.stream.type].append(float(packet.pts * packet.time_base))
    return found


def end_s(found: dict[str, list[float]]) -> float:
    """Either may be the last: a busy browser makes fewer pictures, or is late with its sound."""
    return max(times[-1] for times in found.values())


def decoded(path: Path) -> int:
    """How many pictures come out of a decoder."""
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


async def test_everything_that_two_browsers_send_is_in_their_files(browser: Browser, tmp_path: Path) -> None:
    async with stage(browser, tmp_path / "r1") as here:
        pages = [await here.caller("ann"), await here.caller("bob")]
        recorder = await here.record()
        for page in pages:
            await until_sent(page, 80)
            await hush(page)
        told = [((await sent(page, "video"))["frames"], await sounds(page)) for page in pages]
        await recorder.stop()
    assert recorder.files() == ["ann-camera-01.webm", "bob-camera-01.webm"]
    for path, (frames, packets) in zip(recorder.folder.files(), told, strict=True):
        found = read(path)
        assert (len(found["video"]), len(found["audio"])) == (frames, packets)
        assert decoded(path) == frames


async def test_files_know_how_long_they_are_and_can_be_sought_in(browser: Browser, tmp_path: Path) -> None:
    async with stage(browser, tmp_path / "r1") as here:
        page = await here.caller("ann")
        recorder = await here.record()
        await until_sent(page, 120)
        await recorder.stop()
    (path,) = recorder.folder.files()
    found = read(path)
    times = found["video"]
    with av.open(str(path)) as container:
        assert container.duration == pytest.approx(end_s(found) * 1e6, abs=300_000)
        container.seek(int(times[-1] * 1e6))
        first = next(packet for packet in container.demux(video=0) if packet.size)
        assert first.is_keyframe


async def test_a_flash_and_a_beep_stay_together(browser: Browser, tmp_path: Path) -> None:
    """The page makes both at once; its own canvas and sound card are a part of the difference."""
    async with stage(browser, tmp_path / "r1") as here:
        page = await here.caller("ann", clapper="on")
        recorder = await here.record()
        await until_sent(page, 5 * 40)  # forty from flash to flash, the first of which may be torn
        await recorder.stop()
    (path,) = recorder.folder.files()
    flashes, beeps = flashes_and_beeps(path)
    assert len(flashes) >= 4
    late = sorted(1000 * (min(beeps, key=lambda beep: abs(beep - flash)) - flash) for flash in flashes)
    assert abs(late[len(late) // 2]) <= TOGETHER_MS, late


async def test_a_recorder_that_is_killed_leaves_files_that_play_and_the_next_one_mends_them(
    browser: Browser, tmp_path: Path
) -> None:
    async with stage(browser, tmp_path / "r1") as here:
        page = await here.caller("ann")
        first = await here.record()
        await until_sent(page, 140)
        await first.kill()
        assert first.files() == ["ann-camera-01.part.webm"]
        (torn,) = first.folder.files()
        pictures = decoded(torn)
        assert pictures > 60
        before = read(torn)
        await page.evaluate(f"peers.get('{RECORDER}')?.connection.close(), peers.delete('{RECORDER}')")
        second = await here.record()
        await until_sent(page, 80)
        await second.stop()
    assert second.files() == ["ann-camera-01.webm", "ann-camera-02.webm"]
    mended = second.folder.files()[0]
    assert read(mended) == before
    with av.open(str(mended)) as container:
        assert container.duration == pytest.approx(end_s(before) * 1e6, abs=100_000)
    begins = [said["begins"] for said in second.folder.events() if said["event"] == "file-begins"]
    assert begins[1] > begins[0] + end_s(before) * 1000


async def test_packets_that_the_network_loses_are_asked_for_again(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every twelfth packet never reaches the recorder, whether it was sent for the first time or again.

    Towards the end none is lost: of the very last one nobody could know that it is missing.
    """
    received, loses = count(1), asyncio.Event()
    loses.set()

    def lossy(path: ways.Path, data: bytes) -> bool:
        media = 127 < data[0] < 192 and not rtp.is_rtcp(data)
        return (media and loses.is_set() and next(received) % 12 == 0) or whole(path, data)

    whole = ways.Path._take
    monkeypatch.setattr(ways.Path, "_take", lossy)
    async with stage(browser, tmp_path / "r1") as here:
        page = await here.caller("ann")
        session = Session(
            Assignment(here.meeting.url, "x", "r1", None, tmp_path / "r1", int(time.time() * 1000))
        )
        recording = asyncio.create_task(session.run())
        await until_sent(page, 120)
        loses.clear()
        await until_sent(page, 140)
        await hush(page)
        video, packets = await sent(page, "video"), await sounds(page)
        session.stop()
        await recording
    found = read(Folder(tmp_path / "r1").files()[0])
    assert len(found["video"]) == video["frames"]
    assert len(found["audio"]) == packets
    assert video["retransmitted"] > 5


async def test_somebody_whose_page_is_loaded_again_goes_on_in_a_new_file(
    browser: Browser, tmp_path: Path
) -> None:
    """Nobody said that they left: a reload within the grace is not a departure."""
    async with stage(browser, tmp_path / "r1") as here:
        page = await here.caller("ann")
        recorder = await here.record()
        await until_sent(page, 40)
        again = await here.caller("ann")
        await page.context.close()
        await until_sent(again, 40)
        await recorder.stop()
    assert recorder.files() == ["ann-camera-01.webm", "ann-camera-02.webm"]
    assert all(decoded(path) >= 20 for path in recorder.folder.files())


async def test_a_shared_screen_is_a_second_file_of_its_owner(browser: Browser, tmp_path: Path) -> None:
    async with stage(browser, tmp_path / "r1") as here:
        page = await here.caller("ann")
        recorder = await here.record()
        await until_sent(page, 20)
        await page.evaluate("shareCanvas(800, 600)")
        await until_sent(page, 40, number=1)
        await hush(page)  # a picture counts as sent when it is made
        pictures = (await sent(page, "video", 1))["frames"]
        await recorder.stop()
    assert recorder.files() == ["ann-camera-01.webm", "ann-screen-01.webm"]
    screen = recorder.folder.files()[1]
    assert decoded(screen) >= pictures >= 40
    with av.open(str(screen)) as container:
        sizes = {(frame.width, frame.height) for frame in container.decode(video=0)}
    assert all(width * 3 == height * 4 for width, height in sizes)  # a browser begins smaller when it must


async def test_somebody_who_comes_later_and_somebody_who_comes_back_are_recorded(
    browser: Browser, tmp_path: Path
) -> None:
    async with stage(browser, tmp_path / "r1") as here:
        recorder = await here.record()
        await here.is_there(RECORDER)
        for _ in range(2):
            page = await here.caller("ann")
            await until_sent(page, 40)
            await page.context.close()
            await here.is_there("ann", there=False)
        await recorder.stop()
    assert recorder.files() == ["ann-camera-01.webm", "ann-camera-02.webm"]
    assert all(decoded(path) >= 20 for path in recorder.folder.files())


async def test_the_event_log_says_who_came_and_what_was_said(browser: Browser, tmp_path: Path) -> None:
    async with stage(browser, tmp_path / "r1") as here:
        page = await here.caller("ann", video="off")
        recorder = await here.record()
        await until_sent(page, 30, kind="audio")
        await page.evaluate("send('chat-message', {id: 'm1', message: 'hello'}), send('raise-hand', {})")
        async with asyncio.timeout(IN_TIME_S):
            while "raise-hand" not in [  # noqa: ASYNC110 - written by another process
                one["event"] for one in recorder.folder.events()
            ]:
                await asyncio.sleep(0.05)
        await recorder.stop()
    said = [{key: one[key] for key in one if key != "at"} for one in recorder.folder.events()]
    assert {"event": "chat-message", "peerId": "ann", "id": "m1", "message": "hello"} in said
    assert next(one["event"] for one in said if one.get("peerId") == "ann") == "peer-present"
    times = [one["at"] for one in recorder.folder.events()]
    assert times == sorted(times)
    assert json.loads((recorder.folder.path / "recording.json").read_text())["state"] == "ended"


async def test_the_combined_file_has_everybody_for_as_long_as_it_lasted(
    browser: Browser, tmp_path: Path
) -> None:
    async with stage(browser, tmp_path / "r1") as here:
        pages = [await here.caller("ann"), await here.caller("bob")]
        recorder = await here.record()
        for page in pages:
            await until_sent(page, 60)
        await pages[0].context.close()
        await until_sent(pages[1], 100)
        await recorder.stop()
    path = await combine(recorder.folder)
    parts = await parts_of(recorder.folder)
    together_s = (max(part.begins_s for part in parts), min(part.ends_s for part in parts))
    with av.open(str(path)) as container:
        assert (container.duration or 0) / 1e6 >= max(part.ends_s for part in parts) - 0.1
        middle = next(
            frame for frame in container.decode(video=0) if (frame.time or 0.0) > sum(together_s) / 2
        )
    picture = middle.reformat(width=64, height=36, format="gray")
    line = picture.planes[0].line_size
    rows = bytes(picture.planes[0])
    lines = [rows[at : at + 64] for at in range(0, line * 36, line)]
    assert max(max(row[:32]) for row in lines) > 60
    assert max(max(row[32:]) for row in lines) > 60


def flashes_and_beeps(path: Path) -> tuple[list[float], list[float]]:
    """When the picture becomes bright, and when the sound becomes loud: seconds."""
    with av.open(str(path)) as container:
        bright = [(frame.time or 0.0, brightness(frame) > 128) for frame in container.decode(video=0)]
    loud: list[tuple[float, bool]] = []
    with av.open(str(path)) as container:
        to_mono = av.AudioResampler("s16", "mono", 48_000)
        for frame in container.decode(audio=0):
            for mono in to_mono.resample(frame):
                samples = array("h", bytes(mono.planes[0])[: 2 * mono.samples])
                loud += [
                    ((frame.time or 0.0) + at / 48_000, max(samples[at : at + 48]) > 3_000)
                    for at in range(0, len(samples), 48)
                ]
    return rising(bright), rising(smoothed(loud))


def brightness(frame: av.VideoFrame) -> float:
    small = bytes(frame.reformat(width=32, height=18, format="gray").planes[0])
    return sum(small) / len(small)


def smoothed(loud: list[tuple[float, bool]], for_s: float = 0.05) -> list[tuple[float, bool]]:
    """A tone crosses zero again and again: it is over when it has been still for a while."""
    last_s = float("-inf")
    found: list[tuple[float, bool]] = []
    for at, now in loud:
        last_s = at if now else last_s
        found.append((at, at - last_s < for_s))
    return found


def rising(seen: list[tuple[float, bool]]) -> list[float]:
    return [at for (_, before), (at, now) in pairwise(seen) if now and not before]
