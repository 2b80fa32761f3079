"""Who is whose friend, who blocks whom, and whoever is meant: what other features ask, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import event, select, text

from tests.platform_rows.desk import PASSWORD, PHONE, Desk, entered
from tutti.infra.sql import Database
from tutti.platform.accounts.models import User
from tutti.platform.accounts.schemas import NewAccount
from tutti.platform.people.models import Block, FoundBy, Friendship, keys, pair_of
from tutti.platform.people.relations import (
    are_friends,
    blocked_between,
    blocked_with,
    friends_of,
    not_blocked_with,
)
from tutti.platform.people.somebody import Somebody, somebodies


class Town:
    """Three people by name."""

    def __init__(self, desk: Desk, database: Database) -> None:
        self.desk = desk
        self.database = database
        self.ids: dict[str, str] = {}

    async def settle(self) -> None:
        for name in ("ann", "ben", "cyd"):
            new = NewAccount(
                email=f"{name}@example.org", password=PASSWORD, username=name, first_name=name.title()
            )
            self.ids[name] = entered(await self.desk.accounts.register(new, PHONE)).person.id

    async def befriend(self, a: str, b: str, status: str = "accepted") -> None:
        asks, asked = self.ids[a], self.ids[b]
        async with self.database.writing() as db:
            db.add(
                Friendship(
                    id=pair_of(a, b),
                    pair=pair_of(asks, asked),
                    requester_id=asks,
                    addressee_id=asked,
                    status=status,
                    at_ms=1,
                )
            )

    async def block(self, a: str, b: str) -> None:
        async with self.database.writing() as db:
            db.add(Block(blocker_id=self.ids[a], blocked_id=self.ids[b], at_ms=1))


@pytest.fixture
async def town(desk: Desk, database: Database) -> Town:
    town = Town(desk, database)
    await town.settle()
    return town


async def test_a_block_counts_for_both_and_for_nobody_else(town: Town) -> None:
    await town.block("ann", "ben")
    ann, ben, cyd = town.ids.values()
    async with town.database.reading() as db:
        assert await blocked_between(db, ann, ben)
        assert await blocked_between(db, ben, ann)
        assert not await blocked_between(db, ann, cyd)
        assert await blocked_with(db, ann) == {ben}
        assert await blocked_with(db, ben) == {ann}
        assert await blocked_with(db, cyd) == frozenset()
        for who, seen in ((ann, {ann, cyd}), (ben, {ben, cyd}), (cyd, {ann, ben, cyd})):
            assert set(await db.scalars(select(User.id).where(not_blocked_with(who, User.id)))) == seen


async def test_friends_are_those_who_agreed_whoever_asked(town: Town) -> None:
    await town.befriend("ann", "ben")
    await town.befriend("cyd", "ann")
    await town.befriend("ben", "cyd", "pending")
    ann, ben, cyd = town.ids.values()
    async with town.database.reading() as db:
        assert await friends_of(db, ann) == {ben, cyd}
        assert await friends_of(db, ben) == {ann}
        assert await are_friends(db, ann, cyd)
        assert await are_friends(db, cyd, ann)
        assert not await are_friends(db, ben, cyd)
        assert not await are_friends(db, ann, ann)


async def test_all_who_are_meant_are_known_by_one_query(town: Town) -> None:
    ann, ben, cyd = town.ids.values()
    async with town.database.writing() as db:
        (await db.get_one(User, cyd)).active = False
    asked: list[str] = []
    async with town.database.reading() as db:
        engine = (await db.connection()).sync_connection
        event.listen(engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
        known = await somebodies(db, [ann, ben, cyd, "nobody", ann])
        assert await somebodies(db, []) == {}
    assert known == {ann: Somebody(ann, "ann", "Ann"), ben: Somebody(ben, "ben", "Ben")}
    assert len(asked) == 1


async def test_a_new_name_is_found_and_the_old_one_is_not(town: Town) -> None:
    ann = town.ids["ann"]
    async with town.database.writing() as db:
        (await db.get_one(User, ann)).display_name = "Änne van der Sée"
    async with town.database.reading() as db:
        found = set(await db.scalars(select(FoundBy.key).where(FoundBy.user_id == ann)))
    assert found == {"ann", "änne van der sée", "van der sée", "der sée", "sée"}


async def test_a_deleted_account_leaves_nobody_blocked_befriended_or_found(town: Town) -> None:
    await town.befriend("ann", "ben")
    await town.block("ann", "cyd")
    async with town.database.writing() as db:
        await db.delete(await db.get_one(User, town.ids["ann"]))
    async with town.database.reading() as db:
        for table in ("friendships", "blocks"):
            assert await db.scalar(text(f"SELECT count(*) FROM {table}")) == 0
        assert set(await db.scalars(select(FoundBy.user_id))) == {town.ids["ben"], town.ids["cyd"]}


async def test_those_who_were_there_before_names_were_searched_are_found(
    desk: Desk, database: Database
) -> None:
    ann = await desk.ann()
    async with database.reading() as db:
        before = set(await db.scalars(select(FoundBy.key)))
    await database.migrate("0005")
    await database.migrate("head")
    async with database.reading() as db:
        rows = (await db.execute(select(FoundBy.user_id, FoundBy.key))).all()
    assert {row.key for row in rows} == before == {"ann"}
    assert {row.user_id for row in rows} == {ann.person.id}


def test_names_are_found_by_each_word_however_they_are_written() -> None:
    assert keys("Ann7", "  Ann   ＥＸＡＭＰＬＥ ") == ("ann7", "ann example", "example")
    assert keys("ann", "Ann") == ("ann",)
    assert set(keys("_ann", "(Ann) <b>Ex</b> 🎉")) == {
        *("_ann", "ann"),
        *("(ann) <b>ex</b> 🎉", "ann) <b>ex</b> 🎉", "<b>ex</b> 🎉", "b>ex</b> 🎉", "🎉"),
    }
    assert len(keys("x" * 150, "y " * 75)) == 2
    assert all(len(key) <= 60 for key in keys("x" * 150, "long " * 30))
