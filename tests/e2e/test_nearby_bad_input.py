"""Bad input to a running server, over HTTP and Socket.IO: it says so in guide 002's shape, and keeps nothing of it."""

from __future__ import annotations

import asyncio
import json
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import pytest

from tests.e2e.server import START_WITHIN_S, Server, serving
from tests.e2e.talker import NotLetIn, Talker, talking
from tutti.infra.tokens import JwtIdentity

pytestmark = pytest.mark.e2e

SECRET = "the-secret-of-this-test-and-of-nothing-else"
SHAPE = {"statusCode", "timestamp", "path", "method", "error", "message"}
TIMESTAMP = re.compile(rb'"timestamp":"[^"]+"')
TIME_OF_DAY = re.compile(r"\d\d:\d\d:\d\d\.\d+")
"""Its seconds look like a latitude, once in a while."""
HERE, ELSEWHERE = "u09tvw", "gcpvj0"
FLOOD = 10_000
BURST, A_SECOND = 120, 40
"""What may be said on one connection."""
CALLS = 150
SAME_CLASS = 3.0
"""Medians of the two answers: what takes a database or a search instead of a look differs by far more."""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """Without limits on rates, so that only what is said can be wrong."""
    env = {"JWT_SECRET": SECRET, "TUTTI_LIMITS": "off"}
    async with serving(tmp_path, env=env) as server:
        yield server


