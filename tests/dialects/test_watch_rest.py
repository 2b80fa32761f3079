"""Guide 001's endpoints, `/auth/watch-together/…`: what each answers, whoever asks and however it goes wrong."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.dialects.watching import MOVIE_NIGHT, ROOMS, Watching
from tutti.core.commands import Open
from tutti.core.ids import MemberId, RoomId
from tutti.dialects.watch.defaults import defaults
from tutti.service.limits import Limits, Rate
from tutti.service.live_room import Accepted

PREFIX = "/auth/watch-together"


async def post(node: Watching, path: str, body: object, **headers: str) -> httpx.Response:
    return await node.http.post(path, json=body, headers=headers)


def data(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    said = answer.json()
    assert said["success"] is True
    return said["data"]


def fails(answer: httpx.Response, status: int, error: str, code: str | None = None) -> str:
    """It failed like this, in the guide's envelope; the sentence it gives."""
    assert answer.status_code == status, answer.text
    said = answer.json()
    assert (said["statusCode"], said["error"]) == (status, error)
    assert said.get("code") == code
    message: str = said["message"]
    return message


async def test_creating_a_room_answers_the_room_with_its_admin_in_it() -> None:
    async with Watching() as node:
        room = data(await post(node, ROOMS, MOVIE_NIGHT), 201)
    assert len(room.pop("id")) == 10
    assert room == {
        "name": "Movie Night",
        "adminId": "user123",
        "mediaId": "666243",
        "mediaType": "movie",
        "providerId": "vidnest",
        "participants": ["user123"],
        "currentState": {
            "isPlaying": False,
            "currentTime": 0.0,
            "duration": 0.0,
            "playbackRate": 1.0,
            "episode": None,
        },
        "createdAt": "2025-10-20T10:30:00.000Z",
        "updatedAt": "2025-10-20T10:30:00.000Z",
        "members": [
            {
                "userId": "user123",
                "userName": "user123",
                "isAdmin": True,
                "joinedAt": "2025-10-20T10:30:00.000Z",
            }
        ],
        "maxParticipants": 10,
    }


async def test_the_provider_is_vidnest_unless_somebody_says_otherwise_or_the_id_is_a_url() -> None:
    async with Watching() as node:
        unsaid = {k: v for k, v in MOVIE_NIGHT.items() if k != "providerId"}
        assert data(await post(node, ROOMS, unsaid), 201)["providerId"] == "vidnest"
        url = {**unsaid, "mediaId": "https://media.example/clip.mp4"}
        assert data(await post(node, ROOMS, url), 201)["providerId"] == "direct"
        youtube = {**unsaid, "mediaId": "https://youtu.be/aqz-KE-bpKQ"}
        assert data(await post(node, ROOMS, youtube), 201)["providerId"] == "youtube"


async def test_joining_and_leaving_change_who_is_there() -> None:
    async with Watching() as node:
        room = await node.create()
        joined = data(await post(node, f"{ROOMS}/{room}/join", {"userId": "user456", "userName": "Ben"}))
        assert joined["participants"] == ["user123", "user456"]
        assert joined["members"][1]["userName"] == "Ben"
        again = data(await post(node, f"{ROOMS}/{room}/join", {"userId": "user456"}))
        assert again == joined
        left = data(await post(node, f"{ROOMS}/{room}/leave", {"userId": "user456"}))
        assert left["participants"] == ["user123"]


async def test_a_room_is_found_whatever_the_case_of_its_id() -> None:
    async with Watching() as node:
        room = await node.create()
        assert data(await node.http.get(f"{ROOMS}/{room.lower()}"))["id"] == room


async def test_when_the_admin_leaves_whoever_has_been_there_longest_is_admin() -> None:
    async with Watching() as node:
        room = await node.create()
        for user in ("user456", "user789"):
            await post(node, f"{ROOMS}/{room}/join", {"userId": user})
        assert data(await post(node, f"{ROOMS}/{room}/leave", {"userId": "user123"}))["adminId"] == "user456"


