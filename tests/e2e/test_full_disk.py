"""A disk that is full: writes are refused with a clear error, reads go on, and nothing that was acknowledged is lost."""

from __future__ import annotations

import errno
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from tests.e2e.rooms import WATCH, action, entered, made_room, shown
from tests.e2e.server import Server, serving
from tests.e2e.talker import Talker, talking

pytestmark = pytest.mark.e2e

DISK_BYTES = 8 * 1024 * 1024
WRITES_UNTIL_FULL = 5_000
ANN = {"Authorization": "Bearer token-of-ann"}
LISTENER = {"userId": "ann", "userName": "Ann"}


class Disk(Protocol):
    folder: Path

    def fill(self, server: Server) -> None: ...

    def free(self, server: Server) -> None: ...


class SmallDisk:
    """A file system of its own, filled up with ballast."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, server: Server) -> None:
        with self._ballast.open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"\0" * 4096)
            except OSError as full:
                assert full.errno == errno.ENOSPC

    def free(self, server: Server) -> None:
        self._ballast.unlink()


class Quota:
    """The server may write to no file: what is left where a test may not mount anything."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, server: Server) -> None:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    def free(self, server: Server) -> None:
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, unlimited)


@pytest.fixture(params=["small disk", "quota"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if request.param == "quota":
        yield Quota(folder)
        return
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(
            f"a small file system cannot be mounted here ({mounted.stderr.strip()}); the quota is tested"
        )
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_full_disk_refuses_writes_serves_reads_and_loses_nothing(disk: Disk) -> None:
    async with serving(disk.folder, env={"TUTTI_LIMITS": "off"}) as server:
        async with (
            httpx.AsyncClient(base_url=server.url, headers=ANN) as http,
            talking(server.ws_url, "token-of-ann") as ann,
            talking(server.ws_url, "token-of-ben") as ben,
        ):
            room = await made_room(http, "ann")
            session = (await http.post("/api/sessions", json=LISTENER)).json()["sessionId"]
            await entered(ann, room, "ann")
            assert (await ben.ask("join_session", {"sessionId": session, "role": "host", "userId": "ann"}))[
                "ok"
            ]

            disk.fill(server)
            last_s = await moved_until_refused(ann, room)
            await assert_refused(http, ben, session)
            ready = await http.get("/health/ready")
            assert ready.status_code == 503
            assert ready.json()["checks"]["store"] != "ok"
            await assert_readable(http, server, room, session, last_s)

            disk.free(server)
            said = await ann.ask("playback_action", action(room, "ann", "seek", currentTime=7.0))
            assert said["success"], said
            after = await made_room(http, "ann")
            assert (await http.get("/health/ready")).status_code == 200

        await server.kill()
        await server.start()
        async with httpx.AsyncClient(base_url=server.url, headers=ANN) as http:
            assert (await shown(http, room))["currentState"]["currentTime"] == 7.0
            assert (await shown(http, after))["adminId"] == "ann"
            state = await http.get(f"/api/sessions/{session}/state")
            assert (state.status_code, state.json()["currentTrack"]) == (200, None)


async def moved_until_refused(talker: Talker, room: str) -> float:
    """Seek until that cannot be kept any more; where the last seek that was acknowledged went to."""
    last_s = 0.0
    for number in range(1, WRITES_UNTIL_FULL):
        said = await talker.ask("playback_action", action(room, "ann", "seek", currentTime=number * 10.0))
        if not said["success"]:
            assert said["error"]["code"] == "UNAVAILABLE", said
            assert said["error"]["message"]
            return last_s
        last_s = number * 10.0
    raise AssertionError("the disk is full and yet everything is kept")


async def assert_refused(http: httpx.AsyncClient, host: Talker, session: str) -> None:
    watch = {"name": "Movie Night", "mediaId": "666243", "mediaType": "movie", "adminId": "ann"}
    refused = await http.post(f"{WATCH}/rooms", json=watch)
    assert (refused.status_code, refused.json()["statusCode"]) == (503, 503), refused.text
    refused = await http.post("/api/sessions", json=LISTENER)
    assert (refused.status_code, refused.json()["code"]) == (503, "UNAVAILABLE"), refused.text
    track: dict[str, Any] = {
        "trackUri": "spotify:track:4uLU6hMCjMI75M1A2tKUQC",
        "position": 0,
        "isPlaying": True,
    }
    said = await host.ask("playback_state", {"sessionId": session, **track})
    assert (said["ok"], said["code"]) == (False, "UNAVAILABLE"), said


async def assert_readable(
    http: httpx.AsyncClient, server: Server, room: str, session: str, last_s: float
) -> None:
    assert (await http.get("/health")).status_code == 200
    assert (await shown(http, room))["currentState"]["currentTime"] == last_s
    assert (await http.get(f"/api/sessions/{session}/state")).status_code == 200
    async with talking(server.ws_url, "token-of-ann") as again:
        state = await entered(again, room, "ann")
        assert state["currentState"]["currentTime"] == last_s
