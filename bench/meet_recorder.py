"""Recording a meeting: what one 640×360 stream costs the recorder, and whether every frame that was sent is written.

Chromium sends pictures with about as much in them as somebody in front of a camera makes, and sound, to the recorder
alone. The peer is aiortc's own `MediaRecorder` under the same browsers, after ours. CPU is the recorder's, user +
system, over a stretch in the middle. Frames: what the browsers say that they sent (`framesSent` of `getStats`) less
what is in the files.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from playwright.async_api import Page, async_playwright

from bench import Unmeasured, install, options, process, report
from bench.report import Figure
from bench.sync.chromium import FLAGS
from tests.e2e.site import site
from tests.media.meeting_server import meeting_server

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "tests" / "media" / "caller.html"
MEDIA_FLAGS = (
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)  # fmt: skip
RECORDER = "recorder-bench"
SETTLE_S = 6.0
OURS, PEER = ("tutti_media.recorder",), ("bench.peers.aiortc_recorder",)


@dataclass(frozen=True)
class Recorded:
    streams: int
    cpu_percent: float
    kbit_per_s: float
    sent: int
    written: int


def measure(given: options.Options) -> list[Figure]:
    install.debian("chromium")
    streams, for_s = given.pick(3, 1), given.pick(20, 3)
    ours = asyncio.run(record(OURS, streams, for_s))
    peer = asyncio.run(record(PEER, 1, for_s))  # with three it falls behind and its files cannot be read
    rows = [
        (
            name,
            str(one.streams),
            f"{one.kbit_per_s:.0f}",
            f"{one.cpu_percent:.2f} %",
            str(one.sent),
            str(one.written),
        )
        for name, one in (("tutti", ours), ("aiortc MediaRecorder", peer))
    ]
    report.print_table(
        ("recorder", "streams", "kbit/s each", "core each", "frames sent", "frames written"), rows
    )
    print(f"CPU per stream, tutti / aiortc MediaRecorder: {ours.cpu_percent / peer.cpu_percent:.3f}")
    return [
        Figure("recording a 640×360 stream, CPU", ours.cpu_percent, "% of a core", must=8, aim=4),
        Figure("recording, frames lost", ours.sent - ours.written, "", must=0, aim=0),
        Figure("recording by aiortc's MediaRecorder, frames lost", peer.sent - peer.written, ""),
    ]


async def record(program: Sequence[str], streams: int, for_s: float) -> Recorded:
    executable = shutil.which("chromium")
    if executable is None:
        raise Unmeasured("there is no chromium")
    with (
        tempfile.TemporaryDirectory() as folder,
        site({"caller.html": ("text/html", PAGE.read_bytes())}) as pages,
    ):
        async with meeting_server() as meeting, async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=executable, args=[*FLAGS, *MEDIA_FLAGS]
            )
            people: list[Page] = []
            for number in range(streams):
                page = await (await browser.new_context(permissions=["microphone"])).new_page()
                where = f"me=p{number}&busy=1&alone=1&socket={meeting.url}/room/bench/websocket"
                await page.goto(f"{pages.url}/caller.html?{where}")
                await page.evaluate("enter()")
                people.append(page)
            recorder = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *program, "--server", meeting.url, "--room", "bench",
                "--recording", "bench", "--folder", folder, stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            try:
                cpu_percent, kbit_per_s = await _stretch(recorder.pid, people, for_s)
                for page in people:
                    await page.evaluate(f"hush('{RECORDER}')")
                sent = [await _video(page) for page in people]
                recorder.terminate()
                await recorder.wait()
            finally:
                if recorder.returncode is None:
                    recorder.kill()
                await browser.close()
        written = _written(Path(folder))
    return Recorded(streams, cpu_percent, kbit_per_s, sum(one["frames"] for one in sent), written)


async def _stretch(pid: int, people: list[Page], for_s: float) -> tuple[float, float]:
    """Per stream: percent of a core, and kbit/s of picture."""
    await asyncio.sleep(SETTLE_S)
    before_s, octets = process.cpu_s(pid), [(await _video(page))["bytes"] for page in people]
    await asyncio.sleep(for_s)
    used_s = process.cpu_s(pid) - before_s
    more = sum([(await _video(page))["bytes"] for page in people]) - sum(octets)
    return 100 * used_s / for_s / len(people), more * 8 / 1000 / for_s / len(people)


async def _video(page: Page) -> dict[str, Any]:
    found: list[dict[str, Any]] = await page.evaluate(f"sent('{RECORDER}')")
    videos = [one for one in found if one["kind"] == "video"]
    if not videos:
        raise Unmeasured("a browser did not send anything to the recorder")
    return videos[0]


def _written(folder: Path) -> int:
    """Pictures in all files."""
    count = 0
    for path in folder.glob("*.[wm]*"):
        with av.open(str(path)) as container:
            count += sum(1 for packet in container.demux(video=0) if packet.size)
    return count


if __name__ == "__main__":
    options.run(measure, __doc__ or "", subject=False)