async def test_the_last_one_out_leaves_the_room_to_whoever_comes_within_a_day() -> None:
    async with Watching() as node:
        room = await node.create()
        assert data(await post(node, f"{ROOMS}/{room}/leave", {"userId": "user123"}))["adminId"] is None
        await node.turn(23 * 3_600_000, 60_000)
        assert data(await post(node, f"{ROOMS}/{room}/join", {"userId": "user9"}))["adminId"] == "user9"


async def test_a_room_ends_after_a_day_without_activity() -> None:
    async with Watching() as node:
        room = await node.create()
        await post(node, f"{ROOMS}/{room}/leave", {"userId": "user123"})
        await node.turn(24 * 3_600_000 + 10_000, 60_000)
        fails(await node.http.get(f"{ROOMS}/{room}"), 410, "Gone", "ROOM_EXPIRED")
        assert data(await node.http.get(ROOMS)) == []


async def test_the_list_shows_only_rooms_that_were_made_here() -> None:
    async with Watching() as node:
        room = await node.create()
        elsewhere = defaults()
        opening = Open("Jam", "dj", type(elsewhere)("listen", 8, *_but_two(elsewhere)))
        answer = await node.world.rooms.found(lambda: RoomId("JAM"), opening, MemberId("dj"))
        assert isinstance(answer, Accepted)
        assert [shown["id"] for shown in data(await node.http.get(ROOMS))] == [room]
        assert data(await node.http.get(f"{ROOMS}/JAM"))["mediaId"] is None
        stats = data(await node.http.get(f"{PREFIX}/stats"))
    assert stats == {"totalRooms": 1, "activeRooms": 1, "totalParticipants": 1, "playingRooms": 0}


def _but_two(made: Any) -> list[Any]:
    return [getattr(made, name) for name in type(made).__slots__[2:]]


ACTIONS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"type": "play", "data": {}}, {"isPlaying": True}),
    ({"type": "pause", "data": {}}, {"isPlaying": False}),
    ({"type": "seek", "data": {"currentTime": 120}}, {"currentTime": 120.0}),
    ({"type": "fastForward", "data": {"seconds": 30}}, {"currentTime": 30.0}),
    ({"type": "setPlaybackRate", "data": {"rate": 1.5}}, {"playbackRate": 1.5}),
    ({"type": "updateTime", "data": {"currentTime": 0.2}}, {"currentTime": 0.0}),
    ({"type": "changeEpisode", "data": {"episode": 2}}, {"episode": 2}),
    ({"type": "changeProvider", "data": {"provider": "vidsrc"}}, {"currentTime": 0.0}),
    ({"type": "changeMedia", "data": {"mediaId": "123456"}}, {"currentTime": 0.0}),
]


@pytest.mark.parametrize(("action", "expected"), ACTIONS, ids=lambda one: one.get("type"))
async def test_an_action_answers_the_state_that_it_leads_to(
    action: dict[str, Any], expected: dict[str, Any]
) -> None:
    async with Watching() as node:
        room = await node.create()
        moved = data(await post(node, f"{ROOMS}/{room}/playback", {"action": action, "userId": "user123"}))
    assert moved["state"] | expected == moved["state"]
    assert (moved["userId"], moved["timestamp"]) == ("user123", 1_760_956_200_000)


@pytest.mark.parametrize("kind", ["changeEpisode", "changeProvider", "changeMedia"])
async def test_only_the_admin_changes_what_plays(kind: str) -> None:
    async with Watching() as node:
        room = await node.create()
        await post(node, f"{ROOMS}/{room}/join", {"userId": "user456"})
        action = {"type": kind, "data": {"episode": 2, "provider": "vidsrc", "mediaId": "1"}}
        body = {"action": action, "userId": "user456"}
        fails(await post(node, f"{ROOMS}/{room}/playback", body), 403, "Forbidden", "NOT_ALLOWED")


