"""Guide 003's `/api/parties/` over HTTP: the guide's rows with their aliases, who may what, and what leaks nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.clocks import TurnedClock
from tests.platform_rows.desk import LAPTOP, NOON_MS, PASSWORD, SECRET, Desk, entered
from tests.service.world import World, settle
from tutti.core import commands as c
from tutti.core.events import CloseReason
from tutti.core.ids import MemberId, RoomId
from tutti.core.polls import PollKind
from tutti.core.refusals import Refused
from tutti.core.room import Room
from tutti.dialects.party.manners import Manners
from tutti.dialects.party.parties_rest import router
from tutti.infra.sql import Database
from tutti.json_response import JsonResponse
from tutti.platform.accounts.schemas import NewAccount
from tutti.platform.once.once import Once
from tutti.platform.parties.doors import Doors
from tutti.platform.parties.parties import Parties
from tutti.platform.people.models import Block
from tutti.service.hall import Hall
from tutti.service.identity import Gate
from tutti.service.live_room import Accepted
from tutti.service.party_rooms import PartyRooms

NOT_FOUND = {"detail": "Not found."}
NOBODY = "01999999-0000-7000-8000-000000000000"
FILM = "https://films.example/big.mp4"


class Guest:
    """Somebody with an account, who asks over HTTP."""

    def __init__(self, http: httpx.AsyncClient, id_: str, token: str) -> None:
        self.id = id_
        self._http = http
        self._token = token

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        said = {"Authorization": f"Bearer {self._token}", **headers}
        return await self._http.request(method, f"/api/parties{path}", json=body, headers=said)

    async def get(self, path: str) -> Any:
        answer = await self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: object = None, status: int = 200) -> Any:
        answer = await self.ask("POST", path, body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def party(self, **further: Any) -> dict[str, Any]:
        made: dict[str, Any] = await self.post("/", {"title": "Film night", **further}, 201)
        return made

    async def refused(self, method: str, path: str, body: object = None) -> tuple[int, str | None]:
        answer = await self.ask(method, path, body)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.json().get("code")


class Site:
    def __init__(self, database: Database, *, closed: bool) -> None:
        self.database = database
        self.desk = Desk(database)
        self.world = World(clock=TurnedClock(wall_ahead_ms=NOON_MS - 1_000_000.0), closed=closed)
        hall = Hall(self.world.rooms, Gate(self.desk.identity, closed=closed), lambda _: RoomId("NEW"))
        clock = self.desk.clock
        manners = Manners(hall, self.desk.accounts.throttles, SECRET, Once(database, clock))
        self.parties = Parties(database, clock, self.desk.random, secret=SECRET)
        self.doors = Doors(self.parties, PartyRooms(self.world.rooms), lambda _users, _party: None)
        routes = router(self.parties, self.doors, manners, clock, "https://tutti.test/join?token={}".format)
        app = Litestar([routes], openapi_config=None, logging_config=None, response_class=JsonResponse)
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type] # Litestar types ASGI's dicts more closely than ASGI does
        self.http = httpx.AsyncClient(transport=transport, base_url="https://tutti.test")

    async def guest(self, name: str) -> Guest:
        made = await self.desk.accounts.register(
            NewAccount(email=f"{name}@example.org", password=PASSWORD, username=name), LAPTOP
        )
        person = entered(made)
        self.desk.clock.turn(1)
        return Guest(self.http, person.person.id, person.tokens.access)

    async def room(self, party: dict[str, Any]) -> Room:
        room = await self.world.rooms.look(RoomId(party["room_code"]))
        assert isinstance(room, Room), room
        return room

    def in_hours(self, hours: float) -> str:
        return datetime.fromtimestamp(self.desk.clock.now_ms / 1000 + hours * 3600, UTC).isoformat()


@pytest.fixture(params=[True, False], ids=["closed", "open"])
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    database = Database(tmp_path / "accounts.db")
    await database.open()
    site = Site(database, closed=request.param)
    async with site.world:
        yield site
    await site.http.aclose()
    site.desk.close()
    await database.aclose()


# -- the guide's rows


async def test_a_party_from_its_making_to_its_end(site: Site) -> None:
    ann, ben = await site.guest("ann"), await site.guest("ben")
    party = await ann.party(visibility="public", video={"url": FILM, "title": "Big"})
    assert party["status"] == "scheduled"
    assert party["host"] == {"id": ann.id, "username": "ann", "display_name": "ann", "avatar": None}
    assert (party["max_participants"], party["participant_count"]) == (50, 1)
    assert (party["my_role"], party["my_status"]) == ("host", "approved")
    at = f"/{party['id']}"
    joined = await ben.post(f"{at}/join/")
    assert (joined["status"], joined["role"], joined["room_code"]) == (
        "approved",
        "participant",
        party["room_code"],
    )
    started = await ann.post(f"{at}/start/")
    assert (started["status"], started["started_at"] is not None) == ("live", True)
    playing = await ann.post(f"{at}/control/", {"action": "play", "timestamp": 12.5})
    assert (playing["current_timestamp"], playing["is_playing"], playing["status"]) == (12.5, True, "live")
    paused = await ann.post(f"{at}/control/", {"action": "pause", "timestamp": 20})
    assert (paused["current_timestamp"], paused["is_playing"], paused["status"]) == (20.0, False, "paused")
    assert (await ben.get(f"{at}/sync_state/"))["current_timestamp"] == 20.0
    assert await ben.post(f"{at}/react/", {"emoji": "🎉", "timestamp": 20}) == {"detail": "Shown."}
    seen = await ben.get(f"{at}/")
    assert [(one["user"]["username"], one["role"]) for one in seen["participants"]] == [
        ("ann", "host"),
        ("ben", "participant"),
    ]
    assert set(seen) >= {
        "chat_summary",
        "polls",
        "current_timestamp",
        "is_playing",
        "last_sync_at",
        "settings",
    }
    assert seen["video"]["title"] == "Big"
    ended = await ann.post(f"{at}/end/")
    assert (ended["status"], ended["ended_at"] is not None) == ("ended", True)
    assert await ben.refused("POST", f"{at}/join/") == (409, "party_over")


async def test_what_is_said_in_a_party_is_summed_up_for_those_who_are_in_it(site: Site) -> None:
    ann, ben = await site.guest("ann"), await site.guest("ben")
    party = await ann.party(visibility="public")
    at = f"/{party['id']}"
    rooms = site.doors.rooms
    chat = (c.Chat("<b>Hello</b>"), c.OpenPoll("p1", "Tea?", PollKind.YES_NO), c.Vote("p1", 0))
    await rooms.act(RoomId(party["room_code"]), MemberId(ann.id), "Ann", *chat)
    seen = await ann.get(f"{at}/")
    assert seen["chat_summary"]["recent_count"] == 1
    assert seen["chat_summary"]["last_message"]["user"] == {"id": ann.id, "username": "Ann"}
    assert seen["chat_summary"]["last_message"]["message"] == "<b>Hello</b>"
    (poll,) = seen["polls"]
    assert (poll["question"], poll["total_votes"], poll["my_answer"]) == ("Tea?", 1, 0)
    outside = await ben.get(f"{at}/")
    assert (outside["chat_summary"]["last_message"], outside["polls"]) == (None, [])
    await ben.post(f"{at}/join/")
    assert (await ben.get(f"{at}/"))["chat_summary"]["recent_count"] == 1


async def test_a_block_takes_somebody_out_of_the_hosts_rooms(site: Site) -> None:
    ann, ben = await site.guest("ann"), await site.guest("ben")
    party = await ann.party(visibility="public")
    code = RoomId(party["room_code"])
    await ben.post(f"/{party['id']}/join/")
    joined = await site.world.rooms.ask(code, c.Join("Ben"), MemberId(ben.id))
    assert isinstance(joined, Accepted)
    async with site.database.writing() as db:
        db.add(Block(blocker_id=ben.id, blocked_id=ann.id, at_ms=0))
    async with site.doors:
        site.doors.parted(ben.id, ann.id)
        async with asyncio.timeout(10):
            while MemberId(ben.id) in (await site.room(party)).members:
                await settle()
    again = await site.world.rooms.ask(code, c.Join("Ben"), MemberId(ben.id))
    assert isinstance(again, Refused)


async def test_nothing_opens_the_room_of_a_party_that_is_over(site: Site) -> None:
    ann = await site.guest("ann")
    party = await ann.party()
    await ann.post(f"/{party['id']}/end/")
    for path, body in (("react", {"emoji": "🎉"}), ("control", {"action": "play"}), ("start", None)):
        refused = await ann.refused("POST", f"/{party['id']}/{path}/", body)
        assert refused == (409, "party_over"), path
    assert isinstance(await site.doors.open(party["id"]), Refused)
    assert isinstance(await site.world.rooms.look(RoomId(party["room_code"])), Refused)
    assert (await ann.get(f"/{party['id']}/sync_state/"))["status"] == "cancelled"


@pytest.mark.parametrize("how", [CloseReason.HOST_ENDED, CloseReason.EXPIRED])
async def test_at_the_start_a_party_whose_room_was_ended_is_over_and_one_that_waits_has_a_room_again(
    site: Site, how: CloseReason
) -> None:
    """The server was killed before the rows had heard of it."""
    ann = await site.guest("ann")
    later = {"scheduled_for": site.in_hours(2)} if how is CloseReason.EXPIRED else {}
    party = await ann.party(**later)
    if not later:
        await ann.post(f"/{party['id']}/start/")
    code = RoomId(party["room_code"])
    assert isinstance(await site.world.rooms.ask(code, c.Expire(how), None), Accepted)
    await site.doors.restate()
    seen = await ann.get(f"/{party['id']}/")
    found = await site.world.rooms.look(code)
    if later:
        assert (seen["status"], isinstance(found, Room)) == ("scheduled", True)
    else:
        assert (seen["status"], isinstance(found, Refused)) == ("ended", True)


async def test_whatever_changes_at_once_the_room_is_told_what_holds_at_last(site: Site) -> None:
    ann = await site.guest("ann")
    guests = [await site.guest(f"guest{n}") for n in range(6)]
    party = await ann.party()
    link = await ann.post(f"/{party['id']}/generate-invite/", None, 201)
    await asyncio.gather(*(one.post("/join-by-invite/", {"token": link["token"]}) for one in guests))
    kicked, staying = guests[:3], guests[3:]
    await asyncio.gather(
        *(ann.post(f"/{party['id']}/kick/", {"user_id": one.id}) for one in kicked),
        *(ann.post(f"/{party['id']}/promote/", {"user_id": one.id}) for one in staying),
    )
    access = (await site.room(party)).access
    assert access is not None
    assert access.barred == {one.id for one in kicked}
    roles = {who: role.value for who, role in access.people.items()}
    assert roles == {ann.id: "host", **{one.id: "moderator" for one in staying}}


async def test_a_party_is_a_room_with_its_title_and_its_film(site: Site) -> None:
    ann = await site.guest("ann")
    party = await ann.party(video=FILM, max_participants=7, settings={"allow_chat": False})
    room = await site.room(party)
    assert (room.name, room.capacity, room.defaults.dialect) == ("Film night", 7, "party")
    assert room.media is not None
    assert (room.media.id, room.media.provider) == (FILM, "direct")
    assert (room.host, dict(room.members), room.chat_on) == (None, {}, False)


async def test_the_spellings_in_use_make_the_same_party(site: Site) -> None:
    ann = await site.guest("ann")
    at = site.in_hours(2)
    made = [
        await ann.party(
            scheduled_for=at,
            video={"id": "film-7"},
            settings={"require_approval": True, "max_participants": 9},
        ),
        await ann.party(scheduled_start=at, video_id="film-7", require_approval=True, max_participants=9),
        await ann.party(
            scheduled_for=at, video="film-7", max_participants=9, settings={"require_approval": True}, new=1
        ),
    ]
    own = ("id", "room_code", "created_at", "updated_at")
    first, *others = ({key: value for key, value in one.items() if key not in own} for one in made)
    assert all(other == first for other in others)
    assert first["scheduled_for"] == at.replace("+00:00", "Z") or first["scheduled_for"][:19] == at[:19]
    assert first["settings"]["require_approval"] is True


async def test_the_list_is_filtered_and_paged(site: Site) -> None:
    ann, ben = await site.guest("ann"), await site.guest("ben")
    made = []
    for n in range(3):
        site.desk.clock.turn(1)
        made.append(await ann.party(title=f"Night {n}", visibility="public"))
    await ann.post(f"/{made[0]['id']}/start/")
    await ben.post(f"/{made[1]['id']}/join/")

    async def titles(guest: Guest, query: str) -> list[str]:
        return [one["title"] for one in (await guest.get(f"/{query}"))["results"]]

    assert await titles(ann, "") == ["Night 2", "Night 1", "Night 0"]
    assert await titles(ann, "?status=live") == ["Night 0"]
    assert await titles(ann, "?status=active,ended") == ["Night 0"]
    assert await titles(ann, "?role=attending") == []
    assert await titles(ben, "") == ["Night 1"]
    assert await titles(ben, "public/?status=upcoming") == ["Night 2", "Night 1"]
    first = await ann.get("/?page_size=2")
    assert set(first) == {"next", "previous", "results"}
    rest = await site.http.get(first["next"], headers={"Authorization": f"Bearer {ann._token}"})
    assert [one["title"] for one in rest.json()["results"]] == ["Night 0"]
    for query in ("?status=nope", "?role=nope", "?page_size=x"):
        assert (await ann.ask("GET", f"/{query}")).status_code == 400
    assert (await ann.ask("GET", "/?cursor=forged")).json() == {"detail": "Invalid cursor"}


async def test_a_party_is_changed_by_its_host_and_its_room_follows(site: Site) -> None:
    ann, ben = await site.guest("ann"), await site.guest("ben")
    party = await ann.party(visibility="public")
    at = f"/{party['id']}"
    await ben.post(f"{at}/join/")
    changed = await ann.ask("PATCH", f"{at}/", {"title": "Other", "max_participants": 12, "video_url": FILM})
    assert (changed.status_code, changed.json()["title"], changed.json()["visibility"]) == (
        200,
        "Other",
        "public",
    )
    room = await site.room(party)
    assert (room.capacity, room.media.id if room.media else None) == (12, FILM)
    assert room.host is None
    assert await ben.refused("PATCH", f"{at}/", {"title": "Mine"}) == (403, "permission_denied")
    assert await ben.refused("DELETE", f"{at}/") == (403, "permission_denied")
    fixed = await ann.ask("PATCH", f"{at}/", {"allow_participant_control": True})
    assert (fixed.status_code, list(fixed.json())) == (400, ["allow_participant_control"])
    gone = await ann.ask("DELETE", f"{at}/")
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await ann.get(f"{at}/"))["status"] == "cancelled"


async def test_an_idempotency_key_makes_one_party(site: Site) -> None:
    ann = await site.guest("ann")
    key = {"Idempotency-Key": "once"}
    made = [await ann.ask("POST", "/", {"title": "One"}, **key) for _ in range(2)]
    assert made[0].content == made[1].content
    assert made[1].headers["idempotent-replayed"] == "true"
    assert (await ann.ask("POST", "/", {"title": "Two"}, **key)).status_code == 422
    assert len((await ann.get("/"))["results"]) == 1


# -- invitations


async def test_a_link_is_generated_and_taken(site: Site) -> None:
    ann, ben, eve = await site.guest("ann"), await site.guest("ben"), await site.guest("eve")
    party = await ann.party()
    at = f"/{party['id']}"
    link = await ann.post(f"{at}/generate-invite/", {"expires_in_days": 1}, 201)
    assert link["invite_url"] == f"https://tutti.test/join?token={link['token']}"
    assert (await ben.post("/join-by-invite/", {"token": link["token"]}))["status"] == "approved"
    assert (await eve.post(f"{at}/join/", {"invite_token": link["token"]}))["status"] == "approved"
    site.desk.clock.turn(86_400_000)
    late = await site.guest("joe")
    assert await late.refused("POST", "/join-by-invite/", {"token": link["token"]}) == (
        409,
        "invitation_expired",
    )
    assert await late.refused("POST", "/join-by-invite/", {"token": "x" * 900}) == (404, None)


async def test_invitations_by_mail_and_to_people_in_all_spellings(site: Site) -> None:
    ann, ben = await site.guest("ann"), await site.guest("ben")
    at = f"/{(await ann.party())['id']}"
    sent = await ann.post(f"{at}/invite/", {"emails": ["x@example.org", "X@example.org"]}, 201)
    assert sent == {"detail": "1 invitation sent.", "invited": 1, "emails": ["x@example.org"], "user_ids": []}
    await ann.post(f"{at}/invite/", {"invitee_id": ben.id, "message": "<b>Come</b>"}, 201)
    assert (await ben.get(f"{at}/"))["my_status"] is None
    assert (await ben.post(f"{at}/join/"))["status"] == "approved"
    nobody = await ann.post(f"{at}/invite/", {"user_ids": [NOBODY]}, 201)
    assert nobody["invited"] == 1
    for body in ({}, {"emails": ["nowhere"]}, {"emails": "x"}, {"emails": ["a@b.cd"] * 51}, {"emails": [7]}):
        assert (await ann.ask("POST", f"{at}/invite/", body)).status_code == 400, body


async def test_invitations_are_throttled_by_account(site: Site) -> None:
    ann = await site.guest("ann")
    at = f"/{(await ann.party())['id']}"
    await ann.post(f"{at}/invite/", {"emails": [f"{n}@example.org" for n in range(50)]}, 201)
    slow = await ann.ask("POST", f"{at}/invite/", {"emails": [f"{n}@example.org" for n in range(11)]})
    assert (slow.status_code, slow.json()["code"]) == (429, "throttled")
    assert int(slow.headers["retry-after"]) >= 1


# -- who may what, and what leaks


ACTIONS = (
    ("GET", "/"),
    ("PATCH", "/"),
    ("DELETE", "/"),
    ("GET", "/participants/"),
    ("GET", "/sync_state/"),
    ("POST", "/join/"),
    ("POST", "/leave/"),
    ("POST", "/start/"),
    ("POST", "/end/"),
    ("POST", "/control/"),
    ("POST", "/react/"),
    ("POST", "/invite/"),
    ("POST", "/generate-invite/"),
    ("POST", "/kick/"),
    ("POST", "/promote/"),
    ("POST", "/approve/"),
    ("POST", "/reject/"),
)
BODY = {
    "action": "play",
    "emoji": "🎉",
    "emails": ["x@example.org"],
    "user_id": NOBODY,
    "title": "x",
}


async def test_to_a_stranger_a_private_party_is_the_same_as_none_in_every_way_of_asking(site: Site) -> None:
    ann, eve = await site.guest("ann"), await site.guest("eve")
    party = await ann.party()
    for method, path in ACTIONS:
        answers = [
            await eve.ask(method, f"/{id_}{path}", BODY) for id_ in (party["id"], party["room_code"], NOBODY)
        ]
        assert {(one.status_code, one.text) for one in answers} == {
            (404, json.dumps(NOT_FOUND, separators=(",", ":")))
        }, path
    blocked = await site.guest("joe")
    public = await ann.party(visibility="public")
    async with site.database.writing() as db:
        db.add(Block(blocker_id=ann.id, blocked_id=blocked.id, at_ms=0))
    for method, path in ACTIONS:
        assert (await blocked.ask(method, f"/{public['id']}{path}", BODY)).status_code == 404, path


async def test_whoever_sees_a_party_and_may_not_is_told_so(site: Site) -> None:
    ann, ben = await site.guest("ann"), await site.guest("ben")
    party = await ann.party(visibility="public")
    at = f"/{party['id']}"
    for where in ("outside", "inside"):
        for method, path in ACTIONS:
            allowed = path in ("/", "/participants/", "/join/") and method not in {"PATCH", "DELETE"}
            inside = path in ("/sync_state/", "/react/", "/leave/")
            if not allowed and not (where == "inside" and inside):
                assert (await ben.ask(method, f"{at}{path}", BODY)).status_code == 403, (where, path)
        await ben.post(f"{at}/join/")


async def test_a_room_code_asks_to_be_let_in_and_those_who_run_it_decide(site: Site) -> None:
    ann, ben, eve = await site.guest("ann"), await site.guest("ben"), await site.guest("eve")
    party = await ann.party()
    at, code = f"/{party['id']}", party["room_code"]
    asked = await ben.post("/join-by-code/", {"room_code": f"{code[:4]}-{code[4:].lower()}"})
    assert asked["status"] == "pending"
    assert (await eve.post("/join-by-code/", {"code": code}))["status"] == "pending"
    waiting = (await ann.get(f"{at}/participants/"))["results"]
    assert [one["status"] for one in waiting] == ["approved", "pending", "pending"]
    assert len((await ben.get(f"{at}/participants/"))["results"]) == 1
    await ann.post(f"{at}/approve/", {"user_id": ben.id})
    await ann.post(f"{at}/reject/", {"participant_id": eve.id})
    assert await eve.refused("POST", "/join-by-code/", {"code": code}) == (403, "rejected")
    assert await ann.refused("POST", f"{at}/approve/", {"user_id": eve.id}) == (404, "not_pending")
    assert await ben.refused("POST", "/join-by-code/", {"code": "ABCDEFGH"}) == (404, None)
    assert (await ben.ask("POST", "/join-by-code/", {})).json() == {"room_code": ["This field is required."]}


async def test_a_participant_is_promoted_kicked_and_leaves(site: Site) -> None:
    ann, ben, eve = await site.guest("ann"), await site.guest("ben"), await site.guest("eve")
    party = await ann.party(visibility="public")
    at = f"/{party['id']}"
    for guest in (ben, eve):
        await guest.post(f"{at}/join/")
    assert await ben.refused("POST", f"{at}/kick/", {"user_id": eve.id}) == (403, "permission_denied")
    await ann.post(f"{at}/promote/", {"user_id": ben.id})
    await ben.post(f"{at}/kick/", {"user_id": eve.id})
    assert await eve.refused("POST", f"{at}/join/") == (403, "kicked")
    assert await ann.refused("POST", f"{at}/leave/") == (409, "host_stays")
    await ben.post(f"{at}/leave/")
    assert [one["user"]["username"] for one in (await ann.get(f"{at}/participants/"))["results"]] == ["ann"]
    assert (await ann.ask("POST", f"{at}/promote/", {"user_id": ben.id, "role": "king"})).status_code == 400


async def test_control_is_for_those_who_run_it_unless_everybody_may(site: Site) -> None:
    ann, ben = await site.guest("ann"), await site.guest("ben")
    party = await ann.party(visibility="public", allow_participant_control=True, video=FILM)
    at = f"/{party['id']}"
    await ben.post(f"{at}/join/")
    assert await ben.refused("POST", f"{at}/control/", {"action": "play"}) == (409, "not_started")
    await ann.post(f"{at}/start/")
    moved = await ben.post(f"{at}/control/", {"action": "seek", "video_time": 61})
    assert moved["current_timestamp"] == 61.0
    assert not (await site.room(party)).members
    for body in ({}, {"action": "dance"}, {"action": "seek"}, {"action": "play", "timestamp": -1}):
        assert (await ben.ask("POST", f"{at}/control/", body)).status_code == 400, body


# -- bad input


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": "  "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\u0000b"}, "title"),
        ({"title": 7}, "title"),
        ({"title": "x", "description": "y" * 2001}, "description"),
        ({"title": "x", "visibility": "secret"}, "visibility"),
        ({"title": "x", "scheduled_for": "tomorrow"}, "scheduled_for"),
        ({"title": "x", "scheduled_start": "2001-01-01T00:00:00Z"}, "scheduled_for"),
        ({"title": "x", "max_participants": 1}, "max_participants"),
        ({"title": "x", "max_participants": 100_000}, "max_participants"),
        ({"title": "x", "max_participants": "ten"}, "max_participants"),
        ({"title": "x", "video": {"url": "javascript:alert(1)"}}, "video"),
        ({"title": "x", "video": {}}, "video"),
        ({"title": "x", "video": {"id": "a", "duration": "long"}}, "video"),
        ({"title": "x", "settings": {"allow_chat": "yes"}}, "settings"),
        ({"title": "x", "settings": []}, "settings"),
    ],
)
async def test_what_is_wrong_with_a_party_is_told_by_field(
    site: Site, body: dict[str, Any], field: str
) -> None:
    ann = await site.guest("ann")
    refused = await ann.ask("POST", "/", body)
    assert (refused.status_code, list(refused.json())) == (400, [field])


async def test_markup_is_text_and_pictographs_are_letters(site: Site) -> None:
    ann = await site.guest("ann")
    title = "<script>alert(1)</script> 👩‍👩‍👧 & “quotes”"
    party = await ann.party(title=title, description="a\nb")
    assert (party["title"], party["description"]) == (title, "a\nb")


async def test_methods_and_paths_that_are_none(site: Site) -> None:
    ann = await site.guest("ann")
    at = f"/{(await ann.party())['id']}"
    assert (await ann.ask("GET", f"{at}/join/")).status_code == 405
    assert (await ann.ask("DELETE", "/")).status_code == 405
    assert (await ann.ask("GET", "/%00/")).status_code == 404
    large = await ann.ask("POST", "/", {"title": "x", "description": "y" * 40_000})
    assert large.status_code == 413


async def test_nobody_without_a_token(site: Site) -> None:
    for token in ("", "rubbish"):
        answer = await site.http.get("/api/parties/", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401


async def test_a_token_of_nobody_makes_no_party(site: Site) -> None:
    token = site.desk.identity.issue(NOBODY, "Nobody", 60.0)
    nobody = Guest(site.http, NOBODY, token)
    assert await nobody.refused("POST", "/", {"title": "x"}) == (401, "token_not_valid")
    assert (await nobody.get("/"))["results"] == []
