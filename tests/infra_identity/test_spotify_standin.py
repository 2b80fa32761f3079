"""The stand-in speaks Spotify's documented HTTP, misbehaves on request, and runs as a process of its own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from tests.infra_identity.serving import serving
from tutti.infra.spotify_standin import Behaviour, StandIn, standin_app

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
    assert (await http.get("/standin/calls")).json() == {"me": 2, "tracks": 1}
    await http.delete("/standin/calls")
    assert (await http.get("/standin/calls")).json() == {"me": 0, "tracks": 0}


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
