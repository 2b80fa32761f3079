"""Conversations and notifications in browsers: two people write to one another, on a desk and a phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Browser, FilePayload, Locator, Page, Response, ViewportSize, expect

from tests.e2e.server import Server, serving
from tests.e2e.test_account_pages import (
    COLOURS,
    DESK,
    PHONE,
    SCROLLS_SIDEWAYS,
    SECRET,
    brightness,
    person,
    reached_by_tab,
    rows,
    sign_up,
)

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]


@pytest_asyncio.fixture(loop_scope="session", params=["open", "closed"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, env={"TUTTI_MODE": request.param, "JWT_SECRET": SECRET}) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def closed(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, env={"TUTTI_MODE": "closed", "JWT_SECRET": SECRET}) as server:
        yield server


async def test_two_write_to_one_another_live(browser: Browser, server: Server, tmp_path: Path) -> None:
    async with person(browser, DESK) as ann, person(browser, PHONE) as ben:
        await sign_up(ann, server, "ann")
        await sign_up(ben, server, "ben")
        await begin(ann, "be", "ben")
        await writes(ann, "Hello <b>Ben</b>")

        toast = ben.get_by_role("status", name="New notifications").get_by_role("link")
        await toast.focus()  # so that it does not go before it was looked at
        await expect(toast).to_contain_text("Hello <b>Ben</b>")
        await expect(ben.get_by_role("link", name="Notifications, 1 unread")).to_be_visible()
        await ben.screenshot(path=tmp_path / "toast.png", full_page=True)
        await toast.press("Enter")
        await expect(lines(ben)).to_contain_text(["Hello <b>Ben</b>"])
        await expect(ben.get_by_role("link", name="Notifications", exact=True)).to_be_visible()
        assert not await ben.evaluate(SCROLLS_SIDEWAYS)

        await ben.get_by_label("Your message").press_sequentially("Hi")
        await expect(ann.get_by_text("ben is typing…")).to_be_visible()
        await ben.keyboard.press("Enter")
        await expect(lines(ann)).to_contain_text(["Hello <b>Ben</b>", "Hi"])
        await expect(ann.get_by_text("ben is typing…")).to_have_count(0, timeout=5_000)

        await ann.get_by_role("button", name="Edit Hello <b>Ben</b>").click()
        await ann.get_by_label("Edit your message").fill("Hello!")
        await ann.keyboard.press("Tab")
        await ann.keyboard.press("Enter")
        await expect(lines(ben)).to_contain_text(["Hello!", "Hi"])
        await expect(ben.get_by_text("edited")).to_be_visible()
        await ben.get_by_role("button", name="Reply to Hello!").click()
        await writes(ben, "So you say")
        await expect(lines(ann).last.locator("blockquote")).to_have_text("Hello!")
        await ann.get_by_role("button", name="Delete Hello!").click()
        await expect(lines(ben).first).to_contain_text("Deleted")
        await ann.screenshot(path=tmp_path / "talk-desk.png", full_page=True)
        await ben.screenshot(path=tmp_path / "talk-phone.png", full_page=True)

        await ben.get_by_role("link", name="All conversations").click()
        await writes(ann, "Are you there?")
        entry = ben.get_by_role("link").filter(has_text="Are you there?")
        await expect(entry.first).to_contain_text("1 unread")
        await expect(rows(ben, "Conversations")).to_have_count(1)
        await ben.screenshot(path=tmp_path / "talks-phone.png", full_page=True)


async def test_a_picture_and_a_page_are_sent_and_nothing_in_them_runs(
    browser: Browser, closed: Server, tmp_path: Path
) -> None:
    async with person(browser, DESK) as ann, person(browser, PHONE) as ben:
        await sign_up(ann, closed, "ann")
        await sign_up(ben, closed, "ben")
        await begin(ann, "be", "ben")
        files: list[FilePayload] = [
            {"name": "film.png", "mimeType": "image/png", "buffer": a_picture()},
            {"name": "page.html", "mimeType": "text/html", "buffer": b"<script>alert(1)</script>"},
        ]
        await ann.get_by_label("Attach files").set_input_files(files)
        await expect(rows(ann, "Files to send")).to_have_count(2)
        await ann.get_by_role("button", name="Send", exact=True).click()
        await expect(rows(ann, "Files to send")).to_have_count(0)
        await ben.get_by_role("link", name="Messages", exact=True).click()
        await ben.get_by_role("link").filter(has_text="film.png").last.click()
        shown = ben.get_by_role("img", name="film.png")
        await expect(shown).to_be_visible()
        assert await shown.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 300
        await ben.screenshot(path=tmp_path / "files-phone.png", full_page=True)
        assert not await ben.evaluate(SCROLLS_SIDEWAYS)
        async with ben.expect_download() as saving:
            await ben.get_by_role("button", name="Save page.html").click()
        saved = await (await saving.value).path()
        assert saved.read_bytes() == files[1]["buffer"]
        await ann.get_by_label("Attach files").set_input_files(
            {"name": "program.exe", "mimeType": "image/png", "buffer": b"MZ\x90\x00\x03\x00"}
        )
        await ann.get_by_role("button", name="Send", exact=True).click()
        await expect(ann.get_by_role("alert").filter(has_text="Files may be")).to_be_visible()


async def test_a_message_waits_while_the_server_is_away_and_is_said_once(
    browser: Browser, closed: Server
) -> None:
    async with person(browser, DESK) as ann, person(browser, DESK) as ben:
        await sign_up(ann, closed, "ann")
        await sign_up(ben, closed, "ben")
        await begin(ann, "be", "ben")
        await writes(ann, "Before")
        await ben.get_by_role("link", name="Messages", exact=True).click()
        await ben.get_by_role("link").filter(has_text="Before").last.click()
        await expect(lines(ben)).to_have_count(1)
        await closed.kill()
        await writes(ann, "Meanwhile")
        await expect(ann.get_by_role("button", name="Send again")).to_be_visible()
        await closed.start()
        await ann.get_by_role("button", name="Send again").click()
        await expect(lines(ben)).to_contain_text(["Before", "Meanwhile"], timeout=40_000)
        await expect(lines(ann)).to_have_count(2)


async def test_a_group_is_begun_talked_in_and_left(browser: Browser, closed: Server) -> None:
    async with person(browser, DESK) as ann, person(browser, PHONE) as ben, person(browser, PHONE) as cat:
        for page, name in ((ann, "ann"), (ben, "ben"), (cat, "cat")):
            await sign_up(page, closed, name)
        await begin(ann, "be", "ben", more=("ca", "cat"), title="Film <i>club</i>")
        await expect(ann.get_by_role("heading", name="Film <i>club</i>")).to_be_visible()
        await writes(ann, "Will you come, @cat?")
        for page in (ben, cat):
            await page.get_by_role("link", name="Messages", exact=True).click()
            await page.get_by_role("link").filter(has_text="Film <i>club</i>").last.click()
            await expect(lines(page)).to_have_count(1)
        await ben.get_by_role("button", name="Leave").click()
        await expect(ben.get_by_text("Nobody has written yet.")).to_be_visible()
        await expect(ann.get_by_text("2 people")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_fit_a_phone_follow_the_light_and_need_no_mouse(
    browser: Browser, closed: Server, tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    size: ViewportSize = PHONE
    async with person(browser, size, scheme=scheme) as ann, person(browser, DESK) as ben:
        await sign_up(ann, closed, "ann")
        await sign_up(ben, closed, "ben")
        await begin(ben, "an", "ann")
        await writes(ben, "x" * 300)
        await expect(ann.get_by_role("link", name="Notifications, 1 unread")).to_be_visible()
        await ann.goto(f"{closed.url}/notifications")
        notices = rows(ann, "Notifications")
        await expect(notices).to_have_count(1)
        reached = await reached_by_tab(ann, "Log out")
        assert any("Mark as read" in one for one in reached), reached
        shows = {
            "notifications": notices,
            "messages": rows(ann, "Conversations"),
            "messages/new": ann.get_by_label("With whom?"),
        }
        for page, shown in shows.items():
            await ann.goto(f"{closed.url}/{page}")
            await expect(ann.get_by_role("heading", level=1)).to_be_visible()
            await expect(shown).to_have_count(1)
            assert not await ann.evaluate(SCROLLS_SIDEWAYS), page
            await ann.screenshot(path=tmp_path / f"{page.replace('/', '-')}.png", full_page=True)
        ink, page_colour = await ann.evaluate(COLOURS)
        assert (brightness(ink) < brightness(page_colour)) is (scheme == "light")

        await ann.goto(f"{closed.url}/notifications")
        await notices.get_by_role("button", name="Mark as read").press("Enter")
        await expect(ann.get_by_role("link", name="Notifications", exact=True)).to_be_visible()
        choice = ann.get_by_role("group", name="Somebody writes to you").get_by_label("Here")
        async with ann.expect_response(is_chosen):
            await choice.press("Space")
        await expect(choice).not_to_be_checked()
        await ann.reload()
        await expect(choice).not_to_be_checked()
        await notices.get_by_role("button", name="Delete").press("Enter")
        await expect(ann.get_by_text("Nothing yet.")).to_be_visible()


async def begin(
    page: Page, words: str, name: str, more: tuple[str, str] | None = None, title: str = ""
) -> None:
    """A conversation, found by the beginning of a name."""
    await page.get_by_role("link", name="Messages", exact=True).click()
    await page.get_by_role("link", name="New conversation").click()
    for begins, whom in ((words, name), *([more] if more else [])):
        await page.get_by_label("With whom?").fill(begins)
        await page.get_by_role("button", name=f"Add {whom}").press("Enter")
    if title:
        await page.get_by_label("What is the group called?").fill(title)
    await page.get_by_role("button", name="Begin").press("Enter")
    await expect(page.get_by_label("Your message")).to_be_visible()


async def writes(page: Page, text: str) -> None:
    await page.get_by_label("Your message").fill(text)
    await page.get_by_label("Your message").press("Enter")


def lines(page: Page) -> Locator:
    return page.get_by_role("log", name="Messages").locator("li.talk-line:not(.talk-pending)")


def is_chosen(answer: Response) -> bool:
    """What one wants to be told of is kept: not the list of it, which the page asks for when it opens."""
    return "preferences" in answer.url and answer.request.method == "PATCH"


def a_picture() -> bytes:
    kept = BytesIO()
    Image.new("RGB", (300, 200), (20, 120, 60)).save(kept, "PNG")
    return kept.getvalue()
