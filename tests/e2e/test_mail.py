"""Letters of a real server: into its folder and to a real SMTP server, over `kill -9`; throttles behind proxies."""

from __future__ import annotations

import asyncio
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from tests.e2e.server import START_WITHIN_S, Server, serving
from tests.infra.smtp_house import House, smtp
from tutti.platform.accounts.throttles import Scope

pytestmark = pytest.mark.e2e

SECRET = "a secret that is long enough for HS256"
CLOSED = {"TUTTI_ENV": "production", "JWT_SECRET": SECRET, "PASSWORD_MEMORY_KIB": "18432"}
ANN = {"email": "ann@example.org", "password": "correct horse battery", "username": "ann"}
WITHIN_S = 40.0


def in_folder(data: Path) -> list[EmailMessage]:
    letters = []
    for file in sorted((data / "mail").glob("*.eml")):
        letter = message_from_bytes(file.read_bytes(), policy=policy.default)
        assert isinstance(letter, EmailMessage)
        letters.append(letter)
    return letters


async def newest(server: Server) -> EmailMessage:
    """The letter that is kept next, or was just before."""
    line = await server.says("mail.kept", WITHIN_S)
    server.lines[server.lines.index(line)] = "a letter that was read"
    return in_folder(server.data)[-1]


async def came(house: House) -> EmailMessage:
    async with asyncio.timeout(WITHIN_S):
        return await house.got(1)


def link(letter: EmailMessage) -> httpx.URL:
    body = letter.get_body(("plain",))
    assert body is not None
    found = re.search(r"https?://\S+", body.get_content())
    assert found is not None
    return httpx.URL(found[0])


async def test_the_links_of_letters_in_the_folder_work(tmp_path: Path) -> None:
    async with (
        serving(tmp_path) as server,
        httpx.AsyncClient(base_url=f"{server.url}/api/auth", timeout=START_WITHIN_S) as http,
    ):
        made = (await http.post("/register/", json=ANN)).json()
        assert made["verification_sent"] is True
        letter = await newest(server)
        assert letter["To"] == "ann@example.org"
        there = link(letter)
        assert str(there).startswith(f"{server.url}/verify-email?token=")
        said = await http.post("/verify-email/", json={"token": there.params["token"]})
        assert said.json() == {"detail": "Email verified."}
        me = await http.get("/me/", headers={"Authorization": f"Bearer {made['access']}"})
        assert me.json()["is_email_verified"] is True

        await http.post("/forgot-password/", json={"email": "Ann@example.org"})
        there = link(await newest(server))
        assert str(there).startswith(f"{server.url}/reset-password?token=")
        chosen = {"token": there.params["token"], "password": "a better battery"}
        assert (await http.post("/reset-password/", json=chosen)).status_code == 200
        ended = await http.get("/me/", headers={"Authorization": f"Bearer {made['access']}"})
        assert ended.status_code == 401
        entered = await http.post("/login/", json={**ANN, "password": "a better battery"})
        assert entered.status_code == 200
        assert there.params["token"] not in server.log


async def test_letters_leave_through_smtp_with_links_to_the_front_end(tmp_path: Path) -> None:
    async with smtp() as house:
        env = {
            **CLOSED,
            "SMTP_URL": f"smtp://127.0.0.1:{house.port}",
            "MAIL_FROM": "Tutti <tutti@example.org>",
            "FRONTEND_URL": "https://app.example.org",
        }
        async with (
            serving(tmp_path, env=env) as server,
            httpx.AsyncClient(base_url=f"{server.url}/api/auth", timeout=START_WITHIN_S) as http,
        ):
            await http.post("/register/", json=ANN)
            letter = await came(house)
            assert (letter["From"], letter["To"]) == ("Tutti <tutti@example.org>", "ann@example.org")
            assert link(letter).host == "app.example.org"
            assert await server.stop() == 0
    assert not (server.data / "mail").exists()


async def test_a_letter_that_could_not_leave_before_kill_9_leaves_after_it(tmp_path: Path) -> None:
    async with smtp() as house:
        port = house.port
    env = {**CLOSED, "SMTP_URL": f"smtp://127.0.0.1:{port}", "MAIL_FROM": "tutti@example.org"}
    async with serving(tmp_path, env=env) as server:
        async with httpx.AsyncClient(base_url=f"{server.url}/api/auth", timeout=START_WITHIN_S) as http:
            await http.post("/register/", json=ANN)
        await server.says("job.not_now", WITHIN_S)
        await server.kill()
        async with smtp(port=port) as house:
            await server.start()
            letter = await came(house)
            async with httpx.AsyncClient(base_url=f"{server.url}/api/auth", timeout=START_WITHIN_S) as http:
                said = await http.post("/verify-email/", json={"token": link(letter).params["token"]})
            assert said.status_code == 200
            assert await server.stop() == 0
            assert len(house.letters) == 1


@pytest.mark.parametrize("trusted", [False, True])
async def test_an_address_that_a_client_writes_itself_counts_only_from_a_trusted_proxy(
    tmp_path: Path, trusted: bool
) -> None:
    env = {**CLOSED, **({"TUTTI_TRUSTED_PROXIES": "127.0.0.1"} if trusted else {})}
    burst = int(Scope.CODE_BY_ADDRESS.rate.burst)
    async with (
        serving(tmp_path, env=env) as server,
        httpx.AsyncClient(base_url=f"{server.url}/api/auth", timeout=START_WITHIN_S) as http,
    ):
        statuses = []
        for n in range(burst + 5):
            headers = {"X-Forwarded-For": f"203.0.113.{n}"}
            answer = await http.post("/verify-email/", json={"token": "guess"}, headers=headers)
            statuses.append(answer.status_code)
        if trusted:
            assert statuses == [400] * (burst + 5)
        else:
            assert statuses[:burst] == [400] * burst
            assert statuses[-1] == 429
        claimed = []  # what stands left of the proxy's own entry is the client's word
        for n in range(burst + 5):
            headers = {"X-Forwarded-For": f"203.0.113.{n}, 198.51.100.7"}
            answer = await http.post("/verify-email/", json={"token": "guess"}, headers=headers)
            claimed.append(answer.status_code)
        assert claimed[-1] == 429
