"""Who people are: tokens of ours in closed mode, tokens of Spotify's where Spotify is enabled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.rooms import WATCH, action, entered, made_room, shown
from tests.e2e.server import ROOT, START_WITHIN_S, TUTTI, Server, environment, serving
from tests.e2e.spotify import behave, spotify_standin
from tests.e2e.talker import NotLetIn, talking

pytestmark = pytest.mark.e2e

SECRET = "a secret that is long enough for HS256"
CLOSED = {"TUTTI_ENV": "production", "JWT_SECRET": SECRET}
ANN, BEN = "standin:ann:Ann%20A", "standin:ben:Ben"


async def token_of(user: str) -> str:
    process = await asyncio.create_subprocess_exec(
        TUTTI, "token", user, env=environment(CLOSED), cwd=ROOT / "tests", stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode().strip()


async def test_closed_mode_believes_tokens_and_not_claims(tmp_path: Path) -> None:
    ann, ben = await token_of("ann"), await token_of("ben")
    async with (
        serving(tmp_path, env=CLOSED) as server,
        httpx.AsyncClient(base_url=server.url, timeout=START_WITHIN_S) as http,
    ):
        nobody = await http.post(f"{WATCH}/rooms", json={"name": "x", "mediaId": "1", "mediaType": "movie"})
        assert nobody.status_code == 401
        http.headers["Authorization"] = f"Bearer {ann}"
        room = await made_room(http, "ann")
        before = await shown(http, room)
        stolen = await http.post(
            f"{WATCH}/rooms/{room}/join", json={"userId": "ann"}, headers={"Authorization": f"Bearer {ben}"}
        )
        assert stolen.status_code == 403

        async with talking(server.ws_url, ben) as talker:
            for name, said in (
                ("join_room", {"roomId": room, "userId": "ann"}),
                ("playback_action", action(room, "ann", "seek", currentTime=100)),
                ("leave_room", {"roomId": room, "userId": "ann"}),
            ):
                refused = await talker.ask(name, said)
                assert (refused["success"], refused["error"]["code"]) == (False, "NOT_YOURSELF"), refused
        with pytest.raises(NotLetIn, match="UNAUTHENTICATED"):
            async with talking(server.ws_url, "not.a.token"):
                pass
        after = await shown(http, room)
        assert (after["participants"], after["adminId"]) == (before["participants"], "ann")
        assert after["currentState"] == before["currentState"]

        async with talking(server.ws_url, ann) as talker:
            assert (await entered(talker, room, "ann"))["participants"] == ["ann"]


@pytest.fixture
async def standin() -> AsyncIterator[httpx.AsyncClient]:
    async with spotify_standin() as http:
        yield http


@pytest.fixture
async def server(tmp_path: Path, standin: httpx.AsyncClient) -> AsyncIterator[Server]:
    env = {
        "SPOTIFY_CLIENT_ID": "id",
        "SPOTIFY_CLIENT_SECRET": "secret",
        "SPOTIFY_API_URL": str(standin.base_url).rstrip("/"),
    }
    async with serving(tmp_path, env=env) as server:
        yield server


async def test_with_spotify_enabled_a_listener_is_who_spotify_says(server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.url, timeout=START_WITHIN_S) as http:
        assert (await made_session(http, "ann", "expired")).status_code == 401
        assert (await made_session(http, "ben", ANN)).status_code == 403
        made = await made_session(http, "ann", ANN)
        assert made.status_code == 201
        session = made.json()["sessionId"]

        joined = await http.post(
            f"/api/sessions/{session}/join",
            json={"userId": "ben", "userName": "Ben"},
            headers={"Authorization": f"Bearer {BEN}"},
        )
        assert (joined.status_code, joined.json()["hostName"]) == (200, "Ann")

        async with talking(server.ws_url, ANN) as ann, talking(server.ws_url, BEN) as ben:
            assert (await ann.ask("join_session", {"sessionId": session, "role": "host"}))["ok"]
            assert (await ben.ask("join_session", {"sessionId": session, "role": "host"}))[
                "code"
            ] == "FORBIDDEN"
            assert (await ben.ask("join_session", {"sessionId": session, "userId": "ann"}))[
                "code"
            ] == "FORBIDDEN"
            assert (await ben.ask("join_session", {"sessionId": session, "userId": "ben"}))["ok"]
            track = {
                "trackUri": "spotify:track:4uLU6hMCjMI75M1A2tKUQC",
                "position": 45_000,
                "isPlaying": True,
            }
            assert (await ann.ask("playback_state", {"sessionId": session, **track}))["ok"]
            assert (await ben.hears("sync_command"))["action"] == "play"
        state = await http.get(f"/api/sessions/{session}/state", headers={"Authorization": f"Bearer {BEN}"})
        assert state.json()["currentTrack"]["name"] == "Track 4uLU"


async def test_when_spotify_says_slow_down_the_server_asks_no_more_and_says_try_again(
    server: Server, standin: httpx.AsyncClient
) -> None:
    async with httpx.AsyncClient(base_url=server.url, timeout=START_WITHIN_S) as http:
        assert (await made_session(http, "ann", ANN)).status_code == 201
        await behave(standin, kind="limited", retry_after=60)
        for _ in range(3):
            refused = await made_session(http, "ben", BEN)
            assert (refused.status_code, refused.json()["code"]) == (503, "UNAVAILABLE")
        calls = (await standin.get("/standin/calls")).json()
        assert calls["me"] == 2, "one that succeeded, and one that was told to wait"
        assert (await made_session(http, "ann", ANN)).status_code == 201, (
            "a checked token goes on being believed"
        )


async def made_session(http: httpx.AsyncClient, user: str, token: str) -> httpx.Response:
    body = {"userId": user, "userName": user.title()}
    return await http.post("/api/sessions", json=body, headers={"Authorization": f"Bearer {token}"})
