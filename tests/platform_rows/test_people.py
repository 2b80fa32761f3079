"""Friends and blocks when two people do things at once, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tests.platform_rows.desk import PASSWORD, PHONE, Desk, entered
from tutti.infra.picture_shelf import PictureShelf
from tutti.infra.sql import Database
from tutti.platform.accounts.schemas import NewAccount
from tutti.platform.people.models import Block, Friendship
from tutti.platform.people.people import People
from tutti.platform.people.schemas import Amiss, Standing, Tie


class Street:
    """People with accounts; `told`: what they were told, in order."""

    def __init__(self, desk: Desk, database: Database, folder: Path) -> None:
        self.desk = desk
        self.database = database
        self.told: list[tuple[str, str, str | None]] = []
        self.parted: list[set[str]] = []
        self.people = People(
            database, PictureShelf(folder), wall_ms=desk.clock, random=desk.random, tell=self.tell
        )
        self.people.blocks.heard_by(lambda one, other: self.parted.append({one, other}))

    async def tell(  # noqa: PLR0917 - as notifications are told
        self,
        db: AsyncSession,
        user: str,
        type: str,  # noqa: A002 - as notifications are told
        title: str,
        message: str,
        data: Mapping[str, object],
        *,
        actor: str | None = None,
        key: str | None = None,
    ) -> None:
        assert db.in_transaction()
        self.told.append((user, type, actor))

    async def person(self, name: str) -> str:
        new = NewAccount(email=f"{name}@example.org", password=PASSWORD, username=name)
        return entered(await self.desk.accounts.register(new, PHONE)).person.id

    async def rows(self) -> tuple[int, int]:
        """Friendships and requests, and blocks."""
        async with self.database.reading() as db:
            ties = await db.scalar(select(func.count()).select_from(Friendship))
            blocks = await db.scalar(select(func.count()).select_from(Block))
        return ties or 0, blocks or 0


@pytest.fixture
async def street(desk: Desk, database: Database, tmp_path: Path) -> Street:
    return Street(desk, database, tmp_path / "avatars")


async def all_at_once(*works: Awaitable[Tie | Amiss | None]) -> list[Tie | Amiss | None]:
    return await asyncio.gather(*works)


async def test_two_who_ask_one_another_at_once_are_friends_once(street: Street) -> None:
    ann, ben = await street.person("ann"), await street.person("ben")
    friends = street.people.friends
    await all_at_once(*(friends.ask(a, b) for a, b in ((ann, ben), (ben, ann)) * 4))
    assert await street.rows() == (1, 0)
    for user in (ann, ben):
        page = await friends.friends(user, None, 10)
        assert [tie.standing for tie in page.rows] == [Standing.FRIENDS]
    assert [type_ for _, type_, _ in street.told] == ["friend_request", "friend_request_accepted"]
    (asked, _, asks), (agreed, _, agrees) = street.told
    assert (asks, asked) == (agreed, agrees), "who was asked is told of the request, who asked of the answer"


async def test_a_block_wins_over_a_request_at_the_same_time(street: Street) -> None:
    for number in range(6):
        ann, ben = await street.person(f"ann{number}"), await street.person(f"ben{number}")
        people = street.people
        await all_at_once(
            people.friends.ask(ben, ann), people.blocks.block(ann, ben), people.friends.ask(ben, ann)
        )
        assert await people.friends.ask(ben, ann) is Amiss.NO_SUCH
        assert await street.rows() == (0, number + 1)


async def test_two_who_block_one_another_at_once_are_blocked_by_one_of_them(street: Street) -> None:
    ann, ben = await street.person("ann"), await street.person("ben")
    blocks = street.people.blocks
    outcomes = await all_at_once(blocks.block(ann, ben), blocks.block(ben, ann), blocks.block(ann, ben))
    assert Amiss.NO_SUCH in outcomes
    assert None in outcomes
    assert (await street.rows())[1] == 1
    assert {ann, ben} in street.parted


async def test_accepting_and_taking_back_at_once_leaves_one_of_both(street: Street) -> None:
    ann, ben = await street.person("ann"), await street.person("ben")
    friends = street.people.friends
    asked = await friends.ask(ann, ben)
    assert isinstance(asked, Tie)
    outcomes = await all_at_once(
        friends.accept(ben, asked.id), friends.end(ann, asked.id), friends.decline(ben, asked.id)
    )
    assert (await street.rows())[0] == 0, "taken back, or agreed and then ended"
    assert outcomes[1] is None or outcomes[1] is Amiss.NO_SUCH


async def test_searching_is_a_look_into_an_index_by_the_bytes_of_a_name(street: Street) -> None:
    ann = await street.person("ann")
    for name in ("zoë", "zoe", "zob", "ZOF", "zo", "z-oe"):
        await street.person(name)
    for words, found in (("zo", {"zoë", "zoe", "zob", "ZOF", "zo"}), ("zoe", {"zoe"}), ("ZOË", {"zoë"})):
        page = await street.people.profiles.search(ann, words, None, 10)
        assert {who.username for who in page.rows} == found
