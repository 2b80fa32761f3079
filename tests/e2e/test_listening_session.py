"""Two programs written from guide 000 hold a listening session: unmodified socket.io-client, default transports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.programs import Program, running
from tests.e2e.server import Server, serving

pytestmark = pytest.mark.e2e

TRACK, NEXT_TRACK = "spotify:track:4uLU6hMCjMI75M1A2tKUQC", "spotify:track:7ouMYWpwJ422jRcDASZB7P"
TEN_MINUTES_MS = 600_000
CLOSE_MS = 100.0
"""How near a follower must be to its host (plus its own offset)."""
GRACE_S = 30.0

Pair = tuple[Program, Program]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as server:
        yield server


@pytest.fixture
async def pair(server: Server) -> AsyncIterator[Pair]:
    """A host whose clock is ten minutes fast and a client whose clock is right, both in the session and upgraded."""
    async with (
        running("spotify_session.mjs", server.url, "ann", "token-of-ann", str(TEN_MINUTES_MS)) as host,
        running("spotify_session.mjs", server.url, "ben", "token-of-ben") as client,
    ):
        made = await host.do("create")
        assert (made["status"], made["body"]["role"]) == (201, "host")
        joined = await client.do("join", sessionId=made["body"]["sessionId"].lower())
        assert (joined["status"], joined["body"]["role"], joined["body"]["hostName"]) == (
            200,
            "client",
            "ann",
        )
        for program, role in ((host, "host"), (client, "client")):
            await program.do("connect")
            assert (await program.do("enter", role=role))["ok"]
            assert (await program.tells("upgrade"))["transport"] == "websocket"
        yield host, client


async def test_client_follows_play_track_seek_and_pause(pair: Pair) -> None:
    host, client = pair

    await host.do("play", trackUri=TRACK, positionMs=45_000)
    await host.do("broadcast")
    assert (await follows(client, "play"))["trackUri"] == TRACK
    await assert_together(pair)

    heard = len(client.events)
    await host.do("play", trackUri=NEXT_TRACK, positionMs=0)
    await host.do("broadcast")
    assert (await follows(client, "switch_track", heard))["trackUri"] == NEXT_TRACK
    await assert_together(pair)

    heard = len(client.events)
    await host.do("seek", positionMs=90_000)
    await host.do("broadcast")
    await follows(client, "seek", heard)
    await assert_together(pair)

    heard = len(client.events)
    await host.do("pause")
    await host.do("broadcast")
    await follows(client, "pause", heard)
    assert (await client.do("position"))["isPlaying"] is False
    await assert_together(pair)


async def test_offset_moves_the_client_at_once_and_a_request_puts_it_back(pair: Pair) -> None:
    host, client = pair
    await host.do("play", trackUri=TRACK, positionMs=60_000)
    await host.do("broadcast")
    await follows(client, "play")

    heard = len(client.events)
    answer = await client.do("offset", offsetMs=150)
    assert (answer["status"], answer["body"]["offsetMs"]) == (200, 150)
    await follows(client, "seek", heard)
    await assert_together(pair, offset_ms=150)

    heard = len(client.events)
    await client.do("seek", positionMs=5_000)
    await client.do("request_sync")
    await follows(client, "play", heard)
    await assert_together(pair, offset_ms=150)

    state = (await client.do("state"))["body"]
    assert state["client"] == {"userId": "ben", "userName": "ben", "offsetMs": 150}
    assert state["currentTrack"]["isPlaying"] is True


async def test_ending_the_session_is_told_to_both(pair: Pair) -> None:
    host, client = pair
    assert (await host.do("end"))["status"] == 204
    for program in pair:
        assert (await program.tells("session_ended"))["data"]["reason"] == "host_ended"
    assert (await client.do("state"))["status"] == 410


async def test_lost_host_ends_the_session_after_its_grace(pair: Pair) -> None:
    host, client = pair
    await host.do("disconnect")
    lost = (await host.tells("disconnect"))["at"]
    ended = await client.tells("session_ended", within_s=GRACE_S + 10)
    assert ended["data"]["reason"] == "host_disconnected"
    assert GRACE_S * 1000 - 500 <= ended["at"] - lost <= (GRACE_S + 5) * 1000


async def follows(client: Program, action: str, since: int = 0) -> dict[str, object]:
    """The command, once the client's player has done it."""
    told = await client.tells("sync_command", lambda said: said["data"]["action"] == action, since=since)
    await client.tells("followed", lambda said: said["action"] == action, since=client.events.index(told))
    data: dict[str, object] = told["data"]
    return data


async def assert_together(pair: Pair, offset_ms: float = 0) -> None:
    host, client = [await program.do("position") for program in pair]
    assert client["trackUri"] == host["trackUri"]
    apart = client["at"] - host["at"] if host["isPlaying"] else 0.0
    assert abs(client["position"] - apart - host["position"] - offset_ms) < CLOSE_MS
