"""The credentials that peers get open Debian's coturn, for as long as they say and to nobody without the secret."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.async_api import Browser, Page

from tests.e2e.coturn import coturn, error_of_allocation
from tests.e2e.server import serving
from tests.e2e.site import site
from tutti.dialects.meet.ice import Ice

pytestmark = pytest.mark.e2e

SECRET = "a-secret-that-both-have"
UNAUTHORIZED = 401
PAGE = Path(__file__).parent / "pages" / "meeting.html"
BEHIND_A_FIREWALL = """() => {
  const iceServers = () => heard.find(({ event }) => event === "peers").data.iceServers;
  const Direct = RTCPeerConnection;
  window.RTCPeerConnection = class extends Direct {
    constructor() { super({ iceServers: iceServers(), iceTransportPolicy: "relay" }); }
  };
}"""
WAY = """async (id) => {
  for (;;) {
    const stats = [...(await peers.get(id).connection.getStats()).values()];
    const pairs = stats.filter(({ type }) => type === "candidate-pair");
    const pair = pairs.find(({ nominated, state }) => nominated && state === "succeeded");
    if (pair) return stats.find(({ id }) => id === pair.localCandidateId).candidateType;
    await new Promise((later) => setTimeout(later, 50));
  }
}"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with coturn(tmp_path_factory.mktemp("coturn"), SECRET) as port:
        yield port


def allocation(port: int, secret: str, *, issued_s_ago: float = 0.0, peer: str = "peer_abc123") -> int | None:
    ice = Ice((), (f"turn:127.0.0.1:{port}",), secret.encode(), turn_ttl_s=60)
    (server,) = ice.ice_servers(peer, time.time() - issued_s_ago)
    assert server.username is not None
    assert server.credential is not None
    return error_of_allocation(port, server.username, server.credential)


@pytest.mark.parametrize("peer", ["peer_abc123", "a:b", "Åsa"])
def test_a_peers_credentials_open_a_relay(port: int, peer: str) -> None:
    assert allocation(port, SECRET, peer=peer) is None


def test_another_secret_does_not(port: int) -> None:
    assert allocation(port, "another-secret") == UNAUTHORIZED


def test_expired_ones_do_not(port: int) -> None:
    assert allocation(port, SECRET, issued_s_ago=30) is None
    assert allocation(port, SECRET, issued_s_ago=70) == UNAUTHORIZED


def test_a_longer_life_cannot_be_claimed(port: int) -> None:
    (server,) = Ice((), ("turn:x",), SECRET.encode(), turn_ttl_s=60).ice_servers("eve", time.time() - 70)
    assert server.credential is not None
    assert error_of_allocation(port, f"{int(time.time()) + 3600}:eve", server.credential) == UNAUTHORIZED


@pytest.mark.asyncio(loop_scope="session")
async def test_two_behind_firewalls_see_each_other_through_the_relay(
    port: int, browser: Browser, tmp_path: Path
) -> None:
    """With what `peers` told them, and no other way open."""
    env = {"TURN_URLS": f"turn:127.0.0.1:{port}?transport=udp", "TURN_SECRET": SECRET}
    context = await browser.new_context()
    with site({"meeting.html": ("text/html", PAGE.read_bytes())}) as shown:
        async with serving(tmp_path, env=env) as server:
            pages: dict[str, Page] = {}
            for me in ("ada", "ben"):
                page = pages[me] = await context.new_page()
                asked = {"server": server.ws_url, "room": "relayed", "me": me, "name": me}
                await page.goto(f"{shown.url}/meeting.html?{urlencode(asked)}")
                await page.evaluate(BEHIND_A_FIREWALL)
                await page.evaluate("async () => { await camera(); await open(); join(); }")
                await page.wait_for_function("yourId", timeout=30_000)
            await asyncio.gather(
                *(page.wait_for_function("times.firstFrame > 0", timeout=40_000) for page in pages.values())
            )
            assert await pages["ada"].evaluate(WAY, "ben") == "relay"
            assert await pages["ben"].evaluate(WAY, "ada") == "relay"
    await context.close()
