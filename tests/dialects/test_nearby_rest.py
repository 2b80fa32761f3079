"""Guide 002 over HTTP: every endpoint, every failure in its one shape, and nothing told that was not consented to."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.dialects.neighbourhood import BESIDE, FAR_OFF, HERE, Street
from tests.service.world import settle
from tutti.core.ids import MemberId
from tutti.infra.tokens import JwtIdentity
from tutti.service.identity import Gate
from tutti.service.limits import Limits, Rate
from tutti.service.nearby.choices import MemoryChoices
from tutti.service.ports import Unavailable

SHAPE = {"statusCode", "timestamp", "path", "method", "error", "message"}


def users(answer: Any) -> list[str]:
    return [user["userId"] for user in answer.json()["users"]]


@pytest.mark.parametrize("prefix", ["/api/v1", ""])
async def test_every_path_answers_with_the_prefix_and_without(prefix: str) -> None:
    async with Street() as street:
        answer = await street.ask("ada", "POST", "/presence/live", prefix=prefix)
        assert answer.status_code == 200
        assert answer.json().pop("heartbeatSeconds") > 0
        assert answer.json() | {"heartbeatSeconds": 0} == {
            "isLive": True,
            "shareTrack": False,
            "allowFind": False,
            "radiusKm": 2,
            "heartbeatSeconds": 0,
        }


async def test_nothing_is_shared_before_somebody_is_live() -> None:
    async with Street() as street:
        await street.arrives("bob")
        refused = await street.ask("ada", "POST", "/location/update", {"geohash": HERE})
        assert refused.status_code == 403
        assert (await street.ask("ada", "GET", "/location/nearby")).status_code == 403
        assert users(await street.ask("bob", "GET", "/location/nearby")) == []


async def test_somebody_near_is_seen_by_the_published_cell_and_the_ring() -> None:
    async with Street() as street:
        await street.arrives("ada", HERE)
        await street.arrives("bob", BESIDE + "qqqq")
        await street.arrives("eve", FAR_OFF)
        seen = await street.ask("ada", "GET", "/location/nearby")
        assert seen.json() == {
            "users": [
                {
                    "userId": "bob",
                    "displayName": "bob",
                    "avatarUrl": None,
                    "geohash": BESIDE,
                    "distance": seen.json()["users"][0]["distance"],
                    "track": None,
                }
            ]
        }
        assert isinstance(seen.json()["users"][0]["distance"], int)
        assert users(await street.ask("ada", "GET", "/presence/live-users")) == ["bob"]


async def test_going_offline_is_complete_at_once() -> None:
    async with Street() as street:
        await street.arrives("ada", HERE)
        await street.arrives("bob", HERE, shareTrack=True)
        answer = await street.ask("bob", "POST", "/presence/offline")
        assert answer.json()["isLive"] is False
        assert users(await street.ask("ada", "GET", "/location/nearby")) == []
        place = await street.ask("bob", "GET", "/location/me")
        assert place.json() == {"geohash": None, "settled": False}


async def test_deleting_the_location_leaves_somebody_live_and_nowhere() -> None:
    async with Street() as street:
        await street.arrives("ada", HERE)
        await street.arrives("bob", HERE)
        assert (await street.ask("bob", "DELETE", "/location")).json() == {"success": True}
        assert users(await street.ask("ada", "GET", "/location/nearby")) == []
        assert (await street.ask("bob", "GET", "/presence/settings")).json()["isLive"] is True


async def test_who_does_not_send_heartbeats_is_live_no_more() -> None:
    async with Street() as street:
        await street.arrives("ada", HERE)
        await street.turn(30_000)
        assert (await street.ask("ada", "POST", "/presence/heartbeat")).status_code == 200
        await street.turn(56_000)
        answer = await street.ask("ada", "POST", "/presence/heartbeat")
        assert answer.status_code == 403
        assert (await street.ask("ada", "GET", "/presence/settings")).json()["isLive"] is False


async def test_settings_change_only_what_is_said() -> None:
    async with Street() as street:
        changed = await street.ask("ada", "PATCH", "/presence/settings", {"allowFind": True, "radiusKm": 5})
        assert changed.json()["allowFind"] is True
        kept = await street.ask("ada", "PATCH", "/presence/settings", {"shareTrack": True})
        assert {key: kept.json()[key] for key in ("allowFind", "radiusKm", "shareTrack")} == {
            "allowFind": True,
            "radiusKm": 5,
            "shareTrack": True,
        }


@pytest.mark.parametrize(
    ("body", "about"),
    [
        ({"geohash": "u09tva"}, "geohash"),
        ({"geohash": "u09 tv"}, "geohash"),
        ({"geohash": "48.8566,2.3522"}, "geohash"),
        ({"geohash": ""}, "geohash"),
        ({"geohash": "u0"}, "geohash"),
        ({"geohash": "u09t\x00w"}, "geohash"),
        ({"geohash": 7}, "geohash"),
        ({"latitude": 48.8566, "longitude": 2.3522}, "geohash"),
        ({"latitude": 91, "longitude": 1e9}, "geohash"),
        ([], ""),
        (b"{", ""),
        (b"\xff\xfe", ""),
        (b"[" * 5000, ""),
        (None, ""),
    ],
)
async def test_what_is_no_place_is_refused_and_not_kept(body: object, about: str) -> None:
    async with Street() as street:
        await street.arrives("ada", None)
        answer = await street.ask("ada", "POST", "/location/update", body)
        assert answer.status_code == 400
        assert set(answer.json()) == SHAPE
        assert about in answer.json()["message"]
        assert "48.8" not in answer.text
        assert (await street.ask("ada", "GET", "/location/me")).json()["geohash"] is None


@pytest.mark.parametrize("radius", ["0", "-1", "1e9", "1000000000", "nan", "inf", "ten", ""])
async def test_a_radius_out_of_range_is_refused(radius: str) -> None:
    async with Street() as street:
        await street.arrives("ada")
        answer = await street.ask("ada", "GET", f"/location/nearby?radiusKm={radius}")
        assert answer.status_code == 400
        assert set(answer.json()) == SHAPE
    async with Street() as street:
        body = f'{{"radiusKm":{radius or "null,"}}}'.encode()
        answer = await street.ask("ada", "PATCH", "/presence/settings", body)
        assert answer.status_code == 400
        assert (await street.ask("ada", "GET", "/presence/settings")).json()["radiusKm"] == 2


async def test_the_failure_is_the_guides() -> None:
    async with Street() as street:
        answer = await street.ask(None, "POST", "/presence/live")
        assert answer.status_code == 401
        assert answer.json() == {
            "statusCode": 401,
            "timestamp": "2025-10-20T10:30:00.000Z",
            "path": "/api/v1/presence/live",
            "method": "POST",
            "error": "Unauthorized",
            "message": answer.json()["message"],
        }


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/find/a/b/c", 404),
        ("PUT", "/presence/live", 405),
        ("GET", "/find/some/complete", 405),
        ("POST", "/find/unknown/complete", 404),
        ("DELETE", "/find/unknown", 404),
        ("POST", "/find/unknown/together", 404),
    ],
)
async def test_what_is_not_there_is_told_in_the_same_shape(method: str, path: str, status: int) -> None:
    async with Street() as street:
        await street.arrives("ada")
        answer = await street.ask("ada", method, path)
        assert answer.status_code == status
        assert set(answer.json()) == SHAPE
        assert answer.json()["method"] == method


@pytest.mark.parametrize("closed", [False, True])
async def test_a_token_of_ours_is_verified_in_either_mode(closed: bool) -> None:
    async with Street(closed=closed) as street:
        ours = JwtIdentity(b"k" * 32, lambda: street.clock.wall_ms(street.clock.now_ms()))
        forger = JwtIdentity(b"f" * 32, lambda: street.clock.wall_ms(street.clock.now_ms()))
        street.world.hall.gate = Gate(ours, closed=closed)
        token = ours.issue("ada", "Ada", 900)
        unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ."
        for forged in (forger.issue("ada", "Ada", 900), token[:-2] + "xx", unsigned):
            refused = await street.ask(None, "POST", "/presence/live", token=forged)
            assert refused.status_code == 401
            assert set(refused.json()) == SHAPE
            assert forged not in refused.text
        assert (await street.ask(None, "POST", "/presence/live", token=token)).json()["isLive"] is True
        assert (await street.ask("bob", "POST", "/presence/live", token=token)).status_code == 403
        await street.turn(901_000)
        assert (await street.ask(None, "GET", "/presence/settings", token=token)).status_code == 401


async def test_closed_mode_believes_tokens_only() -> None:
    async with Street(closed=True) as street:
        assert (await street.ask("ada", "GET", "/presence/settings")).status_code == 401
        assert (await street.ask("ada", "GET", "/presence/settings", token="bad")).status_code == 401
        assert (await street.ask("ada", "GET", "/presence/settings", token="bob")).status_code == 403
        assert (await street.ask("ada", "GET", "/presence/settings", token="ada")).status_code == 200


async def test_who_forbids_it_is_told_of_as_who_does_not_exist() -> None:
    async with Street() as street:
        await street.arrives("ada", allowFind=True)
        await street.arrives("shy", allowFind=False)
        await street.ask("away", "PATCH", "/presence/settings", {"allowFind": True})
        answers = [
            await street.ask("ada", "POST", "/find/start", {"targetId": target})
            for target in ("shy", "away", "nobody")
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1
        assert len({str(answer.headers) for answer in answers}) == 1


async def test_nobody_finds_themselves() -> None:
    async with Street() as street:
        await street.arrives("ada", allowFind=True)
        answer = await street.ask("ada", "POST", "/find/start", {"targetId": "ada"})
        assert answer.status_code == 400
        assert set(answer.json()) == SHAPE


async def test_two_find_one_another_with_consent_and_listen_together() -> None:
    async with Street() as street:
        await street.arrives("ada", HERE)
        await street.arrives("bob", HERE, allowFind=True)
        started = await street.ask("ada", "POST", "/find/start", {"targetId": "bob"})
        assert started.status_code == 201
        session = started.json()["sessionId"]
        assert started.json()["status"] == "offered"
        too_early = await street.ask("ada", "POST", f"/find/{session}/together")
        assert too_early.status_code in (403, 404, 409, 410)
        assert (await street.ask("ada", "POST", f"/find/{session}/accept")).status_code == 403
        assert (await street.ask("eve", "POST", f"/find/{session}/accept")).status_code == 404
        assert (
            await street.ask("eve", "POST", f"/find/{session}/update", {"geohash": HERE})
        ).status_code in (403, 404)
        accepted = await street.ask("bob", "POST", f"/find/{session}/accept")
        assert accepted.json()["status"] == "accepted"
        for who in ("ada", "bob"):
            await street.ask(who, "POST", f"/find/{session}/update", {"geohash": HERE})
        active = await street.ask("bob", "GET", "/find/active")
        assert active.json()["session"]["bucket"] == "close"
        rooms = [
            (await street.ask(who, "POST", f"/find/{session}/together")).json() for who in ("ada", "bob")
        ]
        assert rooms[0] == rooms[1]
        assert rooms[0]["page"] == f"/r/{rooms[0]['roomId']}"
        first = await street.ask("ada", "POST", f"/find/{session}/complete")
        assert (first.json()["status"], first.json()["confirmed"]) == ("accepted", ["ada"])
        second = await street.ask("bob", "POST", f"/find/{session}/complete")
        assert (second.json()["status"], second.json()["bucket"]) == ("completed", "found")


async def test_either_ends_it_at_once() -> None:
    async with Street() as street:
        await street.arrives("ada")
        await street.arrives("bob", allowFind=True)
        session = (await street.ask("ada", "POST", "/find/start", {"targetId": "bob"})).json()["sessionId"]
        await street.ask("bob", "POST", f"/find/{session}/accept")
        ended = await street.ask("bob", "DELETE", f"/find/{session}")
        assert ended.json()["status"] == "cancelled"
        assert (await street.ask("ada", "GET", "/find/active")).json() == {"session": None}


async def test_a_flood_of_updates_is_refused() -> None:
    limits = Limits(per_person=Rate(10.0, 20.0))
    async with Street(limits=limits) as street:
        await street.arrives("ada")
        answers = [await street.ask("ada", "POST", "/location/update", {"geohash": HERE}) for _ in range(40)]
        slow = [answer for answer in answers if answer.status_code == 429]
        assert slow
        assert set(slow[0].json()) == SHAPE
        assert int(slow[0].headers["retry-after"]) >= 1


async def test_what_plays_is_seen_by_oneself_and_by_others_only_when_shared() -> None:
    async with Street() as street:
        await street.arrives("ada")
        await street.arrives("bob")
        ear, conversation = await street.connect("bob")
        track = {"trackId": "t1", "trackName": "So What", "artist": "Miles Davis"}
        await street.say(ear, conversation, "user:update_track", track)
        mine = await street.ask("bob", "GET", "/spotify/current-track")
        assert mine.json() == {"isPlaying": True, "track": track}
        assert mine.json() == (await street.ask("bob", "GET", "/spotify/currently-playing")).json()
        assert (await street.ask("ada", "GET", "/location/nearby")).json()["users"][0]["track"] is None
        await street.ask("bob", "PATCH", "/presence/settings", {"shareTrack": True})
        assert (await street.ask("ada", "GET", "/location/nearby")).json()["users"][0]["track"] == track


async def test_without_spotify_there_is_nothing_to_ask() -> None:
    async with Street() as street:
        answer = await street.ask("ada", "POST", "/spotify/refresh")
        assert answer.status_code == 409
        assert set(answer.json()) == SHAPE


class SlowChoices(MemoryChoices):
    """Somewhere that takes its time to say what was kept, or cannot."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()
        self.gone = False

    async def load(self, user: MemberId) -> None:
        await self.may_answer.wait()

    async def stored(self, user: MemberId) -> None:
        if self.gone:
            raise Unavailable("gone")


async def test_who_goes_offline_while_their_settings_are_read_does_not_go_live() -> None:
    choices = SlowChoices()
    async with Street(choices=choices) as street:
        going = asyncio.create_task(street.ask("ada", "POST", "/presence/live"))
        await settle()
        assert (await street.ask("ada", "POST", "/presence/offline")).status_code == 200
        choices.may_answer.set()
        assert (await going).status_code == 403
        assert not street.hood.nearby.is_live(MemberId("ada"))
        assert (await street.ask("ada", "POST", "/presence/live")).json()["isLive"] is True


async def test_settings_that_cannot_be_kept_are_not_said_to_be() -> None:
    choices = SlowChoices()
    choices.may_answer.set()
    async with Street(choices=choices) as street:
        await street.arrives("ada", shareTrack=True)
        choices.gone = True
        answer = await street.ask("ada", "PATCH", "/presence/settings", {"shareTrack": False})
        assert answer.status_code == 503
        assert set(answer.json()) == SHAPE
        assert (
            street.hood.nearby.settings(MemberId("ada")).share_track is False
        )  # what is less counts at once
