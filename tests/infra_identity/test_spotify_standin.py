"""The stand-in speaks Spotify's documented HTTP, misbehaves on request, and runs as a process of its own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio

from tests.infra_identity.serving import serving
from tutti.infra.spotify_standin import Behaviour, StandIn, standin_app
from tutti.infra.spotify_standin.listeners import Do, Listener

AUTH = {"Authorization": "Bearer standin:ann:Ann%20%C3%89"}
TRACK = "/v1/tracks/3n3Ppam7vgaVa1iaRUc9Lp"


pytestmark = pytest.mark.asyncio(
    loop_scope="module"
)  # one server for all of them: starting it is the slow part


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served() -> AsyncIterator[tuple[StandIn, str]]:
    standin = StandIn()
    async with serving(standin_app(standin)) as address:
        yield standin, f"http://{address}"


@pytest_asyncio.fixture(loop_scope="module")
async def http(served: tuple[StandIn, str]) -> AsyncIterator[httpx.AsyncClient]:
    standin, url = served
    standin.behave(Behaviour())
    standin.forget_calls()
    async with httpx.AsyncClient(base_url=url) as client:
        yield client


async def test_me_is_the_tokens_owner(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/me", headers=AUTH)
    assert answer.status_code == 200
    assert answer.json()["id"] == "ann"
    assert answer.json()["display_name"] == "Ann É"


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer other"}, {"Authorization": "Basic standin:ann"}]
)
@pytest.mark.parametrize("path", ["/v1/me", TRACK])
async def test_any_other_token_has_expired(
    http: httpx.AsyncClient, path: str, header: dict[str, str]
) -> None:
    answer = await http.get(path, headers=header)
    assert answer.status_code == 401
    assert answer.json() == {"error": {"status": 401, "message": "The access token expired"}}


async def test_a_track_is_always_the_same(http: httpx.AsyncClient) -> None:
    first, second = await http.get(TRACK, headers=AUTH), await http.get(TRACK, headers=AUTH)
    assert first.json() == second.json()
    assert first.json()["uri"] == "spotify:track:3n3Ppam7vgaVa1iaRUc9Lp"


@pytest.mark.parametrize(
    ("track_id", "status"), [("xxx", 400), ("3n3Ppam7vgaVa1iaRUc9L-", 400), ("3n3Ppam7vgaVa1iaRU1404", 404)]
)
async def test_what_is_no_track_is_an_error_object(
    http: httpx.AsyncClient, track_id: str, status: int
) -> None:
    answer = await http.get(f"/v1/tracks/{track_id}", headers=AUTH)
    assert answer.status_code == status
    assert answer.json()["error"]["status"] == status


async def test_it_can_be_told_to_limit_for_a_while(http: httpx.AsyncClient) -> None:
    told = await http.put("/standin/behaviour", json={"kind": "limited", "retry_after": 12, "times": 1})
    assert told.status_code == 204
    limited = await http.get("/v1/me", headers=AUTH)
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "12")
    assert limited.json()["error"]["status"] == 429
    assert (await http.get("/v1/me", headers=AUTH)).status_code == 200


async def test_it_can_be_told_to_fail_and_to_talk_rubbish(http: httpx.AsyncClient) -> None:
    await http.put("/standin/behaviour", json={"kind": "failing", "status": 502})
    assert [(await http.get("/v1/me", headers=AUTH)).status_code for _ in range(2)] == [502, 502]
    await http.put("/standin/behaviour", json={"kind": "rubbish"})
    assert "<html>" in (await http.get("/v1/me", headers=AUTH)).text
    assert (await http.put("/standin/behaviour", json={"kind": "polite"})).status_code == 400


async def test_it_counts_its_calls(http: httpx.AsyncClient) -> None:
    await http.get("/v1/me", headers=AUTH)
    await http.get("/v1/me")
    await http.get(TRACK, headers=AUTH)
    assert (await http.get("/standin/calls")).json() == {"me": 2, "tracks": 1, "playing": 0, "token": 0}
    await http.delete("/standin/calls")
    assert (await http.get("/standin/calls")).json() == {"me": 0, "tracks": 0, "playing": 0, "token": 0}


@pytest.mark.e2e
async def test_it_is_a_program() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tutti.infra.spotify_standin", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        url = (await process.stdout.readline()).decode().strip()
        async with httpx.AsyncClient(base_url=url) as http:
            assert (await http.get("/v1/me", headers=AUTH)).json()["id"] == "ann"
    finally:
        process.terminate()
        await process.wait()


# -- consent and tokens

CALLBACK = "http://127.0.0.1:3000/callback"
ASKED = {
    "response_type": "code",
    "client_id": "app",
    "redirect_uri": CALLBACK,
    "scope": "user-read-currently-playing user-read-private",
    "state": "s",
    "code_challenge_method": "S256",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",  # RFC 7636 appendix B
}
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
APP = ("app", "secret")


async def agreed(http: httpx.AsyncClient, user: str = "ann", **asked: str) -> dict[str, list[str]]:
    """What the browser brings back."""
    answer = await http.post("/authorize", params={**ASKED, **asked}, data={"user": user})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(CALLBACK + "?")
    return parse_qs(urlsplit(answer.headers["location"]).query)


async def redeemed(http: httpx.AsyncClient, code: str, **said: str) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    return await http.post("/api/token", data={**form, **said}, auth=APP)


async def tokens(http: httpx.AsyncClient, user: str = "ann") -> dict[str, str]:
    (code,) = (await agreed(http, user))["code"]
    granted: dict[str, str] = (await redeemed(http, code)).json()
    return granted


def bearer(access: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {access}"}


async def refreshed(http: httpx.AsyncClient, refresh: str) -> httpx.Response:
    return await http.post(
        "/api/token", data={"grant_type": "refresh_token", "refresh_token": refresh}, auth=APP
    )


async def test_the_consent_page_says_who_asks_for_what(http: httpx.AsyncClient) -> None:
    page = await http.get("/authorize", params={**ASKED, "client_id": "<b>&app"})
    assert page.headers["content-type"].startswith("text/html")
    assert "&lt;b&gt;&amp;app" in page.text
    assert "user-read-currently-playing" in page.text


@pytest.mark.parametrize(
    "asked",
    [
        {"redirect_uri": "http://localhost:3000/callback"},
        {"redirect_uri": "http://example.org/callback"},
        {"redirect_uri": "http://[oops/"},
        {"response_type": "token"},
        {"client_id": ""},
        {"code_challenge_method": "plain"},
    ],
)
async def test_what_it_does_not_take_is_a_page_and_no_redirect(
    http: httpx.AsyncClient, asked: dict[str, str]
) -> None:
    for answer in (
        await http.get("/authorize", params={**ASKED, **asked}),
        await http.post("/authorize", params={**ASKED, **asked}, data={"user": "ann"}),
    ):
        assert answer.status_code == 400
        assert "location" not in answer.headers


async def test_whoever_cancels_comes_back_without_a_code(http: httpx.AsyncClient) -> None:
    answer = await http.post("/authorize", params=ASKED, data={"cancel": "1"})
    assert answer.headers["location"] == f"{CALLBACK}?error=access_denied&state=s"


async def test_a_code_becomes_tokens_once(http: httpx.AsyncClient) -> None:
    back = await agreed(http)
    assert back["state"] == ["s"]
    granted = (await redeemed(http, back["code"][0])).json()
    assert (granted["token_type"], granted["expires_in"]) == ("Bearer", 3600)
    assert (await http.get("/v1/me", headers=bearer(granted["access_token"]))).json()["id"] == "ann"
    again = await redeemed(http, back["code"][0])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "said",
    [
        {"code_verifier": "x" * 43},
        {"code_verifier": ""},
        {"redirect_uri": "http://127.0.0.1:3001/callback"},
        {"grant_type": "password"},
    ],
)
async def test_a_code_is_worth_nothing_without_all_that_belongs_to_it(
    http: httpx.AsyncClient, said: dict[str, str]
) -> None:
    (code,) = (await agreed(http))["code"]
    answer = await redeemed(http, code, **said)
    assert answer.status_code == 400
    assert answer.json()["error"] in ("invalid_grant", "unsupported_grant_type")


async def test_the_token_endpoint_knows_no_app_without_its_secret(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/token", data={"grant_type": "refresh_token"})
    assert answer.json()["error"] == "invalid_client"


async def test_tokens_expire_are_refreshed_and_are_revoked(http: httpx.AsyncClient) -> None:
    granted = await tokens(http, "expiring")
    await http.delete("/standin/users/expiring/access")
    assert (await http.get("/v1/me", headers=bearer(granted["access_token"]))).status_code == 401
    fresh = (await refreshed(http, granted["refresh_token"])).json()
    assert "refresh_token" not in fresh
    assert (await http.get("/v1/me", headers=bearer(fresh["access_token"]))).status_code == 200
    await http.delete("/standin/users/expiring/consent")
    assert (await http.get("/v1/me", headers=bearer(fresh["access_token"]))).status_code == 401
    assert (await refreshed(http, granted["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_refresh_token_can_be_one_that_works_once(http: httpx.AsyncClient) -> None:
    await http.put("/standin/tokens", json={"rotate": True, "expires_in": 60})
    try:
        granted = await tokens(http)
        fresh = (await refreshed(http, granted["refresh_token"])).json()
        assert fresh["expires_in"] == 60
        assert fresh["refresh_token"] != granted["refresh_token"]
        assert (await refreshed(http, granted["refresh_token"])).status_code == 400
        assert (await refreshed(http, fresh["refresh_token"])).status_code == 200
    finally:
        await http.put("/standin/tokens", json={"rotate": False, "expires_in": 3600})


# -- listeners


async def plays(http: httpx.AsyncClient, user: str) -> httpx.Response:
    return await http.get("/v1/me/player/currently-playing", headers=bearer(f"standin:{user}"))


async def do(http: httpx.AsyncClient, user: str, **what: object) -> None:
    assert (await http.put(f"/standin/users/{user}/player", json=what)).status_code == 204


async def test_listeners_do_as_they_are_told(http: httpx.AsyncClient) -> None:
    first = (await plays(http, "dan")).json()
    assert first["is_playing"]
    assert 0 <= first["progress_ms"] < first["item"]["duration_ms"]
    await do(http, "dan", do="skip")
    second = (await plays(http, "dan")).json()
    assert second["item"]["id"] != first["item"]["id"]
    await do(http, "dan", do="pause")
    assert not (await plays(http, "dan")).json()["is_playing"]
    await do(http, "dan", do="seek", position_ms=60_000)
    assert (await plays(http, "dan")).json()["progress_ms"] == 60_000
    await do(http, "dan", do="stop")
    nothing = await plays(http, "dan")
    assert (nothing.status_code, nothing.content) == (204, b"")
    await do(http, "dan", do="play", track="3n3Ppam7vgaVa1iaRUc9Lp")
    assert (await plays(http, "dan")).json()["item"]["id"] == "3n3Ppam7vgaVa1iaRUc9Lp"


async def test_progress_can_be_null_and_beyond_the_end(http: httpx.AsyncClient) -> None:
    await do(http, "eve", progress="missing")
    assert (await plays(http, "eve")).json()["progress_ms"] is None
    await do(http, "eve", progress="overrun")
    beyond = (await plays(http, "eve")).json()
    assert beyond["progress_ms"] > beyond["item"]["duration_ms"]


async def test_a_token_without_the_scope_may_not_look(http: httpx.AsyncClient) -> None:
    (code,) = (await agreed(http, scope="user-read-private"))["code"]
    granted = (await redeemed(http, code)).json()
    answer = await http.get("/v1/me/player/currently-playing", headers=bearer(granted["access_token"]))
    assert answer.status_code == 403


async def test_listeners_play_on_by_themselves_and_the_timestamp_is_the_last_change() -> None:
    listener = Listener("fay", 0.0)
    seen: list[str] = []
    for now in range(0, 7_200_000, 1_000):
        playing = listener.now_playing(now)
        assert playing is not None
        assert playing["is_playing"]
        assert playing["timestamp"] <= now
        if not seen or seen[-1] != playing["item"]["id"]:
            assert playing["progress_ms"] < 1_000 or not seen
            seen.append(playing["item"]["id"])
    assert 20 <= len(seen) <= 60


async def test_restless_listeners_skip_and_pause_the_same_way_each_time() -> None:
    def evening() -> list[tuple[str, bool]]:
        listener = Listener("gus", 0.0)
        listener.do(Do("restless"), 0.0)
        told = [listener.now_playing(now) for now in range(0, 7_200_000, 1_000)]
        return [(playing["item"]["id"], playing["is_playing"]) for playing in told if playing is not None]

    first = evening()
    assert first == evening()
    assert len({track for track, _ in first}) > 30
    assert any(not playing for _, playing in first)


async def test_trouble_can_be_for_one_endpoint_only(http: httpx.AsyncClient) -> None:
    await http.put("/standin/behaviour", json={"kind": "limited", "only": ["playing"]})
    assert (await http.get("/v1/me", headers=AUTH)).status_code == 200
    assert (await plays(http, "ann")).status_code == 429
