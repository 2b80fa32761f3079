"""What the server refuses to start with, and what it must not write into its log."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import httpx
import pytest

from tests.e2e.rooms import made_room
from tests.e2e.server import START_WITHIN_S, refused_start, serving
from tests.e2e.talker import talking

pytestmark = pytest.mark.e2e

TOKENS = ("sesame-header-4711", "sesame-query-4712", "sesame-auth-4713", "sesame-event-4714")


@pytest.mark.parametrize(
    ("args", "env", "words"),
    [
        (("--port", "0"), {"TUTTI_ENV": "production"}, "JWT_SECRET"),
        (("--port", "0"), {"NODE_ENV": "production", "JWT_SECRET": "short"}, "JWT_SECRET"),
        (("--port", "0", "--host", "0.0.0.0"), {}, "TUTTI_MODE"),
        (("--port", "0", "--workers", "2"), {}, "--workers"),
        (("--port", "0"), {"SESSION_CODE_LENGTH": "six"}, "SESSION_CODE_LENGTH"),
    ],
    ids=["production without a secret", "short secret", "open to everybody", "two workers", "no number"],
)
async def test_mistake_stops_the_start_with_one_line_that_names_it(
    tmp_path: Path, args: tuple[str, ...], env: dict[str, str], words: str
) -> None:
    status, lines = await refused_start(tmp_path, *args, env=env)
    assert (status, len(lines)) == (2, 1), lines
    assert words in lines[0]


async def test_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        status, lines = await refused_start(tmp_path, "--port", port)
    assert (status, len(lines)) == (2, 1), lines
    assert port in lines[0]
    assert "in use" in lines[0]


@pytest.mark.parametrize("style", ["json", "console"])
async def test_no_token_is_ever_logged(tmp_path: Path, style: str) -> None:
    header, query, auth, event = TOKENS
    async with serving(tmp_path, env={"TUTTI_LOG": style}, args=["--access-log"]) as server:
        async with httpx.AsyncClient(base_url=server.url, timeout=START_WITHIN_S) as http:
            await made_room(http, "ann", {"Authorization": f"Bearer {header}"})
            made = await http.post(
                f"/api/sessions?token={query}",
                json={"userId": "ann", "userName": "Ann"},
                headers={"Authorization": f"Bearer {header}"},
            )
            passes = [made.json()["hostToken"]]
            await http.get(f"/nowhere?access_token={query}")
            await http.get("/socket.io/", params={"EIO": "4", "transport": "polling", "token": query})
        async with talking(server.ws_url, auth, query=f"&token={query}") as talker:
            await talker.emit("authenticate", {"token": event})
            assert (
                await talker.ask("join_session", {"sessionId": made.json()["sessionId"], "userId": "ann"})
            )["ok"]
            await talker.emit("join_session", {"sessionId": {"token": event}})
            await talker.hears("error")
        assert await server.stop() == 0
        assert "/auth/watch-together/rooms" in server.log, "requests are logged"
        for token in (*TOKENS, *passes):
            assert token not in server.log
        if style == "json":
            assert all(isinstance(json.loads(line), dict) for line in server.lines)