async def test_a_change_of_what_plays_keeps_what_was_not_said() -> None:
    async with Watching() as node:
        room = await node.create()
        action = {"type": "changeProvider", "data": {"provider": "vidsrc"}}
        await post(node, f"{ROOMS}/{room}/playback", {"action": action, "userId": "user123"})
        shown = data(await node.http.get(f"{ROOMS}/{room}"))
        assert (shown["mediaId"], shown["providerId"], shown["mediaType"]) == ("666243", "vidsrc", "movie")
        action = {"type": "changeMedia", "data": {"mediaId": "123456"}}
        await post(node, f"{ROOMS}/{room}/playback", {"action": action, "userId": "user123"})
        shown = data(await node.http.get(f"{ROOMS}/{room}"))
        assert (shown["mediaId"], shown["providerId"], shown["mediaType"]) == ("123456", "vidsrc", "movie")


async def test_sync_answers_where_everybody_should_be_now() -> None:
    async with Watching() as node:
        room = await node.create()
        body = {"action": {"type": "play", "data": {"currentTime": 60}}, "userId": "user123"}
        await post(node, f"{ROOMS}/{room}/playback", body)
        await node.turn(2_500)
        synced = data(await post(node, f"{ROOMS}/{room}/sync", {"userId": "user123"}))
        assert synced["currentState"]["currentTime"] == 62.5
        assert (synced["timestamp"], synced["adminId"]) == (1_760_956_202_500, "user123")
        stranger = await post(node, f"{ROOMS}/{room}/sync", {"userId": "user456"})
        fails(stranger, 403, "Forbidden", "NOT_A_MEMBER")


async def test_the_admin_passes_the_seat_on_and_then_has_it_no_more() -> None:
    async with Watching() as node:
        room = await node.create()
        await post(node, f"{ROOMS}/{room}/join", {"userId": "user456"})
        body = {"currentAdminId": "user123", "newAdminId": "user456"}
        assert data(await post(node, f"{ROOMS}/{room}/transfer-admin", body))["adminId"] == "user456"
        fails(await post(node, f"{ROOMS}/{room}/transfer-admin", body), 403, "Forbidden", "NOT_ALLOWED")


async def test_the_seat_is_passed_only_to_somebody_who_is_there() -> None:
    async with Watching() as node:
        room = await node.create()
        body = {"currentAdminId": "user123", "newAdminId": "nobody"}
        fails(await post(node, f"{ROOMS}/{room}/transfer-admin", body), 404, "Not Found", "MEMBER_NOT_FOUND")


async def test_the_admin_removes_somebody_who_then_stays_out_for_five_minutes() -> None:
    async with Watching() as node:
        room = await node.create()
        await post(node, f"{ROOMS}/{room}/join", {"userId": "user789"})
        body = {"adminId": "user123", "userIdToKick": "user789"}
        assert data(await post(node, f"{ROOMS}/{room}/kick-user", body))["participants"] == ["user123"]
        back = await post(node, f"{ROOMS}/{room}/join", {"userId": "user789"})
        fails(back, 403, "Forbidden", "EXPELLED")


@pytest.mark.parametrize(
    ("adminId", "userIdToKick", "status", "error", "code"),
    [
        ("user456", "user123", 403, "Forbidden", "NOT_ALLOWED"),
        ("stranger", "user123", 403, "Forbidden", "NOT_A_MEMBER"),
        ("user123", "nobody", 404, "Not Found", "MEMBER_NOT_FOUND"),
        ("user123", "user123", 403, "Forbidden", "NOT_ALLOWED"),
    ],
)
async def test_nobody_else_removes_anybody(
    adminId: str,  # noqa: N803 - the guide's own name
    userIdToKick: str,  # noqa: N803 - the guide's own name
    status: int,
    error: str,
    code: str,
) -> None:
    async with Watching() as node:
        room = await node.create()
        await post(node, f"{ROOMS}/{room}/join", {"userId": "user456"})
        body = {"adminId": adminId, "userIdToKick": userIdToKick}
        fails(await post(node, f"{ROOMS}/{room}/kick-user", body), status, error, code)


