"""What a group is called, on its page: whoever began it changes that, and everybody in it sees it at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.e2e.server import Server, serving
from tests.e2e.test_account_pages import DESK, PHONE, SCROLLS_SIDEWAYS, SECRET, person, sign_up
from tests.e2e.test_message_pages import begin

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

FIELD = "What is the group called?"


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, env={"TUTTI_MODE": "closed", "JWT_SECRET": SECRET}) as server:
        yield server


async def test_a_group_is_renamed_by_whoever_began_it_and_by_the_next_once_they_left(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    async with (
        person(browser, PHONE) as ann,
        person(browser, DESK, scheme="dark") as ben,
        person(browser, DESK) as cat,
    ):
        for page, name in ((ann, "ann"), (ben, "ben"), (cat, "cat")):
            await sign_up(page, server, name)
        await begin(ann, "be", "ben", more=("ca", "cat"), title="Film club")
        await cat.close()
        await ben.goto(ann.url)
        await expect(ben.get_by_role("heading", name="Film club")).to_be_visible()
        await expect(ben.get_by_role("button", name="Rename")).to_have_count(0)

        await ann.get_by_role("button", name="Rename").press("Enter")
        await expect(ann.get_by_label(FIELD)).to_be_focused()
        await ann.get_by_label(FIELD).fill("x" * 100)
        await ann.screenshot(path=tmp_path / "rename-phone.png", full_page=True)
        assert not await ann.evaluate(SCROLLS_SIDEWAYS)
        await ann.keyboard.press("Escape")
        await expect(ann.get_by_role("heading", name="Film club")).to_be_visible()
        await expect(ann.get_by_role("button", name="Rename")).to_be_focused()
        await ann.keyboard.press("Enter")
        await ann.get_by_label(FIELD).fill("Tea & <i>films</i>")
        await ann.keyboard.press("Enter")
        for page in (ann, ben):
            await expect(page.get_by_role("heading", name="Tea & <i>films</i>")).to_be_visible()
        await ben.screenshot(path=tmp_path / "renamed-desk.png", full_page=True)

        await ann.get_by_role("button", name="Leave").click()
        rename = ben.get_by_role("button", name="Rename")
        await expect(rename).to_be_visible()
        await rename.press("Enter")
        await ben.get_by_label(FIELD).fill("Mine")
        await ben.screenshot(path=tmp_path / "rename-desk.png", full_page=True)
        await ben.get_by_role("button", name="Save").press("Enter")
        await expect(ben.get_by_role("heading", name="Mine")).to_be_visible()
