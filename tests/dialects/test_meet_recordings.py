"""Recordings over HTTP: for whoever moderated while they were made, in whole or in part, and nothing for anybody else."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from tests.rooms import defaults
from tests.service.world import World
from tutti.core import commands as c
from tutti.core.ids import MemberId, RoomId
from tutti.dialects.meet.recordings_rest import PREFIX, router
from tutti.infra.recordings import RecordingShelf

ROOM, RECORDING = RoomId("DAILY"), "rec-1"
HOST, GUEST, EARLIER = MemberId("ann"), MemberId("bob"), MemberId("cleo")
BYTES = bytes(range(256)) * 4
WHERE = f"{PREFIX}/daily/recordings"
FILE = f"{WHERE}/{RECORDING}/files/ann-camera-01.webm"


class Archive:
    """A room whose recording ann moderates now, and cleo did when it was made; use as `async with`."""

    def __init__(self, folder: Path, *, closed: bool = False) -> None:
        self.world = World(closed=closed)
        self.shelf = RecordingShelf(folder / "recordings")
        app = Litestar([router(self.world.hall, self.shelf)], openapi_config=None, logging_config=None)
        transport = httpx.ASGITransport(app=app, client=("192.0.2.1", 1))  # type: ignore[arg-type] # Litestar types ASGI's dicts more closely than ASGI does
        self.http = httpx.AsyncClient(transport=transport, base_url="http://tutti.test")
        self.shelf.owned(ROOM, RECORDING, [EARLIER])
        place = self.shelf.place(ROOM, RECORDING)
        (place / "recording.json").write_text(
            '{"room": "DAILY", "recordingId": "rec-1", "startedAt": 1000, "state": "ended", "endedAt": 9000}'
        )
        (place / "ann-camera-01.webm").write_bytes(BYTES)
        (place / "bob-camera-01.part.webm").write_bytes(b"x")
        (place / "events.jsonl").write_text("{}\n")
        (folder / "secret.webm").write_bytes(b"secret")

    async def __aenter__(self) -> Archive:
        await self.world.__aenter__()
        await self.world.rooms.found(lambda: ROOM, c.Open("daily", "Ann", defaults(dialect="meet")), HOST)
        await self.world.rooms.ask(ROOM, c.Join("Bob"), GUEST)
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.http.aclose()
        await self.world.__aexit__(*exception)

    def token(self, member: MemberId, room: RoomId = ROOM) -> str:
        return self.world.hall.passes.issue(room, member)

    async def get(self, where: str, who: MemberId | str | None, **headers: str) -> httpx.Response:
        token = None if who is None else self.token(MemberId(who)) if "." not in who else who
        bearer = {} if token is None else {"Authorization": f"Bearer {token}"}
        return await self.http.get(where, headers={**bearer, **headers})


async def test_the_host_sees_what_there_is(tmp_path: Path) -> None:
    async with Archive(tmp_path) as archive:
        answer = await archive.get(WHERE, HOST)
        assert answer.status_code == 200
        (one,) = answer.json()["recordings"]
        assert {key: one[key] for key in ("recordingId", "startTime", "stoppedAt", "combined")} == {
            "recordingId": RECORDING, "startTime": 1000.0, "stoppedAt": 9000.0, "combined": "waiting",
        }  # fmt: skip
        assert [(file["name"], file["unfinished"]) for file in one["files"]] == [
            ("ann-camera-01.webm", False), ("bob-camera-01.part.webm", True), ("events.jsonl", False),
        ]  # fmt: skip
        whole = await archive.get(one["files"][0]["url"], HOST)
        assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, BYTES, "video/webm")


async def test_who_moderated_then_may_have_it_after_leaving_the_room(tmp_path: Path) -> None:
    async with Archive(tmp_path) as archive:
        archive.shelf.owned(ROOM, "rec-2", [HOST])
        (archive.shelf.place(ROOM, "rec-2") / "recording.json").write_text(
            '{"room": "DAILY", "recordingId": "rec-2", "startedAt": 10000, "state": "recording"}'
        )
        for who, theirs in ((HOST, ["rec-2", RECORDING]), (EARLIER, [RECORDING])):
            listed = (await archive.get(WHERE, who)).json()["recordings"]
            assert [one["recordingId"] for one in listed] == theirs
        assert (await archive.get(FILE, EARLIER)).content == BYTES


@pytest.mark.parametrize(
    "where", [WHERE, FILE, f"{WHERE}/no-such/files/a.webm", f"{PREFIX}/NOWHERE/recordings"]
)
async def test_nobody_else_learns_anything(tmp_path: Path, where: str) -> None:
    async with Archive(tmp_path) as archive:
        room = RoomId("NOWHERE") if "NOWHERE" in where else ROOM
        strangers = (None, "tp1.eA.forged", archive.token(HOST, RoomId("OTHER")), "ey.not.ours")
        assert {(await archive.get(where, one)).status_code for one in strangers} == {401}
        refused = await archive.get(where, archive.token(GUEST, room))
        assert (refused.status_code, refused.json()["code"]) == (403, "UNAUTHORIZED")


async def test_a_recorder_may_not_read_what_it_wrote(tmp_path: Path) -> None:
    async with Archive(tmp_path) as archive:
        token = archive.world.hall.passes.issue_recorder(ROOM, RECORDING)
        assert (await archive.get(WHERE, token)).status_code == 401


async def test_a_link_may_carry_the_token(tmp_path: Path) -> None:
    async with Archive(tmp_path) as archive:
        assert (await archive.http.get(FILE, params={"token": archive.token(HOST)})).content == BYTES


@pytest.mark.parametrize(
    ("asked", "status", "said", "sent"),
    [
        ("bytes=0-9", 206, "bytes 0-9/1024", BYTES[:10]),
        ("bytes=1000-", 206, "bytes 1000-1023/1024", BYTES[1000:]),
        ("bytes=1000-5000", 206, "bytes 1000-1023/1024", BYTES[1000:]),
        ("bytes=-24", 206, "bytes 1000-1023/1024", BYTES[1000:]),
        ("bytes=-5000", 206, "bytes 0-1023/1024", BYTES),
        ("bytes=1024-", 416, "bytes */1024", b""),
        ("bytes=-0", 416, "bytes */1024", b""),
        ("bytes=9-3", 200, None, BYTES),
        ("bytes=0-1,5-6", 200, None, BYTES),
        ("lines=1-2", 200, None, BYTES),
    ],
)
async def test_a_player_gets_the_range_that_it_asks_for(
    tmp_path: Path, asked: str, status: int, said: str | None, sent: bytes
) -> None:
    async with Archive(tmp_path) as archive:
        answer = await archive.get(FILE, HOST, Range=asked)
        assert (answer.status_code, answer.headers.get("content-range"), answer.content) == (
            status,
            said,
            sent,
        )
        assert answer.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize(
    "name",
    ["..%2F..%2F..%2Fsecret.webm", "owners.json", "recording.json", "lock", "no.webm", ".webm", "%00.webm"],
)
async def test_only_what_is_listed_can_be_had(tmp_path: Path, name: str) -> None:
    async with Archive(tmp_path) as archive:
        answer = await archive.get(f"{WHERE}/{RECORDING}/files/{name}", HOST)
        assert answer.status_code == 404
        assert b"secret" not in answer.content


def test_names_that_would_be_paths_stay_in_their_folder(tmp_path: Path) -> None:
    shelf = RecordingShelf(tmp_path)
    places = [shelf.place(RoomId(room), "r") for room in ("..", "a/b", "a_b", "ä", "", "A" * 200)]
    assert len({*places}) == len(places)
    assert all(place.parent.parent == tmp_path and place.resolve() == place for place in places)


async def test_in_closed_mode_ones_own_token_is_enough(tmp_path: Path) -> None:
    async with Archive(tmp_path, closed=True) as archive:
        for token, status in ((HOST, 200), (EARLIER, 200), (GUEST, 403), ("bad", 401)):
            answer = await archive.http.get(WHERE, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == status
