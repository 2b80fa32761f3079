"""What people say and ask one another in a room, as two of them see it: one at a desk, the other on a phone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.e2e.server import Server, serving
from tests.e2e.test_page import (
    DESK,
    PHONE,
    SCROLLS_SIDEWAYS,
    TOO_WIDE,
    Two,
    create,
    enter,
    people,
    person,
)

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

LIT = re.compile(r"\bshown\b")
STOPS_WITHIN_MS = 5_000
"""Sooner than who types is forgotten by itself: six seconds."""


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def two(browser: Browser, server: Server) -> AsyncIterator[Two]:
    """Ann, whose room it is, at a desk by day; Ben on a phone in the dark."""
    async with person(browser, DESK) as ann, person(browser, PHONE, "dark") as ben:
        await create(ann, server)
        await ben.goto(ann.url)
        await enter(ben, "Ben")
        await expect(people(ann)).to_have_count(2)
        yield ann, ben


async def test_what_was_said_is_answered_changed_and_taken_back(two: Two, tmp_path: Path) -> None:
    ann, ben = two
    await chatting(*two)
    await says(ann, "What shall we see?")
    await says(ben, "Something log")
    await act(ann, "Something log", "Reply")
    await expect(composer(ann)).to_be_focused()
    await expect(ann.get_by_text("Reply to Ben: Something log")).to_be_visible()
    await ann.screenshot(path=tmp_path / "reply.png")
    await says(ann, "How long?")
    quote = line(ben, "How long?").get_by_role("button", name="In reply to Ben Something log")
    await expect(quote).to_be_visible()

    await composer(ben).press("ArrowUp")
    editing = ben.get_by_label("Your message")
    await expect(editing).to_have_value("Something log")
    await editing.press("Escape")
    await expect(composer(ben)).to_be_focused()
    await composer(ben).press("ArrowUp")
    await editing.fill("Something long")
    await ben.screenshot(path=tmp_path / "edit.png")
    await editing.press("Enter")
    for page in two:
        await expect(line(page, "Something long", first=True)).to_contain_text("(edited)")
    await expect(line(ann, "How long?").locator(".quote")).to_contain_text("Something long")
    assert await ben.evaluate(TOO_WIDE) == []

    await line(ann, "How long?").locator(".quote").click()
    await expect(line(ann, "Something long", first=True)).to_have_class(LIT)

    await act(ben, "Something long", "Remove…")
    await ben.get_by_role("button", name="Keep it").click()
    await ben.get_by_role("button", name="Remove…").click()
    await ben.screenshot(path=tmp_path / "remove.png")
    await ben.get_by_role("button", name="Remove it for everybody").click()
    for page in two:
        await expect(page.get_by_text("To a message that is no longer here")).to_be_visible()
        await expect(page.get_by_role("log", name="Messages")).not_to_contain_text("Something long")


async def test_only_those_who_moderate_remove_what_others_said(two: Two) -> None:
    ann, ben = two
    await chatting(*two)
    await says(ann, "Mine")
    await says(ben, "His")
    await unfold(ben, "Mine")
    await expect(ben.get_by_role("button", name="Reply")).to_be_visible()
    for name in ("Edit", "Remove…"):
        await expect(ben.get_by_role("button", name=name)).to_have_count(0)
    await unfold(ann, "His")
    await expect(ann.get_by_role("button", name="Edit")).to_have_count(0)
    await ann.get_by_role("button", name="Remove…").click()
    await ann.get_by_role("button", name="Remove it for everybody").press("Enter")
    await expect(ben.locator(".said-line")).to_have_count(1)


async def test_lines_are_reached_and_acted_upon_by_keyboard_alone(two: Two) -> None:
    ann, _ = two
    await chatting(ann)
    for text in ("one", "two", "three"):
        await says(ann, text)
    await expect(ann.locator(".said-line")).to_have_count(3)
    await ann.keyboard.press("Shift+Tab")
    await expect(more(ann, "three")).to_be_focused()
    await ann.keyboard.press("ArrowUp")
    await ann.keyboard.press("ArrowUp")
    await expect(more(ann, "one")).to_be_focused()
    await ann.keyboard.press("Enter")
    await ann.keyboard.press("Tab")
    await expect(ann.get_by_role("button", name="Reply")).to_be_focused()
    await ann.keyboard.press("Escape")
    await expect(more(ann, "one")).to_be_focused()
    await expect(ann.get_by_role("button", name="Reply")).to_have_count(0)


async def test_who_types_is_shown_to_the_other_until_they_stop(two: Two) -> None:
    ann, ben = two
    await chatting(*two)
    await composer(ben).press_sequentially("Well")
    shown = ann.get_by_text("Ben is typing…")
    await expect(shown).to_be_visible()
    await expect(ben.get_by_text("is typing…")).to_have_count(0)
    await composer(ben).fill("")
    await expect(shown).to_have_count(0, timeout=STOPS_WITHIN_MS)
    await composer(ben).press_sequentially("Hm")
    await expect(shown).to_be_visible()
    await composer(ben).blur()
    await expect(shown).to_have_count(0, timeout=STOPS_WITHIN_MS)


async def test_slow_mode_holds_back_everybody_but_those_who_moderate(two: Two, tmp_path: Path) -> None:
    ann, ben = two
    await ann.get_by_text("Room settings").click()
    await ann.get_by_label("Slow mode").select_option("30")
    await chatting(*two)
    await expect(ben.get_by_text("Slow mode: a message every 30 seconds.")).to_be_visible()
    await says(ben, "First")
    await expect(line(ben, "First")).to_be_visible()
    await composer(ben).fill("Second")
    send = ben.get_by_role("button", name="Send")
    await expect(send).to_be_disabled()
    await expect(ben.locator(".slow .countdown")).to_have_text(re.compile(r"\d+ s"))
    await composer(ben).press("Enter")
    await expect(composer(ben)).to_have_value("Second")
    await ben.screenshot(path=tmp_path / "slow.png")
    for text in ("a", "b"):
        await says(ann, text)
    await expect(ben.locator(".said-line")).to_have_count(3)

    # A line that was taken back still counts, and only the server knows: what it declines is not lost.
    await act(ben, "First", "Remove…")
    await ben.get_by_role("button", name="Remove it for everybody").click()
    await expect(ben.locator(".said-line")).to_have_count(2)
    await expect(send).to_be_enabled()
    await composer(ben).press("Enter")
    await expect(composer(ben)).to_have_value("Second")
    await expect(send).to_be_disabled()
    await expect(send).to_be_enabled(timeout=40_000)
    await send.click()
    await expect(line(ann, "Second")).to_be_visible()

    await ann.get_by_role("tab", name="People").click()
    await ann.get_by_text("Room settings").click()
    await ann.get_by_label("Slow mode").select_option("Off")
    await expect(ben.get_by_text("Slow mode")).to_have_count(0)


async def test_both_answer_a_poll_and_see_it_counted(two: Two, tmp_path: Path) -> None:
    ann, ben = two
    await expect(ben.get_by_role("tab", name="Polls")).not_to_contain_text("new")
    await asks(ann, "What next?", ["A film", "Bed", "Nothing at all"], remove=2)
    await expect(ben.get_by_role("tab", name="Polls")).to_contain_text("1 new")
    await expect(ben.get_by_role("status").get_by_text("New poll: What next?")).to_have_count(1)
    await ben.get_by_role("tab", name="Polls").click()
    await expect(ben.get_by_text("Open a poll")).to_have_count(0)
    await expect(ben.get_by_role("button", name="Vote")).to_be_disabled()
    await ben.get_by_label("A film").focus()
    await ben.keyboard.press("ArrowDown")
    await expect(ben.get_by_label("Bed")).to_be_checked()
    await ben.screenshot(path=tmp_path / "vote.png", full_page=True)
    await ben.get_by_role("button", name="Vote").click()
    await expect(ben.get_by_text("You answered: Bed")).to_be_visible()
    await expect(bars(ann)).to_have_text([re.compile("A film.*0 · 0 %"), re.compile("Bed.*1 · 100 %")])
    await ann.get_by_label("A film").check()
    await ann.get_by_role("button", name="Vote").click()
    for page in two:
        await expect(bars(page)).to_have_text([re.compile("A film.*1 · 50 %"), re.compile("Bed.*1 · 50 %")])
        await expect(page.get_by_text("2 answers")).to_be_visible()
    await ann.screenshot(path=tmp_path / "bars-desk.png")
    await ben.screenshot(path=tmp_path / "bars-phone.png", full_page=True)
    assert await ben.evaluate(TOO_WIDE) == []
    assert not await ben.evaluate(SCROLLS_SIDEWAYS)

    await ben.reload()
    await ben.get_by_role("tab", name="Polls").click()
    await expect(ben.get_by_text("You answered: Bed")).to_be_visible()
    await ann.get_by_role("button", name="Close the poll").click()
    for page in two:
        await expect(page.get_by_role("list", name="Closed polls")).to_contain_text("What next?")
        await expect(page.get_by_role("list", name="Open polls")).to_have_count(0)


async def test_stars_are_averaged_and_words_are_listed(two: Two, tmp_path: Path) -> None:
    ann, ben = two
    await asks(ann, "How was it?", kind="rating")
    await asks(ann, "What was best?", kind="text", lasts="60")
    await ben.get_by_role("tab", name="Polls").click()
    await expect(ben.get_by_text(re.compile(r"closes in \d:\d\d"))).to_be_visible()
    for page, stars, words in ((ann, "5 stars", "The end"), (ben, "2 stars", "The <b>music</b>")):
        await page.get_by_label(stars).focus()
        await page.keyboard.press("Space")
        await expect(page.get_by_label(stars)).to_be_checked()
        await page.screenshot(path=tmp_path / f"{stars}.png", full_page=True)
        await page.get_by_role("button", name="Vote").click()
        await page.get_by_label("Your answer").fill(words)
        await page.get_by_role("button", name="Answer", exact=True).click()
    for page in two:
        await expect(page.get_by_text("3.5 of 5 stars")).to_be_visible()
        answers = page.get_by_role("list", name="Answers").get_by_role("listitem")
        await expect(answers).to_have_text(["The <b>music</b>", "The end"])
    await ben.screenshot(path=tmp_path / "rated-phone.png", full_page=True)
    await ann.screenshot(path=tmp_path / "rated-desk.png")


async def test_what_a_host_has_to_fill_in_fits_a_phone(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    async with person(browser, PHONE) as ann:
        await create(ann, server)
        await ann.get_by_text("Room settings").click()
        await ann.screenshot(path=tmp_path / "settings.png", full_page=True)
        assert await ann.evaluate(TOO_WIDE) == []
        await ann.get_by_role("tab", name="Polls").click()
        await ann.get_by_text("Open a poll").click()
        await ann.get_by_role("button", name="Another option").click()
        await ann.get_by_role("button", name="Ask everybody").click()
        await expect(ann.get_by_text("A poll needs a question")).to_be_visible()
        await ann.screenshot(path=tmp_path / "ask.png", full_page=True)
        assert await ann.evaluate(TOO_WIDE) == []
        assert not await ann.evaluate(SCROLLS_SIDEWAYS)


async def chatting(*pages: Page) -> None:
    for page in pages:
        await page.get_by_role("tab", name="Chat").click()


def composer(page: Page) -> Locator:
    return page.get_by_label("Say something")


async def says(page: Page, text: str) -> None:
    await composer(page).fill(text)
    await composer(page).press("Enter")
    await expect(composer(page)).to_have_value("")


def line(page: Page, text: str, first: bool = False) -> Locator:
    """`first`: of those that say it, for one that others quote."""
    lines = page.locator(".said-line").filter(has_text=text)
    return lines.first if first else lines


def more(page: Page, text: str) -> Locator:
    return page.get_by_role("button", name=f"What to do about “{text}”")


async def unfold(page: Page, text: str) -> None:
    await expect(line(page, text, first=True)).to_be_visible()
    await more(page, text).click()


async def act(page: Page, text: str, what: str) -> None:
    await unfold(page, text)
    await page.get_by_role("button", name=what, exact=True).click()


def bars(page: Page) -> Locator:
    return page.get_by_role("list", name="Results").get_by_role("listitem")


async def asks(
    page: Page,
    question: str,
    options: list[str] | None = None,
    *,
    kind: str = "multiple_choice",
    lasts: str = "0",
    remove: int | None = None,
) -> None:
    """`remove`: which of the options is taken away again before anybody is asked."""
    await page.get_by_role("tab", name="Polls").click()
    await page.get_by_text("Open a poll").click()
    await page.get_by_label("Question").fill(question)
    await page.get_by_label("How to answer").select_option(kind)
    await page.get_by_label("How long").select_option(lasts)
    for place, option in enumerate(options or [], 1):
        if place > 2:
            await page.get_by_role("button", name="Another option").click()
        await page.get_by_label(f"Option {place}", exact=True).fill(option)
    if remove is not None:
        await page.get_by_label(f"Remove option {remove + 1}").click()
    await page.get_by_role("button", name="Ask everybody").click()
    await expect(page.get_by_role("list", name="Open polls")).to_contain_text(question)
