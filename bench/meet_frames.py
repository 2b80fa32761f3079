"""Three tabs in a mesh: how long after `join` the third one has its first remote frame.

Real Chromium with its own fake camera, and a front end written from guide 004 alone (the one that the tests use). The
camera is on and the socket open before `join`. A new room each time; the two others see each other by then.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from urllib.parse import urlencode

from playwright.async_api import Browser, Page, async_playwright

from bench import Unmeasured, options, process
from bench.compare import percentile
from bench.report import Figure

PAGE = Path(__file__).parent.parent / "tests" / "e2e" / "pages" / "meeting.html"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio",
    "--autoplay-policy=no-user-gesture-required", "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream", "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows", "--disable-background-networking", "--no-first-run",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)  # fmt: skip
OTHERS = ("ada", "ben")


def measure(given: options.Options) -> list[Figure]:
    with process.running(given.program()) as (server,):
        took = asyncio.run(_rounds(server.port, given.pick(15, 2)))
    first, all_ = [one for one, _ in took], [both for _, both in took]
    print(
        f"join → first remote frame: p50 {percentile(first, 0.5):.0f}, worst {max(first):.0f} ms;"
        f" → frames of both: p50 {percentile(all_, 0.5):.0f}, worst {max(all_):.0f} ms; {len(took)} times",
        flush=True,
    )
    return [
        Figure("join → first remote frame, 3 tabs, median", percentile(first, 0.5), "ms", must=300, aim=200)
    ]


def chromium() -> str:
    """Where it is."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        raise Unmeasured("this needs a Chromium")
    return found


async def _rounds(port: int, rounds: int) -> list[tuple[float, float]]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        try:
            return [await _first_frames(browser, port, f"frames{number}") for number in range(rounds)]
        finally:
            await browser.close()


async def _first_frames(browser: Browser, port: int, room: str) -> tuple[float, float]:
    """Until a frame of the first, and of both of the others, in ms."""
    context = await browser.new_context()
    try:
        for other in OTHERS:
            page = await _ready(await context.new_page(), port, room, other)
            await page.evaluate("() => join()")
            await page.wait_for_function("yourId", polling=20)
        await page.wait_for_function("times.firstFrame > 0", polling=20)
        newcomer = await _ready(await context.new_page(), port, room, "cat")
        await newcomer.evaluate("() => join()")
        await newcomer.wait_for_function(
            "peers.size === 2 && [...peers.values()].every((p) => p.firstFrame > 0)", polling=20
        )
        first, both = await newcomer.evaluate(
            "() => [Math.min, Math.max].map((of) => of(...[...peers.values()].map((p) => p.firstFrame)) - times.join)"
        )
        return float(first), float(both)
    finally:
        await context.close()


async def _ready(page: Page, port: int, room: str, me: str) -> Page:
    """The camera is on, and the socket open."""
    asked = {"server": f"ws://127.0.0.1:{port}", "room": room, "me": me, "name": me}
    await page.goto(f"{PAGE.as_uri()}?{urlencode(asked)}")
    await page.evaluate("async () => { await camera(); await open(); }")
    return page


if __name__ == "__main__":
    options.run(measure, __doc__ or "")
