"""A meeting recorded by the server that holds it: started by its host, gone on with whatever dies, and downloaded."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
from playwright.async_api import Browser, Page, expect
from websockets.asyncio.client import connect

from tests.e2e.server import ROOT, Server, serving
from tests.e2e.site import site
from tests.e2e.test_meeting_page import answered
from tutti_media.recorder.folder import read_json

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

PAGE = ROOT / "tests" / "media" / "caller.html"
ROOM = "DAILY"
IN_TIME_S = 50.0
BEGUN = 20_000
"""So large is a file in which something is, which is not removed: in octets, for less than a second of a camera."""
FILM = {"type": "media", "id": "https://films.example/a.mp4", "provider": "direct", "kind": "movie"}


class Meeting:
    def __init__(self, server: Server, url: str, browser: Browser) -> None:
        self.server = server
        self._url = url
        self._browser = browser
        self._pages: list[Page] = []

    async def caller(self, name: str) -> Page:
        page = await (await self._browser.new_context(permissions=["camera", "microphone"])).new_page()
        self._pages.append(page)
        socket = f"{self.server.ws_url}/room/{ROOM}/websocket"
        await page.goto(f"{self._url}/caller.html?me={name}&socket={socket}&alone=1")
        await page.evaluate("enter()")
        await heard(page, "peers")
        return page

    async def recording(self, page: Page) -> str:
        """Start one; its id, when its recorder has been sent two seconds."""
        await page.evaluate("send('start-recording', {})")
        started = await heard(page, "recording-started")
        await self.flows(page, str(started["recordingId"]))
        return str(started["recordingId"])

    async def flows(self, page: Page, recording: str) -> None:
        async with asyncio.timeout(IN_TIME_S):
            await page.evaluate(f"untilSent('recorder-{recording}', 'video', 0, 40)")

    async def films(self, page: Page) -> None:
        """Begin a film in the meeting's room, as a page does: over the other protocol, by the meeting's pass."""
        token = (await heard(page, "peers"))["resumeToken"]
        url = f"{self.server.ws_url}/v1/rooms/{ROOM}"
        async with connect(url, subprotocols=["tutti.v1"], proxy=None) as socket:  # type: ignore[list-item]  # a NewType of str
            await socket.send(json.dumps({"type": "hello", "token": token}))
            for said in (FILM, {"type": "play", "position": 5_000}):
                await socket.send(json.dumps({**said, "ref": 1}))
            async with asyncio.timeout(IN_TIME_S):
                while json.loads(await socket.recv()).get("move") != "play":
                    continue

    async def combined(self, recording: str) -> Path:
        """The folder, when it says that its combined file is done, which it does when there is one."""
        (folder,) = (self.server.data / "recordings").glob(f"*/{recording}")
        await until(lambda: read_json(folder / "combined.json").get("state") == "done")
        return folder

    async def close(self) -> None:
        for page in self._pages:
            await page.context.close()


@asynccontextmanager
async def meeting(browser: Browser, folder: Path) -> AsyncIterator[Meeting]:
    async with serving(folder, env={"CORS_ORIGIN": "*"}) as server:
        with site({"caller.html": ("text/html", PAGE.read_bytes())}) as pages:
            here = Meeting(server, pages.url, browser)
            try:
                yield here
            finally:
                await here.close()


async def heard(page: Page, event: str) -> dict[str, Any]:
    async with asyncio.timeout(IN_TIME_S):
        said: dict[str, Any] = await page.evaluate(f"untilHeard('{event}')")
    return said


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.webm"))


def recorder_of(server: Server) -> int:
    """The process that records: a child of the server's."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    found = [
        pid for pid in children if b"tutti_media.recorder\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    return int(found[-1])


