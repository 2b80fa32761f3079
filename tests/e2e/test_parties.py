"""A party against the real server: made over HTTP, entered in every language, and still there after a power cut."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from tests.e2e.partygoers import Guest, registered
from tests.e2e.server import Server, serving
from tests.e2e.talker import talking
from tests.e2e.voices import Said, calling

pytestmark = pytest.mark.e2e

CLOSED = {"TUTTI_ENV": "production", "JWT_SECRET": "a secret that is long enough for HS256"}
FILM = "https://films.example/film.mp4"
WITHIN_S = 30.0


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, env=CLOSED) as server:
        yield server


@pytest.fixture
async def http(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, timeout=WITHIN_S) as http:
        yield http


async def seen(guest: Guest, party: Said, **wanted: object) -> Said:
    """The party, as soon as it is like this: rows follow a room a moment later."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            said: Said = await guest.asks("GET", f"/api/parties/{party['id']}/")
            if all(said[name] == value for name, value in wanted.items()):
                return said
            await asyncio.sleep(0.05)  # rows say nothing by themselves


async def in_list(guest: Guest, **wanted: object) -> Said:
    """The newest of their parties, as soon as the list shows it like this."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            said: Said = (await guest.asks("GET", "/api/parties/"))["results"][0]
            if all(said[name] == value for name, value in wanted.items()):
                return said
            await asyncio.sleep(0.05)  # rows say nothing by themselves


async def its_room_says_something(guest: Guest, since: datetime) -> None:
    """Return when the rows know from the room of their newest party that it is there, since then."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            said: str | None = (await in_list(guest))["last_sync_at"]
            if said is not None and datetime.fromisoformat(said) >= since:
                return
            await asyncio.sleep(0.05)  # rows say nothing by themselves


async def test_a_party_is_one_room_for_rest_and_for_native_clients(
    server: Server, http: httpx.AsyncClient
) -> None:
    ann, ben = [await registered(http, name) for name in ("ann", "ben")]
    party = await ann.asks("POST", "/api/parties/", {"title": "Film night", "video_url": FILM})
    link = await ann.asks("POST", f"/api/parties/{party['id']}/generate-invite/")
    await ben.asks("POST", "/api/parties/join-by-invite/", {"token": link["token"]})
    code = party["room_code"]
    async with calling(server.ws_url, code) as host, calling(server.ws_url, code) as guest:
        await host.hello(token=ann.access)
        welcome = await guest.hello(token=ben.access)
        roles = {member["id"]: member["role"] for member in welcome["room"]["members"]}
        assert roles == {ann.id: "host", ben.id: "member"}
        assert (welcome["room"]["name"], welcome["room"]["media"]["id"]) == ("Film night", FILM)
        people = await ben.asks("GET", f"/api/parties/{party['id']}/participants/")
        assert [one["is_online"] for one in people["results"]] == [True, True]
        assert (await guest.asks("play"))["code"] == "not_allowed"

        await ann.asks("POST", f"/api/parties/{party['id']}/promote/", {"user_id": ben.id})
        await guest.hears(lambda said: said["type"] == "role" or said.get("role") == "moderator")
        await ann.asks("POST", f"/api/parties/{party['id']}/start/")
        assert (await guest.asks("play", position=60_000))["type"] == "ack"
        state = await ann.asks("GET", f"/api/parties/{party['id']}/sync_state/")
        assert (state["is_playing"], state["status"]) == (True, "live")
        assert 59.5 <= state["current_timestamp"] <= 70
        assert (await host.asks("pause"))["type"] == "ack"
        state = await ben.asks("GET", f"/api/parties/{party['id']}/sync_state/")
        assert (state["is_playing"], state["status"]) == (False, "paused")
        assert (await in_list(ben, status="paused"))["is_playing"] is False

        await ann.asks("POST", f"/api/parties/{party['id']}/kick/", {"user_id": ben.id})
        assert (await guest.ends())[0] != 1006
        await ann.asks("POST", f"/api/parties/{party['id']}/end/")
        assert (await host.ends())[0] != 1006


async def test_a_private_party_refuses_a_stranger_in_every_language(
    server: Server, http: httpx.AsyncClient
) -> None:
    ann, eve = [await registered(http, name) for name in ("ann", "eve")]
    party = await ann.asks("POST", "/api/parties/", {"title": "Film night"})
    code = party["room_code"]
    await eve.asks("GET", f"/api/parties/{party['id']}/", status=404)

    async with calling(server.ws_url, code) as native:
        await native.says("hello", token=eve.access)
        assert (await native.hears("refused"))["code"] == "not_allowed"
    async with talking(server.ws_url, eve.access) as watch:
        answer = await watch.ask("join_room", {"roomId": code, "userId": eve.id})
        assert (answer["success"], answer["error"]["code"]) == (False, "NOT_ALLOWED")
    async with talking(server.ws_url, eve.access) as listen:
        answer = await listen.ask("join_session", {"sessionId": code, "userId": eve.id, "role": "client"})
        assert (answer["ok"], answer["code"]) == (False, "FORBIDDEN")
    said = await meets(server, code, eve)
    assert (said["event"], said["data"]["reason"]) == ("error", "not_allowed")
    room = await ann.asks("GET", f"/api/parties/{party['id']}/participants/")
    assert room["count"] == 1


async def meets(server: Server, room: str, guest: Guest) -> Said:
    """What a meeting says to whoever wants in."""
    async with websockets.connect(f"{server.ws_url}/room/{room}/websocket") as line:
        wish = {"peerId": guest.id, "username": "Eve", "token": guest.access}
        await line.send(json.dumps({"event": "join", "data": wish}))
        async with asyncio.timeout(WITHIN_S):
            said: Said = json.loads(await line.recv())
            return said


