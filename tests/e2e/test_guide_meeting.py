"""Real browsers with a front end written from guide 004 alone: pictures flow between all of them, whatever they do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.e2e.server import Server, serving
from tests.e2e.site import Site, site
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

PAGE = Path(__file__).parent / "pages" / "meeting.html"
MORE_FRAMES = 5
ROUNDS = 5
ALL_STABLE = "() => Object.values(states()).every((s) => s === 'connected stable')"


class Tab:
    """One person's page."""

    def __init__(self, page: Page, me: str) -> None:
        self.page = page
        self.me = me

    async def does(self, script: str, argument: object = None) -> Any:
        return await self.page.evaluate(script, argument)

    async def until(self, script: str, argument: object = None) -> None:
        await until(self.page, script, argument)

    async def enters(self) -> None:
        await self.does("async () => { await camera(); await open(); join(); }")
        await self.until("() => yourId")

    async def sees(self, other: Tab, pictures: int = 1) -> None:
        """Pictures that move: more frames of each are decoded."""
        await self.until(
            "async ([id, n]) => { const now = await decoded(id); return now.filter((f) => f > 0).length >= n; }",
            [other.me, pictures],
        )
        before = await self.does("(id) => decoded(id)", other.me)
        await self.until(
            "async ([id, before, more]) => { const now = await decoded(id);"
            " return now.filter((f, n) => f >= (before[n] ?? 0) + more).length >= before.filter((f) => f > 0).length; }",
            [other.me, before, MORE_FRAMES],
        )

    async def heard(self, event: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.does(
            "(event) => heard.filter((m) => m.event === event).map((m) => m.data)", event
        )
        return found

    async def hears(self, event: str) -> dict[str, Any]:
        await self.until("(event) => events().includes(event)", event)
        return (await self.heard(event))[-1]


class Meeting:
    def __init__(self, browser: Browser, server: Server, shown: Site, stack: AsyncExitStack) -> None:
        self.server = server
        self._browser = browser
        self._shown = shown
        self._stack = stack

    async def tab(self, me: str) -> Tab:
        """With the page loaded; it has not said anything yet."""
        context = await self._stack.enter_async_context(await self._browser.new_context())
        await context.grant_permissions(["camera", "microphone"])
        page = await context.new_page()
        asked = {"server": self.server.ws_url, "room": "standup", "me": me, "name": me.title()}
        await page.goto(f"{self._shown.url}/meeting.html?{urlencode(asked)}")
        return Tab(page, me)

    async def of(self, *people: str) -> list[Tab]:
        """All of them in, one after the other, and everybody seeing everybody."""
        tabs = [await self.tab(me) for me in people]
        for tab in tabs:
            await tab.enters()
        await all_see_all(tabs)
        return tabs


@pytest.fixture(scope="module")
def shown() -> Any:
    with site({"meeting.html": ("text/html", PAGE.read_bytes())}) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def meeting(browser: Browser, shown: Site, tmp_path: Path) -> AsyncIterator[Meeting]:
    async with serving(tmp_path) as server, AsyncExitStack() as stack:
        yield Meeting(browser, server, shown, stack)


async def all_see_all(tabs: list[Tab]) -> None:
    await each(tabs, lambda one, other: one.sees(other))


async def each(tabs: list[Tab], act: Callable[[Tab, Tab], Any]) -> None:
    await asyncio.gather(*(act(one, other) for one in tabs for other in tabs if one is not other))


async def in_the_same_moment(*acts: tuple[Tab, str]) -> None:
    """By the clock that their machine shares: neither has heard the other."""
    moment = time.time() * 1000 + 100
    await asyncio.gather(*(tab.does(f"async (t) => {{ await at(t); {act} }}", moment) for tab, act in acts))


async def assert_no_faults(tabs: list[Tab]) -> None:
    assert {tab.me: await tab.does("() => faults") for tab in tabs} == {tab.me: [] for tab in tabs}


async def test_three_see_one_another(meeting: Meeting) -> None:
    tabs = await meeting.of("ada", "ben", "cat")
    await assert_no_faults(tabs)
    assert await tabs[0].heard("offer"), "newcomers offer, and whoever was there answers"
    assert not await tabs[0].heard("answer")


async def test_two_who_share_at_once_and_offer_to_each_other_are_both_seen(meeting: Meeting) -> None:
    ada, ben, cat = await meeting.of("ada", "ben", "cat")
    await asyncio.gather(ada.does("() => showScreen()"), ben.does("() => showScreen()"))
    await in_the_same_moment((ada, "share()"), (ben, "share()"))
    await asyncio.gather(cat.sees(ada, 2), cat.sees(ben, 2), ada.sees(ben, 2), ben.sees(ada, 2))
    for tab in (ada, ben, cat):
        await tab.until(ALL_STABLE)
    await assert_no_faults([ada, ben, cat])


async def test_offers_of_two_that_cross_end_with_one_of_them_answered(meeting: Meeting) -> None:
    """Both offer in the same moment, again and again, on a connection that carries pictures already."""
    ada, ben = tabs = await meeting.of("ada", "ben")
    for done in range(1, ROUNDS + 1):
        await asyncio.gather(ada.does("() => prepare('ben')"), ben.does("() => prepare('ada')"))
        await in_the_same_moment((ada, "offer('ben')"), (ben, "offer('ada')"))
        for tab in tabs:  # a connection that takes its offer back is stable too, for a moment
            await tab.until("(n) => agreements >= n", 1 + done)
    await assert_no_faults(tabs)
    answers = len(await ada.heard("answer")) + len(await ben.heard("answer"))
    assert answers == 1 + ROUNDS, "one when they met, and one of every two"
    await all_see_all(tabs)


async def test_somebody_sent_out_is_gone_at_once_and_does_not_come_back(meeting: Meeting) -> None:
    ada, ben, cat = await meeting.of("ada", "ben", "cat")
    await ada.does("() => send('kicked', { targetPeerId: 'cat' })")
    await cat.until("() => closed !== null")
    assert (await cat.heard("kicked"), await cat.does("() => closed")) == ([{}], 1000)
    assert (await ben.hears("peer-left"))["peerId"] == "cat"
    await all_see_all([ada, ben])
    await ben.does("() => send('kicked', { targetPeerId: 'ada' })")
    await ben.hears("error")
    assert await ada.heard("kicked") == []


async def test_nobody_enters_a_locked_room_until_it_is_open_again(meeting: Meeting) -> None:
    ada, ben = await meeting.of("ada", "ben")
    await ada.does("() => send('room-locked')")
    await ben.hears("room-locked")
    cat = await meeting.tab("cat")
    await cat.does("async () => { await camera(); await open(); join(); }")
    assert (await cat.hears("error"))["code"] == "ROOM_LOCKED"
    await cat.until("() => closed !== null")
    await ada.does("() => send('room-unlocked')")
    await ben.hears("room-unlocked")
    await cat.enters()
    await all_see_all([ada, ben, cat])


async def test_a_page_that_is_reloaded_is_the_same_person_and_sees_and_is_seen_again(
    meeting: Meeting,
) -> None:
    ada, ben = await meeting.of("ada", "ben")
    before = await ada.does("() => heard.length")
    await ben.page.reload()
    await ben.enters()
    assert await ben.does("() => yourId") == "ben"
    await ben.sees(ada)
    since = await ada.does("(n) => events().slice(n)", before)
    assert "peer-left" not in since
    assert "peer-joined" not in since


async def test_a_picture_comes_soon_after_join(meeting: Meeting) -> None:
    """The figure itself is in `bench.meet`; here it only must not be a wait that anybody would notice."""
    tabs = await meeting.of("ada", "ben")
    cat = await meeting.tab("cat")
    await cat.enters()
    await cat.until("() => times.firstFrame > 0")
    took_ms = await cat.does("() => times.firstFrame - times.join")
    assert took_ms < 2_000
    await all_see_all([*tabs, cat])
