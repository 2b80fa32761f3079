"""The pages of parties in browsers: made, planned, joined by link and by code, run and ended, on a desk and a phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.e2e.server import Server, serving
from tests.e2e.test_account_pages import (
    COLOURS,
    DESK,
    PHONE,
    SCROLLS_SIDEWAYS,
    SECRET,
    brightness,
    link_in_mail,
    person,
    reached_by_tab,
    rows,
    sign_up,
)

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, env={"TUTTI_MODE": "closed", "JWT_SECRET": SECRET}) as server:
        yield server


async def test_a_party_is_made_people_come_by_mail_and_by_code_and_it_ends(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    async with person(browser, DESK) as ann, person(browser, PHONE) as ben, person(browser, PHONE) as eve:
        await sign_up(ann, server, "ann")
        await sign_up(ben, server, "ben")
        await sign_up(eve, server, "eve")
        title = "Film <b>night</b> & tea"
        await make_party(ann, title)
        await expect(ann.get_by_role("heading", name=title)).to_be_visible()
        code = await ann.locator("code").inner_text()
        address = ann.url

        await ann.get_by_label("Email addresses").fill("ben@example.org")
        await ann.get_by_label("A few words").fill("Do come!")
        await ann.get_by_role("button", name="Send").click()
        await expect(ann.get_by_text("1 invitation sent.")).to_be_visible()

        await ben.goto(address)
        await expect(ben.get_by_role("alert").filter(has_text="Not found.")).to_be_visible()
        await ben.goto(await link_in_mail(server, "ben@example.org", "/parties/join"))
        await expect(ben.get_by_role("heading", name="You are invited")).to_be_visible()
        assert "token" not in ben.url
        await ben.screenshot(path=tmp_path / "invited.png", full_page=True)
        await ben.get_by_role("button", name="Come to the party").press("Enter")
        await expect(ben.get_by_role("heading", name=title)).to_be_visible()
        await expect(rows(ben, "People")).to_have_count(2)
        assert not await ben.evaluate(SCROLLS_SIDEWAYS)
        await ben.screenshot(path=tmp_path / "party-phone.png", full_page=True)

        await eve.goto(f"{server.url}/parties")
        await eve.get_by_label("Code of the party").fill(f"{server.url}/r/{code.lower()}")
        await eve.keyboard.press("Enter")
        await expect(eve.get_by_text("You asked to come in.")).to_be_visible()
        await ann.reload()
        await rows(ann, "Waiting to be let in").get_by_role("button", name="Let in").click()
        await expect(rows(ann, "People")).to_have_count(3)
        await ann.screenshot(path=tmp_path / "party-desk.png", full_page=True)
        await eve.reload()
        await expect(eve.get_by_role("link", name="Go to the room")).to_be_visible()

        await ann.get_by_role("button", name="Start now").click()
        await expect(ann.get_by_text("Live", exact=True)).to_be_visible()
        await eve.get_by_role("link", name="Go to the room").click()
        await expect(eve).to_have_url(f"{server.url}/r/{code}")
        await expect(eve).to_have_title("Film <b>night</b> & tea · Tutti")

        await ann.get_by_role("button", name="Remove eve").click()
        await expect(rows(ann, "People")).to_have_count(2)
        await ann.get_by_role("button", name="End the party…").click()
        await ann.get_by_role("button", name="End the party", exact=True).click()
        await expect(ann.get_by_text("Over", exact=True)).to_be_visible()


async def test_my_parties_are_filtered_by_what_they_do_and_by_my_part(
    browser: Browser, server: Server
) -> None:
    async with person(browser, DESK) as ann, person(browser, PHONE) as ben:
        await sign_up(ann, server, "ann")
        await sign_up(ben, server, "ben")
        later = (datetime.now().astimezone() + timedelta(days=2)).strftime("%Y-%m-%dT20:00")
        await make_party(ann, "Planned", when=later, visibility="public")
        await make_party(ann, "Now", visibility="public")
        await ann.get_by_role("button", name="Start now").click()
        await expect(ann.get_by_text("Live", exact=True)).to_be_visible()
        await ann.get_by_role("link", name="All parties").click()
        mine = rows(ann, "My parties")
        await expect(mine).to_have_count(2)
        await ann.get_by_label("Show").select_option("Planned")
        await expect(mine).to_have_count(1)
        await expect(mine).to_contain_text("Planned")
        await ann.get_by_label("Show").select_option("Live now")
        await expect(mine).to_contain_text("Now")
        await ann.get_by_label("I am").select_option("Guest")
        await expect(ann.get_by_text("None yet")).to_be_visible()

        await ben.goto(f"{server.url}/parties")
        await rows(ben, "Open to everybody").get_by_role("link", name="Now").click()
        await ben.get_by_role("button", name="Join the party").click()
        await expect(ben.get_by_role("link", name="Go to the room")).to_be_visible()
        await ben.get_by_role("link", name="All parties").click()
        await expect(rows(ben, "My parties")).to_have_count(1)
        await expect(rows(ben, "My parties")).to_contain_text("ann’s")


async def test_a_party_is_changed_and_its_link_copied(browser: Browser, server: Server) -> None:
    async with person(browser, DESK) as ann, person(browser, PHONE) as ben:
        await sign_up(ann, server, "ann")
        await sign_up(ben, server, "ben")
        await make_party(ann, "Before")
        await ann.get_by_role("button", name="Change it").click()
        await ann.get_by_label("Title").fill("After")
        await ann.get_by_label("What to watch").fill("javascript:alert(1)")
        await ann.get_by_role("button", name="Keep the changes").click()
        await expect(ann.get_by_role("alert").filter(has_text="not the address of a file")).to_be_visible()
        await expect(ann.get_by_role("heading", name="Before")).to_be_visible()
        await ann.get_by_label("What to watch").fill("https://films.example/big.mp4")
        await ann.get_by_role("button", name="Keep the changes").click()
        await expect(ann.get_by_role("heading", name="After")).to_be_visible()
        await expect(ann.get_by_text("https://films.example/big.mp4")).to_be_visible()
        await ann.get_by_role("button", name="Make a link").click()
        link = await ann.get_by_label("Whoever has this link").input_value()
        await ben.goto(link)
        await ben.get_by_role("button", name="Come to the party").click()
        await expect(ben.get_by_role("heading", name="After")).to_be_visible()
        await ben.get_by_role("button", name="Leave the party").click()
        await expect(ben.get_by_role("alert").filter(has_text="Not found.")).to_be_visible()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_of_parties_fit_a_phone_follow_the_light_and_need_no_mouse(
    browser: Browser, server: Server, size: ViewportSize, scheme: Literal["light", "dark"], tmp_path: Path
) -> None:
    async with person(browser, size, scheme=scheme) as ann:
        await sign_up(ann, server, "ann")
        await make_party(ann, "A-title-that-is-long-and-has-nowhere-to-break-" * 4)
        party = ann.url
        for page in ("/parties", "/parties/new", "/parties/join", party.removeprefix(server.url)):
            await ann.goto(f"{server.url}{page}")
            await expect(ann.get_by_role("heading", level=1)).to_be_visible()
            await expect(ann.get_by_text("One moment…")).to_have_count(0)
            assert not await ann.evaluate(SCROLLS_SIDEWAYS), page
            await ann.screenshot(path=tmp_path / f"{page.strip('/').replace('/', '-')}.png", full_page=True)
        ink, page_colour = await ann.evaluate(COLOURS)
        assert (brightness(ink) < brightness(page_colour)) is (scheme == "light")
        reached = await reached_by_tab(ann, "Log out")
        assert {"Go to the room", "Start now", "Change it", "Make a link", "Send"} <= reached


async def make_party(
    page: Page, title: str, *, when: str | None = None, visibility: str | None = None
) -> None:
    """With the keyboard."""
    await page.get_by_role("link", name="Parties", exact=True).click()
    await page.get_by_role("link", name="New party").press("Enter")
    await page.get_by_label("Title").fill(title)
    if when is not None:
        await page.get_by_label("When").fill(when)
    if visibility is not None:
        await page.get_by_label("Who may come").select_option(visibility)
    await page.get_by_label("Title").press("Enter")
    await expect(page.get_by_role("heading", name=title)).to_be_visible()
