"""The pages around an account in browsers: signing up, mails, second factors, friends, blocks; on a desk and a phone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from io import BytesIO
from pathlib import Path
from typing import Literal

import pyotp
import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Dialog, Locator, Page, Route, ViewportSize, expect

from tests.e2e.server import Server, serving

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

WITHIN_MS = 20_000
MAIL_WITHIN_S = 40.0
DESK: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 360, "height": 740}
SECRET = "the-secret-of-this-test-and-of-nothing-else"
PASSWORD = "correct horse battery"
BETTER = "an even better battery"
SCROLLS_SIDEWAYS = "() => document.documentElement.scrollWidth > innerWidth"
COLOURS = "() => [getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
LINK = re.compile(r"https?://\S+")


@pytest_asyncio.fixture(loop_scope="session", params=["open", "closed"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, env={"TUTTI_MODE": request.param, "JWT_SECRET": SECRET}) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def closed(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, env={"TUTTI_MODE": "closed", "JWT_SECRET": SECRET}) as server:
        yield server


async def test_sign_up_confirm_the_email_set_up_a_second_factor_and_come_back_with_a_code(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    async with person(browser, PHONE) as ann:
        await sign_up(ann, server, "ann")
        await ann.get_by_role("link", name="Settings").click()
        await expect(ann.get_by_text("ann@example.org is not confirmed yet")).to_be_visible()

        await ann.goto(await link_in_mail(server, "ann@example.org", "/verify-email"))
        await expect(ann.get_by_text("Thank you: your email is confirmed")).to_be_visible()
        assert "token" not in ann.url
        await ann.get_by_role("link", name="To your account").click()
        await expect(ann.get_by_role("heading", name="Second factor")).to_be_visible()
        await expect(ann.get_by_text("is not confirmed yet")).to_have_count(0)

        await ann.get_by_role("button", name="Set it up").click()
        picture = ann.get_by_role("img", name="QR code")
        await expect(picture).to_be_visible()
        assert await picture.evaluate("(image) => image.decode().then(() => image.naturalWidth > 0)")
        secret = await ann.locator("code.key").inner_text()
        await ann.screenshot(path=tmp_path / "factor.png", full_page=True)
        assert not await ann.evaluate(SCROLLS_SIDEWAYS)
        await ann.get_by_label("The code that the app shows now").fill("000000")
        await ann.get_by_role("button", name="Turn it on").click()
        await expect(ann.get_by_text("This code is not valid")).to_be_visible()
        await ann.get_by_label("The code that the app shows now").fill(code_of(secret))
        await ann.keyboard.press("Enter")
        codes = ann.get_by_role("list", name="Backup codes").get_by_role("listitem")
        await expect(codes).to_have_count(10)
        await ann.get_by_role("button", name="I have kept them").click()
        await expect(ann.get_by_text("It is on")).to_be_visible()

        await ann.get_by_role("button", name="Log out", exact=True).first.click()
        await log_in(ann, "ann", PASSWORD)
        await ann.get_by_label("The code of your authenticator app").fill(code_of(secret, 1))
        await ann.get_by_role("button", name="Go on").click()
        await expect(ann.get_by_role("heading", name="Settings")).to_be_visible()
        await ann.reload()
        await expect(ann.get_by_role("heading", name="Settings")).to_be_visible()


async def test_a_forgotten_password_is_replaced_by_the_link_in_a_mail(
    browser: Browser, closed: Server
) -> None:
    async with person(browser, DESK) as ann, person(browser, PHONE) as elsewhere:
        await sign_up(elsewhere, closed, "ann")
        await ann.goto(f"{closed.url}/sign-in")
        await ann.get_by_role("link", name="Forgotten your password?").click()
        await ann.get_by_label("Email").fill("ann@example.org")
        await ann.keyboard.press("Enter")
        await expect(ann.get_by_text("If there is an account with this email")).to_be_visible()
        await ann.goto(await link_in_mail(closed, "ann@example.org", "/reset-password"))
        await ann.get_by_label("The new password").fill(BETTER)
        await ann.keyboard.press("Enter")
        await expect(ann.get_by_text("Your password is changed")).to_be_visible()
        await ann.get_by_role("link", name="To signing in").click()
        await log_in(ann, "ann", PASSWORD)
        await expect(ann.get_by_role("alert").filter(has_text="No active account")).to_be_visible()
        await log_in(ann, "ann", BETTER)
        await expect(ann.get_by_role("heading", name="People", exact=True)).to_be_visible()
        await elsewhere.reload()
        await expect(elsewhere.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()


async def test_two_become_friends_in_two_browsers_and_one_blocks_the_other(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    async with person(browser, DESK) as ann, person(browser, PHONE) as ben:
        await sign_up(ann, server, "ann")
        await sign_up(ben, server, "ben")
        await ann.get_by_label("Name or user name").fill("BE")
        await ann.get_by_role("button", name="Ask ben to be your friend").click()
        await expect(rows(ann, "You asked")).to_have_count(1)

        await ben.reload()
        await expect(rows(ben, "They would like to be your friend")).to_contain_text("ann")
        assert not await ben.evaluate(SCROLLS_SIDEWAYS)
        await ben.screenshot(path=tmp_path / "asked.png", full_page=True)
        accept = ben.get_by_role("button", name="Accept")
        await accept.focus()
        await ben.keyboard.press("Enter")
        await expect(rows(ben, "Friends")).to_contain_text("ann")
        await ann.reload()
        await expect(rows(ann, "Friends")).to_contain_text("ben")
        await ann.screenshot(path=tmp_path / "friends.png", full_page=True)

        await ben.get_by_role("link", name="ann", exact=True).click()
        await expect(ben.get_by_role("button", name="Remove from friends")).to_be_visible()
        address = ben.url
        await ben.get_by_role("button", name="Block…").click()
        await ben.get_by_role("button", name="Block ann").click()
        await expect(rows(ben, "Blocked")).to_contain_text("ann")
        await ben.goto(address)
        await expect(ben.get_by_role("alert").filter(has_text="Not found.")).to_be_visible()
        await ann.reload()
        await expect(ann.get_by_text("Nobody yet")).to_be_visible()
        await ann.get_by_label("Name or user name").fill("ben")
        await expect(ann.get_by_text("Nobody by that name.")).to_be_visible()


async def test_a_profile_a_picture_and_privacy_are_changed_and_others_see_it(
    browser: Browser, closed: Server, tmp_path: Path
) -> None:
    async with person(browser, DESK) as ann, person(browser, PHONE) as ben:
        await sign_up(ann, closed, "ann")
        await sign_up(ben, closed, "ben")
        await ann.get_by_role("link", name="Settings").click()
        await ann.get_by_label("Name, as others see it").fill("Ann <Example>")
        await ann.get_by_label("About you").fill("Films,\nand tea.")
        await ann.get_by_label("Time zone").select_option("Europe/Paris")
        await ann.get_by_role("button", name="Save").click()
        await expect(ann.get_by_text("Saved.")).to_be_visible()
        await ann.get_by_label("Choose a picture").set_input_files(
            {"name": "me.png", "mimeType": "image/png", "buffer": a_picture()}
        )
        mine = ann.get_by_role("img", name="Your picture")
        await expect(mine).to_have_js_property("naturalWidth", 512)
        await ann.get_by_label("Choose another").set_input_files(
            {"name": "me.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"}
        )
        await expect(ann.get_by_text("Upload a valid image")).to_be_visible()

        await ben.get_by_label("Name or user name").fill("exam")
        await ben.get_by_role("link", name="Ann <Example>").click()
        await expect(ben.get_by_text("Films,")).to_be_visible()
        await expect(ben.get_by_role("img", name="Picture of Ann")).to_have_js_property("naturalWidth", 512)
        assert not await ben.evaluate(SCROLLS_SIDEWAYS)
        await ben.screenshot(path=tmp_path / "profile.png", full_page=True)

        saved = ann.expect_response(lambda answer: "/settings/privacy/" in answer.url)
        async with saved:
            await ann.get_by_role("radio", name="Friends").check()
        await ben.reload()
        await expect(ben.get_by_text("They do not show more.")).to_be_visible()
        await expect(ben.get_by_text("Films,")).to_have_count(0)


async def test_privacy_stays_as_it_was_wished_while_the_server_is_slow(
    browser: Browser, closed: Server
) -> None:
    async with person(browser, DESK) as ann:
        await sign_up(ann, closed, "ann")
        await ann.get_by_role("link", name="Settings").click()
        held: asyncio.Queue[Route] = asyncio.Queue()
        await ann.route("**/settings/privacy/", held.put)
        wished = [ann.get_by_role("checkbox", name=name) for name in ("People may ask", "People may find me")]
        for box in wished:
            await box.uncheck()
        for _ in wished:
            changing = await held.get()
            async with ann.expect_response("**/settings/privacy/"):
                await changing.continue_()
            for box in wished:
                await expect(box).not_to_be_checked()
        await ann.reload()
        for box in wished:
            await expect(box).not_to_be_checked()


async def test_logins_are_listed_and_one_is_ended_from_another(browser: Browser, closed: Server) -> None:
    async with person(browser, DESK) as ann, person(browser, PHONE) as phone:
        await sign_up(ann, closed, "ann")
        await phone.goto(f"{closed.url}/sign-in?next=/account")
        await log_in(phone, "ann", PASSWORD)
        await expect(phone.get_by_role("heading", name="Settings")).to_be_visible()
        await ann.get_by_role("link", name="Settings").click()
        logins = rows(ann, "Logins")
        await expect(logins).to_have_count(2)
        await expect(logins.first).to_contain_text("Chrome on Linux")
        await logins.get_by_role("button", name="End", exact=True).click()
        await expect(logins).to_have_count(1)
        await phone.reload()
        await expect(phone.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()

        await ann.get_by_label("Your password now").fill(PASSWORD)
        await ann.get_by_label("The new one").fill(BETTER)
        await ann.keyboard.press("Enter")
        await expect(ann.get_by_text("Changed. You are logged out everywhere else.")).to_be_visible()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_fit_a_phone_follow_the_light_and_need_no_mouse(
    browser: Browser, closed: Server, size: ViewportSize, scheme: Literal["light", "dark"], tmp_path: Path
) -> None:
    async with person(browser, size, scheme=scheme) as ann:
        for page in ("sign-in", "forgot-password", "reset-password?token=x", "verify-email"):
            await ann.goto(f"{closed.url}/{page}")
            await expect(ann.get_by_role("heading").first).to_be_visible()
            assert not await ann.evaluate(SCROLLS_SIDEWAYS), page
            await ann.screenshot(path=tmp_path / f"{page.partition('?')[0]}.png", full_page=True)
        await sign_up(ann, closed, "bartholomew-the-longest-name-there-is-of-them-all")
        for page in ("people", "account"):
            await ann.goto(f"{closed.url}/{page}")
            await expect(ann.get_by_role("heading", level=2).first).to_be_visible()
            await expect(ann.get_by_text("One moment…")).to_have_count(0)
            assert not await ann.evaluate(SCROLLS_SIDEWAYS), page
            await ann.screenshot(path=tmp_path / f"{page}.png", full_page=True)
        ink, page_colour = await ann.evaluate(COLOURS)
        assert (brightness(ink) < brightness(page_colour)) is (scheme == "light")
        reached = await reached_by_tab(ann, "Log out")
        assert {"People", "Settings", "Save", "Set it up", "Change the password"} <= reached


@asynccontextmanager
async def person(
    browser: Browser, size: ViewportSize, *, scheme: Literal["light", "dark"] = "light"
) -> AsyncIterator[Page]:
    """A browser of its own, in which nothing may go wrong unsaid."""
    context: BrowserContext = await browser.new_context(
        viewport=size, color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(WITHIN_MS)
    page = await context.new_page()
    bugs: list[str] = []
    page.on("pageerror", lambda error: bugs.append(str(error)))
    page.on(
        "console", lambda said: bugs.append(said.text) if "Content Security Policy" in said.text else None
    )

    async def ran(dialog: Dialog) -> None:
        """No page of ours opens one: it is somebody's script."""
        bugs.append(dialog.message)
        await dialog.dismiss()

    page.on("dialog", ran)
    try:
        yield page
        assert bugs == []
    finally:
        await context.close()