async def test_the_eleventh_is_turned_away() -> None:
    async with Watching() as node:
        room = await node.create()
        for n in range(9):
            data(await post(node, f"{ROOMS}/{room}/join", {"userId": f"user{n}"}))
        full = await post(node, f"{ROOMS}/{room}/join", {"userId": "user10"})
        assert fails(full, 409, "Conflict", "ROOM_FULL") == "This room is full"


async def test_the_operator_may_let_more_in() -> None:
    async with Watching(most=12) as node:
        room = await node.create()
        joined = [await post(node, f"{ROOMS}/{room}/join", {"userId": f"user{n}"}) for n in range(12)]
        assert [answer.status_code for answer in joined] == [200] * 11 + [409]


async def test_the_providers_are_listed_with_whether_they_are_on() -> None:
    async with Watching() as node:
        listed = data(await node.http.get(f"{PREFIX}/providers"))
    assert {one["id"]: one["enabled"] for one in listed} == {
        "direct": True,
        "library": True,
        "youtube": True,
        "vidnest": False,
        "vidsrc": False,
        "embed": False,
    }
    vidnest = next(one for one in listed if one["id"] == "vidnest")
    frame = '<iframe src="https://vidnest.fun/movie/{id}" frameborder="0" scrolling="no" allowfullscreen></iframe>'
    assert vidnest == {
        "id": "vidnest",
        "name": "VidNest",
        "baseUrl": "https://vidnest.fun",
        "template": frame,
        "enabled": False,
    }


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/rooms/NOWHERE/join", {"userId": "user456"}),
        ("/rooms/NOWHERE/leave", {"userId": "user456"}),
        ("/rooms/NOWHERE/playback", {"userId": "user456", "action": {"type": "play", "data": {}}}),
        ("/rooms/NOWHERE/sync", {"userId": "user456"}),
        ("/rooms/NOWHERE/transfer-admin", {"currentAdminId": "user456", "newAdminId": "user123"}),
        ("/rooms/NOWHERE/kick-user", {"adminId": "user456", "userIdToKick": "user123"}),
    ],
)
async def test_there_is_nothing_to_do_in_a_room_that_is_not(path: str, body: object) -> None:
    async with Watching() as node:
        fails(await post(node, PREFIX + path, body), 404, "Not Found", "ROOM_NOT_FOUND")


BAD_BODIES: list[tuple[object, str]] = [
    ({}, "missing required field"),
    ([], "Expected `object`, got `array`"),
    ({**MOVIE_NIGHT, "name": 5}, "name: Expected `str`, got `int`"),
    ({**MOVIE_NIGHT, "name": "x" * 101}, "name: Expected `str` of length <= 100"),
    ({**MOVIE_NIGHT, "name": "a\x00b"}, "without control characters"),
    ({**MOVIE_NIGHT, "name": "  "}, "name must not be blank"),
    ({**MOVIE_NIGHT, "mediaType": "song"}, "mediaType: Invalid enum value 'song'"),
    ({**MOVIE_NIGHT, "mediaId": "1" * 21}, "at most 20 characters"),
]


@pytest.mark.parametrize(("body", "problem"), BAD_BODIES)
async def test_a_body_that_does_not_fit_is_told_where(body: object, problem: str) -> None:
    async with Watching() as node:
        assert problem in fails(await post(node, ROOMS, body), 400, "Bad Request", "BAD_REQUEST")


@pytest.mark.parametrize(
    "body", [b"", b"{nope", b"\xff\xfe", b'{"x":' + b"[" * 7_000 + b"]" * 7_000 + b"}", b'"\\ud800"']
)
async def test_bytes_that_are_no_body_are_a_bad_request(body: bytes) -> None:
    async with Watching() as node:
        answer = await node.http.post(ROOMS, content=body, headers={"Content-Type": "application/json"})
        fails(answer, 400, "Bad Request", "BAD_REQUEST")


async def test_a_body_without_end_is_refused_by_its_length() -> None:
    async with Watching() as node:
        answer = await post(node, ROOMS, {**MOVIE_NIGHT, "x": "y" * 20_000})
        fails(answer, 413, "Request Entity Too Large")


