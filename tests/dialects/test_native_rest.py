"""Native rooms over HTTP: made with what they are to be, shown to those who may see them."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar

from tests.service.world import World
from tutti.core import commands as c
from tutti.core.defaults import Control
from tutti.core.ids import MemberId, RoomId
from tutti.core.room import Room
from tutti.dialects.native import rest, spoken
from tutti.service.limits import Limits, Rate

ADA = MemberId("ada")
NEW_ROOM = {"name": "Movie Night", "userId": "ada", "userName": "Ada"}
FILM = {"id": "https://films.example/a.mp4", "provider": "direct", "kind": "movie", "title": "A"}


class Desk:
    """Use as `async with Desk() as desk:`."""

    def __init__(self, *, closed: bool = False, limits: Limits | None = None) -> None:
        self.world = World(closed=closed, limits=limits)
        app = Litestar([rest.router(self.world.hall)], openapi_config=None, logging_config=None)
        transport = httpx.ASGITransport(app=app, client=("192.0.2.1", 1))  # type: ignore[arg-type] # Litestar types ASGI's dicts more closely than ASGI does
        self.http = httpx.AsyncClient(transport=transport, base_url="http://tutti.test")

    async def __aenter__(self) -> Desk:
        await self.world.__aenter__()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.http.aclose()
        await self.world.__aexit__(*exception)

    async def makes(self, token: str | None = None, **changed: object) -> httpx.Response:
        return await self.http.post("/v1/rooms", json={**NEW_ROOM, **changed}, headers=bearer(token))

    async def made(self, token: str | None = None, **changed: object) -> dict[str, Any]:
        answer = await self.makes(token, **changed)
        assert answer.status_code == 201, answer.text
        said: dict[str, Any] = answer.json()
        return said

    async def shows(self, room: str, token: str | None = None) -> httpx.Response:
        return await self.http.get(f"/v1/rooms/{room}", headers=bearer(token))

    async def room(self, room: str) -> Room:
        found = await self.world.rooms.look(RoomId(room))
        assert isinstance(found, Room)
        return found


def bearer(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token}"}


async def test_a_room_is_made_and_says_where_it_is() -> None:
    async with Desk() as desk:
        said = await desk.made()
        room = await desk.room(said["room"])
        assert said == {
            "room": room.id,
            "name": "Movie Night",
            "page": f"/r/{room.id}",
            "userId": "ada",
            "pass": desk.world.hall.passes.issue(room.id, ADA),
            "epoch": room.epoch,
            "now": desk.world.clock.now_ms(),
        }
        assert (room.host, room.members[ADA].name) == ("ada", "Ada")
        assert (room.defaults.control, room.capacity, room.waits, room.media) == (
            Control.EVERYBODY,
            100,
            False,
            None,
        )


async def test_a_room_is_made_as_it_is_asked_for() -> None:
    async with Desk() as desk:
        said = await desk.made(media=FILM, control="host", capacity=3, waitForAll=True)
        room = await desk.room(said["room"])
        assert (room.defaults.control, room.capacity, room.waits) == (Control.HOST, 3, True)
        assert room.media is not None
        assert (room.media.id, room.media.title) == (FILM["id"], "A")


async def test_whoever_gives_no_id_is_a_guest_and_no_two_are_the_same() -> None:
    async with Desk() as desk:
        bodies = [{"name": "N", "userName": "U"} for _ in range(2)]
        answers = [(await desk.http.post("/v1/rooms", json=body)).json() for body in bodies]
        assert len({answer["userId"] for answer in answers}) == 2
        for answer in answers:
            holder = desk.world.hall.passes.holder(RoomId(answer["room"]), answer["pass"])
            assert holder == answer["userId"]


async def test_closed_mode_makes_rooms_for_those_who_have_a_token() -> None:
    async with Desk(closed=True) as desk:
        assert (await desk.makes()).status_code == 401
        assert (await desk.makes("ben")).status_code == 403, "the id is not the token's"
        assert (await desk.made("ada"))["userId"] == "ada"
        assert (await desk.http.post("/v1/rooms", json={"name": "N", "userName": "U"})).status_code == 401


async def test_a_room_is_shown_as_its_members_see_it() -> None:
    async with Desk() as desk:
        made = await desk.made(media=FILM)
        answer = await desk.shows(made["room"].lower())
        assert answer.status_code == 200
        shown = msgspec.convert(answer.json(), spoken.Snapshot)
        assert shown == spoken.snapshot(await desk.room(made["room"]))


async def test_what_was_said_is_shown_to_members_only() -> None:
    async with Desk() as desk:
        made = await desk.made()
        await desk.world.rooms.ask(RoomId(made["room"]), c.Chat("hi"), ADA)
        assert (await desk.shows(made["room"])).json()["chat"] == []
        assert [line["text"] for line in (await desk.shows(made["room"], made["pass"])).json()["chat"]] == [
            "hi"
        ]


async def test_closed_mode_shows_rooms_to_those_who_have_a_token_or_a_pass() -> None:
    async with Desk(closed=True) as desk:
        made = await desk.made("ada")
        room = RoomId(made["room"])
        await desk.world.rooms.ask(room, c.Chat("hi"), ADA)
        assert (await desk.shows(room)).status_code == 401
        assert (await desk.shows(room, "bad")).status_code == 401
        assert (await desk.shows(room, "ben")).json()["chat"] == []
        assert len((await desk.shows(room, "ada")).json()["chat"]) == 1
        assert len((await desk.shows(room, made["pass"])).json()["chat"]) == 1


async def test_a_pass_of_another_room_shows_nothing() -> None:
    async with Desk() as desk:
        one, other = await desk.made(), await desk.made()
        answer = await desk.shows(one["room"], other["pass"])
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_rooms_that_are_not_or_not_any_more_say_so() -> None:
    async with Desk() as desk:
        nowhere = await desk.shows("NOWHERE")
        assert (nowhere.status_code, nowhere.json()) == (
            404,
            {"code": "room_not_found", "message": "Room not found"},
        )
        assert (await desk.shows("x" * 129)).status_code == 404
        made = await desk.made()
        await desk.world.rooms.ask(RoomId(made["room"]), c.Close(), ADA)
        over = await desk.shows(made["room"])
        assert (over.status_code, over.json()["code"]) == (410, "room_closed")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "JSON body"),
        (b"{", "cannot be read"),
        (b"\xff", "JSON"),
        (b"[]", "object"),
        (b'{"name":"N"}', "userName"),
        (b'{"name":"","userName":"U"}', "name"),
        (b'{"name":"  ","userName":"U"}', "name must not be blank"),
        (b'{"name":"N","userName":"U","capacity":0}', "capacity"),
        (b'{"name":"N","userName":"U","control":"nobody"}', "control"),
        (b'{"name":"N","userName":"U","media":{"id":"ftp://x","provider":"direct","kind":"movie"}}', "http"),
        (b'{"name":"N","userName":"U","media":{"id":"1"}}', "provider"),
    ],
)
async def test_what_is_no_room_is_told_why(body: bytes, problem: str) -> None:
    async with Desk() as desk:
        answer = await desk.http.post("/v1/rooms", content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), answer.text
        assert problem in answer.json()["message"]


async def test_other_methods_paths_and_sizes_are_answered_in_the_same_shape() -> None:
    async with Desk() as desk:
        wrong = await desk.http.put("/v1/rooms/X", json={})
        assert (wrong.status_code, wrong.json()["code"], wrong.headers["allow"]) == (
            405,
            "method_not_allowed",
            "GET",
        )
        assert (await desk.http.get("/v1/rooms")).headers["allow"] == "POST"
        assert (await desk.http.get("/v1/rooms/X/y")).json()["code"] == "not_found"
        large = await desk.makes(name="x" * 20_000)
        assert (large.status_code, set(large.json())) == (413, {"code", "message"})


async def test_whoever_makes_too_many_rooms_has_to_wait() -> None:
    async with Desk(limits=Limits(rooms_per_address=Rate(0.5, 2.0))) as desk:
        await desk.made()
        await desk.made()
        slow = await desk.makes()
        assert (slow.status_code, slow.headers["retry-after"]) == (429, "2")
        assert slow.json() == {
            "code": "rate_limited", "message": "Too many requests", "mayRetry": True, "retryAfterMs": 2000.0,
        }  # fmt: skip


async def test_whoever_keeps_guessing_rooms_has_to_wait() -> None:
    async with Desk(limits=Limits(failed_joins=Rate(0.1, 3.0))) as desk:
        made = await desk.made()
        for n in range(3):
            assert (await desk.shows(f"GUESS{n}")).status_code == 404
        assert (await desk.shows("GUESS4")).status_code == 429
        assert (await desk.shows(made["room"])).status_code == 429
