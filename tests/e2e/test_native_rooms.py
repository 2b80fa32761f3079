"""`tutti.v1` against the real server: clients of another library, over real sockets."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from tests.e2e.server import ROOT, TUTTI, Server, environment, serving
from tests.e2e.voices import WITHIN_S, Said, Voice, calling, made_room

pytestmark = pytest.mark.e2e

SECRET = "a secret that is long enough for HS256"
CLOSED = {"TUTTI_ENV": "production", "JWT_SECRET": SECRET}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as server:
        yield server


@pytest.fixture
async def http(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url) as http:
        yield http


async def test_two_hear_a_play_at_one_instant_that_is_still_to_come(
    server: Server, http: httpx.AsyncClient
) -> None:
    room = (await made_room(http))["room"]
    async with calling(server.ws_url, room) as ada, calling(server.ws_url, room) as ben:
        await ada.hello(id="ada")
        await ben.hello(id="ben", name="Ben")
        assert (await ada.hears("joined"))["member"]["name"] == "Ben"
        asked_at, bound = await ben.room_now()
        answer = asyncio.create_task(ada.asks("play", position=10_000))
        told = [await voice.hears("timeline") for voice in (ada, ben)]
        assert told[0] == told[1]
        timeline = told[0]["timeline"]
        assert (timeline["position"], timeline["playing"]) == (10_000, True)
        assert asked_at - bound + 150 <= timeline["at"] <= told[0]["at"] + 500, "ahead of when it was wished"
        assert await answer == {"type": "ack", "ref": "asked-1", "seq": told[0]["seq"]}


async def test_a_clock_probe_bounds_room_time_by_half_its_round_trip(
    server: Server, http: httpx.AsyncClient
) -> None:
    made = await made_room(http)
    async with calling(server.ws_url, made["room"]) as ada:
        await ada.hello(id="ada")
        first, first_bound = await ada.room_now()
        second, second_bound = await ada.room_now()
        assert first_bound < 50
        assert second > first - first_bound - second_bound
        assert abs(second - made["now"]) < 60_000


async def test_resuming_tells_exactly_what_was_missed(server: Server, http: httpx.AsyncClient) -> None:
    made = await made_room(http)
    async with calling(server.ws_url, made["room"]) as ada:
        await ada.hello(token=made["pass"])
        async with calling(server.ws_url, made["room"]) as ben:
            await ben.hello(id="ben")
            await ada.asks("chat", text="before")
            last = (await ben.hears("chat"))["seq"]
        for text in ("one", "two", "three"):
            await ada.asks("chat", text=text)
        await ada.asks("seek", to=60_000)
        async with calling(server.ws_url, made["room"]) as ben:
            welcome = await ben.hello(id="ben", resume={"epoch": made["epoch"], "seq": last})
            assert (welcome["resumed"], welcome["missed"], welcome["seq"]) == (True, 4, last)
            assert "room" not in welcome
            await ben.hears("timeline")
            assert ben.numbered() == ada.numbered()[-4:]
            await ada.asks("chat", text="after")
            await ben.hears(lambda said: said.get("text") == "after")
            assert [said["seq"] for said in ben.numbered()] == list(range(last + 1, last + 6))


async def test_who_missed_nothing_hears_that(server: Server, http: httpx.AsyncClient) -> None:
    made = await made_room(http)
    async with calling(server.ws_url, made["room"]) as ada:
        seq = (await ada.hello(id="ada"))["seq"]
        again = await ada.hello(resume={"epoch": made["epoch"], "seq": seq})
        assert (again["resumed"], again["missed"]) == (True, 0)


@pytest.mark.parametrize(
    ("place", "reason"),
    [({"epoch": "another life", "seq": 1}, "unknown_epoch"), ({"seq": 10_000}, "unknown_epoch")],
)
async def test_a_place_that_is_none_is_answered_by_the_whole_room(
    server: Server, http: httpx.AsyncClient, place: Said, reason: str
) -> None:
    made = await made_room(http)
    async with calling(server.ws_url, made["room"]) as ada:
        welcome = await ada.hello(id="ada", resume={"epoch": made["epoch"], **place})
        assert (welcome["resumed"], welcome["reason"]) == (False, reason)
        assert welcome["room"]["members"][0]["id"] == "ada"


async def test_a_room_outlives_its_server_and_is_resumed_on_the_next(
    server: Server, http: httpx.AsyncClient
) -> None:
    made = await made_room(
        http, media={"id": "https://a.example/a.mp4", "provider": "direct", "kind": "movie"}
    )
    async with calling(server.ws_url, made["room"]) as ada:
        await ada.hello(token=made["pass"])
        seq = (await ada.asks("play"))["seq"]
        before = await ada.hears("timeline")
        await server.kill()
    await server.start()
    async with calling(server.ws_url, made["room"]) as ada:
        welcome = await ada.hello(token=made["pass"], resume={"epoch": made["epoch"], "seq": seq - 1})
        assert (welcome["resumed"], welcome["missed"]) == (True, 1)
        assert await ada.hears("timeline") == before
        assert welcome["now"] > before["at"], "room time goes on"


async def test_a_server_that_goes_sends_everybody_away_at_another_time(
    server: Server, http: httpx.AsyncClient
) -> None:
    room = (await made_room(http))["room"]
    async with (
        calling(server.ws_url, room) as ada,
        calling(server.ws_url, room) as ben,
        calling(server.ws_url, room) as cleo,
        calling(server.ws_url, room) as nobody,
    ):
        for who, voice in (("ada", ada), ("ben", ben), ("cleo", cleo)):
            await voice.hello(id=who)
        server.ask_to_stop()
        everybody = (ada, ben, cleo, nobody)
        waits = [(await voice.hears("draining"))["reconnectInMs"] for voice in everybody]
        assert len(set(waits)) > 1
        assert all(500 <= wait < 5_000 for wait in waits)
        assert {await voice.ends() for voice in everybody} == {(1012, "service restart")}
        assert await server.ended() == 0


async def test_who_says_nothing_is_turned_away_after_ten_seconds(
    server: Server, http: httpx.AsyncClient
) -> None:
    room = (await made_room(http))["room"]
    async with calling(server.ws_url, room) as silent:
        assert await silent.ends() == (1008, "Say hello within 10 seconds")
        assert [said["type"] for said in silent.heard] == ["refused"]


@pytest.mark.parametrize(
    ("first", "kind", "code"),
    [
        ('{"type":"play"}', "refused", 1008),
        ("no JSON", "refused", 1008),
        ('{"type":"hello","name":""}', "malformed", 1008),
        (json.dumps({"type": "hello", "name": "x" * 70_000}), None, 1009),
        (b"\x00", None, 1003),
    ],
)
async def test_who_begins_badly_is_told_so_and_closed(
    server: Server, http: httpx.AsyncClient, first: str | bytes, kind: str | None, code: int
) -> None:
    room = (await made_room(http))["room"]
    async with calling(server.ws_url, room) as voice:
        await voice.connection.send(first)
        assert (await voice.ends())[0] == code
        assert [said["type"] for said in voice.heard] == ([] if kind is None else [kind])


async def test_what_is_not_understood_ends_nothing(server: Server, http: httpx.AsyncClient) -> None:
    room = (await made_room(http))["room"]
    async with calling(server.ws_url, room) as ada:
        await ada.hello(id="ada")
        await ada.connection.send("{")
        assert "ref" not in await ada.hears("malformed")
        assert (await ada.asks("dance"))["type"] == "malformed"
        refused = await ada.asks("seek", to=-1)
        assert (refused["code"], refused["mayRetry"]) == ("out_of_range", False)
        assert (await ada.asks("hand", raised=True))["type"] == "ack"


async def test_a_flood_is_refused_and_the_connection_lives_on(
    server: Server, http: httpx.AsyncClient
) -> None:
    room = (await made_room(http))["room"]
    async with calling(server.ws_url, room) as ada:
        await ada.hello(id="ada")
        for n in range(400):
            await ada.says("ping", ref=n)
        for n in range(400):  # each has its answer; clock probes are answered ahead of what else is said
            await ada.hears(partial(_answers, n))
        answers = [said for said in ada.heard if isinstance(said.get("ref"), int)]
        assert len(answers) == 400, "and no more than one"
        refused = [said for said in answers if said["type"] == "refused"]
        assert 100 < len(refused) <= 300
        assert {said["code"] for said in refused} == {"rate_limited"}
        await asyncio.sleep(refused[-1]["retryAfterMs"] / 1000)
        assert (await ada.asks("ping"))["type"] == "pong"


def _answers(ref: int, said: Said) -> bool:
    return said.get("ref") == ref


async def test_no_such_room_no_such_door(server: Server, http: httpx.AsyncClient) -> None:
    room = (await made_room(http))["room"]
    async with calling(server.ws_url, "NOWHERE") as lost:
        await lost.says("hello", id="ada")
        assert await lost.ends() == (4404, "room_not_found")
        assert lost.heard[0]["code"] == "room_not_found"
    for path in ("/v1/rooms/", "/v1/rooms/a/b", "/v1/rooms/" + "x" * 200, "/v1"):
        with pytest.raises(InvalidStatus) as refused:
            await connect(server.ws_url + path)
        assert refused.value.response.status_code == 404
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{server.ws_url}/v1/rooms/{room}", subprotocols=[Subprotocol("tutti.v9")])
    assert refused.value.response.status_code == 400


async def test_pages_of_other_origins_are_kept_out(tmp_path: Path) -> None:
    async with serving(tmp_path, env={"CORS_ORIGIN": "https://films.example"}) as server:
        async with httpx.AsyncClient(base_url=server.url) as http:
            room = (await made_room(http))["room"]
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{server.ws_url}/v1/rooms/{room}", origin=Origin("https://evil.example"))
        assert refused.value.response.status_code == 403
        async with calling(server.ws_url, room, origin="https://films.example") as ada:
            await ada.hello(id="ada")


async def test_whoever_has_no_right_to_it_cannot_move_the_timeline(
    server: Server, http: httpx.AsyncClient
) -> None:
    media = {"id": "https://a.example/a.mp4", "provider": "direct", "kind": "movie"}
    made = await made_room(http, control="host", media=media)
    async with calling(server.ws_url, made["room"]) as ada, calling(server.ws_url, made["room"]) as ben:
        await ada.hello(token=made["pass"])
        await ada.asks("play")
        welcome = await ben.hello(id="ben", name="Ben")
        wishes: list[Said] = [
            {"what": "play", "position": 5}, {"what": "pause"}, {"what": "seek", "to": 5}, {"what": "seekBy", "by": 5},
            {"what": "rate", "rate": 2}, {"what": "playNext"}, {"what": "episode", "episode": 2},
            {"what": "media", "provider": "x", "id": "1", "kind": "movie"}, {"what": "provider", "provider": "x"},
            {"what": "close"}, {"what": "transfer", "to": "ben"}, {"what": "expel", "member": "ada"},
            {"what": "appoint", "member": "ben", "role": "moderator"}, {"what": "capacity", "capacity": 1},
            {"what": "lock", "locked": True}, {"what": "waitForAll", "on": True}, {"what": "chatSwitch", "on": False},
        ]  # fmt: skip
        for wish in wishes:
            answer = await ben.asks(wish.pop("what"), **wish)
            assert (answer["type"], answer.get("code")) == ("refused", "not_allowed"), answer
        now, _ = await ben.room_now()
        for who in (ada, ben):
            await who.says("report", position=1e6, at=now, error=9e5, bound=1, state="playing")
        status = await ben.hears(lambda said: said["type"] == "status" and len(said["members"]) == 2)
        assert {one["member"]: one["error"] for one in status["members"]} == {"ada": 9e5, "ben": 9e5}
        shown = (await http.get(f"/v1/rooms/{made['room']}")).json()
        assert shown["timeline"] == welcome["room"]["timeline"]
        assert not [said for said in ben.numbered() if said["type"] == "timeline"]


async def test_closed_mode_needs_a_token_or_a_pass(tmp_path: Path) -> None:
    ada, ben = await token_of("ada"), await token_of("ben")
    async with serving(tmp_path, env=CLOSED) as server, httpx.AsyncClient(base_url=server.url) as http:
        made = await made_room(http, ada)
        for hello in ({}, {"id": "ada"}, {"token": "no.token.atall"}, {"token": ben, "id": "ada"}):
            async with calling(server.ws_url, made["room"]) as voice:
                await voice.says("hello", **hello)
                assert (await voice.ends())[0] == 1008
                assert voice.heard[0]["code"] in ("unauthenticated", "not_yourself")
        async with calling(server.ws_url, made["room"]) as one, calling(server.ws_url, made["room"]) as two:
            assert (await one.hello(token=ben))["you"] == {"id": "ben", "role": "member"}
            assert (await two.hello(token=made["pass"]))["you"] == {"id": "ada", "role": "host"}


async def token_of(user: str) -> str:
    process = await asyncio.create_subprocess_exec(
        TUTTI, "token", user, env=environment(CLOSED), cwd=ROOT / "tests", stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode().strip()


async def test_numbers_have_no_gap_under_load(server: Server, http: httpx.AsyncClient) -> None:
    """Six people talk at once as fast as they may, and all hear all of it in one order."""
    room = (await made_room(http))["room"]

    async def talk(voice: Voice, who: str) -> None:
        for n in range(100):
            await voice.says("chat", text=f"{who} {n}")

    async with (
        calling(server.ws_url, room) as a, calling(server.ws_url, room) as b, calling(server.ws_url, room) as c,
        calling(server.ws_url, room) as d, calling(server.ws_url, room) as e, calling(server.ws_url, room) as f,
    ):  # fmt: skip
        voices = {"a": a, "b": b, "c": c, "d": d, "e": e, "f": f}
        for who, voice in voices.items():
            await voice.hello(id=who)
        await asyncio.gather(*(talk(voice, who) for who, voice in voices.items()))
        for voice in voices.values():
            while len(_chat(voice)) < 600:
                await voice.hears("chat", since=len(voice.heard))
            seqs = [said["seq"] for said in voice.numbered()]
            assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
            assert _chat(voice) == _chat(a)
        for who in voices:
            own = [said["text"] for said in _chat(a) if said["member"] == who]
            assert own == [f"{who} {n}" for n in range(100)]


def _chat(voice: Voice) -> list[Said]:
    return [said for said in voice.heard if said["type"] == "chat"]


async def test_the_sockets_are_documented(http: httpx.AsyncClient) -> None:
    document = (await http.get("/asyncapi.json")).json()
    channel = document["channels"]["native"]
    assert channel["address"] == "/v1/rooms/{room}"
    assert {"native.heard.hello", "native.spoken.welcome", "native.spoken.timeline"} <= set(
        channel["messages"]
    )
    paths = (await http.get("/docs/openapi.json")).json()["paths"]
    assert {"/v1/rooms", "/v1/rooms/{room_id}"} <= set(paths)


async def test_the_client_in_the_documents_follows_a_room(
    server: Server, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    page = (ROOT / "docs/reference/protocol/native.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    script = tmp_path / "follow.py"
    script.write_text(program, encoding="utf-8")
    made = await made_room(http)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", script, f"{server.ws_url}/v1/rooms/{made['room']}",
        env=environment({}), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(WITHIN_S), calling(server.ws_url, made["room"]) as ada:
            await ada.hello(token=made["pass"])
            await ada.hears("joined")
            await ada.asks("play", position=60_000)
            timeline = (await ada.hears("timeline"))["timeline"]
            while "playing" not in (line := (await process.stdout.readline()).decode()):
                assert line, "it ended"
            now, bound = await ada.room_now()
            position, unsure = (float(number) for number in re.findall(r"[\d.]+", line)[:2])
            late = now - timeline["at"] + 60_000 - position
            assert -unsure - bound <= late < 5_000
    finally:
        process.kill()
        await process.wait()