@pytest.fixture
async def http(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1", timeout=30) as http:
        yield http


def token(user: str, ttl_s: float = 900.0, *, secret: str = SECRET) -> str:
    return JwtIdentity(secret.encode(), lambda: time.time() * 1000).issue(user, user, ttl_s)


def bearing(bearer: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {bearer}"}


def part(claims: object) -> str:
    return urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()


def no_tokens() -> dict[str, str]:
    good = token("ada")
    head, claims, signature = good.split(".")
    unsigned = part({"alg": "none", "typ": "JWT"})
    return {
        "expired": token("ada", -60),
        "of another secret": token("ada", secret="f" * 40),
        "unsigned": f"{unsigned}.{claims}.",
        "unsigned in a signed one's clothes": f"{unsigned}.{claims}.{signature}",
        "of somebody else, with this signature": f"{head}.{part({'sub': 'bob', 'exp': 9e9})}.{signature}",
        "cut short": good[:-5],
    }


async def live(http: httpx.AsyncClient, user: str, **settings: object) -> dict[str, str]:
    """The headers that say who they are."""
    mine = bearing(token(user))
    assert (await http.post("/presence/live", json=settings, headers=mine)).status_code == 200
    placed = await http.post("/location/update", json={"geohash": HERE}, headers=mine)
    assert placed.json()["geohash"] == HERE
    return mine


def is_refused(answer: httpx.Response, status: int) -> bool:
    body = answer.json()
    return (answer.status_code, body["statusCode"], set(body)) == (status, status, SHAPE)


@pytest.mark.parametrize("mode", ["open", "closed"])
async def test_forged_and_expired_tokens_open_nothing(tmp_path: Path, mode: str) -> None:
    async with serving(tmp_path, env={"JWT_SECRET": SECRET, "TUTTI_MODE": mode}) as server:
        async with httpx.AsyncClient(base_url=server.url, timeout=START_WITHIN_S) as http:
            for bad in no_tokens().values():
                for method, path in (("POST", "/api/v1/presence/live"), ("GET", "/location/me")):
                    assert is_refused(await http.request(method, path, headers=bearing(bad)), 401)
            for name, bad in no_tokens().items():
                assert not await gets_live(server, bad), name
            mine = bearing(token("ada"))
            presence = await http.get("/presence/settings", headers=mine)
            assert (presence.status_code, presence.json()["isLive"]) == (200, False)
        for bad in no_tokens().values():
            assert bad not in server.log


async def gets_live(server: Server, bearer: str) -> bool:
    """Over a socket."""
    try:
        async with talking(server.ws_url, bearer) as talker:
            answer = await talker.ask("user:go_live", {})
    except NotLetIn:
        return False
    assert answer["success"] or (answer["statusCode"], set(answer) >= SHAPE) == (401, True)
    return bool(answer["success"])


BAD_PLACES: tuple[object, ...] = (
    {"geohash": "u09tva"},
    {"geohash": "U09TVI"},
    {"geohash": "u0"},
    {"geohash": "48.8566,2.3522"},
    {"geohash": 7},
    {"geohash": None},
    {"latitude": 48.8566, "longitude": 2.3522},
    {"latitude": 91, "longitude": 1e9},
    {},
)


async def test_what_is_no_place_is_refused_and_leaves_the_last_one(
    server: Server, http: httpx.AsyncClient
) -> None:
    mine = await live(http, "ada")
    async with talking(server.ws_url, token("ada")) as ada:
        for bad in BAD_PLACES:
            answer = await http.post("/location/update", json=bad, headers=mine)
            assert is_refused(answer, 400), bad
            said = await ada.ask("user:update_location", bad)
            assert (said["success"], said["statusCode"], set(said) >= SHAPE) == (False, 400, True), bad
            assert "48.85" not in without_times(answer.text + json.dumps(said))
        assert (await http.get("/location/me", headers=mine)).json()["geohash"] == HERE
    assert "48.85" not in without_times(server.log)


def without_times(text: str) -> str:
    return TIME_OF_DAY.sub("", text)


async def test_a_radius_that_is_none_is_refused_and_leaves_the_last_one(
    server: Server, http: httpx.AsyncClient
) -> None:
    mine = await live(http, "ada", radiusKm=3)
    async with talking(server.ws_url, token("ada")) as ada:
        for bad in ("0", "-1", "1000000000", "1e9", "1e999", "nan"):
            assert is_refused(await http.get(f"/location/nearby?radiusKm={bad}", headers=mine), 400), bad
            body = f'{{"radiusKm":{bad}}}'
            assert is_refused(await http.patch("/presence/settings", content=body, headers=mine), 400), bad
        for number in (0, 1e9):
            said = await ada.ask("user:go_live", {"radiusKm": number})
            assert (said["success"], said["statusCode"]) == (False, 400)
    assert (await http.get("/presence/settings", headers=mine)).json()["radiusKm"] == 3


async def test_nobody_finds_themselves(server: Server, http: httpx.AsyncClient) -> None:
    mine = await live(http, "ada", allowFind=True)
    async with talking(server.ws_url, token("ada")) as ada:
        assert is_refused(await http.post("/find/start", json={"targetId": "ada"}, headers=mine), 400)
        said = await ada.ask("find:start", {"targetId": "ada"})
        assert (said["success"], said["statusCode"]) == (False, 400)
    assert (await http.get("/find/active", headers=mine)).json() == {"session": None}


async def test_who_forbids_being_found_is_told_of_as_who_does_not_exist_in_bytes_and_in_time(
    server: Server, http: httpx.AsyncClient
) -> None:
    mine = await live(http, "ada", allowFind=True)
    await live(http, "shy", allowFind=False)
    kinds = ("shy", "ghost")
    told: dict[str, set[bytes]] = {kind: set() for kind in kinds}
    took_s: dict[str, list[float]] = {kind: [] for kind in kinds}
    async with talking(server.ws_url, token("shy")) as shy:
        for number in range(CALLS):
            for kind in kinds if number % 2 else kinds[::-1]:  # whatever slows the machine slows both
                body = json.dumps({"targetId": kind})
                begun = time.perf_counter()
                answer = await http.post("/find/start", content=body, headers=mine)
                took_s[kind].append(time.perf_counter() - begun)
                told[kind].add(as_told(answer))
        assert len(told["shy"] | told["ghost"]) == 1, told
        assert b'"statusCode":404' in next(iter(told["shy"]))
        shy_s, ghost_s = median(took_s["shy"]), median(took_s["ghost"])
        assert max(shy_s, ghost_s) < SAME_CLASS * min(shy_s, ghost_s), (shy_s, ghost_s)
        assert (await shy.ask("user:heartbeat", {}))["success"], "whatever was said to them before is heard"
        assert not [name for name, _ in shy.heard if name.startswith("find:")]
    async with talking(server.ws_url, token("ada")) as ada:
        said = [await ada.ask("find:start", {"targetId": kind}) for kind in kinds]
        assert {one.pop("timestamp") is None for one in said} == {False}
        assert said[0] == said[1]


def as_told(answer: httpx.Response) -> bytes:
    """All that tells one answer from another, but the time of day."""
    headers = b"\n".join(
        name + b": " + value for name, value in answer.headers.raw if name.lower() != b"date"
    )
    return b"%d\n%b\n%b" % (answer.status_code, headers, TIMESTAMP.sub(b"", answer.content))


async def test_ten_thousand_updates_at_once_are_refused_and_nobody_else_waits_for_them(
    tmp_path: Path,
) -> None:
    env = {"JWT_SECRET": SECRET, "TUTTI_MODE": "closed"}
    async with (
        serving(tmp_path, env=env) as server,
        httpx.AsyncClient(base_url=f"{server.url}/api/v1", timeout=30) as http,
        talking(server.ws_url, token("eve")) as eve,
    ):
        ada = await live(http, "ada")
        assert (await eve.ask("user:go_live", {}))["success"]
        assert (await eve.ask("user:update_location", {"geohash": HERE}))["success"]
        before_kb = server.memory_kb()
        refused = asyncio.create_task(flooded(eve))
        begun = time.perf_counter()
        seen = await http.get("/location/nearby", headers=ada)
        assert [user["userId"] for user in seen.json()["users"]] == ["eve"]
        assert time.perf_counter() - begun < 10
        failures = await refused
        assert {failure["statusCode"] for failure in failures} == {429}
        assert all(set(failure) >= SHAPE for failure in failures)
        assert server.memory_kb() - before_kb < 30_000
        after = await http.get("/location/nearby", headers=ada)
        assert [user["geohash"] for user in after.json()["users"]] == [HERE]


async def flooded(talker: Talker) -> list[dict[str, Any]]:
    """What was refused, of as many updates as a client can send."""
    ways = (HERE, ELSEWHERE)
    asked = [
        asyncio.create_task(talker.ask("user:update_location", {"geohash": ways[number % 2]}))
        for number in range(FLOOD)
    ]
    begun = time.monotonic()
    answers = await asyncio.gather(*asked)
    failures = [answer for answer in answers if not answer["success"]]
    assert FLOOD - len(failures) <= BURST + A_SECOND * (time.monotonic() - begun)
    return failures
