"""One room of the SFU, and connections to it that aiortc makes as a browser would."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.rtcdtlstransport import RTCCertificate

from tutti_media.sfu.leg import CONNECT_WITHIN_S
from tutti_media.sfu.port import Port
from tutti_media.sfu.relay import Relay
from tutti_media.sfu.room import Data, Room

WITHIN_S = 20.0


class Outside:
    """What the room says, as it comes."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[tuple[str, str, Data]] = asyncio.Queue()
        self.unreachable: list[str] = []

    def tell(self, room: str, to: str, event: str, data: Data) -> None:
        self.told.put_nowait((to, event, data))

    def failed(self, room: str, member: str) -> None:
        self.unreachable.append(member)

    async def hears(self, to: str, event: str) -> str:
        async with asyncio.timeout(WITHIN_S):
            while True:
                whom, what, data = await self.told.get()
                if (whom, what) == (to, event):
                    return str(data["sdp"])


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest_asyncio.fixture
async def room(outside: Outside) -> AsyncIterator[Room]:
    """With ann and ben in it, who have said nothing yet: ben is the later one, and offers."""
    port = Port(0)
    here = Room("x", port, RTCCertificate.generateCertificate(), outside)
    for one in ("ann", "ben"):
        here.enter(one, None, offers=True)
    yield here
    await here.close()
    port.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not holds():  # noqa: ASYNC110 - what is waited for is what packets bring
            await asyncio.sleep(0.01)


async def connects(room: Room, outside: Outside) -> RTCPeerConnection:
    """Ben, with ann, as far as he knows."""
    browser = RTCPeerConnection()
    browser.addTransceiver("audio")
    await browser.setLocalDescription(await browser.createOffer())
    room.signal("offer", "ben", "ann", {"sdp": browser.localDescription.sdp})
    await browser.setRemoteDescription(RTCSessionDescription(await outside.hears("ben", "answer"), "answer"))
    leg = room.people["ben"].legs["ann"]
    await until(lambda: leg.connected)
    return browser


async def test_whose_page_closes_a_connection_that_was_there_for_long_can_still_be_reached(
    room: Room, outside: Outside
) -> None:
    browser = await connects(room, outside)
    leg = room.people["ben"].legs["ann"]
    await browser.close()
    await until(lambda: leg.closed)
    room.report(time.monotonic() + CONNECT_WITHIN_S + 1)
    assert outside.unreachable == []
    assert "ann" not in room.people["ben"].legs
    assert await outside.hears("ben", "offer")


async def test_a_page_with_which_all_is_agreed_and_that_never_connects_cannot_be_reached(
    room: Room, outside: Outside
) -> None:
    browser = RTCPeerConnection()
    browser.addTransceiver("audio")
    await browser.setLocalDescription(await browser.createOffer())
    room.signal("offer", "ben", "ann", {"sdp": browser.localDescription.sdp})
    await browser.close()
    room.report(time.monotonic() + CONNECT_WITHIN_S - 1)
    assert outside.unreachable == []
    room.report(time.monotonic() + CONNECT_WITHIN_S + 1)
    assert outside.unreachable == ["ben"]


async def test_a_page_that_enters_again_is_answered_at_once_whatever_was_being_offered_to_it(
    room: Room, outside: Outside
) -> None:
    """What it was offered last may have been lost with its line."""
    browser = await connects(room, outside)
    room.people["ben"].legs["ann"].revive()
    await outside.hears("ben", "offer")
    room.enter("ben", None, offers=True)
    await browser.setLocalDescription(await browser.createOffer())
    room.signal("offer", "ben", "ann", {"sdp": browser.localDescription.sdp})
    to, event, _ = outside.told.get_nowait()
    assert (to, event) == ("ben", "answer")
    await browser.close()


async def test_every_entrance_is_acknowledged_before_anything_is_said_about_it() -> None:
    port = Port(0)
    lines: list[Data] = []
    relay = Relay(port, lambda line: lines.append(json.loads(line)))
    browser = RTCPeerConnection()
    browser.addTransceiver("audio")
    await browser.setLocalDescription(await browser.createOffer())
    offer = {"event": "offer", "data": {"sdp": browser.localDescription.sdp}}
    await browser.close()
    for one in ("ann", "ben", "ben"):
        entering = {"do": "enter", "room": "x", "member": one, "username": None, "offers": True}
        relay.hear(json.dumps(entering).encode())
    relay.hear(json.dumps({"do": "signal", "room": "x", "from": "ben", "to": "ann", "frame": offer}).encode())
    said = [(line["say"], line.get("member") or line.get("to")) for line in lines]
    assert said == [("entered", "ann"), ("entered", "ben"), ("entered", "ben"), ("signal", "ben")]
    relay.hear(b'{"do": "close", "room": "x"}')
    port.close()
