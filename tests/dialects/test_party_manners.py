"""What every route of guide 003 does in one way: pages, cursors, and writes that are sent again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar, Response, Router, get, post
from sqlalchemy import select

from tests.clocks import TurnedClock
from tests.platform_rows.desk import DAY_MS, NOON_MS, SECRET, Desk
from tests.service.world import World
from tutti.core.ids import RoomId
from tutti.dialects.party.manners import Manners
from tutti.dialects.party.pages import LARGEST, Listed
from tutti.dialects.party.problems import HANDLERS, Asked
from tutti.infra.sql import Database
from tutti.platform.accounts.models import User
from tutti.platform.once.models import KeptAnswer
from tutti.platform.once.once import Once, Transaction
from tutti.platform.paging import page
from tutti.service.hall import Hall
from tutti.service.identity import Gate


class Said(msgspec.Struct):
    made: int


class Name(msgspec.Struct):
    name: str


class Site:
    """Two routes: a list of the kept answers themselves, and a write that counts how often it was done."""

    def __init__(self, database: Database, *, closed: bool) -> None:
        self.database = database
        self.desk = Desk(database)
        self.world = World(clock=TurnedClock(wall_ahead_ms=NOON_MS - 1_000_000.0), closed=closed)
        hall = Hall(self.world.rooms, Gate(self.desk.identity, closed=closed), lambda _: RoomId("NEW"))
        self.manners = Manners(hall, self.desk.accounts.throttles, SECRET, Once(database, self.desk.clock))
        self.done = 0
        routes = Router(
            "/api/things",
            route_handlers=[
                get("/")(self.listed),
                get("/others")(self.listed),
                post(["/", "/others"])(self.make),
            ],
            exception_handlers=HANDLERS,
        )
        app = Litestar([routes], openapi_config=None, logging_config=None)
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type] # Litestar types ASGI's dicts more closely than ASGI does
        self.http = httpx.AsyncClient(transport=transport, base_url="https://tutti.test")
        self.token = ""

    def __deepcopy__(self, memo: object) -> Site:
        """The framework copies handlers."""
        return self

    async def listed(self, request: Asked) -> Listed[Name]:
        await self.manners.owner(request)
        asked = self.manners.cursors.page_request(request)
        async with self.database.reading() as db:
            found = await page(
                db,
                select(KeptAnswer.key),
                at=KeptAnswer.at_ms,
                id=KeptAnswer.key,
                wanted=asked.wanted,
                size=asked.size,
            )
        return self.manners.cursors.listed(request, found, lambda row: Name(row[0]))

    async def make(self, request: Asked) -> Response[bytes]:
        owner = await self.manners.owner(request)

        async def work(db: Transaction) -> Said:
            self.done += 1
            return Said(self.done)

        return await self.manners.once(request, owner, work, 201)

    async def post(self, key: str | None, body: object = None, to: str = "/api/things/") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        return await self.http.post(to, json=body, headers=headers)

    async def get(self, address: str) -> httpx.Response:
        return await self.http.get(address, headers={"Authorization": f"Bearer {self.token}"})

    async def results(self, address: str) -> tuple[list[str], dict[str, Any]]:
        answer = await self.get(address)
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return [one["name"] for one in said["results"]], said


@pytest.fixture(params=[True, False], ids=["closed", "open"])
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    database = Database(tmp_path / "accounts.db")
    await database.open()
    site = Site(database, closed=request.param)
    async with site.world:
        site.token = (await site.desk.ann()).tokens.access
        yield site
    await site.http.aclose()
    site.desk.close()
    await database.aclose()


async def test_nobody_without_a_token_in_either_mode(site: Site) -> None:
    site.token = "ann"
    refused = await site.get("/api/things/")
    assert (refused.status_code, refused.json()["code"]) == (401, "token_not_valid")
    nobody = await site.http.get("/api/things/")
    assert (nobody.status_code, nobody.json()["code"]) == (401, "not_authenticated")


async def test_the_same_key_does_it_once_and_answers_the_same(site: Site) -> None:
    first, again = await site.post("k1", {"a": 1}), await site.post("k1", {"a": 1})
    assert (first.status_code, first.json()) == (201, {"made": 1})
    assert (again.status_code, again.content) == (201, first.content)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert (await site.post("k2", {"a": 1})).json() == {"made": 2}
    assert (await site.post(None, {"a": 1})).json() == {"made": 3}


async def test_the_same_key_in_the_same_moment_does_it_once(site: Site) -> None:
    answers = await asyncio.gather(*(site.post("k1") for _ in range(5)))
    assert {answer.content for answer in answers} == {b'{"made":1}'}


async def test_the_same_key_for_something_else_is_refused(site: Site) -> None:
    await site.post("k1", {"a": 1})
    refused = await site.post("k1", {"a": 2})
    assert (refused.status_code, refused.json()["code"]) == (422, "unprocessable")
    assert (await site.post("k1", {"a": 1}, to="/api/things/others")).status_code == 422
    assert (await site.post("k1", {"a": 1}, to="/api/things")).json() == {"made": 1}
    assert (await site.post("x" * 129)).status_code == 422


async def test_a_key_is_its_owners_and_lives_a_day(site: Site) -> None:
    await site.post("k1")
    site.desk.clock.turn(DAY_MS + 1)
    site.token = (await site.desk.log_in()).tokens.access
    assert (await site.post("k1")).json() == {"made": 2}


async def test_pages_are_whole_addresses_that_lead_there_and_back(site: Site) -> None:
    for n in range(5):
        site.desk.clock.turn(1)
        await site.post(f"k{n}")
    names, first = await site.results("/api/things/?page_size=2&kind=x")
    assert (names, first["previous"]) == (["k4", "k3"], None)
    assert first["next"].startswith("https://tutti.test/api/things/?page_size=2&kind=x&cursor=")
    names, second = await site.results(first["next"])
    assert names == ["k2", "k1"]
    names, third = await site.results(second["next"])
    assert (names, third["next"]) == (["k0"], None)
    assert (await site.results(third["previous"]))[0] == ["k2", "k1"]
    assert (await site.results("/api/things/?page=2&page_size=2"))[0] == ["k2", "k1"]
    assert (await site.results("/api/things/?page_size=9999"))[0] == ["k4", "k3", "k2", "k1", "k0"]


async def test_a_page_has_a_hundred_at_most(site: Site) -> None:
    async with site.database.writing() as db:
        owner = await db.scalar(select(User.id))
        for n in range(LARGEST + 1):
            db.add(KeptAnswer(owner_id=owner, key=f"k{n}", asked="", status=201, body=b"", at_ms=n))
    names, page = await site.results("/api/things/?page_size=9999")
    assert (len(names), page["next"] is None) == (LARGEST, False)


async def test_a_cursor_that_we_did_not_write_for_this_list_is_none(site: Site) -> None:
    for n in range(3):
        await site.post(f"k{n}")
    cursor = (await site.results("/api/things/?page_size=1"))[1]["next"].partition("cursor=")[2]
    changed = ("B" if cursor[0] == "A" else "A") + cursor[1:]
    for forged in (changed, cursor[:-4], cursor + "AAAA", "x", "%00", "é", "A" * 5000, "LTE6YQ"):
        refused = await site.get(f"/api/things/?cursor={forged}")
        assert (refused.status_code, refused.json()) == (404, {"detail": "Invalid cursor"}), forged
    assert (await site.get(f"/api/things/others?cursor={cursor}")).status_code == 404
    assert (await site.get(f"/api/things?cursor={cursor}")).status_code == 200


@pytest.mark.parametrize("query", ["page_size=0", "page_size=-1", "page_size=x", "page=0", "page=²"])
async def test_pages_that_cannot_be_counted_are_told_by_field(site: Site, query: str) -> None:
    refused = await site.get(f"/api/things/?{query}")
    assert (refused.status_code, list(refused.json())) == (400, [query.partition("=")[0]])


async def test_a_page_beyond_all_is_none(site: Site) -> None:
    refused = await site.get("/api/things/?page=1001")
    assert (refused.status_code, refused.json()) == (404, {"detail": "Invalid page."})
