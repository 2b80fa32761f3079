"""Guide 003's `/api/chat/` over HTTP: all that was said in a party, and saying something without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.dialects.test_party_parties import NOBODY, NOT_FOUND, Guest, Site
from tests.platform_rows.desk import SECRET
from tutti.core import commands as c
from tutti.core.chat import KEPT_LINES
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Refused
from tutti.dialects.party.asking import Asking
from tutti.dialects.party.chat_rest import router
from tutti.dialects.party.manners import Manners
from tutti.infra.sql import Database
from tutti.json_response import JsonResponse
from tutti.platform.chat_archive.archive import ChatArchive
from tutti.service.hall import Hall
from tutti.service.identity import Gate


class Talk:
    """A site with its chat, and what people ask of that."""

    def __init__(self, database: Database, *, closed: bool) -> None:
        self.site = site = Site(database, closed=closed)
        self.apart: list[set[str]] = []
        hall = Hall(site.world.rooms, Gate(site.desk.identity, closed=closed), lambda _: RoomId("NEW"))
        manners = Manners(hall, site.desk.accounts.throttles, SECRET)
        self.archive = ChatArchive(database, site.world.rooms, "party")
        self.archive.follow()
        self.asking = Asking(site.parties, site.doors)
        routes = router(self.asking, self.archive, manners, self.may_meet)
        app = Litestar([routes], openapi_config=None, logging_config=None, response_class=JsonResponse)
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type] # Litestar types ASGI's dicts more closely than ASGI does
        self.http = httpx.AsyncClient(transport=transport, base_url="https://tutti.test")

    def may_meet(self, one: str, other: str) -> bool:
        return {one, other} not in self.apart

    async def asks(
        self, who: Guest, method: str, path: str, body: object = None, status: int = 200, **headers: str
    ) -> Any:
        said = {"Authorization": f"Bearer {who._token}", **headers}
        answer = await self.http.request(method, f"/api/chat{path}", json=body, headers=said)
        assert answer.status_code == status, (answer.status_code, answer.text)
        return answer.json() if answer.content else None

    async def says(self, who: Guest, party: dict[str, Any], text: str, **more: object) -> dict[str, Any]:
        said: dict[str, Any] = await self.asks(
            who, "POST", f"/{party['id']}/messages/send/", {"message": text, **more}, 201
        )
        return said

    async def read(self, who: Guest, party: dict[str, Any]) -> list[str]:
        page = await self.asks(who, "GET", f"/{party['id']}/messages/?page_size=100")
        return [one["message"] for one in reversed(page["results"])]

    async def at_a_party(self) -> tuple[Guest, Guest, dict[str, Any]]:
        """Its host, one who takes part, and the party."""
        ann, ben = await self.site.guest("ann"), await self.site.guest("ben")
        party = await ann.party(visibility="public")
        await ben.post(f"/{party['id']}/join/")
        return ann, ben, party


@pytest.fixture(params=[True, False], ids=["closed", "open"])
async def talk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Talk]:
    database = Database(tmp_path / "accounts.db")
    await database.open()
    talk = Talk(database, closed=request.param)
    async with talk.site.world:
        yield talk
    await talk.http.aclose()
    await talk.site.http.aclose()
    talk.site.desk.close()
    await database.aclose()


async def test_what_is_sent_is_read_at_once_with_who_said_it(talk: Talk) -> None:
    ann, ben, party = await talk.at_a_party()
    sent = await talk.says(ben, party, "hello")
    assert sent == {
        "id": sent["id"],
        "user": {"id": ben.id, "username": "ben", "display_name": "ben", "avatar": None},
        "message": "hello",
        "message_type": "text",
        "timestamp": sent["timestamp"],
        "edited": False,
        "reply_to": None,
    }
    page = await talk.asks(ann, "GET", f"/{party['id']}/messages/")
    assert page == {"next": None, "previous": None, "results": [sent]}
    by_code = await talk.asks(ann, "GET", f"/{party['room_code']}/messages/")
    assert by_code["results"] == [sent]


@pytest.mark.parametrize("path", ["messages/send/", "messages/send", "messages/"])
async def test_the_ways_to_send(talk: Talk, path: str) -> None:
    ann, _, party = await talk.at_a_party()
    await talk.asks(ann, "POST", f"/{party['id']}/{path}", {"content": "hello"}, 201)
    assert await talk.read(ann, party) == ["hello"]


async def test_who_sends_without_being_there_comes_in_for_it_and_goes_again(talk: Talk) -> None:
    _, ben, party = await talk.at_a_party()
    await talk.says(ben, party, "hello")
    room = await talk.site.room(party)
    assert ben.id not in room.members
    assert [(one.member, one.text) for one in room.chat] == [(ben.id, "hello")]


async def test_who_is_there_stays_there(talk: Talk) -> None:
    _, ben, party = await talk.at_a_party()
    await talk.says(ben, party, "one")
    rooms = talk.site.world.rooms
    answer = await rooms.ask(RoomId(party["room_code"]), c.Join("Ben"), MemberId(ben.id))
    assert not isinstance(answer, Refused)
    await talk.says(ben, party, "two")
    assert ben.id in (await talk.site.room(party)).members


async def test_pages_show_all_of_it_once_whatever_is_said_meanwhile(talk: Talk) -> None:
    ann, ben, party = await talk.at_a_party()
    wanted = [f"line {n}" for n in range(23)]
    for n, text in enumerate(wanted):
        await talk.says((ann, ben)[n % 2], party, text)
    seen = list[str]()
    address = f"/{party['id']}/messages/?page_size=5"
    while True:
        page = await talk.asks(ann, "GET", address)
        seen += [one["message"] for one in page["results"]]
        await talk.says(ann, party, "meanwhile")
        if page["next"] is None:
            break
        address = page["next"].partition("/api/chat")[2]
    assert seen == wanted[::-1]


@pytest.mark.parametrize(("header", "field"), [("key-1", None), (None, "mine-1")])
async def test_what_is_sent_twice_under_one_name_is_said_once(
    talk: Talk, header: str | None, field: str | None
) -> None:
    ann, ben, party = await talk.at_a_party()
    body = {"message": "once"} if field is None else {"message": "once", "client_id": field}
    headers = {} if header is None else {"Idempotency-Key": header}
    path = f"/{party['id']}/messages/send/"
    first, again = [await talk.asks(ben, "POST", path, body, 201, **headers) for _ in range(2)]
    assert first == again
    await talk.asks(ann, "POST", path, body, 201, **headers)
    assert await talk.read(ann, party) == ["once", "once"], "it was another who said it then"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "message"),
        ({"message": ""}, "message"),
        ({"message": "   "}, "message"),
        ({"message": "x" * 501}, "message"),
        ({"message": "bell\x07"}, "message"),
        ({"message": 5}, "message"),
        ({"message": "hi", "client_id": ""}, "client_id"),
    ],
)
async def test_what_cannot_be_said_is_told_by_field(talk: Talk, body: object, field: str) -> None:
    ann, _, party = await talk.at_a_party()
    said = await talk.asks(ann, "POST", f"/{party['id']}/messages/send/", body, 400)
    assert list(said) == [field]
    assert await talk.read(ann, party) == []


async def test_html_is_kept_as_the_text_that_it_is(talk: Talk) -> None:
    ann, _, party = await talk.at_a_party()
    text = "<script>alert(1)</script> & <b>'"
    assert (await talk.says(ann, party, text))["message"] == text
    assert await talk.read(ann, party) == [text]


async def test_strangers_learn_nothing_and_those_who_may_not_are_told_so(talk: Talk) -> None:
    ann, _, party = await talk.at_a_party()
    cat = await talk.site.guest("cat")
    private = await ann.party()
    for which in (private["id"], private["room_code"], NOBODY, "x" * 500, "a%00b"):
        assert await talk.asks(cat, "GET", f"/{which}/messages/", status=404) == NOT_FOUND
    gone = await talk.asks(cat, "POST", f"/{private['id']}/messages/send/", {"message": "hi"}, 404)
    assert "detail" in gone
    refused = await talk.asks(cat, "GET", f"/{party['id']}/messages/", status=403)
    assert refused["code"] == "permission_denied"
    await ann.post(f"/{party['id']}/kick/", {"user_id": cat.id})
    await talk.asks(cat, "POST", f"/{party['id']}/messages/send/", {"message": "hi"}, 403)


async def test_without_a_token_or_with_a_refresh_token_nothing_is_read_or_said(talk: Talk) -> None:
    ann, _, party = await talk.at_a_party()
    for token in ("", "forged", "0" * 64):
        nobody = Guest(talk.http, ann.id, token)
        await talk.asks(nobody, "GET", f"/{party['id']}/messages/", status=401)
        await talk.asks(nobody, "POST", f"/{party['id']}/messages/send/", {"message": "hi"}, 401)


async def test_a_party_that_is_over_can_be_read_and_not_spoken_in(talk: Talk) -> None:
    ann, ben, party = await talk.at_a_party()
    await talk.says(ben, party, "hello")
    await ann.post(f"/{party['id']}/start/")
    await ann.post(f"/{party['id']}/end/")
    assert await talk.read(ben, party) == ["hello"]
    await talk.asks(ben, "POST", f"/{party['id']}/messages/send/", {"message": "late"}, 410)


async def test_what_people_say_who_block_each_other_is_not_shown_to_them(talk: Talk) -> None:
    ann, ben, party = await talk.at_a_party()
    cat = await talk.site.guest("cat")
    await talk.says(ben, party, "from ben")
    await talk.says(cat, party, "from cat")
    talk.apart.append({ben.id, cat.id})
    assert await talk.read(ben, party) == ["from ben"]
    assert await talk.read(cat, party) == ["from cat"]
    assert await talk.read(ann, party) == ["from ben", "from cat"]


async def test_a_cursor_that_is_none_of_ours_is_none(talk: Talk) -> None:
    ann, _, party = await talk.at_a_party()
    said = await talk.asks(ann, "GET", f"/{party['id']}/messages/?cursor=forged", status=404)
    assert said == {"detail": "Invalid cursor"}


async def test_ones_own_words_can_be_changed_and_others_cannot(talk: Talk) -> None:
    ann, ben, party = await talk.at_a_party()
    sent = await talk.says(ben, party, "helo")
    at = f"/{party['id']}/messages/{sent['id']}/"
    edited = await talk.asks(ben, "PATCH", at, {"message": "hello"})
    assert edited == {**sent, "message": "hello", "edited": True}
    await talk.asks(ann, "PATCH", at, {"message": "not mine"}, 403)
    assert await talk.read(ann, party) == ["hello"]
    talk.site.world.clock.turn(16 * 60_000)
    await talk.asks(ben, "PATCH", at, {"message": "late"}, 403)
    assert await talk.read(ann, party) == ["hello"]


async def test_what_was_said_can_be_taken_back_by_whoever_said_it_or_runs_the_party(talk: Talk) -> None:
    ann, ben, party = await talk.at_a_party()
    cat = await talk.site.guest("cat")
    await cat.post(f"/{party['id']}/join/")
    one, two, three = [await talk.says(ben, party, text) for text in ("one", "two", "three")]
    path = f"/{party['id']}/messages"
    await talk.asks(cat, "DELETE", f"{path}/{one['id']}/", status=403)
    await talk.asks(ben, "DELETE", f"{path}/{one['id']}/", status=204)
    await talk.asks(ann, "DELETE", f"{path}/{two['id']}/", status=204)
    assert await talk.read(ann, party) == ["three"]
    assert [line.text for line in (await talk.site.room(party)).chat] == ["three"]
    await talk.asks(ben, "DELETE", f"{path}/{one['id']}/", status=404)
    await talk.asks(ben, "PATCH", f"{path}/{one['id']}/", {"message": "again"}, 404)
    for nonsense in ("x", "a%00b-0000000003", "other-0000000003", three["id"].replace("-", "-9"), "a" * 500):
        await talk.asks(ann, "DELETE", f"{path}/{nonsense}/", status=404)


async def test_what_the_room_has_forgotten_can_be_taken_back_as_well(talk: Talk) -> None:
    ann, ben, party = await talk.at_a_party()
    first = await talk.says(ben, party, "first")
    rooms, room_id = talk.site.world.rooms, RoomId(party["room_code"])
    await rooms.ask(room_id, c.Join("Ann"), MemberId(ann.id))
    for n in range(KEPT_LINES):
        await rooms.ask(room_id, c.Chat(f"line {n}"), MemberId(ann.id))
    cat = await talk.site.guest("cat")
    await cat.post(f"/{party['id']}/join/")
    await talk.asks(cat, "DELETE", f"/{party['id']}/messages/{first['id']}/", status=403)
    await talk.asks(ben, "DELETE", f"/{party['id']}/messages/{first['id']}/", status=204)
    assert "first" not in await talk.read(ben, party)
    page = await talk.asks(ann, "GET", f"/{party['id']}/messages/?page=3&page_size=100")
    assert [one["message"] for one in page["results"]] == []


async def test_an_answer_names_the_message_that_it_answers(talk: Talk) -> None:
    ann, ben, party = await talk.at_a_party()
    question = await talk.says(ann, party, "?")
    answer = await talk.says(ben, party, "!", reply_to=question["id"])
    assert answer["reply_to"] == question["id"]
    stray = {"message": "!", "reply_to": "nosuch"}
    await talk.asks(ben, "POST", f"/{party['id']}/messages/send/", stray, 404)


async def test_slow_mode_and_the_chats_switch(talk: Talk) -> None:
    ann, ben, party = await talk.at_a_party()
    at = f"/{party['id']}/settings/"
    settings = await talk.asks(ben, "GET", at)
    assert settings == {"enabled": True, "slow_mode_seconds": 0.0, "max_message_length": 500}
    await talk.asks(ben, "PATCH", at, {"enabled": False}, 403)
    assert (await talk.asks(ann, "PATCH", at, {"slow_mode_seconds": 30}))["slow_mode_seconds"] == 30
    for wrong in (-1, 301):
        await talk.asks(ann, "PATCH", at, {"slow_mode_seconds": wrong}, 400)
    await talk.says(ben, party, "one")
    send = f"/{party['id']}/messages/send/"
    headers = {"Authorization": f"Bearer {ben._token}"}
    slow = await talk.http.post(f"/api/chat{send}", json={"message": "two"}, headers=headers)
    assert (slow.status_code, slow.json()["code"], slow.headers["retry-after"]) == (429, "slow_mode", "30")
    await talk.says(ann, party, "the host need not wait")
    talk.site.world.clock.turn(30_001)
    await talk.says(ben, party, "two")
    assert (await talk.asks(ann, "PATCH", at, {"enabled": False}))["enabled"] is False
    await talk.asks(ben, "POST", send, {"message": "three"}, 403)
    assert await talk.read(ann, party) == ["one", "the host need not wait", "two"]
