"""Pages of rows, while others write: whatever was there throughout is on exactly one of them."""

from __future__ import annotations

import asyncio
import random

import pytest
from sqlalchemy import BigInteger, String, delete, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from tutti.infra.sql import Database
from tutti.platform.paging import Keyset, Offset, Page, Wanted, page


class Base(DeclarativeBase):
    pass


class Thing(Base):
    """Times repeat, so that ids decide."""

    __tablename__ = "things"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at_ms: Mapped[int] = mapped_column(BigInteger)


@pytest.fixture
async def things(database: Database) -> Database:
    async with database.writing() as db:
        await (await db.connection()).run_sync(Base.metadata.create_all)
    return database


async def put(things: Database, *rows: tuple[int, str]) -> None:
    async with things.writing() as db:
        await db.execute(insert(Thing), [{"at_ms": at_ms, "id": id_} for at_ms, id_ in rows])


async def look(
    things: Database, wanted: Wanted = None, size: int = 2, *, oldest_first: bool = False
) -> Page[str]:
    async with things.reading() as db:
        found = await page(
            db,
            select(Thing.id),
            at=Thing.at_ms,
            id=Thing.id,
            wanted=wanted,
            size=size,
            oldest_first=oldest_first,
        )
    return found.of(lambda row: str(row[0]))


FIVE = ((1, "a"), (2, "b"), (2, "c"), (2, "d"), (3, "e"))


async def test_pages_follow_one_another_there_and_back(things: Database) -> None:
    await put(things, *FIVE)
    first = await look(things)
    assert (first.rows, first.previous) == (("e", "d"), None)
    second = await look(things, first.next)
    assert second.rows == ("c", "b")
    third = await look(things, second.next)
    assert (third.rows, third.next) == (("a",), None)
    assert (await look(things, third.previous)).rows == ("c", "b")
    back = await look(things, second.previous)
    assert (back.rows, back.previous) == (("e", "d"), None)
    assert back.next == first.next


async def test_the_oldest_may_come_first(things: Database) -> None:
    await put(things, *FIVE)
    first = await look(things, oldest_first=True)
    second = await look(things, first.next, oldest_first=True)
    assert (first.rows, second.rows) == (("a", "b"), ("c", "d"))
    assert (await look(things, second.previous, oldest_first=True)).rows == ("a", "b")


async def test_pages_that_are_counted_lead_on_by_keyset(things: Database) -> None:
    await put(things, *FIVE)
    second = await look(things, Offset(2))
    assert second.rows == ("c", "b")
    await put(things, (9, "new"))
    assert (await look(things, second.next)).rows == ("a",)
    assert (await look(things, second.previous)).rows == ("e", "d")


async def test_nothing_there_is_one_empty_page(things: Database) -> None:
    assert await look(things) == Page((), None, None)


async def test_a_page_whose_rows_are_gone_leads_back(things: Database) -> None:
    await put(things, *FIVE)
    second = (await look(things)).next
    async with things.writing() as db:
        await db.execute(delete(Thing).where(Thing.at_ms < 3))
    gone = await look(things, second)
    assert (gone.rows, gone.next) == ((), None)
    assert (await look(things, gone.previous)).rows == ("e",)


async def walk(things: Database, size: int, *, oldest_first: bool) -> list[str]:
    """Every page, to the end and back to the start: what was seen on either way."""
    seen: list[str] = []
    there: list[str] = []
    wanted: Keyset | None = None
    while True:
        found = await look(things, wanted, size, oldest_first=oldest_first)
        there += found.rows
        if found.next is None:
            break
        wanted = found.next
        await asyncio.sleep(0)
    seen += there
    assert len(set(there)) == len(there)
    return seen


@pytest.mark.parametrize("oldest_first", [False, True])
async def test_no_row_that_was_there_throughout_is_missed_or_repeated_under_a_thousand_writes(
    things: Database, oldest_first: bool
) -> None:
    chance = random.Random(7)
    staying = [(chance.randrange(50), f"stays-{n:03d}") for n in range(150)]
    going = [(chance.randrange(50), f"goes-{n:03d}") for n in range(500)]
    await put(things, *staying, *going)
    done = asyncio.Event()

    async def write(part: int) -> None:
        """500 inserts at every place of the list, and 500 deletes, over four writers."""
        for n in range(part, 500, 4):
            await put(things, (random.Random(n).randrange(50), f"comes-{n:03d}"))
            async with things.writing() as db:
                await db.execute(delete(Thing).where(Thing.id == going[n][1]))

    async def read(size: int) -> int:
        walks = 0
        while not done.is_set() or walks == 0:
            seen = await walk(things, size, oldest_first=oldest_first)
            assert len(set(seen)) == len(seen)
            assert {id_ for _, id_ in staying} <= set(seen)
            walks += 1
        return walks

    async def writing() -> None:
        try:
            await asyncio.gather(*(write(part) for part in range(4)))
        finally:
            done.set()

    *walks, _ = await asyncio.gather(read(7), read(20), writing())
    assert min(walks) >= 1
    after = await walk(things, 100, oldest_first=oldest_first)
    assert len(after) == 650
