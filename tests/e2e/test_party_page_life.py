"""A party's page while others act: what they do is seen without looking again, and after the line was away.

Nothing that these pages ask for every now and then is asked for here: what is seen was told.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, WebSocketRoute, expect

from tests.e2e.server import Server, serving
from tests.e2e.test_account_pages import DESK, PHONE, SCROLLS_SIDEWAYS, SECRET, person, rows, sign_up
from tests.e2e.test_party_pages import make_party

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

NEVER_BY_ITSELF = """() => {
  const every = window.setInterval.bind(window);
  window.setInterval = (act, ms, ...rest) => (ms >= 10_000 ? 0 : every(act, ms, ...rest));
}"""
AWAY_MS = 60_000
"""A line tries again at growing distances."""


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, env={"TUTTI_MODE": "closed", "JWT_SECRET": SECRET}) as server:
        yield server


async def test_who_comes_is_let_in_leaves_and_is_removed_is_seen_by_the_others(
    browser: Browser, server: Server
) -> None:
    async with person(browser, DESK) as ann, person(browser, PHONE) as ben, person(browser, PHONE) as eve:
        for page, name in ((ann, "ann"), (ben, "ben"), (eve, "eve")):
            await comes(page, server, name)
        await make_party(ann, "Film night", visibility="private")
        code = await ann.locator("code").inner_text()
        waiting = rows(ann, "Waiting to be let in")
        for page, name in ((ben, "ben"), (eve, "eve")):
            await asks(page, server, code)
            await waiting.filter(has_text=name).get_by_role("button", name="Let in").click()
            await expect(page.get_by_role("link", name="Go to the room")).to_be_visible()
        for page in (ann, ben, eve):
            await expect(rows(page, "People")).to_have_count(3)

        await (
            rows(ann, "People").filter(has_text="ben").get_by_role("button", name="Make a moderator").click()
        )
        await expect(ben.get_by_role("button", name="Remove eve")).to_be_visible()
        await expect(rows(eve, "People").filter(has_text="ben")).to_contain_text("moderator")
        await ben.get_by_role("button", name="Remove eve").click()
        await expect(eve.get_by_role("alert").filter(has_text="Not found.")).to_be_visible()
        await expect(rows(ann, "People")).to_have_count(2)
        await ben.get_by_role("button", name="Leave the party").click()
        await expect(rows(ann, "People")).to_have_count(1)


async def test_who_is_not_let_in_sees_it(browser: Browser, server: Server) -> None:
    async with person(browser, DESK) as ann, person(browser, PHONE) as ben:
        for page, name in ((ann, "ann"), (ben, "ben")):
            await comes(page, server, name)
        await make_party(ann, "Film night", visibility="private")
        await asks(ben, server, await ann.locator("code").inner_text())
        await rows(ann, "Waiting to be let in").get_by_role("button", name="Do not").click()
        await expect(ben.get_by_role("alert").filter(has_text="Not found.")).to_be_visible()


async def test_what_its_host_does_with_a_party_is_seen_on_its_page_and_in_the_list(
    browser: Browser, server: Server
) -> None:
    async with person(browser, DESK) as ann, person(browser, PHONE) as ben, person(browser, DESK) as eve:
        for page, name in ((ann, "ann"), (ben, "ben"), (eve, "eve")):
            await comes(page, server, name)
        await make_party(ann, "Before", visibility="public")
        for page in (ben, eve):
            await page.goto(ann.url)
            await page.get_by_role("button", name="Join the party").click()
            await expect(page.get_by_role("link", name="Go to the room")).to_be_visible()
        await eve.get_by_role("link", name="All parties").click()
        await expect(rows(eve, "My parties")).to_contain_text("Before")

        await changes(ann, "After")
        await expect(ben.get_by_role("heading", name="After")).to_be_visible()
        await expect(rows(eve, "My parties")).to_contain_text("After")
        await ann.get_by_role("button", name="Start now").click()
        await expect(ben.get_by_text("Live", exact=True)).to_be_visible()
        await expect(rows(eve, "My parties")).to_contain_text("Live")
        assert not await ben.evaluate(SCROLLS_SIDEWAYS)
        await ann.get_by_role("button", name="End the party…").click()
        await ann.get_by_role("button", name="End the party", exact=True).click()
        await expect(ben.get_by_text("Over", exact=True)).to_be_visible()
        await expect(ben.get_by_role("link", name="Go to the room")).to_have_count(0)
        await expect(rows(eve, "My parties")).to_contain_text("Over")


async def test_one_that_is_cancelled_is_so_for_everybody(browser: Browser, server: Server) -> None:
    async with person(browser, DESK) as ann, person(browser, PHONE) as ben:
        for page, name in ((ann, "ann"), (ben, "ben")):
            await comes(page, server, name)
        await make_party(ann, "Perhaps", visibility="public")
        await ben.goto(ann.url)
        await ben.get_by_role("button", name="Join the party").click()
        await expect(rows(ann, "People")).to_have_count(2)
        await ann.get_by_role("button", name="Cancel the party…").click()
        await ann.get_by_role("button", name="Cancel the party", exact=True).click()
        await expect(ben.get_by_text("Cancelled", exact=True)).to_be_visible()


async def test_what_was_done_while_the_line_was_away_is_seen_when_it_is_back(
    browser: Browser, server: Server
) -> None:
    async with person(browser, DESK) as ann, person(browser, PHONE) as ben:
        line = await Cable.of(ben)
        for page, name in ((ann, "ann"), (ben, "ben")):
            await comes(page, server, name)
        await make_party(ann, "Before", visibility="public")
        await ben.goto(ann.url)
        await expect(ben.get_by_role("heading", name="Before")).to_be_visible()
        await line.cut()
        await changes(ann, "After")
        await expect(ben.get_by_role("heading", name="Before")).to_be_visible()
        line.mend()
        await expect(ben.get_by_role("heading", name="After")).to_be_visible(timeout=AWAY_MS)


async def test_from_its_room_those_in_a_party_find_back_to_it_and_nobody_else(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    async with (
        person(browser, DESK) as ann,
        person(browser, PHONE, scheme="dark") as ben,
        person(browser, DESK) as eve,
    ):
        for page, name in ((ann, "ann"), (ben, "ben"), (eve, "eve")):
            await comes(page, server, name)
        await make_party(ann, "A film night that goes on until the morning comes", visibility="public")
        await ann.get_by_role("button", name="Start now").click()
        address = ann.url
        await ben.goto(address)
        await ben.get_by_role("button", name="Join the party").click()
        await ben.get_by_role("link", name="Go to the room").click()
        await expect(ben.get_by_role("link", name="Party: A film night that goes on")).to_be_visible()
        assert not await ben.evaluate(SCROLLS_SIDEWAYS)
        await ben.screenshot(path=tmp_path / "room-phone.png", full_page=True)
        code = await ann.locator("code").inner_text()
        async with eve.expect_response(re.compile(f"/api/parties/{code}/")) as asked:
            await eve.goto(f"{server.url}/r/{code}")
            await eve.get_by_label("Your name").fill("Eve")
            await eve.get_by_role("button", name="Join").click()
        assert (await (await asked.value).json())["my_status"] is None
        await expect(eve.get_by_role("button", name="Copy link")).to_be_visible()
        await expect(eve.get_by_role("link", name="Party:")).to_have_count(0)

        await changes(ann, "<i>Morning</i>")
        await expect(ben.get_by_role("link", name="Party: <i>Morning</i>")).to_be_visible()
        await ann.get_by_role("link", name="Go to the room").click()
        way = ann.get_by_role("link", name="Party: <i>Morning</i>")
        await expect(way).to_be_visible()
        await ann.screenshot(path=tmp_path / "room-desk.png", full_page=True)
        await way.press("Enter")
        await expect(ann).to_have_url(address)
        await expect(rows(ann, "People")).to_have_count(2)
        await expect(ann.get_by_role("heading", name="<i>Morning</i>")).to_be_visible()


class Cable:
    """What a page's `/ws/notifications/` goes through."""

    def __init__(self) -> None:
        self._whole = True
        self._in_use: list[WebSocketRoute] = []

    @classmethod
    async def of(cls, page: Page) -> Self:
        cable = cls()
        await page.route_web_socket(re.compile("/ws/notifications/"), cable._connect)
        return cable

    async def cut(self) -> None:
        self._whole = False
        for socket in self._in_use:
            await socket.close(code=1012)
        self._in_use.clear()

    def mend(self) -> None:
        self._whole = True

    async def _connect(self, socket: WebSocketRoute) -> None:
        if not self._whole:
            await socket.close(code=1012)
            return
        self._in_use.append(socket)
        socket.connect_to_server()


async def comes(page: Page, server: Server, name: str) -> None:
    await page.add_init_script(f"({NEVER_BY_ITSELF})()")
    await sign_up(page, server, name)


async def asks(page: Page, server: Server, code: str) -> None:
    """To come to a party whose code one has."""
    await page.goto(f"{server.url}/parties")
    await page.get_by_label("Code of the party").fill(code)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("You asked to come in.")).to_be_visible()


async def changes(host: Page, title: str) -> None:
    await host.get_by_role("button", name="Change it").click()
    await host.get_by_label("Title").fill(title)
    await host.get_by_role("button", name="Keep the changes").click()
    await expect(host.get_by_role("heading", name=title)).to_be_visible()