async def test_an_unknown_provider_is_a_bad_request_with_its_own_code() -> None:
    async with Watching() as node:
        answer = await post(node, ROOMS, {**MOVIE_NIGHT, "providerId": "nobody"})
        assert "'nobody'" in fails(answer, 400, "Bad Request", "UNKNOWN_PROVIDER")


async def test_other_paths_and_methods_are_refused_in_the_same_envelope() -> None:
    async with Watching() as node:
        fails(await node.http.get(f"{PREFIX}/nothing"), 404, "Not Found")
        refused = await node.http.delete(ROOMS)
        fails(refused, 405, "Method Not Allowed")
        assert refused.headers["Allow"] == "GET, POST"


async def test_nobody_acts_without_saying_who_they_are() -> None:
    async with Watching() as node:
        room = await node.create()
        fails(await post(node, f"{ROOMS}/{room}/join", {}), 401, "Unauthorized", "UNAUTHENTICATED")


async def test_in_closed_mode_a_claim_needs_its_token() -> None:
    async with Watching(closed=True) as node:
        fails(await post(node, ROOMS, MOVIE_NIGHT), 401, "Unauthorized", "UNAUTHENTICATED")
        bad = await post(node, ROOMS, MOVIE_NIGHT, Authorization="Bearer bad")
        fails(bad, 401, "Unauthorized", "UNAUTHENTICATED")
        other = await post(node, ROOMS, MOVIE_NIGHT, Authorization="Bearer user456")
        fails(other, 403, "Forbidden", "NOT_YOURSELF")
        room = data(await post(node, ROOMS, MOVIE_NIGHT, Authorization="Bearer user123"), 201)["id"]
        fails(await node.http.get(f"{ROOMS}/{room}"), 401, "Unauthorized", "UNAUTHENTICATED")
        headers = {"Authorization": "Bearer user456"}
        assert data(await node.http.get(f"{ROOMS}/{room}", headers=headers))["id"] == room
        assert data(await node.http.get(ROOMS, headers=headers))[0]["id"] == room
        joined = data(await post(node, f"{ROOMS}/{room}/join", {}, **headers))
        assert joined["participants"] == ["user123", "user456"]


async def test_whoever_makes_rooms_too_fast_is_told_when_to_come_back() -> None:
    limits = Limits(rooms_per_address=Rate(0.5, 2.0))
    async with Watching(limits=limits) as node:
        answers = [await post(node, ROOMS, MOVIE_NIGHT) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [201, 201, 429]
        fails(answers[2], 429, "Too Many Requests", "RATE_LIMITED")
        assert answers[2].headers["Retry-After"] == "2"


async def test_whoever_guesses_room_ids_is_stopped() -> None:
    limits = Limits(failed_joins=Rate(0.1, 3.0))
    async with Watching(limits=limits) as node:
        room = await node.create()
        guesses = [await post(node, f"{ROOMS}/GUESS{n}/join", {"userId": "eve"}) for n in range(4)]
        assert [answer.status_code for answer in guesses] == [404, 404, 404, 429]
        assert (await post(node, f"{ROOMS}/{room}/join", {"userId": "eve"})).status_code == 429


async def test_somebody_who_only_uses_http_stays_as_long_as_they_do() -> None:
    async with Watching() as node:
        room = await node.create()
        for _ in range(10):
            await node.turn(50_000, 1_000)
            data(await post(node, f"{ROOMS}/{room}/sync", {"userId": "user123"}))
        await node.turn(61_000, 1_000)
        assert data(await node.http.get(f"{ROOMS}/{room}"))["participants"] == []


async def test_while_the_server_restarts_people_are_told_to_try_again() -> None:
    async with Watching() as node:
        room = await node.create()
        node.world.rooms.draining = True
        answer = await post(node, f"{ROOMS}/{room}/join", {"userId": "user456"})
        fails(answer, 503, "Service Unavailable", "DRAINING")
        assert answer.headers["Retry-After"] == "5"
        fails(await post(node, ROOMS, MOVIE_NIGHT), 503, "Service Unavailable", "DRAINING")
