"""What people chose to share nearby: one suite for memory and the two databases, and what is only true of rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.platform_rows.desk import Desk
from tutti.core.ids import MemberId
from tutti.infra.sql import Database
from tutti.platform.accounts.models import User
from tutti.platform.nearby.choices import SqlChoices
from tutti.platform.nearby.models import NearbyChoice
from tutti.service.nearby.choices import MemoryChoices
from tutti.service.nearby.ports import Choices
from tutti.service.nearby.values import Settings
from tutti.service.ports import Unavailable

OPEN = Settings(share_track=True, allow_find=True, radius_km=0.7)
SHY = Settings(share_track=True)


@pytest.fixture(params=["memory", "rows"])
async def choices(request: pytest.FixtureRequest, desk: Desk, database: Database) -> AsyncIterator[Choices]:
    del desk  # opens the database
    yield MemoryChoices() if request.param == "memory" else SqlChoices(database)


@pytest.fixture
async def ann(desk: Desk) -> MemberId:
    return MemberId((await desk.ann()).person.id)


async def chosen(choices: Choices, user: MemberId, settings: Settings | None) -> None:
    choices.keep(user, settings)
    await choices.stored(user)


async def found(choices: Choices, user: MemberId) -> Settings | None:
    await choices.load(user)
    return choices.kept(user)


async def test_what_was_kept_last_is_found(choices: Choices, ann: MemberId) -> None:
    assert await found(choices, ann) is None
    await chosen(choices, ann, OPEN)
    assert await found(choices, ann) == OPEN
    await chosen(choices, ann, SHY)
    assert await found(choices, ann) == SHY


async def test_what_is_forgotten_is_not_found(choices: Choices, ann: MemberId) -> None:
    await chosen(choices, ann, OPEN)
    await chosen(choices, ann, None)
    assert await found(choices, ann) is None
    await chosen(choices, ann, None)
    assert await found(choices, ann) is None


async def test_it_counts_before_it_is_stored(choices: Choices, ann: MemberId) -> None:
    choices.keep(ann, OPEN)
    assert choices.kept(ann) == OPEN
    assert await found(choices, ann) == OPEN


@pytest.mark.parametrize("guest", ["guest-1", "é" * 128, "x" * 128])
async def test_somebody_without_an_account_keeps_theirs_while_the_process_runs(
    choices: Choices, guest: str
) -> None:
    await chosen(choices, MemberId(guest), OPEN)
    assert await found(choices, MemberId(guest)) == OPEN
    await chosen(choices, MemberId(guest), None)
    assert await found(choices, MemberId(guest)) is None


async def test_many_changes_at_once_end_with_the_last(choices: Choices, ann: MemberId) -> None:
    async def change(km: int) -> None:
        choices.keep(ann, Settings(radius_km=float(km)))
        await choices.stored(ann)

    await asyncio.gather(*(change(km) for km in range(1, 11)))
    assert await found(choices, ann) == Settings(radius_km=10.0)


async def test_what_is_chosen_while_the_row_is_looked_at_is_not_forgotten_for_it(
    database: Database, ann: MemberId
) -> None:
    late = Late(database)
    choices = SqlChoices(late)
    looking = asyncio.create_task(choices.load(ann))
    await late.looked.wait()
    await chosen(choices, ann, OPEN)
    late.told.set()
    await looking
    assert choices.kept(ann) == OPEN


class Late:
    """A database that has been `looked` at, and says what it saw when that may be `told`."""

    def __init__(self, database: Database) -> None:
        self.writing = database.writing
        self.looked, self.told = asyncio.Event(), asyncio.Event()
        self._database = database

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        async with self._database.reading() as db:
            yield db
        self.looked.set()
        await self.told.wait()


async def test_they_survive_a_restart(url: str | Path, desk: Desk, database: Database, ann: MemberId) -> None:
    await chosen(SqlChoices(database), ann, OPEN)
    again = Database(url)
    await again.open()
    assert await found(SqlChoices(again), ann) == OPEN
    await again.aclose()


async def test_many_changes_at_once_leave_the_last_in_the_row(database: Database, ann: MemberId) -> None:
    choices = SqlChoices(database)
    for km in range(1, 6):
        choices.keep(ann, Settings(radius_km=float(km)))
        waiting = [asyncio.create_task(choices.stored(ann)) for _ in range(3)]
        await asyncio.gather(*waiting)
    assert await found(SqlChoices(database), ann) == Settings(radius_km=5.0)


async def test_a_deleted_account_leaves_no_row_and_a_late_change_makes_none(
    database: Database, ann: MemberId
) -> None:
    choices = SqlChoices(database)
    await chosen(choices, ann, OPEN)
    async with database.writing() as db:
        await db.delete(await db.get_one(User, ann))
    await chosen(choices, ann, SHY)
    async with database.reading() as db:
        assert await db.scalar(text("SELECT count(*) FROM nearby_choices")) == 0


def test_a_row_has_no_room_for_a_place_or_a_track() -> None:
    columns = {column.name for column in NearbyChoice.__table__.columns}
    assert columns == {"user_id", "share_track", "allow_find", "radius_km"}


async def test_what_could_not_be_stored_counts_and_is_stored_the_next_time(
    database: Database, ann: MemberId
) -> None:
    choices = SqlChoices(database)
    async with database.writing() as db:
        await db.execute(text("ALTER TABLE users RENAME TO elsewhere"))
    try:
        choices.keep(ann, OPEN)
        with pytest.raises(Exception):  # noqa: B017 - the two drivers differ in what a missing table is
            await choices.stored(ann)
    finally:
        async with database.writing() as db:
            await db.execute(text("ALTER TABLE elsewhere RENAME TO users"))
    assert choices.kept(ann) == OPEN
    await choices.stored(ann)
    assert await found(SqlChoices(database), ann) == OPEN


async def test_a_database_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    database = Database(tmp_path / "none" / "accounts.db")
    choices = SqlChoices(database)
    with pytest.raises(Unavailable):
        await choices.load(MemberId("ann"))
    choices.keep(MemberId("ann"), SHY)
    with pytest.raises(Unavailable):
        await choices.stored(MemberId("ann"))
    assert choices.kept(MemberId("ann")) == SHY
    await database.aclose()
