"""Spotify on the page at `/nearby`: connected in a browser, with the stand-in's consent page between, lost and ended."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from playwright.async_api import TimeoutError as PlaywrightTimeout

from tests.e2e.server import serving
from tests.e2e.spotify import SONG, plays_out, serving_with, spotify_standin, tell
from tests.e2e.test_nearby_page import DESK, PHONE, SCROLLS_SIDEWAYS, person, register

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

HEARD_WITHIN_MS = 30_000
"""The page asks the server what it plays with each heartbeat."""
AGREES = "Agree as Ann"


async def test_spotify_is_connected_lost_connected_again_and_disconnected(
    browser: Browser, tmp_path: Path
) -> None:
    async with (
        spotify_standin() as standin,
        serving_with(tmp_path, standin, {"FRONTEND_URL": ""}) as server,
        person(browser, PHONE) as ann,
    ):
        card = ann.get_by_role("region", name="Spotify")
        await ann.goto(f"{server.url}/nearby")
        await ann.get_by_role("link", name="Sign in with Spotify").click()
        await ann.get_by_role("button", name=AGREES).click()
        await expect(card.get_by_text("Connected.", exact=False)).to_be_visible()
        assert "code=" not in ann.url

        await plays_out(standin, "ann", left_ms=4_000)
        await goes_live_sharing(ann)
        await expect(ann.get_by_text("♪ Track")).to_be_visible(timeout=HEARD_WITHIN_MS)

        (await standin.delete("/standin/users/ann/consent")).raise_for_status()
        again = card.get_by_role("link", name="Connect Spotify again")
        ask = ann.get_by_role("button", name="Ask Spotify now")
        async with asyncio.timeout(HEARD_WITHIN_MS / 1000):
            while (
                not await again.is_visible()
            ):  # an answer of seconds ago is still good enough for the server
                with suppress(PlaywrightTimeout):
                    await ask.click(timeout=1_000)
                    await again.wait_for(timeout=1_000)
        await expect(card.get_by_text("no longer lets this server ask")).to_be_visible()
        await expect(ann.get_by_text("Nothing that is known here.")).to_be_visible()
        await expect(ask).to_have_count(0)
        assert not await ann.evaluate(SCROLLS_SIDEWAYS)
        await ann.screenshot(path=tmp_path / "reauth.png", full_page=True)
        await ann.reload()
        await expect(again).to_be_visible()

        await tell(standin, "ann", do="play", track=SONG)
        await again.click()
        await ann.get_by_role("button", name=AGREES).click()
        await expect(card.get_by_text("Connected.", exact=False)).to_be_visible()
        await expect(ann.get_by_text("♪ Track 4uLU")).to_be_visible(timeout=HEARD_WITHIN_MS)
        await ann.screenshot(path=tmp_path / "connected.png", full_page=True)

        await card.get_by_role("button", name="Disconnect Spotify").click()
        await expect(card.get_by_text("Not connected.")).to_be_visible()
        await expect(ann.get_by_text("♪ Track 4uLU")).to_have_count(0)
        await ann.reload()
        await expect(card.get_by_role("link", name="Connect Spotify", exact=True)).to_be_visible()


async def test_whoever_came_with_a_password_is_told_that_spotify_is_another_account(
    browser: Browser, tmp_path: Path
) -> None:
    async with (
        spotify_standin() as standin,
        serving_with(tmp_path, standin, {"FRONTEND_URL": ""}) as server,
        person(browser, DESK) as ben,
    ):
        await register(ben, server, "ben")
        card = ben.get_by_role("region", name="Spotify")
        await expect(card.get_by_text("that is another account")).to_be_visible()
        await card.get_by_role("link", name="Connect Spotify").click()
        await ben.get_by_role("button", name="Cancel").click()
        await expect(ben.get_by_text("you did not agree")).to_be_visible()


async def test_a_server_without_spotify_says_nothing_of_it(browser: Browser, tmp_path: Path) -> None:
    async with serving(tmp_path) as server, person(browser, DESK) as ben:
        await register(ben, server, "ben")
        await expect(ben.get_by_role("heading", name="What you allow")).to_be_visible()
        await expect(ben.get_by_role("region", name="Spotify")).to_have_count(0)


async def goes_live_sharing(page: Page) -> None:
    await page.get_by_role("checkbox", name="Show people near me").check()
    await page.get_by_role("button", name="Go live").click()
    await expect(page.get_by_role("heading", name="You are live")).to_be_visible()
