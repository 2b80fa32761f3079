"""Meetings against the real server: over real sockets, through a kill, and with everything that a proxy would not do."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.e2e.server import Server, serving

pytestmark = pytest.mark.e2e

WITHIN_S = 30.0
Said = dict[str, Any]


class Peer:
    """`heard`: every message in order. `end`: the code that it was closed with, once it was."""

    def __init__(self, connection: ClientConnection) -> None:
        self.heard: list[Said] = []
        self.end: int | None = None
        self.connection = connection
        self._news = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    async def says(self, event: str, /, **data: object) -> None:
        await self.connection.send(json.dumps({"event": event, "data": data}))

    async def joins(self, **join: object) -> Said:
        since = len(self.heard)
        await self.says("join", **join)
        return await self.hears("peers", since)

    async def hears(self, event: str, since: int = 0, that: Callable[[Said], bool] = bool) -> Said:
        """The `data` of the first such, from the one numbered `since` on."""
        try:
            async with asyncio.timeout(WITHIN_S), self._news:
                while True:
                    for said in self.heard[since:]:
                        if said["event"] == event and (not said["data"] or that(said["data"])):
                            data: Said = said["data"]
                            return data
                    assert not self._reading.done(), f"it ended with {self.end}; heard {self.heard[since:]}"
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{event} not heard in {WITHIN_S} s: {self.heard[since:]}") from None

    async def ends(self) -> int:
        async with asyncio.timeout(WITHIN_S):
            await self._reading
        assert self.end is not None
        return self.end

    def breaks(self) -> None:
        """As a network does: no goodbye."""
        self.connection.transport.abort()

    async def aclose(self) -> None:
        await self.connection.close(1001)
        await self._reading

    async def _read(self) -> None:
        try:
            while True:
                said = json.loads(await self.connection.recv())
                async with self._news:
                    self.heard.append(said)
                    self._news.notify_all()
        except ConnectionClosed:
            self.end = self.connection.close_code or 1006
            async with self._news:
                self._news.notify_all()


@asynccontextmanager
async def meeting(server: Server, room: str = "daily", **more: Any) -> AsyncIterator[Peer]:
    url = f"{server.ws_url}/room/{room}/websocket"
    async with connect(url, compression=None, max_size=None, **more) as connection:
        peer = Peer(connection)
        try:
            yield peer
        finally:
            await peer.aclose()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as server:
        yield server


async def test_two_meet_and_what_they_pass_to_one_another_is_the_very_bytes(server: Server) -> None:
    async with meeting(server) as ada, meeting(server) as ben:
        assert (await ada.joins(peerId="ada", username="Ada"))["isHost"]
        assert (await ben.joins(peerId="ben", username="Ben"))["peers"] == ["ada"]
        sdp = "v=0\r\n" + "a=candidate:1 1 udp 2122260223 192.0.2.1 9 typ host\r\n" * 30
        await ben.says("offer", targetPeerId="ada", peerId="forged", sdp=sdp)
        offer = await ada.hears("offer")
        assert (offer["peerId"], offer["sdp"]) == ("ben", sdp)
        await ada.says("answer", targetPeerId="ben", sdp={"type": "answer", "sdp": sdp})
        assert (await ben.hears("answer"))["sdp"] == {"type": "answer", "sdp": sdp}
        await ben.says("chat-message", id="m1", message="hello")
        assert (await ada.hears("chat-message"))["message"] == "hello"
        assert (await ben.hears("chat-ack"))["id"] == "m1"


async def test_after_kill_9_everything_is_back_within_3_seconds(server: Server) -> None:
    await server.kill()
    began = time.monotonic()
    await server.start()
    at_best_s = time.monotonic() - began
    async with meeting(server) as ada, meeting(server) as ben, meeting(server) as cat:
        mine = await ada.joins(peerId="ada", username="Ada")
        bens = await ben.joins(peerId="ben", username="Ben")
        await cat.joins(peerId="cat", username="Cat")
        await ada.says("promote-co-host", targetPeerId="ben")
        await ada.says("room-locked")
        await cat.says("raise-hand")
        await ben.hears("raise-hand")
        await ben.says("raise-hand")
        await ben.hears("role-changed")
        await ada.says("chat-message", id="m1", message="hello")
        ack = await ada.hears("chat-ack")
        await ada.hears("raise-hand", that=lambda said: said["peerId"] == "ben")
        await server.kill()
        began = time.monotonic()
    await server.start()
    async with meeting(server) as ada, meeting(server) as ben:
        again = await ada.joins(
            username="Ada", resumeToken=mine["resumeToken"], epoch=mine["epoch"], lastSeq=ack["seq"]
        )
        took_s = time.monotonic() - began
        assert (again["yourId"], again["isHost"], again["resumed"]) == ("ada", True, True)
        told = await ben.joins(username="Ben", resumeToken=bens["resumeToken"])
        assert (told["yourId"], told["roomLocked"]) == ("ben", True)
        people = {one["peerId"]: one for one in told["participants"]}
        assert [people[who]["role"] for who in ("ada", "ben", "cat")] == ["host", "co-host", "participant"]
        assert [people[who]["handOrder"] for who in ("ada", "ben", "cat")] == [None, 2, 1]
        assert [line["message"] for line in told["chat"]] == ["hello"]
        assert took_s < max(3.0, 3 * at_best_s), (
            f"{took_s:.2f} s from the kill; with no room {at_best_s:.2f} s"
        )


async def test_a_line_that_breaks_is_not_somebody_who_leaves_and_a_goodbye_is(server: Server) -> None:
    async with meeting(server) as ada:
        await ada.joins(peerId="ada", username="Ada")
        async with meeting(server) as ben:
            bens = await ben.joins(peerId="ben", username="Ben")
            ben.breaks()
            assert await ada.hears("peer-reconnecting") == {"peerId": "ben"}
        await ada.says("chat-message", id="m1", message="are you there?")
        await ada.hears("chat-ack")
        async with meeting(server) as ben:
            resume = {"resumeToken": bens["resumeToken"], "epoch": bens["epoch"], "lastSeq": bens["seq"]}
            assert (await ben.joins(username="Ben", **resume))["resumed"]
            assert (await ben.hears("chat-message"))["message"] == "are you there?"
            assert (await ada.hears("peer-reconnected"))["peerId"] == "ben"
            assert "peer-left" not in [said["event"] for said in ada.heard]
            await ben.connection.close(1000)
            assert await ada.hears("peer-left") == {"peerId": "ben"}


async def test_a_browser_is_known_again_by_its_cookie(server: Server) -> None:
    async with meeting(server) as ada:
        await ada.joins(peerId="ada", username="Ada")
        async with meeting(server) as ben:
            response = ben.connection.response
            assert response is not None
            cookie = response.headers["Set-Cookie"]
            assert "HttpOnly" in cookie
            await ben.joins(peerId="ben", username="Ben")
            ben.breaks()
            await ada.hears("peer-reconnecting")
        async with meeting(server, additional_headers={"Cookie": cookie.partition(";")[0]}) as ben:
            assert (await ben.joins(peerId="ben", username="Ben"))["yourId"] == "ben"


async def test_an_sdp_of_a_megabyte_ends_the_connection_that_sends_it_and_no_other(server: Server) -> None:
    async with meeting(server) as ada, meeting(server) as eve:
        await ada.joins(peerId="ada", username="Ada")
        await eve.joins(peerId="eve", username="Eve")
        await eve.says("offer", targetPeerId="ada", sdp="x" * 1_000_000)
        assert await eve.ends() == 1009
        assert await ada.hears("peer-reconnecting") == {"peerId": "eve"}
        await ada.says("ping")
        await ada.hears("pong")


async def test_the_password_is_asked_for_and_checked_beside_the_rooms(server: Server) -> None:
    async with meeting(server) as ada, meeting(server) as ben:
        await ada.joins(peerId="ada", username="Ada")
        await ada.says("set-password", password="open sesame")
        await ada.hears("password-changed")
        await ben.says("join", peerId="ben", username="Ben", password="wrong")
        assert (await ben.hears("error"))["reason"] == "wrong_password"
        assert (await ben.joins(peerId="ben", username="Ben", password="open sesame"))["peers"] == ["ada"]


async def test_a_stopping_server_sends_everybody_away_to_come_back(server: Server) -> None:
    async with meeting(server) as ada:
        await ada.joins(peerId="ada", username="Ada")
        server.ask_to_stop()
        assert await ada.ends() == 1012
    assert await server.ended() == 0


async def test_the_setting_says_how_many_may_meet(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, env={"MEET_MAX_PARTICIPANTS": "1"}) as server,
        meeting(server) as ada,
        meeting(server) as ben,
    ):
        await ada.joins(peerId="ada", username="Ada")
        await ben.says("join", peerId="ben", username="Ben")
        assert (await ben.hears("error"))["code"] == "ROOM_FULL"
        assert await ben.ends() == 1000
