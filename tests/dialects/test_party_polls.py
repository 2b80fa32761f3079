"""Guide 003's `/api/interactive/` over HTTP: polls of four kinds, and each answers once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.dialects.test_party_parties import NOBODY, NOT_FOUND, Guest, Site
from tests.platform_rows.desk import SECRET
from tutti.core.ids import RoomId
from tutti.dialects.party.asking import Asking
from tutti.dialects.party.manners import Manners
from tutti.dialects.party.polls_rest import router
from tutti.infra.sql import Database
from tutti.json_response import JsonResponse
from tutti.service.hall import Hall
from tutti.service.identity import Gate


class Survey:
    def __init__(self, database: Database) -> None:
        self.site = site = Site(database, closed=True)
        hall = Hall(site.world.rooms, Gate(site.desk.identity, closed=True), lambda _: RoomId("NEW"))
        manners = Manners(hall, site.desk.accounts.throttles, SECRET)
        ids = count(1)
        asking = Asking(site.parties, site.doors)
        routes = router(asking, manners, site.world.clock, lambda: f"poll{next(ids)}")
        app = Litestar([routes], openapi_config=None, logging_config=None, response_class=JsonResponse)
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type] # Litestar types ASGI's dicts more closely than ASGI does
        self.http = httpx.AsyncClient(transport=transport, base_url="https://tutti.test")

    async def asks(
        self, who: Guest, method: str, path: str, body: object = None, status: int = 200
    ) -> dict[str, Any]:
        said = {"Authorization": f"Bearer {who._token}"}
        answer = await self.http.request(method, f"/api/interactive{path}", json=body, headers=said)
        assert answer.status_code == status, (answer.status_code, answer.text)
        told: dict[str, Any] = answer.json()
        return told

    async def at_a_party(self) -> tuple[Guest, Guest, str]:
        """Its host, one who takes part, and where its polls are."""
        ann, ben = await self.site.guest("ann"), await self.site.guest("ben")
        party = await ann.party(visibility="public")
        await ben.post(f"/{party['id']}/join/")
        return ann, ben, f"/{party['id']}/polls/"


@pytest.fixture
async def survey(tmp_path: Path) -> AsyncIterator[Survey]:
    database = Database(tmp_path / "accounts.db")
    await database.open()
    survey = Survey(database)
    async with survey.site.world:
        yield survey
    await survey.http.aclose()
    await survey.site.http.aclose()
    survey.site.desk.close()
    await database.aclose()


async def test_a_poll_from_its_question_to_its_end(survey: Survey) -> None:
    ann, ben, at = await survey.at_a_party()
    asked = await survey.asks(ann, "POST", at, {"question": "Which?", "options": ["A", "B"]}, 201)
    assert asked == {
        "id": "poll1",
        "question": "Which?",
        "poll_type": "multiple_choice",
        "options": [{"index": 0, "text": "A", "votes": 0}, {"index": 1, "text": "B", "votes": 0}],
        "total_votes": 0,
        "average": None,
        "answers": [],
        "is_active": True,
        "created_by": ann.id,
        "created_at": asked["created_at"],
        "ends_at": None,
    }
    voted = await survey.asks(ben, "POST", f"{at}poll1/vote/", {"option": 1})
    assert (voted["total_votes"], voted["my_answer"], voted["options"][1]["votes"]) == (1, 1, 1)
    again = await survey.asks(ben, "POST", f"{at}poll1/vote/", {"option": 0}, 409)
    assert again["code"] == "already_voted"
    closed = await survey.asks(ann, "POST", f"{at}poll1/close/")
    assert (closed["is_active"], closed["total_votes"]) == (False, 1)
    late = await survey.asks(ann, "POST", f"{at}poll1/vote/", {"option": 0}, 409)
    assert late["code"] == "poll_closed"
    listed = await survey.asks(ben, "GET", at)
    assert [(one["id"], one["my_answer"]) for one in listed["results"]] == [("poll1", 1)]


@pytest.mark.parametrize(
    ("kind", "body", "answer"),
    [("yes_no", {"answer": True}, 0), ("rating", {"rating": 4}, 4), ("text", {"text": "great"}, "great")],
)
async def test_the_other_kinds(survey: Survey, kind: str, body: dict[str, Any], answer: int | str) -> None:
    ann, ben, at = await survey.at_a_party()
    await survey.asks(ann, "POST", at, {"question": "?", "poll_type": kind, "duration": 60}, 201)
    voted = await survey.asks(ben, "POST", f"{at}poll1/vote/", body)
    assert (voted["my_answer"], voted["total_votes"]) == (answer, 1)
    assert voted["ends_at"] is not None


@pytest.mark.parametrize(
    "body",
    [
        {}, {"question": ""}, {"question": "?", "options": ["only one"]}, {"question": "?", "poll_type": "guess"},
        {"question": "?", "options": "AB"}, {"question": "x" * 301, "options": ["A", "B"]},
        {"question": "?", "options": ["A", "A"]}, {"question": "?", "options": ["A", "B"], "duration": -1},
    ],
)  # fmt: skip
async def test_what_is_no_poll_is_refused(survey: Survey, body: dict[str, Any]) -> None:
    ann, _, at = await survey.at_a_party()
    await survey.asks(ann, "POST", at, body, 400)
    assert (await survey.asks(ann, "GET", at))["results"] == []


@pytest.mark.parametrize("body", [{}, {"option": 2}, {"option": -1}, {"text": "A"}, {"option": "A"}])
async def test_what_is_no_answer_is_refused(survey: Survey, body: dict[str, Any]) -> None:
    ann, ben, at = await survey.at_a_party()
    await survey.asks(ann, "POST", at, {"question": "?", "options": ["A", "B"]}, 201)
    await survey.asks(ben, "POST", f"{at}poll1/vote/", body, 400)
    assert (await survey.asks(ben, "GET", at))["results"][0]["total_votes"] == 0


async def test_only_those_who_moderate_ask_and_strangers_learn_nothing(survey: Survey) -> None:
    ann, ben, at = await survey.at_a_party()
    await survey.asks(ben, "POST", at, {"question": "?", "options": ["A", "B"]}, 403)
    await survey.asks(ann, "POST", at, {"question": "?", "options": ["A", "B"]}, 201)
    await survey.asks(ben, "POST", f"{at}poll1/close/", status=403)
    await survey.asks(ben, "POST", f"{at}nosuch/vote/", {"option": 0}, 404)
    cat = await survey.site.guest("cat")
    private = await ann.party()
    for which in (private["id"], NOBODY, "x" * 300):
        assert await survey.asks(cat, "GET", f"/{which}/polls/", status=404) == NOT_FOUND
    nobody = Guest(survey.http, ann.id, "forged")
    await survey.asks(nobody, "GET", at, status=401)
