"""Signing in with Spotify and being asked what one listens to: a real server, a Spotify of its own, and its troubles."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.server import START_WITHIN_S, Server, refused_start
from tests.e2e.spotify import (
    CALLBACK,
    FRONT,
    SONG,
    Browser,
    Person,
    behave,
    calls,
    plays_out,
    said,
    serving_with,
    spotify_standin,
    tell,
)
from tests.e2e.talker import Talker, talking

pytestmark = pytest.mark.e2e

AT_ONCE_S = 2.5
"""What nobody has to wait longer for, even on a busy machine: less than Spotify gets to answer."""

PLAYS_MS = 5_000.0
"""What is left of a track: time for a busy machine to see it, and no longer than a test may wait for the next one."""


@pytest.fixture
async def standin() -> AsyncIterator[httpx.AsyncClient]:
    async with spotify_standin() as http:
        yield http


@pytest.fixture
async def server(tmp_path: Path, standin: httpx.AsyncClient) -> AsyncIterator[Server]:
    async with serving_with(tmp_path, standin) as server:
        yield server


@pytest.fixture
async def browsers(server: Server, standin: httpx.AsyncClient) -> AsyncIterator[list[Browser]]:
    found = [Browser(server, standin) for _ in range(2)]
    yield found
    for browser in found:
        await browser.http.aclose()


# -- signing in


async def test_signing_in_from_the_first_redirect_to_a_token(
    server: Server, standin: httpx.AsyncClient, browsers: list[Browser]
) -> None:
    browser, _ = browsers
    page = await browser.begins()
    asked = said(page)
    assert asked["redirect_uri"] == server.url + CALLBACK
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    shown = await standin.get(page)
    assert (shown.status_code, asked["scope"].split()[0] in shown.text) == (200, True)

    back = await browser.comes_back(await browser.agrees(page, "ann"))
    assert (back.status_code, back.headers["cache-control"]) == (302, "no-store")
    there = back.headers["location"]
    assert there == f"{FRONT}?code={said(there)['code']}", "and nothing of who it is"

    tokens = await browser.redeems(said(there)["code"])
    assert (tokens.status_code, set(tokens.json())) == (200, {"accessToken", "refreshToken"})
    again = await browser.redeems(said(there)["code"])
    assert (again.status_code, again.json()["path"]) == (401, "/api/v1/auth/token")

    ann = Person("", "", browser.http)
    browser.http.headers["Authorization"] = f"Bearer {tokens.json()['accessToken']}"
    assert (await ann.ask("GET", "/auth/me"))[1]["displayName"] == "Ann"
    assert await ann.ask("GET", "/spotify/connection") == (200, {"state": "connected"})
    fresh = await ann.ask("POST", "/auth/refresh-token", {"refreshToken": tokens.json()["refreshToken"]})
    assert fresh[0] == 200


async def test_the_cookie_stays_with_the_browser_and_the_addresses_with_nobody(
    browsers: list[Browser],
) -> None:
    browser, _ = browsers
    begun = await browser.http.get("/auth/spotify")
    cookie = begun.headers["set-cookie"].lower()
    assert begun.headers["referrer-policy"] == "no-referrer"
    assert all(part in cookie for part in ("httponly", "samesite=lax", "path=/", "max-age=600"))


async def test_what_was_not_begun_here_now_and_once_is_refused(
    server: Server, standin: httpx.AsyncClient, browsers: list[Browser]
) -> None:
    browser, other = browsers
    replayed = await browser.agrees(await browser.begins(), "ann")
    assert (await browser.comes_back(replayed)).status_code == 302
    await other.begins()
    of_another_browser = await browser.agrees(await browser.begins(), "ann")
    used_up_by_the_other = of_another_browser
    without_cookie = await browser.agrees(await browser.begins(), "ann")
    late = await browser.agrees(await browser.begins(), "ann")
    await has_passed(server, minutes=10)
    forged = f"{server.url}{CALLBACK}?code=c&state={'x' * 43}"
    async with httpx.AsyncClient(base_url=server.url, timeout=START_WITHIN_S) as stranger:
        for who, address in (
            (browser.http, replayed),
            (other.http, of_another_browser),
            (browser.http, used_up_by_the_other),
            (stranger, without_cookie),
            (browser.http, late),
            (browser.http, forged),
            (browser.http, server.url + CALLBACK),
        ):
            answer = await who.get(address)
            assert (answer.status_code, answer.json()["path"]) == (401, CALLBACK), address
            assert set(answer.json()) == {
                "statusCode",
                "timestamp",
                "path",
                "method",
                "error",
                "message",
            }
    assert (await calls(standin))["token"] == 1, "Spotify hears of none of them"


async def has_passed(server: Server, minutes: int) -> None:
    """For every sign-in that has begun."""
    with sqlite3.connect(server.data / "accounts.db", timeout=10) as db:
        db.execute("UPDATE spotify_states SET expires_at_ms = expires_at_ms - ?", (minutes * 60_000,))
    db.close()


async def test_a_code_that_a_front_end_bound_to_itself_is_worth_nothing_to_others(
    browsers: list[Browser],
) -> None:
    browser, _ = browsers
    verifier, challenge = "a" * 43, "ZtNPunH49FD35FWYhT5Tv8I7vRKQJ8uxMaL0_9eHjNA"
    code = await browser.code("ann", code_challenge=challenge)
    assert (await browser.redeems(code)).status_code == 401
    code = await browser.code("ann", code_challenge=challenge)
    assert (await browser.redeems(code, codeVerifier=verifier)).status_code == 200
    wrong = await browser.http.get("/api/v1/auth/spotify", params={"code_challenge": "short"})
    assert (wrong.status_code, "code_challenge" in wrong.json()["message"]) == (400, True)


async def test_whoever_says_no_comes_back_without_a_code(browsers: list[Browser]) -> None:
    browser, _ = browsers
    back = await browser.comes_back(await browser.agrees(await browser.begins(), ""))
    assert (back.status_code, back.headers["location"]) == (302, f"{FRONT}?error=access_denied")


async def test_a_browser_that_came_to_localhost_begins_where_its_cookie_will_count(
    server: Server, browsers: list[Browser]
) -> None:
    browser, _ = browsers
    host = {"Host": f"localhost:{server.port}"}
    answer = await browser.http.get("/api/v1/auth/spotify?code_challenge=abc", headers=host)
    assert answer.headers["location"] == f"{server.url}/api/v1/auth/spotify?code_challenge=abc"
    assert "set-cookie" not in answer.headers


async def test_tokens_of_spotifys_own_are_still_who_somebody_is_in_listening_sessions(server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.url, timeout=START_WITHIN_S) as http:
        headers = {"Authorization": "Bearer standin:ann:Ann"}
        body = {"userId": "ann", "userName": "Ann"}
        assert (await http.post("/api/sessions", json=body, headers=headers)).status_code == 201


# -- what they listen to


async def test_others_hear_what_somebody_listens_to_and_what_comes_next(
    server: Server, standin: httpx.AsyncClient, browsers: list[Browser]
) -> None:
    ann, bob = [await browser.signs_in(user) for browser, user in zip(browsers, ("ann", "bob"), strict=True)]
    async with talking(server.ws_url, bob.access) as ear:
        await ear.hears("connected")
        await bob.arrives()
        await plays_out(standin, "ann", left_ms=PLAYS_MS)
        await ann.arrives()
        first = await ear.hears("live:track_update", lambda told: told["trackId"] == SONG)
        assert (first["userId"], first["trackName"]) == (ann.id, "Track 4uLU")
        status, playing = await ann.ask("GET", "/spotify/currently-playing")
        assert (status, playing["isPlaying"], playing["track"]["trackId"]) == (200, True, SONG)
        refreshed = await ann.ask("POST", "/spotify/refresh")
        assert refreshed == (200, playing), "an answer of seconds ago is good enough"
        await ear.hears("live:track_update", lambda told: told["trackId"] not in (SONG, None))

        heard = len(ear.heard)
        assert (await ann.ask("PATCH", "/presence/settings", {"shareTrack": False}))[0] == 200
        assert (await ear.hears("live:track_update", since=heard))["trackId"] is None
        assert (await ann.ask("POST", "/presence/offline"))[0] == 200
        before = await calls(standin)
        assert (await ann.ask("POST", "/spotify/refresh"))[0] == 403
        assert await calls(standin) == before, "nobody is asked about who is not live"


async def test_disconnecting_deletes_the_tokens_and_ends_the_questions(
    server: Server, standin: httpx.AsyncClient, browsers: list[Browser]
) -> None:
    ann = await browsers[0].signs_in("ann")
    await tell(standin, "ann", do="play", track=SONG)
    async with talking(server.ws_url, ann.access) as ear:
        await ear.hears("connected")
        await ann.arrives()
        assert (await ann.ask("POST", "/spotify/refresh"))[1]["track"]["trackId"] == SONG
        assert await ann.ask("DELETE", "/spotify/connection") == (200, {"success": True})
        assert await ann.ask("GET", "/spotify/connection") == (200, {"state": "none"})
        assert (await ann.ask("GET", "/spotify/current-track"))[1] == {"isPlaying": False, "track": None}
        before = await calls(standin)
        assert (await ann.ask("POST", "/spotify/refresh"))[0] == 409
        assert await calls(standin) == before
    with sqlite3.connect(server.data / "accounts.db", timeout=10) as db:
        assert db.execute("SELECT count(*) FROM spotify_connections").fetchone() == (0,)
    db.close()


# -- consent that is gone


async def test_a_consent_that_is_gone_is_told_once_and_never_asked_about_again(
    server: Server, standin: httpx.AsyncClient, browsers: list[Browser]
) -> None:
    ann, bob = [await browser.signs_in(user) for browser, user in zip(browsers, ("ann", "bob"), strict=True)]
    async with talking(server.ws_url, bob.access) as ear, talking(server.ws_url, ann.access) as own:
        await ear.hears("connected")
        await own.hears("connected")
        await bob.arrives()
        await plays_out(standin, "ann", left_ms=PLAYS_MS)
        await ann.arrives()
        await ear.hears("live:track_update", lambda told: told["trackId"] == SONG)
        (await standin.delete("/standin/users/ann/consent")).raise_for_status()
        await own.hears("spotify:reauth_required")
        await ear.hears("live:track_update", lambda told: told["trackId"] is None)
        assert await ann.ask("GET", "/spotify/connection") == (200, {"state": "reauth_required"})

        before = await calls(standin)
        for _ in range(3):
            assert (await ann.ask("POST", "/spotify/refresh"))[0] == 409
        assert (await ann.ask("POST", "/presence/offline"))[0] == 200
        await ann.arrives()
        assert await calls(standin) == before, "no retry"
        assert before["token"] == 3, "two who signed in, and one refresh"
        assert (await own.ask("user:heartbeat", {}))["success"] is True
        assert told(own) == 1

        heard = len(ear.heard)
        again = await browsers[0].signs_in("ann")
        assert (again.id, await again.ask("GET", "/spotify/connection")) == (
            ann.id,
            (200, {"state": "connected"}),
        )
        await ear.hears("live:track_update", lambda said: said["trackId"] is not None, since=heard)


def told(own: Talker) -> int:
    return sum(name == "spotify:reauth_required" for name, _ in own.heard)


# -- trouble over there

TROUBLE = [
    {"kind": "limited", "retry_after": 3600},
    {"kind": "failing"},
    {"kind": "slow"},
    {"kind": "rubbish"},
]


@pytest.mark.parametrize("trouble", TROUBLE, ids=lambda trouble: trouble["kind"])
async def test_trouble_at_spotify_holds_nobody_up(
    server: Server, standin: httpx.AsyncClient, browsers: list[Browser], trouble: dict[str, object]
) -> None:
    ann = await browsers[0].signs_in("ann")
    async with talking(server.ws_url, ann.access) as ear:
        await ear.hears("connected")
        await behave(standin, **trouble)
        await ann.arrives()
        await asked_what_plays(standin)
        asking = asyncio.create_task(ann.ask("POST", "/spotify/refresh"))
        for method, path in (
            ("POST", "/presence/heartbeat"),
            ("GET", "/location/nearby"),
            ("GET", "/presence/settings"),
            ("GET", "/spotify/currently-playing"),
            ("GET", "/spotify/connection"),
            ("GET", "/auth/me"),
        ):
            since = time.monotonic()
            status, _ = await ann.ask(method, path)
            assert (status, time.monotonic() - since < AT_ONCE_S) == (200, True), path
        since = time.monotonic()
        assert (await ear.ask("user:heartbeat", {}))["success"] is True
        assert time.monotonic() - since < AT_ONCE_S
        status, problem = await asking
        assert status in (429, 503)
        assert "Spotify" in problem["message"]
        assert await ann.ask("GET", "/spotify/connection") == (200, {"state": "connected"})


async def asked_what_plays(standin: httpx.AsyncClient) -> None:
    """The server has; whether it has the answer, nobody knows. Nobody is asked here who counts how often."""
    async with asyncio.timeout(20):
        while not (await calls(standin))["playing"]:  # noqa: ASYNC110 - it is counted in another process
            await asyncio.sleep(0.05)


async def test_an_hours_rest_is_kept_by_everybody_and_told_to_who_asks(
    standin: httpx.AsyncClient, browsers: list[Browser]
) -> None:
    ann = await browsers[0].signs_in("ann")
    unfinished = await browsers[1].agrees(await browsers[1].begins(), "bob")
    await behave(standin, kind="limited", retry_after=3600)
    await ann.arrives()
    await asked_what_plays(standin)
    before = await calls(standin)
    for _ in range(5):
        answer = await ann.http.post("/api/v1/spotify/refresh")
        assert answer.status_code in (429, 503)
        assert 3_000 < int(answer.headers["retry-after"]) <= 3_600
    back = await browsers[1].comes_back(unfinished)
    assert said(back.headers["location"]) == {"error": "unavailable"}
    assert await calls(standin) == before


# -- settings


@pytest.mark.parametrize(
    ("callback", "because"),
    [
        ("http://localhost:3000" + CALLBACK, "write http://127.0.0.1:3000" + CALLBACK),
        ("http://tutti.example" + CALLBACK, "expected https"),
        ("ftp://tutti.example" + CALLBACK, "expected https"),
        ("callback", "expected a URL"),
        ("https://", "expected https"),
    ],
)
async def test_a_callback_that_spotify_would_not_take_stops_the_start(
    tmp_path: Path, callback: str, because: str
) -> None:
    env = {"SPOTIFY_CLIENT_ID": "a", "SPOTIFY_CLIENT_SECRET": "b", "SPOTIFY_CALLBACK_URL": callback}
    status, lines = await refused_start(tmp_path, "--port", "0", env=env)
    mistakes = [line for line in lines if line.startswith("tutti: ")]
    assert (status, len(mistakes)) == (2, 1), lines
    assert mistakes[0].startswith("tutti: SPOTIFY_CALLBACK_URL: ")
    assert because in mistakes[0]


@pytest.mark.parametrize("spotify", [True, False], ids=["without callback", "off"])
async def test_where_signing_in_is_not_set_up_it_says_so(
    tmp_path: Path, standin: httpx.AsyncClient, spotify: bool
) -> None:
    without = {"SPOTIFY_CALLBACK_URL": "", "TUTTI_MODE": "open"}
    if not spotify:
        without |= {"SPOTIFY_CLIENT_ID": "", "SPOTIFY_CLIENT_SECRET": ""}
    async with (
        serving_with(tmp_path, standin, without) as server,
        httpx.AsyncClient(base_url=server.url, headers={"X-User-Id": "ann"}, timeout=START_WITHIN_S) as http,
    ):
        for method, path in (("GET", "spotify"), ("GET", "spotify/callback"), ("POST", "token")):
            answer = await http.request(method, f"/api/v1/auth/{path}")
            assert (answer.status_code, "not set up" in answer.json()["message"]) == (503, True)
        state = (await http.get("/api/v1/spotify/connection")).json()
        assert state == {"state": "none" if spotify else "off"}
        other = await http.put("/api/v1/spotify/connection")
        assert (other.status_code, other.headers["allow"]) == (405, "GET, DELETE")