async def test_a_host_records_and_downloads_and_nobody_else_does(browser: Browser, tmp_path: Path) -> None:
    async with meeting(browser, tmp_path) as here:
        ann, bob = await here.caller("ann"), await here.caller("bob")
        recording = await here.recording(ann)
        await here.flows(bob, recording)
        assert (await heard(bob, "recording-started"))["recordingId"] == recording
        await here.films(ann)
        carl = await here.caller("carl")
        assert (await heard(carl, "peers"))["recording"]["recordingId"] == recording
        await ann.evaluate("send('stop-recording', {})")
        await heard(bob, "recording-stopped")
        folder = await here.combined(recording)
        async with httpx.AsyncClient(base_url=here.server.url) as http:
            tokens = [(await heard(page, "peers"))["resumeToken"] for page in (ann, bob)]
            host, guest = ({"Authorization": f"Bearer {token}"} for token in tokens)
            listed = await http.get(f"/api/meet/rooms/{ROOM}/recordings", headers=host)
            assert (await http.get(f"/api/meet/rooms/{ROOM}/recordings", headers=guest)).status_code == 403
            (one,) = listed.json()["recordings"]
            urls = {file["name"]: file["url"] for file in one["files"]}
            whole = await http.get(urls["combined.webm"], headers=host)
            part = await http.get(urls["combined.webm"], headers={**host, "Range": "bytes=100-199"})
            assert (part.status_code, part.content) == (206, whole.content[100:200])
            assert (await http.get(urls["ann-camera-01.webm"], headers=guest)).status_code == 403
    assert {"ann-camera-01.webm", "bob-camera-01.webm", "combined.webm"} <= set(urls)
    assert (one["combined"], folder.name) == ("done", recording)
    log = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    films = [said for said in log if said["event"] == "film"]
    assert (films[0]["media"]["id"], films[-1]["playing"]) == ("https://films.example/a.mp4", True)
    assert films[-1]["position"] == 5_000
    with av.open(io.BytesIO(whole.content), "r") as container:
        assert sum(1 for _ in container.decode(video=0)) > 25


async def test_a_recorder_that_is_killed_is_followed_by_another_in_the_same_recording(
    browser: Browser, tmp_path: Path
) -> None:
    async with meeting(browser, tmp_path) as here:
        ann = await here.caller("ann")
        recording = await here.recording(ann)
        (folder,) = (here.server.data / "recordings").glob(f"*/{recording}")
        await until(lambda: any(path.stat().st_size > BEGUN for path in folder.glob("ann-camera-01*.webm")))
        os.kill(recorder_of(here.server), signal.SIGKILL)
        await until((folder / "ann-camera-02.part.webm").exists)
        await ann.evaluate("send('stop-recording', {})")
        await here.combined(recording)
    assert files(folder) == ["ann-camera-01.webm", "ann-camera-02.webm", "combined.webm"]
    first, second, whole = (length(folder / name) for name in files(folder))
    assert whole >= first + second - 0.1


async def test_a_server_that_is_killed_goes_on_recording_when_it_is_back(
    browser: Browser, tmp_path: Path
) -> None:
    async with meeting(browser, tmp_path) as here:
        ann = await here.caller("ann")
        recording = await here.recording(ann)
        await here.server.kill()
        await here.server.start()
        bob = await here.caller("bob")
        assert (await heard(bob, "peers"))["recording"]["recordingId"] == recording
        await here.flows(bob, recording)
        await here.server.stop()
        (folder,) = (here.server.data / "recordings").glob(f"*/{recording}")
    assert files(folder) == ["ann-camera-01.webm", "bob-camera-01.webm"]
    assert min(length(folder / name) for name in files(folder)) > 0.5


async def test_the_meeting_page_records_with_one_press_and_shows_it_to_everybody(
    browser: Browser, tmp_path: Path
) -> None:
    async with serving(tmp_path) as server:
        pages: list[Page] = []
        for name in ("Ada", "Ben"):
            page = await (await browser.new_context(permissions=["camera", "microphone"])).new_page()
            page.set_default_timeout(IN_TIME_S * 1000)
            await page.goto(f"{server.url}/m/a-b-c")
            await page.get_by_label("Your name").fill(name)
            async with answered(page):
                await page.get_by_role("button", name="Join the meeting").click()
            pages.append(page)
        record = pages[0].get_by_role("toolbar", name="Meeting controls").get_by_role("button", name="Record")
        await record.click()
        for page in pages:
            await expect(page.locator(".badge.recording")).to_be_visible(timeout=IN_TIME_S * 1000)
        kept = server.data / "recordings"
        await until(lambda: len(list(kept.glob("*/*/*-camera-01.part.webm"))) == 2)
        await until(
            lambda: all(path.stat().st_size > 60_000 for path in kept.glob("*/*/*-camera-01.part.webm"))
        )
        await pages[0].get_by_role("button", name="Stop recording").click()
        await expect(pages[1].locator(".badge.recording")).to_be_hidden(timeout=IN_TIME_S * 1000)
        await until(lambda: len(list(kept.glob("*/*/combined.webm"))) == 1)
        for page in pages:
            await page.context.close()
    cameras = list(kept.glob("*/*/*-camera-01.webm"))
    assert len(cameras) == 2
    for path in cameras:
        with av.open(str(path)) as container:
            assert sum(1 for _ in container.decode(video=0)) > 10


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(IN_TIME_S):
        while not true():  # noqa: ASYNC110 - written by another process
            await asyncio.sleep(0.1)


def length(path: Path) -> float:
    with av.open(str(path)) as container:
        return (container.duration or 0) / 1e6
