"""`make demo`: starts both, signs somebody in, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from pathlib import Path

import httpx
import pytest

from tests.e2e.server import ROOT, START_WITHIN_S, STOP_WITHIN_S, environment
from tests.e2e.spotify import said

pytestmark = pytest.mark.e2e

ADDRESSES = re.compile(r"Tutti is at (http://\S+)/ with a stand-in for Spotify at (http://\S+)/")


async def test_the_demo_says_where_it_is_signs_somebody_in_and_leaves_nothing(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tutti.demo", cwd=tmp_path, env=environment({"TMPDIR": str(tmp_path)}),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        tutti, spotify = await addresses(process)
        async with httpx.AsyncClient(base_url=tutti, timeout=START_WITHIN_S) as browser:
            assert (await browser.get("/nearby")).status_code == 200
            page = (await browser.get("/api/v1/auth/spotify")).headers["location"]
            assert page.startswith(f"{spotify}/authorize?")
            back = (await browser.post(page, data={"user": "ann"})).headers["location"]
            assert back.startswith(f"{tutti}/api/v1/auth/spotify/callback?")
            there = (await browser.get(back)).headers["location"]
            assert there.startswith(f"{tutti}/nearby?code=")
            tokens = await browser.post("/api/v1/auth/token", json={"code": said(there)["code"]})
            assert tokens.status_code == 200
        assert len(kept_in(tmp_path)) == 1
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        async with asyncio.timeout(STOP_WITHIN_S):
            await process.communicate()
    assert process.returncode == 0
    assert kept_in(tmp_path) == []
    async with httpx.AsyncClient() as browser:
        for url in (tutti, spotify):
            with pytest.raises(httpx.ConnectError):
                await browser.get(url)


def kept_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def addresses(process: asyncio.subprocess.Process) -> tuple[str, str]:
    """Of the server, and of its Spotify."""
    assert process.stdout is not None
    said_so_far = ""
    async with asyncio.timeout(START_WITHIN_S):
        async for line in process.stdout:
            said_so_far += line.decode()
            if found := ADDRESSES.search(line.decode()):
                return found[1], found[2]
    raise AssertionError(f"it ended without saying where it is:\n{said_so_far}")


def test_make_says_what_the_demo_is() -> None:
    assert re.search(r"^demo: setup ## \w", (ROOT / "Makefile").read_text(), re.MULTILINE)
