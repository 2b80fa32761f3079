"""What goes wrong at the door of a meeting and within it, and what the page says then: passwords, locks, devices."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.server import Server, serving
from tests.e2e.test_meeting_page import PHONE, SCROLLS_SIDEWAYS, WITHIN_MS, key, person, sees, tile

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

AT_ONCE_MS = 5_000
"""Less than the ten seconds after which a connection counts as dead."""
REFUSES = """(name) => {
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", name));
}"""
UNPLUGS = """() => {
  const mine = [...document.querySelectorAll(".tiles video")].find((video) => video.muted);
  mine.srcObject.getVideoTracks()[0].dispatchEvent(new Event("ended"));
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as server:
        yield server


@asynccontextmanager
async def without(browser: Browser, server: Server, problem: str) -> AsyncIterator[Page]:
    """A phone in the dark whose browser gives no camera and no microphone, for this reason."""
    context = await browser.new_context(viewport=PHONE, color_scheme="dark")
    try:
        await context.add_init_script(f'({REFUSES})("{problem}")')
        page = await context.new_page()
        page.set_default_timeout(WITHIN_MS)
        await page.goto(f"{server.url}/m/a-b-c")
        yield page
    finally:
        await context.close()


async def test_a_password_is_asked_for_at_once_and_a_wrong_one_is_asked_for_again(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    async with person(browser, server, "Ada") as ada:
        await expect(tile(ada, "You")).to_contain_text("host")
        await ada.get_by_text("Meeting settings").click()
        await ada.get_by_label("Password for those who come from now on").fill("sesame")
        await ada.get_by_role("button", name="Set", exact=True).click()
        await expect(ada.get_by_role("button", name="None", exact=True)).to_be_visible()
        async with person(browser, server, "Ben", viewport=PHONE) as ben:
            password = ben.get_by_label("Password of the meeting")
            await expect(password).to_be_focused(timeout=AT_ONCE_MS)
            await expect(ben.get_by_role("alert")).to_have_text("This room needs its password")
            await ben.screenshot(path=tmp_path / "password.png", full_page=True)
            await password.fill("open")
            await password.press("Enter")
            await expect(ben.get_by_role("alert")).to_have_text(
                "This is not the password", timeout=AT_ONCE_MS
            )
            await password.fill("sesame")
            await password.press("Enter")
            await sees(ada, "Ben")


async def test_a_locked_meeting_says_so_and_asks_for_no_password(browser: Browser, server: Server) -> None:
    async with person(browser, server, "Ada") as ada:
        await ada.get_by_text("Meeting settings").click()
        await ada.get_by_role("switch", name="Lock").click()
        await expect(ada.get_by_text("Locked", exact=True)).to_be_visible()
        async with person(browser, server, "Ben") as ben:
            await expect(ben.get_by_role("heading")).to_contain_text("locked", timeout=AT_ONCE_MS)
            await expect(ben.get_by_label("Password of the meeting")).to_have_count(0)


@pytest.mark.parametrize(
    ("problem", "words"),
    [("NotAllowedError", "was not allowed to use"), ("NotFoundError", "No camera or microphone was found")],
)
async def test_without_devices_one_comes_in_and_is_told_why_a_key_does_nothing(
    browser: Browser, server: Server, tmp_path: Path, problem: str, words: str
) -> None:
    async with person(browser, server, "Ada") as ada, without(browser, server, problem) as ben:
        await expect(ben.get_by_text(words)).to_be_visible()
        await ben.screenshot(path=tmp_path / "door.png", full_page=True)
        await ben.get_by_label("Your name").fill("Ben")
        await ben.keyboard.press("Enter")
        await sees(ben, "Ada")
        await expect(ben.get_by_text(words)).to_have_count(0)
        await key(ben, "Unmute").click()
        await expect(ben.get_by_role("alert").get_by_text(words)).to_be_visible()
        assert not await ben.evaluate(SCROLLS_SIDEWAYS)
        await ben.screenshot(path=tmp_path / "inside.png")
        await ben.get_by_role("alert").get_by_role("button", name="Dismiss").click()
        await expect(ben.get_by_text(words)).to_have_count(0)
        await expect(tile(ada, "Ben")).to_be_visible()


async def test_a_camera_that_is_pulled_out_is_told_and_may_be_started_again(
    browser: Browser, server: Server
) -> None:
    async with person(browser, server, "Ada") as ada, person(browser, server, "Ben") as ben:
        await sees(ada, "Ben")
        await ben.evaluate(UNPLUGS)
        await expect(ben.get_by_role("alert").get_by_text("Your camera is gone")).to_be_visible()
        await key(ben, "Start camera").click()
        await expect(ben.get_by_text("Your camera is gone")).to_have_count(0)
        await sees(ada, "Ben")
