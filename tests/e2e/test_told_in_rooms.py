"""What somebody is told while they are in a room or a meeting: in its bar, by keyboard too, and never on the film."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from tests.e2e.server import Server, serving
from tests.e2e.test_account_pages import DESK, PHONE, SCROLLS_SIDEWAYS, SECRET, person, sign_up
from tests.e2e.test_message_pages import begin, lines, writes
from tests.e2e.test_party_pages import make_party

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

STAYS: Final = """() => {
  const after = window.setTimeout.bind(window);
  window.due = [];
  window.setTimeout = (act, ms, ...rest) => (ms === 8_000 ? -window.due.push(act) : after(act, ms, ...rest));
}"""
"""What is shown for a while is shown until the test says that it has been."""
IT_HAS_BEEN: Final = "() => window.due.splice(0).forEach((act) => act())"
MEETING: Final = "a-b-c"

Scheme = Literal["light", "dark"]


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, env={"TUTTI_MODE": "closed", "JWT_SECRET": SECRET}) as server:
        yield server


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_toast_in_a_room_is_beside_the_film_and_opens_elsewhere(
    browser: Browser, server: Server, size: ViewportSize, scheme: Scheme, tmp_path: Path
) -> None:
    async with two(browser, server, size, scheme) as (ann, ben):
        await goes_to_a_room(ann)
        await expect(bell(ann)).to_be_visible()
        await begin(ben, "an", "ann")
        await writes(ben, "Are you there? <b>I have been waiting</b> for quite a while at the door")
        link = toasts(ann).get_by_role("link")
        await expect(link).to_contain_text("Are you there? <b>I have been waiting</b>")
        await expect(bell(ann, unread=1)).to_be_visible()
        await expect(toasts(ann)).to_have_attribute("aria-live", "polite")
        await ann.screenshot(path=tmp_path / "room.png")
        assert not await ann.evaluate(SCROLLS_SIDEWAYS)
        await is_above(toasts(ann), ann.locator(".screen"))

        room = ann.url
        async with ann.context.expect_page() as opening:
            await link.press("Enter")
        told = await opening.value
        await expect(lines(told)).to_contain_text(["Are you there?"])
        assert ann.url == room
        await expect(bell(ann)).to_be_visible()  # it is read there
        await expect(toasts(ann).get_by_role("link")).to_have_count(0)


async def test_toasts_come_one_at_a_time_and_are_dismissed_by_keyboard(
    browser: Browser, server: Server
) -> None:
    async with two(browser, server, DESK, "light") as (ann, ben), person(browser, DESK) as eve:
        await sign_up(eve, server, "eve")
        await goes_to_a_room(ann)
        await expect(bell(ann)).to_be_visible()
        for page, unread in ((ben, 1), (eve, 2)):
            await begin(page, "an", "ann")
            await writes(page, "Hello")
            await expect(bell(ann, unread=unread)).to_be_visible()
        shown = toasts(ann).get_by_role("link")
        await expect(shown).to_have_count(1)
        await expect(shown).to_contain_text("ben")
        await bell(ann, unread=2).focus()
        await ann.keyboard.press("Shift+Tab")
        await expect(toasts(ann).get_by_role("button", name="Dismiss: ben")).to_be_focused()
        await ann.keyboard.press("Enter")
        await expect(shown).to_have_count(1)
        await expect(shown).to_contain_text("eve")


async def test_a_toast_goes_by_itself_but_not_from_under_whoever_is_about_to_use_it(
    browser: Browser, server: Server
) -> None:
    async with two(browser, server, DESK, "light") as (ann, ben):
        await goes_to_a_room(ann)
        await expect(bell(ann)).to_be_visible()
        await begin(ben, "an", "ann")
        await writes(ben, "Hello")
        shown = toasts(ann).get_by_role("link")
        await shown.focus()
        await ann.evaluate(IT_HAS_BEEN)
        await expect(shown).to_be_focused()
        await ann.keyboard.press("Tab")
        await expect(toasts(ann).get_by_role("button")).to_be_focused()
        await ann.keyboard.press("Tab")
        await expect(shown).to_have_count(0)
        await expect(bell(ann, unread=1)).to_be_focused()


async def test_nothing_is_shown_while_the_film_fills_the_screen(browser: Browser, server: Server) -> None:
    async with two(browser, server, DESK, "light") as (ann, ben):
        await goes_to_a_room(ann)
        await ann.get_by_role("button", name="Full screen").click()
        await ann.wait_for_function("() => document.fullscreenElement !== null")
        await begin(ben, "an", "ann")
        await writes(ben, "Hello")
        await expect(bell(ann, unread=1)).to_have_count(1)
        await expect(toasts(ann).get_by_role("link")).to_have_count(0)
        await ann.get_by_role("button", name="Full screen").click()
        await expect(toasts(ann).get_by_role("link")).to_contain_text("Hello")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_a_toast_in_a_meeting_is_in_its_bar_and_leaves_nobody(
    browser: Browser, server: Server, size: ViewportSize, tmp_path: Path
) -> None:
    async with two(browser, server, size, "dark") as (ann, ben):
        await ann.goto(f"{server.url}/m/{MEETING}")
        await ann.get_by_role("button", name="Join the meeting").click()
        await expect(bell(ann)).to_be_visible()
        await begin(ben, "an", "ann")
        await writes(ben, "Are you there?")
        link = toasts(ann).get_by_role("link")
        await expect(link).to_contain_text("Are you there?")
        await ann.screenshot(path=tmp_path / "meeting.png")
        assert not await ann.evaluate(SCROLLS_SIDEWAYS)
        await is_above(toasts(ann), ann.get_by_role("list", name="People in the call"))
        async with ann.context.expect_page() as opening:
            await link.press("Enter")
        await expect(lines(await opening.value)).to_contain_text(["Are you there?"])
        await expect(
            ann.get_by_role("list", name="People in the call").get_by_role("listitem")
        ).to_have_count(1)


async def test_whoever_is_not_signed_in_has_no_bell(browser: Browser, tmp_path: Path) -> None:
    async with (
        serving(tmp_path, env={"TUTTI_MODE": "open", "JWT_SECRET": SECRET}) as server,
        person(browser, DESK) as ann,
        person(browser, PHONE) as ben,
    ):
        await sign_up(ann, server, "ann")
        await goes_to_a_room(ann)
        await expect(bell(ann)).to_be_visible()
        await ben.goto(ann.url)
        await ben.get_by_label("Your name").fill("Ben")
        await ben.get_by_role("button", name="Join").click()
        await expect(ben.get_by_role("button", name="Copy link")).to_be_visible()
        await expect(bell(ben)).to_have_count(0)


@asynccontextmanager
async def two(
    browser: Browser, server: Server, size: ViewportSize, scheme: Scheme
) -> AsyncIterator[tuple[Page, Page]]:
    """Ann, whose toasts stay until they are read or dismissed, and Ben at a desk."""
    async with person(browser, size, scheme=scheme) as ann, person(browser, DESK) as ben:
        await ann.add_init_script(f"({STAYS})()")
        await sign_up(ann, server, "ann")
        await sign_up(ben, server, "ben")
        yield ann, ben


async def goes_to_a_room(page: Page) -> None:
    """Of a party of their own."""
    await make_party(page, "Film night", visibility="public")
    await page.get_by_role("button", name="Start now").click()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await page.get_by_role("link", name="Go to the room").click()
    await expect(page.get_by_role("group", name="Player")).to_be_visible()


def bell(page: Page, unread: int = 0) -> Locator:
    said = f"Notifications, {unread} unread" if unread else "Notifications"
    return page.get_by_role("link", name=f"{said} (in a new tab)", exact=True)


def toasts(page: Page) -> Locator:
    return page.get_by_role("status", name="New notifications")


async def is_above(one: Locator, other: Locator) -> None:
    """Neither is over the other."""
    upper, lower = await one.bounding_box(), await other.bounding_box()
    assert upper is not None
    assert lower is not None
    assert upper["height"] > 0
    assert upper["y"] + upper["height"] <= lower["y"], (upper, lower)
