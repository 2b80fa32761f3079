"""Real browsers with a front end written from guide 004 alone, and a server that forwards: each sends its media once,
and everybody sees everybody, whatever happens to the one that forwards."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.e2e.server import Server, serving
from tests.e2e.site import Site, site
from tests.e2e.test_guide_meeting import PAGE, Meeting, Tab, all_see_all, assert_no_faults

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]

FOUR = ("ada", "ben", "cat", "dan")
SIX = (*FOUR, "eve", "fay")
MEASURED_S = 4.0
SENT = """async () => {
  let bytes = 0;
  for (const [id, { connection }] of peers)
    for (const one of (await connection.getStats()).values())
      if (one.type === "outbound-rtp") bytes += one.bytesSent;
  return bytes;
}"""
"""Over all connections that there are."""
REMEMBERS = "() => { window.before = new Map([...peers].map(([id, one]) => [id, one.connection])); }"
SAME = "() => [...peers].filter(([id, one]) => one.connection === window.before.get(id)).map(([id]) => id)"


@pytest.fixture(scope="module")
def shown() -> Any:
    with site({"meeting.html": ("text/html", PAGE.read_bytes())}) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path, mesh_max: int) -> AsyncIterator[Server]:
    async with serving(tmp_path, env={"MEET_SFU": "on", "MEET_MESH_MAX": str(mesh_max)}) as running:
        yield running


@pytest.fixture
def mesh_max() -> int:
    """As few as that, so that the machine has not too much to encode when they are connected with one another."""
    return 2


@pytest_asyncio.fixture(loop_scope="session")
async def forwarded(browser: Browser, shown: Site, server: Server) -> AsyncIterator[Meeting]:
    async with AsyncExitStack() as stack:
        yield Meeting(browser, server, shown, stack)


async def of(meeting: Meeting, *people: str) -> list[Tab]:
    """All but the last were connected with one another before they were too many; the last knows nothing else."""
    tabs = [await meeting.tab(me) for me in people]
    *first, last = tabs
    for tab in first:
        await tab.enters()
    for tab in first[:-1]:
        await is_now(tab, "sfu")
    await last.enters()
    await all_see_all(tabs)
    return tabs


async def is_now(tab: Tab, topology: str) -> None:
    await tab.until(
        "(name) => heard.filter((m) => m.event === 'topology').at(-1)?.data.topology === name", topology
    )


async def kbit_per_s(tabs: list[Tab]) -> list[float]:
    """What each sends."""
    begun_s, before = time.monotonic(), [await tab.does(SENT) for tab in tabs]
    await asyncio.sleep(MEASURED_S)  # how much is sent in a while is what is asked here
    after, took_s = [await tab.does(SENT) for tab in tabs], time.monotonic() - begun_s
    return [8 * (more - less) / took_s / 1000 for less, more in zip(before, after, strict=True)]


def relays_of(pid: int) -> list[int]:
    """The processes that this one started, and that forward."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(one) for one in children if b"tutti_media.sfu" in Path(f"/proc/{one}/cmdline").read_bytes()]


@pytest.mark.parametrize("mesh_max", [4])
async def test_six_see_one_another_and_each_sends_once(forwarded: Meeting) -> None:
    tabs = await of(forwarded, *SIX)
    late = await tabs[-1].heard("peers")
    assert late[-1]["topology"] == "sfu"
    await assert_no_faults(tabs)
    sent = await kbit_per_s(tabs)
    once = min(sent)
    assert once > 30, "there is something to send"
    assert max(sent) < 2.5 * once, f"nobody sends what five others would have to be sent: {sent}"


async def test_a_screen_reaches_everybody_and_whoever_comes_later(forwarded: Meeting) -> None:
    tabs = await of(forwarded, *FOUR)
    ada, *others = tabs
    await ada.does("() => showScreen()")
    await ada.does("() => share()")
    for other in others:
        await other.sees(ada, 2)
    guy = await forwarded.tab("guy")
    await guy.enters()
    await guy.sees(ada, 2)
    await all_see_all([*tabs, guy])


async def test_the_others_go_on_when_the_one_leaves_over_whose_connection_they_sent(
    forwarded: Meeting,
) -> None:
    ada, *others = await of(forwarded, *FOUR)
    await ada.does("() => { send('leave'); }")
    for other in others:
        await other.until("() => !peers.has('ada')")
    await all_see_all(others)


async def test_a_page_that_is_reloaded_is_seen_again_and_nobody_connects_anew(forwarded: Meeting) -> None:
    tabs = await of(forwarded, *FOUR)
    ada, ben, *_ = tabs
    before = await ada.does("() => heard.length")
    await ada.does(REMEMBERS)
    await ben.page.reload()
    await ben.enters()
    await all_see_all(tabs)
    assert "peer-left" not in await ada.does("(n) => events().slice(n)", before)
    assert set(await ada.does(SAME)) == set(FOUR) - {"ada"}, "over the connections that there were"
    await assert_no_faults(tabs)


async def test_a_page_that_enters_again_over_another_line_keeps_its_connections(forwarded: Meeting) -> None:
    """A client of the guide knows nothing of resuming: it says `join` again, and offers to all that it is told of."""
    tabs = await of(forwarded, *FOUR)
    ada, ben, *_ = tabs
    before = await ada.does("() => heard.length")
    await ben.does(REMEMBERS)
    agreed = await ben.does("() => agreements")
    await ben.does("async () => { socket.close(4999); await open(); join(); }")
    await ben.until("(n) => agreements >= n", agreed + len(FOUR) - 1)
    await all_see_all(tabs)
    assert "peer-left" not in await ada.does("(n) => events().slice(n)", before)
    assert set(await ben.does(SAME)) == set(FOUR) - {"ben"}
    await assert_no_faults(tabs)


async def test_a_connection_that_a_page_closes_is_offered_to_it_anew(forwarded: Meeting) -> None:
    ada, ben, *others = await of(forwarded, *FOUR)
    for one in ("ben", "cat"):  # the first is the one over which it sends
        await ada.does("(id) => forget(id)", one)
    await all_see_all([ada, ben, *others])


async def test_when_what_forwards_dies_all_are_connected_with_one_another(forwarded: Meeting) -> None:
    tabs = await of(forwarded, *FOUR)
    (relay,) = relays_of(forwarded.server.pid)
    os.kill(relay, signal.SIGKILL)
    for tab in tabs:
        await is_now(tab, "mesh")
    await all_see_all(tabs)
    sent = await kbit_per_s(tabs[:1])
    assert sent[0] > 0
    for tab in tabs:
        assert await tab.does("() => peers.size") == len(FOUR) - 1
    guy = await forwarded.tab("guy")
    await guy.enters()
    for tab in tabs:
        await is_now(tab, "sfu")
    await all_see_all([*tabs, guy])
