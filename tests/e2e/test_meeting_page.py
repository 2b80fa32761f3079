"""The page at `/m/{room}`, as people with browsers, cameras and microphones use it; the cameras are Chromium's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, ViewportSize, WebSocket, expect

from tests.e2e.server import Server, serving
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

WITHIN_MS = 20_000
CLOSED = {"TUTTI_ENV": "production", "JWT_SECRET": "a secret that is long enough for HS256"}
DESK: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 360, "height": 740}

MOVES = """(name) => new Promise((resolve) => {
  const video = document.querySelector(`.tiles video[aria-label="${name}"]`);
  if (video === null || video.videoWidth === 0) return resolve(false);
  const before = video.getVideoPlaybackQuality().totalVideoFrames;
  setTimeout(() => resolve(video.getVideoPlaybackQuality().totalVideoFrames > before + 2), 500);
})"""
SCROLLS_SIDEWAYS = "() => document.documentElement.scrollWidth > innerWidth"
FILM_AT = """() => {
  const film = document.querySelector(".film video");
  return [film.currentTime, Date.now() / 1000];
}"""
IN_TIME_S = 0.5
SCREEN_SHOWS = """(name) => {
  const screen = document.querySelector(`video[aria-label="${name}"]`);
  return screen !== null && screen.videoWidth > 0 && screen.getVideoPlaybackQuality().totalVideoFrames > 0;
}"""
FILM_VOLUME_BELOW = "(most) => (document.querySelector('.film video')?.volume ?? 1) < most"
FILM_VOLUME_FULL = "() => document.querySelector('.film video').volume > 0.95"
FILM_PLAYS = "() => { const film = document.querySelector('.film video'); return film && !film.paused }"


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as server:
        yield server


@asynccontextmanager
async def person(
    browser: Browser, server: Server, name: str, room: str = "a-b-c", viewport: ViewportSize = DESK
) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport=viewport)
    try:
        page = await context.new_page()
        page.set_default_timeout(WITHIN_MS)
        await page.goto(f"{server.url}/m/{room}")
        await page.get_by_label("Your name").fill(name)
        async with answered(page):
            await page.get_by_role("button", name="Join the meeting").click()
        yield page
    finally:
        await context.close()


@asynccontextmanager
async def answered(page: Page) -> AsyncIterator[None]:
    """Whoever asks to come in here has been answered behind it: who is the first in the meeting is its host."""
    heard = asyncio.Event()

    def opened(socket: WebSocket) -> None:
        if socket.url.endswith("/websocket"):
            socket.on("framereceived", lambda _: heard.set())

    page.on("websocket", opened)
    yield
    async with asyncio.timeout(WITHIN_MS / 1000):
        await heard.wait()


def tile(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name="People in the call").get_by_role("listitem").filter(has_text=name)


def key(page: Page, name: str) -> Locator:
    return page.get_by_role("toolbar", name="Meeting controls").get_by_role("button", name=name)


async def sees(page: Page, name: str) -> None:
    """A picture that moves, not only a tile."""
    await expect(tile(page, name)).to_be_visible(timeout=WITHIN_MS)
    await until(page, MOVES, name)


async def all_see_all(**pages: Page) -> None:
    for name, page in pages.items():
        for other in pages.keys() - {name}:
            await sees(page, other)


async def in_time(one: Page, other: Page) -> None:
    """What both show is the same moment of the film, by the clock that their machine shares."""
    async with asyncio.timeout(WITHIN_MS / 1000):
        while await apart_s(one, other) >= IN_TIME_S:  # noqa: ASYNC110 - one has to look
            await asyncio.sleep(0.1)


async def apart_s(*pages: Page) -> float:
    """Between the moments at which the film began for each."""
    looks = await asyncio.gather(*(page.evaluate(FILM_AT) for page in pages))
    began_s: list[float] = [now_s - at_s for at_s, now_s in looks]
    return max(began_s) - min(began_s)


async def act_on(page: Page, name: str, act: str) -> None:
    row = page.get_by_role("list", name="People in the meeting").get_by_role("listitem").filter(has_text=name)
    acts = row.get_by_label(f"What to do with {name}")
    if not await acts.evaluate("(summary) => summary.parentElement.open"):
        await acts.click()
    await row.get_by_role("button", name=act).click()


async def test_three_people_see_one_another_and_their_hands_in_order(
    browser: Browser, server: Server
) -> None:
    async with (
        person(browser, server, "Ada") as ada,
        person(browser, server, "Ben") as ben,
        person(browser, server, "Cleo") as cleo,
    ):
        for page, others in ((ada, ("Ben", "Cleo")), (ben, ("Ada", "Cleo")), (cleo, ("Ada", "Ben"))):
            for other in others:
                await sees(page, other)
        await key(cleo, "Raise hand").click()
        await expect(tile(ada, "Cleo")).to_contain_text("number 1")
        await key(ben, "Raise hand").click()
        for page in (ada, cleo):
            await expect(tile(page, "Ben")).to_contain_text("number 2")
        await key(cleo, "Lower hand").click()
        await expect(tile(ada, "Ben")).to_contain_text("number 1")


async def test_a_host_mutes_asks_and_removes_and_nobody_else_may(browser: Browser, server: Server) -> None:
    async with person(browser, server, "Ada") as ada:
        await expect(tile(ada, "You")).to_contain_text("host")
        async with person(browser, server, "Ben") as ben:
            await sees(ada, "Ben")
            await act_on(ada, "Ben", "Mute")
            await expect(key(ben, "Unmute")).to_be_visible()
            await expect(tile(ada, "Ben")).to_contain_text("microphone off")
            await act_on(ada, "Ben", "Ask to unmute")
            await ben.get_by_role("alert").get_by_role("button", name="Unmute").click()
            await expect(tile(ada, "Ben")).not_to_contain_text("microphone off")
            await expect(ben.get_by_label("What to do with Ada")).to_have_count(0)
            await act_on(ada, "Ben", "Remove…")
            await ada.get_by_role("button", name="Remove Ben now").click()
            await expect(ben.get_by_role("heading")).to_contain_text("removed from the meeting")
            await expect(tile(ada, "Ben")).to_have_count(0)


async def test_the_waiting_room_lets_in_whom_a_host_lets_in(browser: Browser, server: Server) -> None:
    async with person(browser, server, "Ada") as ada:
        await ada.get_by_text("Meeting settings").click()
        await ada.get_by_role("switch", name="Waiting room").click()
        async with person(browser, server, "Ben") as ben, person(browser, server, "Cleo") as cleo:
            await expect(ben.get_by_role("heading", name="Please wait")).to_be_visible()
            await ada.get_by_role("button", name="Let Ben in").click()
            await sees(ada, "Ben")
            await ada.get_by_role("button", name="Send Cleo away").click()
            await expect(cleo.get_by_role("heading")).to_contain_text("did not let you in")


async def test_a_reload_within_the_grace_is_no_farewell(browser: Browser, server: Server) -> None:
    async with person(browser, server, "Ada") as ada, person(browser, server, "Ben") as ben:
        await sees(ada, "Ben")
        await key(ben, "Raise hand").click()
        await expect(tile(ada, "Ben")).to_contain_text("number 1")
        await ben.reload()
        await ben.get_by_role("button", name="Join the meeting").click()
        await sees(ben, "Ada")
        await sees(ada, "Ben")


async def test_the_film_is_in_time_while_people_talk(browser: Browser, server: Server) -> None:
    async with person(browser, server, "Ada") as ada, person(browser, server, "Ben") as ben:
        await sees(ada, "Ben")
        await ada.get_by_role("tab", name="Film").click()
        await ada.get_by_role("button", name="Add the clip").click()
        await ada.get_by_role("button", name="Play The bundled clip now").click()
        await ada.get_by_role("group", name="Player").get_by_role("button", name="Play", exact=True).click()
        for page in (ada, ben):
            await page.wait_for_function(FILM_PLAYS, timeout=WITHIN_MS)
        await ada.wait_for_function("() => document.querySelector('.film video').currentTime > 1.5")
        await in_time(ada, ben)
        await sees(ben, "Ada")


async def test_what_is_said_is_heard_and_what_is_whispered_by_one_alone(
    browser: Browser, server: Server
) -> None:
    async with (
        person(browser, server, "Ada") as ada,
        person(browser, server, "Ben") as ben,
        person(browser, server, "Cleo") as cleo,
    ):
        for page in (ada, ben, cleo):
            await page.get_by_role("tab", name="Chat").click()
        await ben.get_by_label("Say something").fill("Hello all of you")
        await ben.keyboard.press("Enter")
        for page in (ada, cleo):
            await expect(page.get_by_role("log", name="Messages")).to_contain_text("Hello all of you")
        await ada.get_by_text("To one person alone").click()
        await ada.get_by_role("combobox", name="To").select_option(label="Cleo")
        await ada.get_by_role("textbox", name="Private message").fill("psst")
        await ada.get_by_role("textbox", name="Private message").press("Enter")
        await cleo.get_by_text("To one person alone").click()
        await expect(cleo.get_by_role("log", name="Private messages")).to_contain_text("psst")
        await ben.get_by_text("To one person alone").click()
        await expect(ben.get_by_role("log", name="Private messages")).not_to_contain_text("psst")


async def test_through_the_server_people_and_screens_are_seen_also_after_a_reload(
    browser: Browser, tmp_path: Path
) -> None:
    async with (
        serving(tmp_path, env={"MEET_SFU": "on", "MEET_MESH_MAX": "2"}) as server,
        person(browser, server, "Ada") as ada,
        person(browser, server, "Ben") as ben,
        person(browser, server, "Cleo") as cleo,
    ):
        await all_see_all(Ada=ada, Ben=ben, Cleo=cleo)
        await key(cleo, "Stop camera").click()
        await key(cleo, "Share screen").click()
        for page in (ada, ben):
            await until(page, SCREEN_SHOWS, "Cleo's screen")
        await key(cleo, "Stop sharing").click()
        await key(cleo, "Start camera").click()
        await ben.reload()
        await ben.get_by_role("button", name="Join the meeting").click()
        await all_see_all(Ada=ada, Ben=ben, Cleo=cleo)
        assert "relay_unreachable" not in server.log


async def test_people_go_to_breakout_rooms_and_come_back(browser: Browser, server: Server) -> None:
    async with (
        person(browser, server, "Ada") as ada,
        person(browser, server, "Ben") as ben,
        person(browser, server, "Cleo") as cleo,
    ):
        await sees(ada, "Ben")
        await sees(ada, "Cleo")
        await key(ben, "Raise hand").click()
        await ada.get_by_role("tab", name="Rooms").click()
        await ada.get_by_label("How many").fill("1")
        await ada.get_by_role("button", name="Open them").click()
        for page, other in ((ben, "Cleo"), (cleo, "Ben")):
            await expect(page.get_by_role("heading", level=1)).to_have_text("Room 1")
            await sees(page, other)
            await expect(tile(page, "Ada")).to_have_count(0)
        await expect(tile(ada, "Ben")).to_have_count(0)
        await ada.get_by_label("To all rooms").fill("Five minutes")
        await ada.get_by_role("button", name="Send").click()
        await expect(ben.get_by_text("Ada: Five minutes")).to_be_visible()
        await ada.get_by_role("button", name="Close all rooms").click()
        for page, others in ((ada, ("Ben", "Cleo")), (ben, ("Ada", "Cleo"))):
            for other in others:
                await sees(page, other)
        await expect(tile(ada, "Ben")).to_contain_text("number 1")


async def test_it_fits_a_phone_and_works_by_keyboard(browser: Browser, server: Server) -> None:
    async with person(browser, server, "Ada", viewport=PHONE) as ada, person(browser, server, "Ben") as ben:
        await sees(ada, "Ben")
        assert not await ada.evaluate(SCROLLS_SIDEWAYS)
        await ben.keyboard.press("m")
        await expect(tile(ada, "Ben")).to_contain_text("microphone off")
        await ben.keyboard.press("h")
        await expect(tile(ada, "Ben")).to_contain_text("number 1")


async def register(page: Page, name: str) -> None:
    await page.get_by_role("button", name="New account").click()
    form = page.get_by_role("form", name="New account")
    await form.get_by_label("Email").fill(f"{name}@example.org")
    await form.get_by_label("User name, which others see").fill(name)
    await form.get_by_label("Password, 8 characters or more").fill("correct horse battery")
    await form.get_by_role("button", name="Make an account").click()


async def test_a_closed_server_lets_in_who_signs_in_and_asks_a_stranger_to(
    browser: Browser, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(tmp_path, env=CLOSED))
        pages = [
            await (await stack.enter_async_context(await browser.new_context())).new_page() for _ in range(3)
        ]
        ann, ben, stranger = pages
        for page in pages:
            page.set_default_timeout(WITHIN_MS)
            await page.goto(f"{server.url}/m/a-b-c")
            await expect(page.get_by_role("heading", name="Sign in to come to the meeting")).to_be_visible()
            await expect(page.get_by_role("button", name="Join the meeting")).to_have_count(0)
        for page, name in ((ann, "ann"), (ben, "ben")):
            await register(page, name)
            await expect(page.get_by_label("Your name")).to_have_value(name)
            await page.get_by_role("button", name="Join the meeting").click()
        await sees(ann, "ben")
        await sees(ben, "ann")
        await ben.get_by_role("tab", name="Film").click()
        await expect(ben.get_by_role("button", name="Add the clip")).to_be_visible()
        await ben.reload()
        await ben.get_by_role("button", name="Join the meeting").click()
        await sees(ben, "ann")
        await expect(tile(ann, "stranger")).to_have_count(0)
        await expect(stranger.get_by_role("form", name="Log in")).to_be_visible()


async def test_a_shared_screen_is_seen_until_it_is_no_longer_shared(browser: Browser, server: Server) -> None:
    async with person(browser, server, "Ada") as ada, person(browser, server, "Ben") as ben:
        await sees(ada, "Ben")
        await key(ada, "Share screen").click()
        await expect(ada.get_by_text("You are sharing this")).to_be_visible()
        await expect(ben.get_by_text("Ada’s screen")).to_be_visible()
        await ben.wait_for_function(SCREEN_SHOWS, arg="Ada's screen", timeout=WITHIN_MS)
        await sees(ben, "Ada")
        await key(ada, "Stop sharing").click()
        await expect(ben.get_by_text("Ada’s screen")).to_have_count(0)
        await sees(ben, "Ada")


async def test_everybody_sees_that_a_host_records_and_that_it_is_over(
    browser: Browser, server: Server
) -> None:
    async with person(browser, server, "Ada") as ada, person(browser, server, "Ben") as ben:
        await sees(ada, "Ben")
        await expect(key(ben, "Record")).to_have_count(0)
        await key(ada, "Record").click()
        for page in (ada, ben):
            await expect(page.get_by_role("status").get_by_text("Recording", exact=True)).to_be_visible()
        await key(ada, "Stop recording").click()
        for page in (ada, ben):  # what records is among the people for as long as it does
            await expect(page.get_by_text("Recording", exact=True)).to_have_count(0)
        await expect(key(ada, "Record")).to_be_visible()


async def test_the_film_is_quieter_while_somebody_speaks(browser: Browser, server: Server) -> None:
    """Chromium's own microphone beeps: whoever has it on speaks."""
    async with person(browser, server, "Ada") as ada, person(browser, server, "Ben") as ben:
        await sees(ada, "Ben")
        await ada.get_by_role("tab", name="Film").click()
        await ada.get_by_role("button", name="Add the clip").click()
        await ada.get_by_role("button", name="Play The bundled clip now").click()
        await ada.wait_for_function(FILM_VOLUME_BELOW, arg=0.3, timeout=WITHIN_MS)
        await key(ben, "Mute").click()
        await ada.wait_for_function(FILM_VOLUME_FULL, timeout=WITHIN_MS)
        await key(ben, "Unmute").click()
        await ada.wait_for_function(FILM_VOLUME_BELOW, arg=0.3, timeout=WITHIN_MS)
