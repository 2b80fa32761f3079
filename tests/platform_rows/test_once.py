"""Writes that are sent again, on both databases: done once with their answer, or not at all."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from tests.platform_rows.desk import DAY_MS, LAPTOP, PASSWORD, Desk, entered
from tutti.infra.sql import Database
from tutti.platform.accounts.models import User
from tutti.platform.accounts.schemas import NewAccount
from tutti.platform.once.models import KeptAnswer
from tutti.platform.once.once import AnotherRequest, Answer, Once, Transaction


class Counter:
    """What is done here is seen in the database: a name that changes."""

    def __init__(self, database: Database, desk: Desk, owner: str) -> None:
        self.database = database
        self.once = Once(database, desk.clock)
        self.owner = owner
        self.begun = 0

    async def work(self, db: Transaction) -> tuple[int, bytes]:
        self.begun += 1
        user = await db.get_one(User, self.owner, with_for_update=True)
        user.first_name += "x"
        await db.flush()
        return 201, user.first_name.encode()

    async def do(self, key: str | None, asked: bytes = b"a") -> Answer | AnotherRequest:
        return await self.once.do(self.owner, key, asked, self.work)

    async def done(self) -> int:
        async with self.database.reading() as db:
            return len((await db.get_one(User, self.owner)).first_name)

    async def kept(self) -> int:
        async with self.database.reading() as db:
            return await db.scalar(select(func.count()).select_from(KeptAnswer)) or 0


@pytest.fixture
async def counter(database: Database, desk: Desk) -> Counter:
    return Counter(database, desk, (await desk.ann()).person.id)


async def test_the_same_key_many_times_at_once_is_done_once(counter: Counter) -> None:
    answers = await asyncio.gather(*(counter.do("k") for _ in range(8)))
    assert {answer.body for answer in answers if isinstance(answer, Answer)} == {b"x"}
    assert sorted(answer.again for answer in answers if isinstance(answer, Answer)) == [False] + [True] * 7
    assert await counter.done() == 1


async def test_without_a_key_or_with_others_it_is_done_each_time(counter: Counter) -> None:
    for key in (None, None, "a", "b"):
        assert isinstance(await counter.do(key), Answer)
    assert (await counter.done(), await counter.kept()) == (4, 2)


async def test_the_same_key_for_something_else_is_not_done(counter: Counter) -> None:
    await counter.do("k")
    assert await counter.do("k", b"b") == AnotherRequest()
    assert await counter.done() == 1


async def test_what_was_not_done_is_not_answered_again(counter: Counter) -> None:
    async def fails(db: Transaction) -> tuple[int, bytes]:
        await counter.work(db)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await counter.once.do(counter.owner, "k", b"a", fails)
    assert (await counter.done(), await counter.kept()) == (0, 0)
    assert await counter.do("k") == Answer(201, b"x")


async def test_a_key_is_its_owners_alone(counter: Counter, desk: Desk, database: Database) -> None:
    made = await desk.accounts.register(
        NewAccount(email="ben@example.org", password=PASSWORD, username="ben"), LAPTOP
    )
    other = Counter(database, desk, entered(made).person.id)
    await counter.do("k")
    assert await other.do("k") == Answer(201, b"x")


async def test_an_answer_is_kept_for_a_day_and_then_forgotten(counter: Counter, desk: Desk) -> None:
    await counter.do("k")
    desk.clock.turn(DAY_MS)
    await counter.once.forget()
    assert await counter.do("k") == Answer(201, b"x", again=True)
    desk.clock.turn(1.0)
    assert await counter.do("k") == Answer(201, b"xx")
    desk.clock.turn(DAY_MS + 1.0)
    await counter.once.forget()
    assert await counter.kept() == 0
