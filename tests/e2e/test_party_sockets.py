"""A party's sockets against the real server: another library's clients, over real sockets, with accounts of their own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.e2e.partygoers import LINES, WITHIN_S, Guest, Line, on_line, registered
from tests.e2e.server import Server, serving
from tests.e2e.voices import Voice, calling

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
    async with httpx.AsyncClient(base_url=server.url, timeout=WITHIN_S) as http:
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
        if ben.id not in {one["id"] for one in state["participants"]}:
            await host.hears(lambda said: said["type"] == "user_joined" and said["user"]["id"] == ben.id)

        assert (await host.asks("video_control", action="play", video_time=30))["type"] == "ack"
        moved = await guest.hears("video_control")
        assert (moved["action"], moved["user"]["id"]) == ("play", ann.id)
        assert 30 <= moved["video_time"] < 31
        await sync.hears(lambda said: said.get("action") == "play")
        assert (await guest.asks("video_control", action="pause"))["code"] == "not_allowed"
        assert (await sync.asks("seek", seek_time=5))["code"] == "not_allowed"

        correcting = asyncio.create_task(sync.hears("sync_correction"))
        while not correcting.done():  # as a player does that stands ten seconds behind
            await sync.says("sync_update", video_time=20, is_playing=True)
            await asyncio.wait((correcting,), timeout=0.3)
        assert correcting.result()["drift"] < -9
        assert 30 < correcting.result()["correct_time"] < 45

        await guest.says("reaction", emoji="🎉", video_timestamp=31.5)
        assert (await host.hears("reaction"))["user"]["id"] == ben.id
        await guest.says("chat_message", content="What a film")
        said = await host.hears("chat_message")
        assert (said["message"], said["user"]["username"]) == ("What a film", "ben")
        sent = await cat.asks("POST", f"/api/chat/{party['id']}/messages/send/", {"message": "By REST"}, 201)
        assert (await host.hears(lambda one: one.get("message") == "By REST"))["id"] == sent["id"]
        assert [one["message"] for one in await all_messages(ann, party)] == ["What a film", "By REST"]


async def test_they_chat_vote_and_talk_on_lines_of_their_own(server: Server, http: httpx.AsyncClient) -> None:
    ann, ben, cat = [await registered(http, name) for name in ("ann", "ben", "cat")]
    party = await ann.makes_party(video_url=FILM)
    async with AsyncExitStack() as stack:

        async def on(line: str, who: Guest) -> Line:
            return await stack.enter_async_context(on_line(server.ws_url, line, party["id"], who.access))

        host, guest, third = [await on("chat", who) for who in (ann, ben, cat)]
        for one in (host, guest, third):
            assert (await one.hears("chat_history"))["messages"] == []
        await guest.says("typing", is_typing=True)
        assert (await host.hears("typing"))["user"]["id"] == ben.id
        await guest.says("chat_message", message="helo")
        said = await host.hears("chat_message")
        await host.asks("chat_message", message="hello yourself", reply_to=said["id"])
        assert (await third.hears(lambda one: one.get("reply_to") == said["id"]))["user"]["id"] == ann.id
        await guest.asks("edit_message", message_id=said["id"], message="hello")
        assert (await third.hears("message_edited"))["message"] == "hello"
        assert (await third.asks("delete_message", message_id=said["id"]))["code"] == "not_allowed"
        await host.asks("delete_message", message_id=said["id"])
        assert (await third.hears("message_deleted"))["deleted_by"] == ann.id
        await host.asks("slow_mode", seconds=60)
        assert (await guest.hears("slow_mode"))["seconds"] == 60
        assert (await third.asks("chat_message", message="one"))["type"] == "ack"
        assert (await third.asks("chat_message", message="two"))["code"] == "slow_mode"
        assert [one["message"] for one in await all_messages(cat, party)] == ["hello yourself", "one"]

        ada, bea, cee = [await on("interactive", who) for who in (ann, ben, cat)]
        for one in (ada, bea, cee):
            await one.hears("interactive_state")
        assert (await bea.asks("create_poll", question="?", options=["A", "B"]))["code"] == "not_allowed"
        await ada.says("create_poll", question="Which film?", options=["A", "B"])
        poll = (await cee.hears("poll_created"))["poll"]["id"]
        for voter, option in ((ada, 0), (bea, 1)):
            assert (await voter.asks("vote", poll_id=poll, option=option))["type"] == "ack"
        assert (await bea.asks("vote", poll_id=poll, option=0))["code"] == "already_voted"
        await cat.asks("POST", f"/api/interactive/{party['id']}/polls/{poll}/vote/", {"option": 1})
        result = await ada.hears(
            lambda one: one["type"] == "poll_results" and one["poll"]["total_votes"] == 3
        )
        assert [one["votes"] for one in result["poll"]["options"]] == [1, 2]
        await ada.asks("close_poll", poll_id=poll)
        assert (await cee.hears("poll_closed"))["poll"]["total_votes"] == 3
        assert (await cee.asks("vote", poll_id=poll, option=0))["code"] == "poll_closed"

        for one in (ada, bea):
            assert (await one.asks("voice_join"))["type"] == "ack"
        await bea.says("voice_speaking", speaking=True)
        assert (await cee.hears("voice_speaking"))["user_id"] == ben.id
        signal = {"type": "offer", "sdp": "v=0"}
        await ada.says("webrtc_signal", target_user=ben.id, signal=signal)
        assert (await bea.hears("webrtc_signal")) == {
            "type": "webrtc_signal", "from_user": ann.id, "target_user": ben.id, "signal": signal,
        }  # fmt: skip
        for stranger in (cat.id, "nobody"):
            assert (await ada.asks("webrtc_signal", target_user=stranger, signal=signal))["type"] == "error"
        await bea.says("screen_share_start")
        await ada.hears("screen_share_started")
        await bea.says("annotation", data={"x": 1})
        for one in (ada, cee):
            assert (await one.hears("annotation"))["data"] == {"x": 1}
        assert cee.all("webrtc_signal") == []


async def test_sixty_people_vote_at_once_and_none_is_lost(tmp_path: Path) -> None:
    """In another language, whose people need no account in open mode."""
    async with (
        serving(tmp_path) as server,
        httpx.AsyncClient(base_url=server.url, timeout=WITHIN_S) as http,
        AsyncExitStack() as stack,
    ):
        ann = await registered(http, "ann")
        party = await ann.makes_party(max_participants=100)
        host = await stack.enter_async_context(on_line(server.ws_url, "interactive", party["id"], ann.access))
        await host.says("create_poll", question="?", poll_type="rating")
        poll = (await host.hears("poll_created"))["poll"]["id"]
        voices = list[Voice]()
        for n in range(60):  # each says hello at once: the server waits ten seconds for it
            voice = await stack.enter_async_context(calling(server.ws_url, party["room_code"]))
            await voice.hello(id=f"voter{n}", name="Voter")
            voices.append(voice)
        answers = await asyncio.gather(
            *(voice.asks("vote", poll=poll, answer=n % 5 + 1) for n, voice in enumerate(voices))
        )
        assert {one["type"] for one in answers} == {"ack"}
        result = await host.hears(
            lambda one: one["type"] == "poll_results" and one["poll"]["total_votes"] == 60
        )
        assert result["poll"]["average"] == 3.0
        assert len(host.all("poll_results")) < 40, "not one for each"


async def test_somebody_in_another_language_is_in_the_same_party(
    server: Server, http: httpx.AsyncClient
) -> None:
    ann, ben = await registered(http, "ann"), await registered(http, "ben")
    party = await ann.makes_party(video_url=FILM)
    async with (
        on_line(server.ws_url, "party", party["id"], ann.access) as host,
        calling(server.ws_url, party["room_code"]) as native,
    ):
        await host.hears("party_state")
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
    async with (
        serving(tmp_path, env=CLOSED) as server,
        httpx.AsyncClient(base_url=server.url, timeout=WITHIN_S) as http,
    ):
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
        hers = next(text for text in reversed(accepted) if text.startswith("ann"))
        async with on_line(server.ws_url, "party", party["id"], ann.access) as line:
            assert (await line.asks("chat_message", content="again", client_id=hers))["type"] == "ack"
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
        await is_heard_again(line)
        assert (await other.asks("ping"))["type"] == "pong"
        assert len(other.all("chat_message")) < 1_000
        assert (await other.asks("chat_message", content="unharmed"))["type"] == "ack"


async def is_heard_again(line: Line) -> None:
    """Whoever flooded, as soon as all of it was dealt with: until then they get no answer."""
    answered = asyncio.create_task(line.hears("pong"))
    while not answered.done():
        await line.says("ping")
        await asyncio.wait((answered,), timeout=0.3)
    await answered


async def test_html_is_text(server: Server, http: httpx.AsyncClient) -> None:
    ann = await registered(http, "ann")
    party = await ann.makes_party(title="<b>Film</b>")
    text = "<script>alert('x')</script>"
    async with on_line(server.ws_url, "party", party["id"], ann.access) as line:
        assert (await line.hears("party_state"))["title"] == "<b>Film</b>"
        await line.says("chat_message", content=text)
        assert (await line.hears("chat_message"))["message"] == text
    assert [one["message"] for one in await all_messages(ann, party)] == [text]