async def test_a_party_is_as_it_was_after_a_power_cut(server: Server, http: httpx.AsyncClient) -> None:
    ann, ben, eve = [await registered(http, name) for name in ("ann", "ben", "eve")]
    party = await ann.asks("POST", "/api/parties/", {"title": "Film night", "video_url": FILM})
    at, code = f"/api/parties/{party['id']}", party["room_code"]
    link = await ann.asks("POST", f"{at}/generate-invite/")
    await ben.asks("POST", "/api/parties/join-by-invite/", {"token": link["token"]})
    await ann.asks("POST", f"{at}/start/")
    await ann.asks("POST", f"{at}/control/", {"action": "play", "timestamp": 0})
    await ann.asks("POST", f"{at}/control/", {"action": "pause", "timestamp": 42})
    await server.kill()
    await server.start()
    state = await ben.asks("GET", f"{at}/sync_state/")
    assert (state["status"], state["current_timestamp"]) == ("paused", 42.0)
    found = await seen(ben, party, status="paused", participant_count=2)
    assert [one["role"] for one in found["participants"]] == ["host", "participant"]
    assert (await in_list(ben, status="paused"))["current_timestamp"] == 42.0
    async with calling(server.ws_url, code) as stranger, calling(server.ws_url, code) as guest:
        await stranger.says("hello", token=eve.access)
        assert (await stranger.hears("refused"))["code"] == "not_allowed"
        assert (await guest.hello(token=ben.access))["room"]["media"]["id"] == FILM


async def test_what_was_kept_and_not_yet_told_to_the_room_is_told_at_the_start(tmp_path: Path) -> None:
    """The rows were written, and then the power went: here by a server that never saw the room."""
    async with (
        serving(tmp_path, env=CLOSED) as server,
        httpx.AsyncClient(base_url=server.url, timeout=WITHIN_S) as http,
    ):
        ann, ben = [await registered(http, name) for name in ("ann", "ben")]
        party = await ann.asks("POST", "/api/parties/", {"title": "Film night", "visibility": "public"})
        await ben.asks("POST", f"/api/parties/{party['id']}/join/")
        await server.kill()
        for name in ("tutti.db", "tutti.db-wal", "tutti.db-shm"):
            (server.data / name).unlink(missing_ok=True)
        gone = datetime.now(UTC)
        await server.start()
        await its_room_says_something(ben, gone)
        async with calling(server.ws_url, party["room_code"]) as guest:
            welcome = await guest.hello(token=ben.access)
            assert (welcome["room"]["name"], welcome["room"]["host"]) == ("Film night", None)


async def test_a_planned_party_starts_on_time_over_a_power_cut(
    server: Server, http: httpx.AsyncClient
) -> None:
    ann = await registered(http, "ann")
    soon = (datetime.now(UTC) + timedelta(seconds=4)).isoformat()
    party = await ann.asks("POST", "/api/parties/", {"title": "Film night", "scheduled_for": soon})
    await server.kill()
    await server.start()
    assert (await seen(ann, party, status="live"))["started_at"] is not None


async def test_the_same_key_over_a_power_cut_makes_one_party(server: Server, http: httpx.AsyncClient) -> None:
    ann = await registered(http, "ann")
    key: dict[str, Any] = {"Idempotency-Key": "k1"}
    first = await ann.asks("POST", "/api/parties/", {"title": "Once"}, **key)
    await server.kill()
    await server.start()
    assert await ann.asks("POST", "/api/parties/", {"title": "Once"}, **key) == first
    assert len((await ann.asks("GET", "/api/parties/"))["results"]) == 1


async def told(guest: Guest, kind: str) -> Said:
    """The newest notification of this kind, as soon as it is there."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            for said in (await guest.asks("GET", "/api/notifications/"))["results"]:
                if kind in (said.get("type"), said.get("notification_type")):
                    found: Said = said
                    return found
            await asyncio.sleep(0.05)  # rows say nothing by themselves


async def test_people_are_told_that_they_are_invited_that_it_is_soon_and_that_it_begins(
    server: Server, http: httpx.AsyncClient
) -> None:
    ann, ben, eve = [await registered(http, name) for name in ("ann", "ben", "eve")]
    later = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    party = await ann.asks("POST", "/api/parties/", {"title": "<i>Film</i>", "scheduled_for": later})
    at = f"/api/parties/{party['id']}"
    await ann.asks("POST", f"{at}/invite/", {"user_ids": [ben.id], "message": "Come!"})
    invited = await told(ben, "party_invitation")
    assert (invited["title"], invited["message"]) == ("<i>Film</i>", "Come!")
    assert invited["data"]["party_id"] == party["id"]
    await ben.asks("POST", f"{at}/join/")
    await told(ann, "party_joined")
    soon = (datetime.now(UTC) + timedelta(minutes=15, seconds=5)).isoformat()
    await ann.asks("PATCH", f"{at}/", {"scheduled_for": soon})
    for guest in (ann, ben):
        assert "15 minutes" in (await told(guest, "party_reminder"))["message"]
    await eve.asks("POST", "/api/parties/join-by-code/", {"code": party["room_code"]})
    await told(ann, "party_join_request")
    await ann.asks("POST", f"{at}/approve/", {"user_id": eve.id})
    await told(eve, "party_approved")
    await ann.asks("POST", f"{at}/start/")
    for guest in (ben, eve):
        await told(guest, "party_started")
    mine = (await ann.asks("GET", "/api/notifications/"))["results"]
    assert "party_started" not in json.dumps(mine)
