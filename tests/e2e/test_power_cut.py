"""`kill -9` while everybody is busy: what was acknowledged is there again, and real clients come back by themselves."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from tests.e2e.programs import of, running
from tests.e2e.rooms import WATCH, action, entered, made_room, shown
from tests.e2e.server import Server, serving
from tests.e2e.talker import talking

pytestmark = pytest.mark.e2e

LOAD_WITHIN_S = 60.0
ENOUGH = 600
"""Acknowledgements before the power goes."""

FOLLOWERS = ("fay", "gus", "hal")
CLOSE_S = 0.5
"""How near a position must be to where it may be: the way there on a busy machine, and what is announced ahead."""

GONE = (httpx.HTTPError, websockets.ConnectionClosed, AssertionError, asyncio.CancelledError)

Move = tuple[float, bool, float, float]
"""Where to, whether it plays from there, and between which two moments the server did it, as far as is known."""

Bearer = {"ann": {"Authorization": "Bearer token-of-ann"}, "ben": {"Authorization": "Bearer token-of-ben"}}


class Ledger:
    """What was promised. `may_be`: the last promise about a thing, and what was being asked when the power went."""

    def __init__(self) -> None:
        self.sessions: dict[str, None] = {}
        self.rooms: dict[str, None] = {}
        self.offsets: dict[str, list[float]] = {}
        self.admins: dict[str, list[str]] = {}
        self.moves: dict[str, list[Move]] = {}
        self.kept = 0
        self.enough = asyncio.Event()
        self.cut_s = math.inf
        """When the power went: nothing that goes wrong from then on was promised."""

    def keep(self) -> None:
        self.kept += 1
        if self.kept >= ENOUGH:
            self.enough.set()


class Load:
    """Everybody who is busy; each goes on until the server is gone."""

    def __init__(self, server: Server, http: httpx.AsyncClient, ledger: Ledger) -> None:
        self._server = server
        self._http = http
        self._ledger = ledger

    async def found_sessions(self) -> None:
        while True:
            made = await self._post("/api/sessions", {"userId": "ann", "userName": "Ann"})
            self._ledger.sessions[made["sessionId"]] = None
            self._ledger.keep()

    async def found_rooms(self) -> None:
        while True:
            self._ledger.rooms[await made_room(self._http, "ann")] = None
            self._ledger.keep()

    async def set_offsets(self) -> None:
        """Of somebody in one session, a new one each time."""
        session = (await self._post("/api/sessions", {"userId": "ann", "userName": "Ann"}))["sessionId"]
        joined = await self._post(
            f"/api/sessions/{session}/join", {"userId": "ben", "userName": "Ben"}, "ben"
        )
        token = {"Authorization": f"Bearer {joined['clientToken']}"}
        asked = self._ledger.offsets[session] = [0.0]
        for offset in range(1, 5_000):
            asked.append(float(offset))
            answer = await self._http.patch(
                f"/api/sessions/{session}/offset", json={"offsetMs": offset}, headers=token
            )
            assert answer.status_code == 200, answer.text
            del asked[:-1]
            self._ledger.keep()

    async def pass_the_seat_on(self) -> None:
        """Between two admins, to and fro."""
        room = await made_room(self._http, "ann")
        answer = await self._http.post(f"{WATCH}/rooms/{room}/join", json={"userId": "ben"})
        assert answer.status_code == 200, answer.text
        asked = self._ledger.admins[room] = ["ann"]
        while True:
            admin = asked[-1]
            other = "ben" if admin == "ann" else "ann"
            asked.append(other)
            body = {"currentAdminId": admin, "newAdminId": other}
            answer = await self._http.post(f"{WATCH}/rooms/{room}/transfer-admin", json=body)
            assert answer.status_code == 200, answer.text
            del asked[:-1]
            self._ledger.keep()

    async def move(self, room: str) -> None:
        """Play, pause and seek, each asked for with an acknowledgement."""
        asked = self._ledger.moves[room] = [(0.0, False, 0.0, 0.0)]
        async with talking(self._server.ws_url, "token-of-ann") as talker:
            await entered(talker, room, "ann")
            for number in range(1, 100_000):
                to_s, plays = number * 3.0, number % 4 != 0
                kind = "play" if plays else "pause"
                begun_s = time.monotonic()
                asked.append((to_s, plays, begun_s, math.inf))
                said = await talker.ask("playback_action", action(room, "ann", kind, currentTime=to_s))
                assert said["success"], said
                asked[-1] = (to_s, plays, begun_s, time.monotonic())
                del asked[:-1]
                self._ledger.keep()

    async def _post(self, path: str, body: dict[str, str], user: str = "ann") -> dict[str, Any]:
        answer = await self._http.post(path, json=body, headers=Bearer[user])
        assert answer.is_success, answer.text
        told: dict[str, Any] = answer.json()
        return told


async def test_everything_acknowledged_is_back_after_kill_9(tmp_path: Path) -> None:
    ledger = Ledger()
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(tmp_path, env={"TUTTI_LIMITS": "off"}))
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=server.url, timeout=LOAD_WITHIN_S))
        people = await stack.enter_async_context(running("watchers.mjs", server.url))
        watched = [await made_room(http, "ann") for _ in range(2)]
        for user in FOLLOWERS:
            await people.do("enter", user=user, roomId=watched[0], transports=["polling", "websocket"])

        load = Load(server, http, ledger)
        busy = [
            *(asyncio.create_task(until_gone(work, ledger)) for work in (load.found_sessions, load.found_rooms)),
            *(asyncio.create_task(until_gone(load.set_offsets, ledger)) for _ in range(3)),
            *(asyncio.create_task(until_gone(load.pass_the_seat_on, ledger)) for _ in range(3)),
            *(asyncio.create_task(until_gone(partial(load.move, room), ledger)) for room in watched),
        ]  # fmt: skip
        async with asyncio.timeout(LOAD_WITHIN_S):
            await ledger.enough.wait()
        ledger.cut_s = time.monotonic()
        await server.kill()
        await asyncio.gather(*busy)
        heard = len(people.events)
        await server.start()

        await assert_kept(http, ledger)
        for user in FOLLOWERS:
            gone = await people.tells("disconnect", of(user))
            assert gone["reason"] == "transport close"
            back = await people.tells("initial_state", of(user), since=heard)
            at_s = back["at"] / 1000
            assert_at(back["data"]["currentState"], ledger, watched[0], at_s - CLOSE_S, at_s)


async def until_gone(work: Callable[[], Awaitable[None]], ledger: Ledger) -> None:
    """Work until the server is."""
    try:
        await work()
    except GONE:
        if ledger.cut_s == math.inf:
            raise


async def assert_kept(http: httpx.AsyncClient, ledger: Ledger) -> None:
    assert ledger.sessions
    assert ledger.rooms
    assert (len(ledger.offsets), len(ledger.admins), len(ledger.moves)) == (3, 3, 2)
    for session in ledger.sessions:
        state = await http.get(f"/api/sessions/{session}/state", headers=Bearer["ann"])
        assert state.json()["host"]["userId"] == "ann", state.text
    for room in ledger.rooms:
        assert (await shown(http, room))["adminId"] == "ann"
    for session, offsets in ledger.offsets.items():
        state = await http.get(f"/api/sessions/{session}/state", headers=Bearer["ann"])
        assert state.json()["client"]["offsetMs"] in offsets
    for room, admins in ledger.admins.items():
        assert (await shown(http, room))["adminId"] in admins
    for room in ledger.moves:
        asked_s = time.monotonic()
        state = (await shown(http, room))["currentState"]
        assert_at(state, ledger, room, asked_s, time.monotonic())


def assert_at(state: dict[str, Any], ledger: Ledger, room: str, from_s: float, to_s: float) -> None:
    """Where the last movement put it, and on from there if it plays; the state is of between these two moments."""
    expected = [
        (
            put_s + (from_s - min(until_s, ledger.cut_s) if plays else 0.0),
            put_s + (to_s - since_s if plays else 0.0),
            plays,
        )
        for put_s, plays, since_s, until_s in ledger.moves[room]
    ]
    fits = [
        plays is state["isPlaying"] and first_s - CLOSE_S < state["currentTime"] < last_s + CLOSE_S
        for first_s, last_s, plays in expected
    ]
    assert any(fits), f"{state} is none of {expected}"
