"""A party's sockets against the real server: another library's clients, over real sockets, with accounts of their own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.e2e.partygoers import LINES, Guest, Line, on_line, registered
from tests.e2e.server import Server, serving
from tests.e2e.voices import calling

pytestmark = pytest.mark.e2e

SPOKEN_BEFORE_THE_END = 40
CLOSED = {"TUTTI_ENV": "production", "JWT_SECRET": "a secret that is long enough for HS256"}
FILM = "https://films.example/film.mp4"


@pytest.fixture(params=["open", "closed"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, env=CLOSED if request.param == "closed" else {}) as server:
        yield server


@pytest.fixture
async def http(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url) as http:
        yield http


async def all_messages(guest: Guest, party: dict[str, Any], size: int = 7) -> list[dict[str, Any]]:
    """Oldest first."""
    found = list[dict[str, Any]]()
    address: str | None = f"/api/chat/{party['id']}/messages/?page_size={size}"
    while address is not None:
        page = await guest.asks("GET", address)
        found += page["results"]
        address = page["next"]
    return found[::-1]


async def test_two_people_and_a_host_watch_and_talk(server: Server, http: httpx.AsyncClient) -> None:
    ann, ben, cat = [await registered(http, name) for name in ("ann", "ben", "cat")]
    party = await ann.makes_party(video_url=FILM)
    async with (
        on_line(server.ws_url, "party", party["id"], ann.access) as host,
        on_line(server.ws_url, "party", party["room_code"], ben.access, subprotocol=True) as guest,
        on_line(server.ws_url, "sync", party["id"], cat.access) as sync,
    ):
        state = await host.hears("party_state")
        assert (state["you"]["role"], state["host_id"], state["video"]["id"]) == ("host", ann.id, FILM)
        assert (await guest.hears("party_state"))["you"]["can_control"] is False
        assert (await sync.hears("sync_state"))["is_playing"] is False
        assert (await host.hears("user_joined"))["user"]["id"] == ben.id

        assert (await host.asks("video_control", action="play", video_time=30))["type"] == "ack"
        moved = await guest.hears("video_control")
        assert (moved["action"], moved["user"]["id"]) == ("play", ann.id)
        assert 30 <= moved["video_time"] < 31
        await sync.hears(lambda said: said.get("action") == "play")
        assert (await guest.asks("video_control", action="pause"))["code"] == "not_allowed"
        assert (await sync.asks("seek", seek_time=5))["code"] == "not_allowed"

        await sync.says("sync_update", video_time=20, is_playing=True)
        correction = await sync.hears("sync_correction")
        assert correction["drift"] < -9
        assert 30 < correction["correct_time"] < 45

        await guest.says("reaction", emoji="🎉", video_timestamp=31.5)
        assert (await host.hears("reaction"))["user"]["id"] == ben.id
        await guest.says("chat_message", content="What a film")
        said = await host.hears("chat_message")
        assert (said["message"], said["user"]["username"]) == ("What a film", "ben")
        sent = await cat.asks("POST", f"/api/chat/{party['id']}/messages/send/", {"message": "By REST"}, 201)
        assert (await host.hears(lambda one: one.get("message") == "By REST"))["id"] == sent["id"]
        assert [one["message"] for one in await all_messages(ann, party)] == ["What a film", "By REST"]


async def test_somebody_in_another_language_is_in_the_same_party(
    server: Server, http: httpx.AsyncClient
) -> None:
    ann, ben = await registered(http, "ann"), await registered(http, "ben")
    party = await ann.makes_party(video_url=FILM)
    async with (
        on_line(server.ws_url, "party", party["id"], ann.access) as host,
        calling(server.ws_url, party["room_code"]) as native,
    ):
        welcome = await native.hello(id=ben.id, name="Ben", token=ben.access)
        assert welcome["room"]["name"] == "Film night"
        assert (await host.hears("user_joined"))["user"] == {
            "id": ben.id, "username": "Ben", "role": "participant",
        }  # fmt: skip
        await native.asks("chat", text="from native")
        assert (await host.hears("chat_message"))["message"] == "from native"
        await host.says("chat_message", content="from a party")
        await native.hears(lambda said: said.get("text") == "from a party")
        assert (await native.asks("play"))["code"] == "not_allowed", "the party's host alone moves the film"
        await host.says("video_control", action="play")
        await native.hears("timeline")
        await ann.asks("POST", f"/api/parties/{party['id']}/kick/", {"user_id": ben.id})
        assert (await host.hears("user_left"))["user_id"] == ben.id
        await native.ends()


async def test_no_accepted_message_is_lost_or_doubled_when_the_server_is_killed(tmp_path: Path) -> None:
    async with serving(tmp_path, env=CLOSED) as server, httpx.AsyncClient(base_url=server.url) as http:
        ann, ben = await registered(http, "ann"), await registered(http, "ben")
        party = await ann.makes_party()
        accepted = list[str]()

        async def talks(line: Line, name: str, enough: asyncio.Event) -> None:
            """Until the line breaks."""
            for n in range(10_000):
                text = f"{name} {n}"
                if (await line.asks("chat_message", content=text, client_id=text))["type"] == "ack":
                    accepted.append(text)
                if n == SPOKEN_BEFORE_THE_END:
                    enough.set()

        for life in range(2):
            async with (
                on_line(server.ws_url, "party", party["id"], ann.access) as one,
                on_line(server.ws_url, "party", party["id"], ben.access) as other,
            ):
                enough = asyncio.Event()
                talking = [
                    asyncio.create_task(talks(one, f"ann {life}", enough)),
                    asyncio.create_task(talks(other, f"ben {life}", asyncio.Event())),
                ]
                async with asyncio.timeout(30):
                    await enough.wait()
                await server.kill()
                await asyncio.gather(*talking, return_exceptions=True)
            await server.start()
        kept = await all_messages(ben, party, 100)
        texts = [one["message"] for one in kept]
        assert len(texts) == len(set(texts)), "nothing twice"
        assert set(accepted) <= set(texts), "nothing lost"
        assert len({one["id"] for one in kept}) == len(kept)
        async with on_line(server.ws_url, "party", party["id"], ann.access) as line:
            await line.asks("chat_message", content="again", client_id=accepted[-1])
        assert len(await all_messages(ben, party, 100)) == len(kept), (
            "sent again under its name it is the same"
        )


# -- who is not let in, and what is not understood


@pytest.mark.parametrize("line", LINES)
async def test_nobody_comes_in_without_a_token_of_the_right_kind(
    server: Server, http: httpx.AsyncClient, line: str
) -> None:
    ann, eve = await registered(http, "ann"), await registered(http, "eve")
    party = await ann.makes_party(visibility="private")
    head, _, signature = ann.access.rpartition(".")
    forged = f"{head}.{signature[::-1]}"
    for token, code in ((None, 4001), (ann.refresh, 4001), (forged, 4001), ("x", 4001), (eve.access, 4004)):
        async with on_line(server.ws_url, line, party["id"], token) as opened:
            assert await opened.ends() == code, token
            assert [said["type"] for said in opened.heard] == ["error"]
    for token in (ann.refresh, forged):
        async with on_line(server.ws_url, line, party["id"], token, subprotocol=True) as opened:
            assert await opened.ends() == 4001
    async with on_line(server.ws_url, line, "nosuch", ann.access) as opened:
        assert await opened.ends() == 4004
    for secret in (ann.access, ann.refresh, forged, eve.access):
        assert secret not in server.log


async def test_whoever_was_removed_or_may_not_come_is_told_so(
    server: Server, http: httpx.AsyncClient
) -> None:
    ann, ben = await registered(http, "ann"), await registered(http, "ben")
    party = await ann.makes_party()
    async with (
        on_line(server.ws_url, "party", party["id"], ben.access) as one,
        on_line(server.ws_url, "sync", party["id"], ben.access) as other,
    ):
        await one.hears("party_state")
        await other.hears("sync_state")
        await ann.asks("POST", f"/api/parties/{party['id']}/kick/", {"user_id": ben.id})
        assert [await one.ends(), await other.ends()] == [4003, 4003]
    async with on_line(server.ws_url, "party", party["id"], ben.access) as again:
        assert await again.ends() == 4003


async def test_logging_out_closes_what_is_live_on_that_login(server: Server, http: httpx.AsyncClient) -> None:
    ann = await registered(http, "ann")
    party = await ann.makes_party()
    async with on_line(server.ws_url, "party", party["id"], ann.access) as line:
        await line.hears("party_state")
        await ann.asks("POST", "/api/auth/logout/")
        assert await line.ends() == 4001
    async with on_line(server.ws_url, "party", party["id"], ann.access) as again:
        assert await again.ends() == 4001


@pytest.mark.parametrize(
    "said",
    [
        "", "{", "[]", "null", '"text"', '{"type": 5}', '{"type": "no_such"}', '{"type": "chat_message"}',
        '{"type": "chat_message", "content": {"a": 1}}', '{"type": "video_control", "action": "explode"}',
        '{"type": "video_control", "action": "seek", "video_time": 1e999}', "[" * 20_000,
        '{"type": "chat_message", "content": "' + "x" * 501 + '"}',
    ],
    ids=lambda said: said[:40],
)  # fmt: skip
async def test_what_is_not_understood_is_answered_and_the_room_is_unharmed(
    server: Server, http: httpx.AsyncClient, said: str
) -> None:
    ann = await registered(http, "ann")
    party = await ann.makes_party()
    async with on_line(server.ws_url, "party", party["id"], ann.access) as line:
        await line.hears("party_state")
        await line.connection.send(said)
        assert (await line.hears("error"))["code"] in ("invalid_message", "out_of_range")
        await line.connection.send(said.encode())
        assert (await line.asks("chat_message", content="still here"))["type"] == "ack"


async def test_a_message_of_ten_megabytes_ends_that_line_alone(
    server: Server, http: httpx.AsyncClient
) -> None:
    ann, ben = await registered(http, "ann"), await registered(http, "ben")
    party = await ann.makes_party()
    async with (
        on_line(server.ws_url, "party", party["id"], ann.access) as line,
        on_line(server.ws_url, "party", party["id"], ben.access) as other,
    ):
        await line.hears("party_state")
        await other.hears("party_state")
        with suppress(ConnectionClosed):
            await line.connection.send(json.dumps({"type": "chat_message", "content": "x" * 10_000_000}))
        assert await line.ends() in (1009, 1006)
        assert (await other.asks("chat_message", content="unharmed"))["type"] == "ack"


async def test_ten_thousand_messages_in_a_second_are_not_everybodys(
    server: Server, http: httpx.AsyncClient
) -> None:
    ann, ben = await registered(http, "ann"), await registered(http, "ben")
    party = await ann.makes_party()
    async with (
        on_line(server.ws_url, "party", party["id"], ann.access) as line,
        on_line(server.ws_url, "party", party["id"], ben.access) as other,
    ):
        await other.hears("party_state")
        said = json.dumps({"type": "chat_message", "content": "flood"})
        for _ in range(10_000):
            await line.connection.send(said)
        assert (await other.asks("ping"))["type"] == "pong"
        assert (await line.hears("error"))["code"] == "rate_limited"
        assert len(other.all("chat_message")) < 1_000
        assert (await other.asks("chat_message", content="unharmed"))["type"] == "ack"


async def test_html_is_text(server: Server, http: httpx.AsyncClient) -> None:
    ann = await registered(http, "ann")
    party = await ann.makes_party(title="<b>Film</b>")
    text = "<script>alert('x')</script>"
    async with on_line(server.ws_url, "party", party["id"], ann.access) as line:
        assert (await line.hears("party_state"))["title"] == "<b>Film</b>"
        await line.says("chat_message", content=text)
        assert (await line.hears("chat_message"))["message"] == text
    assert [one["message"] for one in await all_messages(ann, party)] == [text]
