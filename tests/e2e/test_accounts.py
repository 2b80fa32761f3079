"""Accounts in a real server: what is live closes at log-out, what is kept survives a power cut, on either database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.rooms import entered, made_room
from tests.e2e.server import START_WITHIN_S, Server, refused_start, serving
from tests.e2e.talker import NotLetIn, talking
from tests.platform_rows.postgres import Missing, Postgres, running

pytestmark = pytest.mark.e2e

SECRET = "a secret that is long enough for HS256"
CLOSED = {"TUTTI_ENV": "production", "JWT_SECRET": SECRET}
ANN = {"email": "ann@example.org", "password": "correct horse battery", "username": "ann"}


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    try:
        with running() as server:
            yield server
    except Missing:
        pytest.skip("there is no PostgreSQL on this machine")


async def post(
    http: httpx.AsyncClient, path: str, body: object = None, token: str | None = None
) -> dict[str, Any]:
    http.cookies.clear()
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = await http.post(f"/api/auth{path}", json=body, headers=headers)
    assert answer.is_success, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def test_log_out_closes_the_live_sockets_of_that_login_and_of_no_other(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, env=CLOSED) as server,
        httpx.AsyncClient(base_url=server.url, timeout=START_WITHIN_S) as http,
    ):
        laptop = await post(http, "/register/", ANN)
        phone = await post(http, "/login/", ANN)
        who = laptop["user"]["id"]
        http.headers["Authorization"] = f"Bearer {laptop['access']}"
        room = await made_room(http, who)
        del http.headers["Authorization"]
        async with (
            talking(server.ws_url, laptop["access"]) as here,
            talking(server.ws_url) as late,
            talking(server.ws_url, phone["access"]) as there,
        ):
            await entered(here, room, who)
            assert (await late.ask("authenticate", {"token": laptop["access"]}))["success"]
            await entered(there, room, who)
            await post(http, "/logout/", token=laptop["access"])
            assert await here.ended() == 1008
            assert await late.ended() == 1008
            with pytest.raises(NotLetIn):
                async with talking(server.ws_url, laptop["access"]):
                    pass
            assert (await there.ask("join_room", {"roomId": room, "userId": who}))["success"]
            assert there.close_code is None


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_accounts_and_log_outs_survive_a_power_cut(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    env = dict(CLOSED)
    if kind == "postgresql":
        server_of_ours = request.getfixturevalue("postgres")
        assert isinstance(server_of_ours, Postgres)
        env["DATABASE_URL"] = server_of_ours.fresh()
    async with (
        serving(tmp_path, env=env) as server,
        httpx.AsyncClient(base_url=server.url, timeout=START_WITHIN_S) as http,
    ):
        made = await post(http, "/register/", ANN)
        gone = await post(http, "/login/", ANN)
        await post(http, "/logout/", token=gone["access"])
        await server.kill()
        await server.start()
        assert (tmp_path / "data" / "accounts.db").exists() == (kind == "sqlite")
        me = await http.get("/api/auth/me/", headers={"Authorization": f"Bearer {made['access']}"})
        assert me.json()["email"] == "ann@example.org"
        out = await http.get("/api/auth/me/", headers={"Authorization": f"Bearer {gone['access']}"})
        assert out.status_code == 401, "it is remembered that this login has ended"
        await post(http, "/refresh/", {"refresh": made["refresh"]})
        await post(http, "/login/", ANN)
        for secret in (made["access"], made["refresh"], ANN["password"]):
            assert secret not in server.log


async def test_a_secret_is_replaced_without_logging_anybody_out(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, env=CLOSED) as server,
        httpx.AsyncClient(base_url=server.url, timeout=START_WITHIN_S) as http,
    ):
        made = await post(http, "/register/", ANN)
    for until, status in (("2999-01-01T00:00:00Z", 200), ("2001-01-01T00:00:00Z", 401)):
        env = {
            **CLOSED,
            "JWT_SECRET": "another secret, as long as it has to be",
            "JWT_SECRET_PREVIOUS": SECRET,
            "JWT_SECRET_PREVIOUS_UNTIL": until,
        }
        async with (
            serving(tmp_path, env=env) as server,
            httpx.AsyncClient(base_url=server.url, timeout=START_WITHIN_S) as http,
        ):
            me = await http.get("/api/auth/me/", headers={"Authorization": f"Bearer {made['access']}"})
            assert me.status_code == status
            made = {**await post(http, "/refresh/", {"refresh": made["refresh"]}), "access": made["access"]}


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hush@127.0.0.1:1/tutti",
        "sqlite:////no/such/folder/accounts.db",
        "mysql://me:hush@db/x",
    ],
)
async def test_a_database_that_is_not_there_stops_the_start_with_one_line(tmp_path: Path, url: str) -> None:
    status, lines = await refused_start(tmp_path, "--port", "0", env={"DATABASE_URL": url})
    assert (status, len(lines)) == (2, 1), lines
    assert lines[0].startswith("tutti: DATABASE_URL: ")
    assert "hush" not in lines[0]


async def test_what_somebody_shares_nearby_survives_a_power_cut_and_being_live_does_not(
    tmp_path: Path,
) -> None:
    async with (
        serving(tmp_path, env=CLOSED) as server,
        httpx.AsyncClient(base_url=server.url, timeout=START_WITHIN_S) as http,
    ):
        ann = await post(http, "/register/", ANN)
        http.headers["Authorization"] = f"Bearer {ann['access']}"
        chosen = {"allowFind": True, "radiusKm": 0.7}
        assert (await http.post("/api/v1/presence/live", json=chosen)).is_success
        assert (await http.post("/api/v1/location/update", json={"geohash": "u09tvw"})).is_success
        await server.kill()
        await server.start()
        told = (await http.get("/api/v1/presence/settings")).json()
        assert {key: told[key] for key in ("isLive", "shareTrack", *chosen)} == {
            "isLive": False,
            "shareTrack": False,
            **chosen,
        }
        assert (await http.get("/api/v1/location/me")).json()["geohash"] is None


async def test_without_its_database_a_server_is_alive_and_not_ready_and_rooms_go_on(
    tmp_path: Path, postgres: Postgres
) -> None:
    url = postgres.fresh()
    env = {"DATABASE_URL": url}
    async with (
        serving(tmp_path, env=env) as server,
        httpx.AsyncClient(base_url=server.url, timeout=START_WITHIN_S) as http,
    ):
        postgres.drop(url)
        ready = await http.get("/health/ready", timeout=30)
        assert (ready.status_code, ready.json()) == (
            503,
            {
                "status": "unavailable",
                "checks": {
                    "store": "ok",
                    "accounts": "the database of accounts cannot be read now",
                    "serving": "ok",
                },
            },
        )
        assert "database.trouble" in await told_why(server, http)
        assert (await http.get("/health")).status_code == 200
        assert (await http.post("/api/auth/register/", json=ANN)).status_code == 503
        await made_room(http, "ann")


async def told_why(server: Server, http: httpx.AsyncClient) -> str:
    """What the log says of the database that is not there: the first look may have had to wait too long to know."""
    async with asyncio.timeout(START_WITHIN_S):
        while not (said := [line for line in server.lines if "does not exist" in line]):
            await http.get("/health/ready")
            await asyncio.sleep(0.1)  # what is logged is read a moment later
    return said[0]
