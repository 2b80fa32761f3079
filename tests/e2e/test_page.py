"""The page at `/`, as two people with a browser each use it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect

from tests.e2e.server import Server, serving

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

WITHIN_MS = 15_000
PHONE: ViewportSize = {"width": 360, "height": 740}
PLAYS = (
    "() => { const video = document.querySelector('video'); return !video.paused && video.currentTime > 0.3 }"
)
STANDS = "() => document.querySelector('video').paused"
WHERE = (
    "() => [document.querySelector('video').currentTime, (performance.timeOrigin + performance.now()) / 1000]"
)
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.getClientRects().length && one.getBoundingClientRect().right > innerWidth + 0.5)
  .map((one) => one.outerHTML.slice(0, 120))"""
MS = re.compile(r"^[+−±]\d+ ms")
TOGETHER = re.compile(r"together within\s*\d+\s*ms", re.IGNORECASE)

Two = tuple[Page, Page]


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def two(browser: Browser, server: Server) -> AsyncIterator[Two]:
    """Ann, who made a room from the start page, and Ben, who opened the link that she copied, on a phone."""
    desk = await person(browser, {"width": 1280, "height": 800})
    phone = await person(browser, PHONE)
    ann, ben = await desk.new_page(), await phone.new_page()
    await ann.goto(server.url)
    form = ann.get_by_role("form", name="Create a room")
    await form.get_by_label("Name of the room").fill("Friday")
    await form.get_by_label("Your name").fill("Ann")
    await form.get_by_role("button", name="Create a room").click()
    await ann.get_by_role("button", name="Copy link").click()
    await expect(ann.get_by_role("button", name="Copied")).to_be_visible()
    link = await ann.evaluate("() => navigator.clipboard.readText()")
    assert re.fullmatch(re.escape(server.url) + r"/r/[A-Z0-9]+", link)

    await ben.goto(link)
    await expect(ben.get_by_role("heading", name="Friday")).to_be_visible()
    await ben.get_by_label("Your name").fill("Ben")
    await ben.get_by_role("button", name="Join").click()
    for page in (ann, ben):
        await expect(people(page)).to_have_count(2)
    yield ann, ben
    await desk.close()
    await phone.close()


async def test_play_pressed_by_one_plays_for_both_and_shows_how_far_apart_they_are(
    two: Two, tmp_path: Path
) -> None:
    ann, ben = two
    await ann.get_by_role("button", name="Play", exact=True).click()
    for page in two:
        await page.wait_for_function(PLAYS)
        for name in ("Ann", "Ben"):
            await expect(people(page).filter(has_text=name).locator(".number")).to_have_text(MS)
        await expect(page.get_by_text(TOGETHER)).to_be_visible()
    (here, at), (there, later) = await ann.evaluate(WHERE), await ben.evaluate(WHERE)
    assert abs(there - here - (later - at)) < 0.5
    await ann.screenshot(path=tmp_path / "desk.png")
    await ben.screenshot(path=tmp_path / "phone.png", full_page=True)

    await ben.get_by_role("button", name="Pause").click()
    for page in two:
        await page.wait_for_function(STANDS)


async def test_nothing_overflows_on_a_phone(two: Two, server: Server, tmp_path: Path) -> None:
    _, ben = two
    assert await ben.evaluate(TOO_WIDE) == []
    start = await ben.context.new_page()
    await start.goto(server.url)
    await expect(start.get_by_role("form", name="Create a room")).to_be_visible()
    assert await start.evaluate(TOO_WIDE) == []
    await start.screenshot(path=tmp_path / "start-on-a-phone.png", full_page=True)


async def test_reload_stays_in_the_room(two: Two) -> None:
    ann, ben = two
    await ben.reload()
    await expect(people(ben)).to_have_count(2)
    await expect(people(ben).filter(has_text="you")).to_contain_text("Ben")
    await expect(people(ann)).to_have_count(2)


async def test_removed_person_is_told_and_cannot_come_back(two: Two, tmp_path: Path) -> None:
    ann, ben = two
    await ann.get_by_role("button", name="Remove Ben from the room").click()
    await expect(people(ann)).to_have_count(1)
    await expect(ben.get_by_role("heading", name=re.compile("removed", re.IGNORECASE))).to_be_visible()
    await ben.screenshot(path=tmp_path / "removed.png")
    await ben.reload()
    await ben.get_by_label("Your name").fill("Ben")
    await ben.get_by_role("button", name="Join").click()
    await expect(ben.get_by_text(re.compile("removed", re.IGNORECASE))).to_be_visible()


async def test_link_to_no_room_says_so(browser: Browser, server: Server) -> None:
    context = await person(browser, PHONE)
    page = await context.new_page()
    await page.goto(f"{server.url}/r/NOSUCHROOM")
    await expect(page.get_by_role("heading", name="There is no such room")).to_be_visible()
    await context.close()


async def person(browser: Browser, size: ViewportSize) -> BrowserContext:
    context = await browser.new_context(viewport=size, permissions=["clipboard-read", "clipboard-write"])
    context.set_default_timeout(WITHIN_MS)
    expect.set_options(timeout=WITHIN_MS)
    return context


def people(page: Page) -> Locator:
    return page.get_by_role("region", name=re.compile("^People")).get_by_role("listitem")
