"""A whole node's HTTP side: who is counted as whom, how much is taken, and what a page may do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.clocks import TurnedClock
from tutti.app import Node
from tutti.config import load
from tutti.infra.spotify_calls import Calls

PROXY = "10.0.0.1"
ENDS_WITHIN_S = 60.0


@asynccontextmanager
async def serving(data: Path, **env: str) -> AsyncIterator[Node]:
    async with Node(load({"TUTTI_DATA": str(data), **env}), asyncio.get_running_loop()) as node:
        yield node


def stop_time(node: Node) -> None:
    """What was used up does not come back meanwhile, however long the machine takes."""
    node.rooms.clock = TurnedClock(node.rooms.clock.now_ms())


def asking(node: Node, peer: str = "192.0.2.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(node.http, client=(peer, 40_000))
    return httpx.AsyncClient(transport=transport, base_url="http://tutti.test")


async def create(http: httpx.AsyncClient, **headers: str) -> httpx.Response:
    body = {"userId": "ann", "userName": "Ann"}
    return await http.post("/api/sessions", json=body, headers={"Authorization": "Bearer x", **headers})


async def until_slowed(http: httpx.AsyncClient, path: str) -> httpx.Response:
    for _ in range(1_000):
        answer = await http.get(path, headers={"Authorization": "Bearer x"})
        if answer.status_code == 429:
            return answer
    raise AssertionError(f"a thousand requests to {path} were let through")


async def test_one_address_is_slowed_in_each_dialects_words_and_health_is_not(tmp_path: Path) -> None:
    async with serving(tmp_path) as node, asking(node) as http, asking(node, "192.0.2.2") as other:
        stop_time(node)
        slow = await until_slowed(http, "/auth/watch-together/stats")
        assert slow.json()["code"] == "RATE_LIMITED"
        assert slow.json()["statusCode"] == 429
        slow = await until_slowed(http, "/api/sessions/nowhere")
        assert slow.json()["code"] == "RATE_LIMITED"
        assert "retry-after" in slow.headers
        for _ in range(60):
            assert (await http.get("/health")).status_code == 200
        assert (await other.get("/auth/watch-together/stats")).status_code == 200


async def test_an_address_that_a_client_made_up_is_nobodys(tmp_path: Path) -> None:
    """A proxy may add its line below the client's own, and a header of that name may come twice."""
    async with serving(tmp_path, TUTTI_TRUSTED_PROXIES="10.0.0.0/8") as node, asking(node, PROXY) as http:
        stop_time(node)
        statuses = []
        for n in range(32):
            lines = [("X-Forwarded-For", f"198.51.100.{n}"), ("X-Forwarded-For", "203.0.113.9")]
            answer = await http.post(
                "/api/sessions",
                json={"userId": f"p{n}", "userName": "P"},
                headers=[("Authorization", "Bearer x"), *lines],
            )
            statuses.append(answer.status_code)
        assert statuses == [201] * 30 + [429] * 2
        elsewhere = await create(http, **{"X-Forwarded-For": "203.0.113.10"})
        assert elsewhere.status_code == 201


async def test_a_provider_that_never_answers_does_not_hold_up_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        asked.set()
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    app = {"SPOTIFY_CLIENT_ID": "id", "SPOTIFY_CLIENT_SECRET": "secret"}
    monkeypatch.setattr("tutti.spotify.Calls", partial(Calls, timeout_s=600.0))  # by itself it waits for long
    async with silent, asyncio.timeout(ENDS_WITHIN_S):
        async with (
            serving(tmp_path, **app, SPOTIFY_API_URL=f"http://127.0.0.1:{port}") as node,
            asking(node) as http,
        ):
            answer = asyncio.create_task(create(http))
            await asked.wait()
        assert (await answer).status_code == 503


@pytest.mark.parametrize("path", ["/api/sessions", "/auth/watch-together/rooms"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"userId":', 400),
        (b"[" * 100_000, (400, 413)),
        (b'"' + b"x" * 10_000_000 + b'"', 413),
        (b"\xff\xfe", 400),
        (b"", 400),
        (b"null", 400),
    ],
    ids=["cut", "deep", "large", "no text", "empty", "null"],
)
async def test_a_body_that_is_none_is_refused_in_the_dialects_words(
    tmp_path: Path, path: str, body: bytes, status: int | tuple[int, ...]
) -> None:
    async with serving(tmp_path) as node, asking(node) as http:
        headers = {"Authorization": "Bearer x", "Content-Type": "application/json"}
        answer = await http.post(path, content=body, headers=headers)
    assert answer.status_code in (status if isinstance(status, tuple) else (status,)), answer.text
    assert "error" in answer.json()
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/docs/../../etc/passwd", 404),
        ("GET", "/assets/..%2f..%2fapp.py", 404),
        ("POST", "/health", 405),
        ("DELETE", "/metrics", 405),
        ("POST", "/", 405),
        ("HEAD", "/r/SOMEROOM", 200),
        ("HEAD", "/health", 200),
        ("HEAD", "/health/ready", 200),
    ],
)
async def test_paths_and_methods_that_are_not_there(
    tmp_path: Path, method: str, path: str, status: int
) -> None:
    async with serving(tmp_path) as node, asking(node) as http:
        answer = await http.request(method, path)
        assert answer.status_code == status
        if status == 405:
            assert "GET" in answer.headers["allow"]


async def test_names_that_clients_make_up_are_no_labels_of_metrics(tmp_path: Path) -> None:
    async with serving(tmp_path) as node, asking(node) as http:
        query = {"EIO": "4", "transport": "polling"}
        sid = (await http.get("/socket.io/", params=query)).text.split('"')[3]
        told = {**query, "sid": sid}
        packets = "\x1e".join(["40", *(f'42["made up {n}",{{}}]' for n in range(20))])
        await http.post("/socket.io/", params=told, content=packets)
        metrics = (await http.get("/metrics")).text
    assert "made up" not in metrics
    assert 'tutti_malformed_total{dialect="unknown event"} 20.0' in metrics
