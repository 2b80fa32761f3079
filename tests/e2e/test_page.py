"""The page at `/`, as two people with a browser each use it; the server and the clients beside them are real."""

from __future__ import annotations

import asyncio
import json
import math
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
import pytest_asyncio
import websockets
from playwright.async_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

from tests.e2e.rooms import made_room
from tests.e2e.server import Server, serving
from tests.e2e.site import site

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

WITHIN_MS = 20_000
TOGETHER_S = 0.3
DESK: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 360, "height": 740}
TABS = ("People", "Chat", "Polls", "Queue", "Timing")

PLAYS = (
    "() => { const video = document.querySelector('video'); return !video.paused && video.currentTime > 0.3 }"
)
STANDS = "() => document.querySelector('video').paused"
PAST = "(seconds) => { const video = document.querySelector('video'); return video.currentTime > seconds }"
AT = (
    "(seconds) => { const video = document.querySelector('video');"
    " return !video.seeking && Math.abs(video.currentTime - seconds) < 0.05 }"
)
WHERE = (
    "() => [document.querySelector('video').currentTime, (performance.timeOrigin + performance.now()) / 1000]"
)
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.getClientRects().length && one.getBoundingClientRect().right > innerWidth + 0.5)
  .map((one) => one.outerHTML.slice(0, 120))"""
SCROLLS_SIDEWAYS = "() => document.documentElement.scrollWidth > innerWidth"
COLOURS = "() => [getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"

ERROR = re.compile(r"^[+−±]\d+ ms ± \d+ ms$")
TOGETHER = re.compile(r"together within\s*\d+\s*ms", re.IGNORECASE)

Two = tuple[Page, Page]


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def two(browser: Browser, server: Server) -> AsyncIterator[Two]:
    """Ann, who made a room from the start page, and Ben, who opened the link that she copied, on a phone."""
    async with person(browser, DESK) as ann, person(browser, PHONE) as ben:
        await create(ann, server)
        await ann.get_by_role("button", name="Copy link").click()
        await expect(ann.get_by_role("button", name="Copied")).to_be_visible()
        link = await ann.evaluate("() => navigator.clipboard.readText()")
        assert re.fullmatch(re.escape(server.url) + r"/r/[\w-]+", link)
        await ben.goto(link)
        await expect(ben.get_by_role("heading", name="Friday")).to_be_visible()
        await enter(ben, "Ben")
        for page in (ann, ben):
            await expect(people(page)).to_have_count(2)
        yield ann, ben


async def test_play_by_one_plays_for_both_and_everybody_sees_everybodys_error(
    two: Two, tmp_path: Path
) -> None:
    ann, ben = two
    await ann.get_by_role("button", name="Play", exact=True).click()
    for page in two:
        await page.wait_for_function(PLAYS)
        for name in ("Ann", "Ben"):
            await expect(one(page, name).locator(".number")).to_have_text(ERROR)
    await expect(ann.get_by_text(TOGETHER)).to_be_visible()
    await expect(ann.get_by_role("img", name="How far each of 2 is from the room")).to_be_visible()
    for name in ("Ann", "Ben"):
        await expect(ann.get_by_role("row").filter(has_text=name)).to_contain_text("ms")
    await are_together(two)
    await ann.screenshot(path=tmp_path / "desk.png")
    await ben.screenshot(path=tmp_path / "phone.png", full_page=True)

    await ben.get_by_role("button", name="Pause").click()
    for page in two:
        await page.wait_for_function(STANDS)


async def test_the_start_page_of_a_closed_server_lets_people_sign_in_before_they_make_a_room(
    browser: Browser, tmp_path: Path
) -> None:
    env = {"TUTTI_ENV": "production", "JWT_SECRET": "the-secret-of-this-test-and-of-nothing-else"}
    async with serving(tmp_path, env=env) as server, person(browser, PHONE) as ann:
        await ann.goto(server.url)
        await expect(ann.get_by_role("heading", name="Sign in to create a room")).to_be_visible()
        await expect(ann.get_by_role("form", name="Create a room")).to_have_count(0)
        await expect(ann.get_by_role("form", name="Join")).to_be_visible()
        await expect(ann.get_by_text("No account")).to_have_count(0)
        assert not await ann.evaluate(SCROLLS_SIDEWAYS)
        await ann.screenshot(path=tmp_path / "closed.png", full_page=True)
        await ann.get_by_role("button", name="New account").click()
        await ann.get_by_label("Email").fill("ann@example.org")
        await ann.get_by_label("User name").fill("ann")
        await ann.get_by_label("Password").fill("correct horse battery")
        await ann.get_by_role("button", name="Make an account").click()
        form = ann.get_by_role("form", name="Create a room")
        await expect(form.get_by_label("Your name")).to_have_value("ann")
        await form.get_by_role("button", name="Create a room").click()
        await expect(people(ann)).to_have_count(1)
        await ann.goto(server.url)
        await expect(form).to_be_visible()


async def test_keyboard_moves_the_room(two: Two) -> None:
    ann, ben = two
    for _ in range(3):
        await ann.keyboard.press("ArrowRight")
    for page in two:
        await page.wait_for_function(AT, arg=15)
    await ben.keyboard.press("ArrowLeft")
    for page in two:
        await page.wait_for_function(AT, arg=10)
    await ben.keyboard.press("Space")
    for page in two:
        await page.wait_for_function(PLAYS)

    await ann.keyboard.press("?")
    await expect(ann.get_by_role("dialog", name="Keys")).to_be_visible()
    await ann.keyboard.press("Escape")
    await expect(ann.get_by_role("dialog", name="Keys")).to_be_hidden()


async def test_what_one_says_the_other_is_told_of(two: Two, tmp_path: Path) -> None:
    ann, ben = two
    await ben.get_by_role("tab", name="Chat").click()
    say = ben.get_by_label("Say something")
    for text in ("look: https://example.org/a.", "javascript:alert(1) " + "long" * 60):
        await say.fill(text)
        await say.press("Enter")
    chat = ann.get_by_role("tab", name="Chat")
    await expect(chat).to_contain_text("2 unread")
    await ann.keyboard.press("c")
    await expect(chat).not_to_contain_text("unread")
    messages = ann.get_by_role("log", name="Messages")
    await expect(messages).to_contain_text("look: https://example.org/a.")
    await expect(messages.get_by_role("link")).to_have_count(1)
    await expect(messages.get_by_role("link")).to_have_attribute("href", "https://example.org/a")
    await expect(ann.get_by_label("Say something")).to_be_focused()
    await ann.keyboard.type("f is no full screen <b>here</b>")
    await ann.keyboard.press("Enter")
    await expect(ben.get_by_role("log", name="Messages")).to_contain_text("f is no full screen <b>here</b>")
    assert await ben.evaluate(TOO_WIDE) == []
    await ben.screenshot(path=tmp_path / "chat.png")


async def test_reactions_hands_and_offsets_are_seen_by_the_other(two: Two) -> None:
    ann, ben = two
    await ann.keyboard.press("r")
    await ann.keyboard.press("6")
    await expect(ben.locator(".reaction")).to_contain_text("Ann")
    await ann.keyboard.press("Escape")
    await expect(ann.get_by_role("toolbar", name="Reactions")).to_have_count(0)

    await ben.keyboard.press("h")
    await expect(one(ann, "Ben")).to_contain_text("hand up, number 1")
    await ann.keyboard.press("h")
    await expect(one(ben, "Ann")).to_contain_text("hand up, number 2")
    await one(ann, "Ben").get_by_text("Manage").click()
    await one(ann, "Ben").get_by_role("button", name="Lower hand").click()
    await expect(one(ben, "Ben")).not_to_contain_text("hand up")
    await expect(one(ben, "Ann")).to_contain_text("hand up, number 1")

    await ann.keyboard.press("ArrowRight")
    await ben.wait_for_function(AT, arg=5)
    for key in (".", ".", ">"):
        await ben.keyboard.press(key)
    await expect(one(ann, "Ben")).to_contain_text("offset +120 ms")
    await ben.wait_for_function(AT, arg=5.12)
    await ben.get_by_role("tab", name="Timing").click()
    await ben.get_by_role("button", name="Hold my player back 10 milliseconds").click()
    await expect(one(ann, "Ben")).to_contain_text("offset +110 ms")
    await ben.get_by_role("button", name="Reset").click()
    await expect(one(ann, "Ben")).not_to_contain_text("offset")
    await ben.wait_for_function(AT, arg=5)


async def test_both_come_back_when_the_server_was_restarted(two: Two, server: Server) -> None:
    ann, ben = two
    await ann.get_by_role("button", name="Play", exact=True).click()
    for page in two:
        await page.wait_for_function(PLAYS)
    await server.stop()
    for page in two:
        await expect(page.get_by_text("Connection lost.")).to_be_visible()
    await server.start()
    for page in two:
        await expect(page.get_by_text("Connection lost.")).to_have_count(0)
        await expect(people(page)).to_have_count(2)
        for name in ("Ann", "Ben"):
            await expect(one(page, name).locator(".number")).to_have_text(ERROR)
    await are_together(two)
    await ben.get_by_role("button", name="Pause").click()
    for page in two:
        await page.wait_for_function(STANDS)


async def test_host_manages_people_and_the_room(two: Two) -> None:
    ann, ben = two
    await ann.get_by_text("Room settings").click()
    await ann.get_by_label("Locked").click()
    await expect(ann.get_by_label("Locked")).to_be_checked()
    await expect(ben.get_by_text("Room settings")).to_have_count(0)
    await one(ann, "Ben").get_by_text("Manage").click()
    await one(ann, "Ben").get_by_role("button", name="Make moderator").click()
    await expect(one(ben, "Ben")).to_contain_text("moderator")
    await ben.get_by_text("Room settings").click()
    await expect(ben.get_by_label("Locked")).to_be_checked()
    await ben.get_by_label("Chat", exact=True).click()
    await expect(ann.get_by_label("Chat", exact=True)).not_to_be_checked()
    await ann.get_by_label("Room for how many").fill("0123456789")
    await ann.get_by_role("button", name="Set", exact=True).click()
    await expect(ann.get_by_role("alert").get_by_text("The capacity must be")).to_be_visible()
    await one(ann, "Ben").get_by_role("button", name="Hand the room over").click()
    await expect(one(ann, "Ben")).to_contain_text("host")
    await expect(one(ann, "Ann")).not_to_contain_text("host")


async def test_waiting_for_somebody_is_shown_and_ends_by_itself(two: Two, server: Server) -> None:
    ann = two[0]
    await ann.get_by_text("Room settings").click()
    await ann.get_by_label("Wait for everybody").click()
    await expect(ann.get_by_label("Wait for everybody")).to_be_checked()
    async with hears(server, room_of(ann), "Cid") as cid:
        await cid.send(json.dumps({"type": "ready", "ready": False, "ref": 1}))
        async with asyncio.timeout(WITHIN_MS / 1000):
            while json.loads(await cid.recv()).get("ref") != 1:
                pass
        await expect(people(ann)).to_have_count(3)
        await ann.get_by_role("button", name="Play", exact=True).click()
        for page in two:
            await expect(page.get_by_text("Waiting for Cid")).to_be_visible()
        for page in two:
            await page.wait_for_function(PLAYS)
            await expect(page.get_by_text("Waiting for Cid")).to_have_count(0)


async def test_what_is_next_and_no_more_plays_when_this_ends(two: Two) -> None:
    ann, ben = two
    await ben.get_by_role("tab", name="Queue").click()
    for address in ("https://example.org/first.mp4", "https://example.org/second.mp4"):
        await ben.get_by_label("Address of a film or stream").fill(address)
        await ben.get_by_role("button", name="Add", exact=True).click()
    await ann.get_by_role("tab", name="Queue").click()
    for _ in range(2):
        await ann.get_by_role("button", name="Add the clip").click()
    following = ben.get_by_role("list", name="Next").get_by_role("listitem")
    await expect(following).to_have_count(4)
    await ann.get_by_role("button", name="Move second.mp4 up").click()
    await expect(following.first).to_contain_text("second.mp4")
    for title in ("first.mp4", "second.mp4"):
        await ben.get_by_role("button", name=f"Remove {title} from the queue").click()
    await expect(following).to_have_count(2)
    await expect(following.first).to_contain_text("added by Ann")

    bar = ann.get_by_label("Position")
    await bar.focus()
    await bar.press("End")
    await bar.press("ArrowLeft")
    for page in two:
        await page.wait_for_function(PAST, arg=54)
    # The page knows it, too: at the end its button would play all of it again.
    await expect(bar).to_have_attribute("aria-valuetext", "0:55 of 1:00")
    await ann.get_by_role("button", name="Play", exact=True).click()
    await expect(following).to_have_count(1)
    for page in two:
        await page.wait_for_function(
            "() => { const at = document.querySelector('video').currentTime; return 1 < at && at < 30 }"
        )
    await expect(following).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_overflows_on_a_phone(
    browser: Browser, server: Server, tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    async with person(browser, PHONE, scheme) as page:
        await page.goto(server.url)
        await expect(page.get_by_role("form", name="Create a room")).to_be_visible()
        assert await page.evaluate(TOO_WIDE) == []
        await page.screenshot(path=tmp_path / "start.png", full_page=True)
        await create(page, server, "A room whose name goes on and on, because names in real life often do")
        await page.get_by_role("button", name="React").click()
        for tab in TABS:
            await page.get_by_role("tab", name=tab).click()
            assert await page.evaluate(TOO_WIDE) == []
            assert not await page.evaluate(SCROLLS_SIDEWAYS)
            await page.screenshot(path=tmp_path / f"{tab}.png", full_page=True)
        ink, paper = [luminance(colour) for colour in await page.evaluate(COLOURS)]
        assert (ink > paper) == (scheme == "dark")
        assert (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05) > 7


async def test_reload_stays_in_the_room_as_the_same_person(two: Two) -> None:
    ann = two[0]
    await ann.reload()
    for page in two:
        await expect(people(page)).to_have_count(2)
    await expect(one(ann, "you")).to_contain_text("Ann")
    await expect(one(ann, "you")).to_contain_text("host")


async def test_going_back_to_the_start_page_leaves_at_once(two: Two) -> None:
    ann, ben = two
    await ben.get_by_role("link", name="to the start page").click()
    await expect(ben.get_by_role("form", name="Create a room")).to_be_visible()
    await expect(people(ann)).to_have_count(1)


async def test_removed_person_is_told_and_cannot_come_back(two: Two, tmp_path: Path) -> None:
    ann, ben = two
    await one(ann, "Ben").get_by_text("Manage").click()
    await ann.get_by_role("button", name="Remove Ben from the room").click()
    await expect(people(ann)).to_have_count(1)
    await expect(ben.get_by_role("heading", name=re.compile("removed", re.IGNORECASE))).to_be_visible()
    await ben.screenshot(path=tmp_path / "removed.png")
    await ben.reload()
    await enter(ben, "Ben")
    await expect(ben.get_by_text(re.compile("removed", re.IGNORECASE))).to_be_visible()


async def test_rooms_of_other_dialects_open_in_the_same_page(browser: Browser, server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.url) as http, person(browser, DESK) as page:
        await page.goto(f"{server.url}/r/{await made_room(http, 'ann')}")
        await enter(page, "Ben")
        await expect(page.get_by_role("heading", name="Movie Night")).to_be_visible()
        await expect(page.get_by_text("This page has no player for")).to_be_visible()
        await expect(one(page, "Ben")).to_contain_text("you")

        whose = {"Authorization": "Bearer token-of-dj"}
        made = await http.post("/api/sessions", json={"userId": "dj", "userName": "Dee"}, headers=whose)
        assert made.status_code == 201, made.text
        session = made.json()
        await page.goto(f"{server.url}/r/{session['sessionId']}")
        await enter(page, "Ben")
        await expect(people(page)).to_have_count(2)
        await expect(one(page, "Dee")).to_contain_text("host")


async def test_link_to_no_room_says_so(browser: Browser, server: Server) -> None:
    async with person(browser, PHONE) as page:
        await page.goto(f"{server.url}/r/NOSUCHROOM")
        await expect(page.get_by_role("heading", name="There is no such room")).to_be_visible()


CANNOT_PLAY_HLS = """
const asked = HTMLMediaElement.prototype.canPlayType;
HTMLMediaElement.prototype.canPlayType = function (kind) {
  return /mpegurl/i.test(kind) ? "" : asked.call(this, kind);
};
"""


async def test_file_that_cannot_be_played_is_said_to_be_one(browser: Browser, server: Server) -> None:
    with site({"film.mp4": ("video/mp4", b"not a film")}) as elsewhere:
        async with person(browser, DESK) as page:
            await create(page, server, address=f"{elsewhere.url}/film.mp4")
            await expect(page.get_by_text("this browser can")).to_be_visible()
            await expect(page.get_by_text(f"{elsewhere.url}/film.mp4")).to_be_visible()


@pytest.mark.parametrize("native", [True, False])
async def test_hls_stream_plays(browser: Browser, server: Server, tmp_path: Path, native: bool) -> None:
    """By the browser itself where it can, else by script: then its parts are fetched from the other site."""
    with site(stream(tmp_path)) as elsewhere:
        async with person(browser, DESK) as page:
            if not native:
                await page.add_init_script(CANNOT_PLAY_HLS)
            await create(page, server, address=f"{elsewhere.url}/main.m3u8")
            await page.get_by_role("button", name="Play", exact=True).click()
            await page.wait_for_function(PLAYS)
            await expect(one(page, "Ann").locator(".number")).to_have_text(ERROR)
            shown: str = await page.evaluate("document.querySelector('video').currentSrc")
            assert shown.startswith("blob:") is not native


@asynccontextmanager
async def person(
    browser: Browser, size: ViewportSize, scheme: Literal["light", "dark"] = "light"
) -> AsyncIterator[Page]:
    """Somebody with a browser of their own, in which nothing may go wrong unsaid."""
    context: BrowserContext = await browser.new_context(
        viewport=size, color_scheme=scheme, permissions=["clipboard-read", "clipboard-write"]
    )
    context.set_default_timeout(WITHIN_MS)
    page = await context.new_page()
    bugs: list[str] = []
    page.on("pageerror", lambda error: bugs.append(str(error)))
    try:
        yield page
        assert bugs == []
    finally:
        await context.close()


async def create(page: Page, server: Server, name: str = "Friday", address: str | None = None) -> None:
    """Ann makes a room from the start page and is in it."""
    await page.goto(server.url)
    form = page.get_by_role("form", name="Create a room")
    await form.get_by_label("Name of the room").fill(name)
    await form.get_by_label("Your name").fill("Ann")
    if address is not None:
        await form.get_by_label("A file or stream on the web").check()
        await form.get_by_label("Its address").fill(address)
    await form.get_by_role("button", name="Create a room").click()
    await expect(people(page)).to_have_count(1)


async def enter(page: Page, name: str) -> None:
    await page.get_by_label("Your name").fill(name)
    await page.get_by_role("button", name="Join").click()


def people(page: Page) -> Locator:
    return page.get_by_role("list", name="People in the room").get_by_role("listitem")


def one(page: Page, name: str) -> Locator:
    return people(page).filter(has_text=name)


def room_of(page: Page) -> str:
    return page.url.rpartition("/")[2]


async def are_together(two: Two) -> None:
    """Soon: what else the machine does may hold one of them up."""
    async with asyncio.timeout(WITHIN_MS / 1000):
        while await apart_s(two) >= TOGETHER_S:  # noqa: ASYNC110 - asking is how one knows
            await asyncio.sleep(0.1)


async def apart_s(two: Two) -> float:
    """How far apart the two pictures are, as if both had been looked at in the same moment."""
    (here, at), (there, later) = await two[0].evaluate(WHERE), await two[1].evaluate(WHERE)
    apart: float = abs(there - here - (later - at))
    return apart


@asynccontextmanager
async def hears(server: Server, room: str, name: str) -> AsyncIterator[ClientConnection]:
    """A client without a page that has come into the room; it says what the test has it say."""
    address = f"{server.ws_url}/v1/rooms/{room}"
    async with websockets.connect(address, subprotocols=[Subprotocol("tutti.v1")]) as connection:
        await connection.send(json.dumps({"type": "hello", "name": name, "id": name.lower()}))
        said: dict[str, Any] = json.loads(await connection.recv())
        assert said["type"] == "welcome"
        yield connection


def luminance(colour: str) -> float:
    """WCAG 2.2, "relative luminance", of an `rgb(…)`."""
    channels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = [c / 12.92 if c <= 0.04045 else math.pow((c + 0.055) / 1.055, 2.4) for c in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def stream(folder: Path) -> dict[str, tuple[str, bytes]]:
    """The bundled clip's kind of picture as an HLS stream: a list and its segments."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("there is no ffmpeg on this machine")
    made = folder / "stream"
    made.mkdir()
    subprocess.run(
        [
            ffmpeg, "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=160x90:rate=25",
            "-f", "lavfi", "-i", "sine", "-t", "12", "-c:v", "libx264", "-preset", "ultrafast",
            "-pix_fmt", "yuv420p", "-g", "50", "-c:a", "aac", "-hls_time", "4",
            "-hls_playlist_type", "vod", str(made / "main.m3u8"),
        ],
        check=True,
    )  # fmt: skip
    kinds = {".m3u8": "application/vnd.apple.mpegurl", ".ts": "video/mp2t"}
    return {file.name: (kinds[file.suffix], file.read_bytes()) for file in made.iterdir()}