async def sign_up(page: Page, server: Server, name: str) -> None:
    """With the keyboard alone, from the first field on."""
    await page.goto(f"{server.url}/sign-in")
    await page.get_by_role("button", name="New account").press("Enter")
    await page.get_by_label("Email").focus()
    for said in (f"{name}@example.org", name, PASSWORD):
        await page.keyboard.type(said)
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="People", exact=True)).to_be_visible()


async def log_in(page: Page, login: str, password: str) -> None:
    await page.get_by_label("Email or user name").fill(login)
    await page.get_by_label("Password").fill(password)
    await page.keyboard.press("Enter")


async def link_in_mail(server: Server, to: str, path: str) -> str:
    """The newest mail's, as soon as it is there."""
    async with asyncio.timeout(MAIL_WITHIN_S):
        while True:
            for file in sorted((server.data / "mail").glob("*.eml"), reverse=True):
                mail = message_from_bytes(file.read_bytes(), policy=default)
                body = mail.get_body(("plain",))
                links = LINK.findall("" if body is None else body.get_content())
                found = [link for link in links if path in link]
                if to in str(mail["To"]) and found:
                    return str(found[0])
            await asyncio.sleep(0.05)  # the folder says nothing by itself


async def reached_by_tab(page: Page, last: str) -> set[str]:
    """What the Tab key comes by, until it is where it began."""
    await page.get_by_role("button", name=last).first.focus()
    reached: set[str] = set()
    for _ in range(80):
        await page.keyboard.press("Tab")
        reached.add((await page.evaluate("() => document.activeElement.textContent")).strip())
    return reached


def rows(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name=name).get_by_role("listitem")


def code_of(secret: str, ahead: int = 0) -> str:
    """What an authenticator app shows now, or next: each code counts once."""
    return str(pyotp.TOTP(secret).at(for_time=datetime.now(UTC), counter_offset=ahead))


def a_picture() -> bytes:
    kept = BytesIO()
    Image.new("RGB", (700, 700), (30, 90, 160)).save(kept, "PNG")
    return kept.getvalue()


def brightness(colour: str) -> float:
    return sum(float(part) for part in re.findall(r"[\d.]+", colour)[:3])
