"""The page at `/nearby`, as two people with a browser each use it, on accounts and without, at a desk and on a phone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import httpx
import pyotp
import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    Geolocation,
    Locator,
    Page,
    Route,
    ViewportSize,
    expect,
)

from tests.e2e.server import START_WITHIN_S, Server, serving
from tests.e2e.test_nearby_bad_input import without_times

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

WITHIN_MS = 20_000
DESK: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 360, "height": 740}
SECRET = "the-secret-of-this-test-and-of-nothing-else"
PASSWORD = "correct horse battery"
LOUVRE: Geolocation = {"latitude": 48.860611, "longitude": 2.337644}
CELL = "u09tvn"
BESIDE = "u09tvj"
SCROLLS_SIDEWAYS = "() => document.documentElement.scrollWidth > innerWidth"
COLOURS = "() => [getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
A_ROOM = re.compile(r"/r/[\w-]+$")

Two = tuple[Page, Page]


@pytest_asyncio.fixture(loop_scope="session", params=["open", "closed"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, env={"TUTTI_MODE": request.param, "JWT_SECRET": SECRET}) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def open_server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def two(browser: Browser, server: Server) -> AsyncIterator[Two]:
    """Ann at a desk with a device that knows where it is, and Ben on a phone, who says it by hand. Both are live."""
    async with person(browser, DESK) as ann, person(browser, PHONE) as ben:
        for page, name in ((ann, "ann"), (ben, "ben")):
            await register(page, server, name)
            await page.get_by_role("checkbox", name="Let people ask to find me").check()
            await page.get_by_role("checkbox", name="Show people near me").check()
            await page.get_by_role("button", name="Go live").click()
            await expect(page.get_by_role("heading", name="You are live")).to_be_visible()
        await ann.get_by_role("button", name="Use this device's position").click()
        await expect(ann.get_by_text(f"Others see the cell {CELL}")).to_be_visible()
        await choose(ben, CELL)
        yield ann, ben


async def test_two_people_see_each_other_on_a_ring_find_each_other_and_one_is_gone_at_a_press(
    two: Two, server: Server, tmp_path: Path
) -> None:
    ann, ben = two
    await expect(listener(ann, "ben")).to_contain_text("within 1 km")
    await expect(listener(ben, "ann")).to_contain_text("within 1 km")
    await expect(ann.get_by_role("img", name="in no direction: ben within 1 km")).to_be_visible()
    await plays(ben, "So What", "Miles Davis")
    await expect(listener(ann, "ben")).to_contain_text("♪ So What – Miles Davis")

    await ann.get_by_role("button", name="Ask to find ben").click()
    await expect(ann.get_by_role("heading", name="Waiting for ben")).to_be_visible()
    await expect(ben.get_by_role("heading", name="ann would like to find you")).to_be_visible()
    await expect(ben.locator(".left")).to_have_text(re.compile(r"^\d\d s left\.$"))
    await ben.get_by_role("button", name="Accept").click()
    for page in two:
        await expect(page.get_by_text("Close: you are in the same cell")).to_be_visible()
        await expect(page.get_by_text("5 answers left")).to_be_visible()
    await ann.screenshot(path=tmp_path / "desk.png", full_page=True)
    await ben.screenshot(path=tmp_path / "phone.png", full_page=True)

    await ann.get_by_role("button", name="We have found each other").click()
    await expect(ben.get_by_text("ann says that you have found each other")).to_be_visible()
    await ben.get_by_role("button", name="We have found each other").click()
    for page, other in ((ann, "ben"), (ben, "ann")):
        await expect(page.get_by_text(f"You and {other} have found each other")).to_be_visible()

    await ben.get_by_role("button", name="Disappear now").click()
    await expect(ben.get_by_text("Your place was removed")).to_be_visible()
    await expect(ben.get_by_text("Your track was removed")).to_be_visible()
    await expect(ben.get_by_role("heading", name="You are not live")).to_be_visible()
    await expect(listener(ann, "ben")).to_have_count(0)
    await expect(ann.get_by_text("Nobody else is live")).to_be_visible()
    assert "48.86" not in without_times(server.log)


async def test_listening_together_puts_both_into_the_same_room(two: Two) -> None:
    ann, ben = two
    await ann.get_by_role("button", name="Ask to find ben").click()
    await ben.get_by_role("button", name="Accept").click()
    await ann.get_by_role("button", name="Listen together").click()
    await ann.wait_for_url(A_ROOM)
    await ben.get_by_label("Listen together").get_by_role("button", name="Listen together").click()
    await ben.wait_for_url(A_ROOM)
    assert ann.url == ben.url
    for page in two:
        people = page.get_by_role("list", name="People").get_by_role("listitem")
        await expect(people).to_have_count(2)
        for name in ("ann", "ben"):
            await expect(people.filter(has_text=name)).to_have_count(1)


async def test_the_same_music_is_told_in_words_and_leads_into_a_room(two: Two) -> None:
    ann, ben = two
    await plays(ann, "Naima", "John Coltrane")
    await plays(ben, "Giant Steps", "John Coltrane, Miles Davis")
    match = ann.get_by_role("list", name="People with the same music").get_by_role("listitem")
    await expect(match).to_contain_text("Both: John Coltrane")
    await match.get_by_role("button", name="Listen together with ben").click()
    await ann.wait_for_url(A_ROOM)
    await expect(ben.get_by_text("ann opened a room for the two of you")).to_be_visible()


async def test_a_no_and_an_end_are_heard_at_once_by_the_other(two: Two) -> None:
    ann, ben = two
    await ann.get_by_role("button", name="Ask to find ben").click()
    await ben.get_by_role("button", name="Decline").click()
    await expect(ann.get_by_text("ben did not accept")).to_be_visible()
    await ann.get_by_role("button", name="Close").click()
    await ben.get_by_role("button", name="Ask to find ann").click()
    await ann.get_by_role("button", name="Accept").click()
    await ann.get_by_role("button", name="End it").click()
    await expect(ben.get_by_text("It was ended")).to_be_visible()


async def test_a_reload_goes_on_with_the_login_and_with_being_live(two: Two) -> None:
    ann, ben = two
    await ann.reload()
    await expect(ann.get_by_role("heading", name="You are live")).to_be_visible()
    await expect(listener(ann, "ben")).to_be_visible()
    await expect(listener(ben, "ann")).to_be_visible()
    await ann.get_by_role("button", name="Log out").click()
    await expect(ann.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    await expect(listener(ben, "ann")).to_have_count(0)
    await ann.reload()
    await expect(ann.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()


async def test_no_position_leaves_this_browser(browser: Browser, open_server: Server) -> None:
    async with person(browser, DESK) as ann:
        sent: list[str] = []
        frames: list[str] = []
        ann.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
        spoke = asyncio.Event()

        def speaks(said: str | bytes) -> None:
            frames.append(str(said))
            spoke.set()

        ann.on("websocket", lambda socket: socket.on("framesent", speaks))
        await guest(ann, open_server, "Ann")
        await ann.get_by_role("button", name="Go live").click()
        await ann.get_by_role("button", name="Use this device's position").click()
        await expect(ann.get_by_text(f"Others see the cell {CELL}")).to_be_visible()
        await choose(ann, "48.8520, 2.3376", BESIDE)
        for cell in (CELL, BESIDE):
            assert any(f'"geohash":"{cell}"' in one for one in sent), "by the device, and by hand"
        await asyncio.wait_for(spoke.wait(), WITHIN_MS / 1000)  # the socket is looked at as well
        assert not [one for one in sent + frames if re.search(r"48\.8|2\.33|u09tv\w\w", one)]


async def test_a_device_that_may_not_tell_is_explained_and_a_cell_can_be_chosen(
    browser: Browser, open_server: Server
) -> None:
    async with person(browser, PHONE, knows_where=False) as ann:
        await guest(ann, open_server, "Ann")
        await ann.get_by_role("button", name="Go live").click()
        await ann.get_by_role("button", name="Use this device's position").click()
        await expect(ann.get_by_text("was told not to share your position")).to_be_visible()
        await choose(ann, BESIDE.upper() + "zzz")
        await expect(ann.get_by_text(f"Others see the cell {BESIDE}")).to_be_visible()
        await ann.get_by_label("Geohash, or latitude and longitude").fill("u09tva")
        await ann.get_by_role("button", name="I am here").click()
        await expect(ann.get_by_text("neither a geohash")).to_be_visible()


async def test_what_is_allowed_stays_as_it_was_wished_while_the_server_is_slow(
    browser: Browser, open_server: Server
) -> None:
    async with person(browser, DESK) as ann:
        await guest(ann, open_server, "Ann")
        held: asyncio.Queue[Route] = asyncio.Queue()

        async def hold(route: Route) -> None:
            await (held.put(route) if route.request.method == "PATCH" else route.continue_())

        await ann.route("**/presence/settings", hold)
        wished = [
            ann.get_by_role("checkbox", name=name) for name in ("Let people ask", "Show people near me")
        ]
        for box in wished:
            await box.check()
        for _ in wished:
            changing = await held.get()
            for box in wished:
                await expect(box).to_be_checked()
            async with ann.expect_response("**/presence/settings"):
                await changing.continue_()
            for box in wished:
                await expect(box).to_be_checked()


async def test_a_second_factor_is_asked_for(browser: Browser, server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.url, timeout=START_WITHIN_S) as http:
        new = {"email": "ann@example.org", "username": "ann", "password": PASSWORD}
        access = (await http.post("/api/auth/register/", json=new)).json()["access"]
        http.headers["Authorization"] = f"Bearer {access}"
        secret = (await http.post("/api/auth/2fa/setup/")).json()["secret"]
        answer = await http.post("/api/auth/2fa/verify/", json={"code": code_of(secret)})
        backup = answer.json()["backup_codes"][0]
    async with person(browser, PHONE) as ann:
        await ann.goto(f"{server.url}/nearby")
        await ann.get_by_label("Email or user name").fill("ann")
        await ann.get_by_label("Password").fill("not " + PASSWORD)
        submit = ann.get_by_role("form", name="Log in").get_by_role("button")
        await submit.click()
        await expect(ann.get_by_role("alert").first).to_be_visible()
        await ann.get_by_label("Password").fill(PASSWORD)
        await submit.click()
        await ann.get_by_label("The code of your authenticator app").fill(backup)
        await ann.get_by_role("button", name="Go on").click()
        await expect(ann.get_by_role("heading", name="You are not live")).to_be_visible()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_a_phone_and_follows_the_light(
    browser: Browser,
    open_server: Server,
    size: ViewportSize,
    scheme: Literal["light", "dark"],
    tmp_path: Path,
) -> None:
    async with person(browser, size, scheme=scheme) as ann, person(browser, PHONE) as ben:
        await ann.goto(f"{open_server.url}/nearby")
        await expect(ann.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
        assert not await ann.evaluate(SCROLLS_SIDEWAYS)
        await ann.screenshot(path=tmp_path / "door.png", full_page=True)
        for page, name in ((ann, "Ann"), (ben, "Bartholomew-the-Longest-Name-There-Is")):
            await guest(page, open_server, name)
            await page.get_by_role("button", name="Go live").click()
            await choose(page, CELL)
        await expect(ann.get_by_role("list", name="People around you")).to_contain_text("Bartholomew")
        assert not await ann.evaluate(SCROLLS_SIDEWAYS)
        await ann.screenshot(path=tmp_path / "live.png", full_page=True)
        ink, page_colour = await ann.evaluate(COLOURS)
        assert (brightness(ink) < brightness(page_colour)) is (scheme == "light")
        await ann.get_by_role("button", name="Disappear now").focus()
        await ann.keyboard.press("Enter")
        await expect(ann.get_by_text("Your place was removed")).to_be_visible()
        await ann.screenshot(path=tmp_path / "gone.png", full_page=True)


@asynccontextmanager
async def person(
    browser: Browser,
    size: ViewportSize,
    *,
    scheme: Literal["light", "dark"] = "light",
    knows_where: bool = True,
) -> AsyncIterator[Page]:
    """A browser of its own, in which nothing may go wrong unsaid."""
    context: BrowserContext = await browser.new_context(
        viewport=size,
        color_scheme=scheme,
        reduced_motion="reduce",
        permissions=["geolocation"] if knows_where else [],
        geolocation=LOUVRE,
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


async def register(page: Page, server: Server, name: str) -> None:
    await page.goto(f"{server.url}/nearby")
    await page.get_by_role("button", name="New account").click()
    await page.get_by_label("Email").fill(f"{name}@example.org")
    await page.get_by_label("User name").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Make an account").click()
    await expect(page.get_by_role("heading", name="You are not live")).to_be_visible()


async def guest(page: Page, server: Server, name: str) -> None:
    """Without an account, as a server in open mode allows."""
    await page.goto(f"{server.url}/nearby")
    await page.get_by_text("Try it without an account").click()
    await page.get_by_label("Your name").fill(name)
    await page.get_by_role("button", name="Go on as a guest").click()
    await expect(page.get_by_role("heading", name="You are not live")).to_be_visible()


async def choose(page: Page, said: str, cell: str = "") -> None:
    """`cell`: the one that it is in, where it is no geohash."""
    cell = cell or said[:6].lower()
    by_hand = page.get_by_label("Geohash, or latitude and longitude")
    if not await by_hand.is_visible():
        await page.get_by_text("Choose a cell yourself", exact=True).click()
    await by_hand.fill(said)
    async with page.expect_response(
        lambda answer: answer.url.endswith("/location/update") and cell in (answer.request.post_data or "")
    ):
        await page.get_by_role("button", name="I am here").click()
    await expect(page.get_by_text("Others see the cell")).to_be_visible()


async def plays(page: Page, track: str, artist: str) -> None:
    await page.get_by_text("Say it yourself").click()
    await page.get_by_label("Track").fill(track)
    await page.get_by_label("Artist").fill(artist)
    await page.get_by_role("button", name="I play this").click()
    await expect(page.get_by_text(f"♪ {track} – {artist}")).to_be_visible()


def listener(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name="People around you").get_by_role("listitem").filter(has_text=name)


def brightness(colour: str) -> float:
    return sum(float(part) for part in re.findall(r"[\d.]+", colour)[:3])


def code_of(secret: str) -> str:
    """What an authenticator app shows now."""
    return str(pyotp.TOTP(secret).now())
