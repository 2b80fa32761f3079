"""How a party enters its room: opened empty, entered as the party says in any language, and followed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import pytest

from tests.rooms import defaults
from tests.service.world import World, settle
from tutti.core import commands as c
from tutti.core.access import Access
from tutti.core.defaults import Control
from tutti.core.events import CloseReason
from tutti.core.ids import MemberId, RoomId
from tutti.core.media import Media
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.core.roster import Role
from tutti.infra.memory_log import MemoryLog
from tutti.service.live_room import Accepted
from tutti.service.party_rooms import Doing, PartyRooms, Standing, access
from tutti.service.ports import Unavailable

CODE = RoomId("ABCD2345")
ANN, BEN, EVE, MAX = (MemberId(name) for name in ("ann", "ben", "eve", "max"))
FILM = Media("https://a.example/film.mp4", "direct", "movie", title="The Film")


def standing(people: Mapping[str, Role] | None = None, *barred: str, invited_only: bool = True) -> Standing:
    listed = {"ann": Role.HOST, **(people or {})}
    return Standing(
        room=CODE,
        name="Film night",
        host=ANN,
        host_name="Ann",
        capacity=9,
        access=access(listed, frozenset(barred), invited_only=invited_only),
        media=FILM,
    )


class House:
    def __init__(self, world: World) -> None:
        self.world = world
        self.rooms = PartyRooms(world.rooms)
        self.told: list[Doing] = []
        self.fails = 0
        self.rooms.follow(self._hear)

    async def _hear(self, doing: Doing) -> None:
        if self.fails:
            self.fails -= 1
            raise Unavailable("not now")
        self.told.append(doing)

    async def ensure(self, wanted: Standing) -> Room:
        room = await self.rooms.ensure(wanted)
        assert isinstance(room, Room), room
        return room

    async def join(self, who: MemberId) -> Room | Refused:
        answer = await self.world.rooms.ask(CODE, c.Join(who.capitalize()), who)
        return answer.room if isinstance(answer, Accepted) else answer

    async def room(self) -> Room:
        room = await self.world.rooms.look(CODE)
        assert isinstance(room, Room), room
        return room

    async def roles(self) -> dict[str, Role]:
        return {member.id: member.role for member in (await self.room()).members.values()}


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with World() as world:
        yield House(world)


async def test_a_partys_room_is_opened_empty_and_waits_for_its_host(house: House) -> None:
    room = await house.ensure(standing())
    assert (dict(room.members), room.host, room.name, room.media) == ({}, None, "Film night", FILM)
    assert (room.capacity, room.defaults.dialect, room.defaults.control) == (9, "party", Control.HOST)
    again = await house.ensure(standing())
    assert again.seq == room.seq


async def test_everybody_enters_as_the_party_says_and_nobody_else_becomes_its_host(house: House) -> None:
    await house.ensure(standing({"ben": Role.MEMBER, "max": Role.MODERATOR}))
    for who in (BEN, MAX):
        assert isinstance(await house.join(who), Room)
    assert await house.roles() == {"ben": Role.MEMBER, "max": Role.HOST}
    await house.join(ANN)
    assert await house.roles() == {"ben": Role.MEMBER, "max": Role.MODERATOR, "ann": Role.HOST}


async def test_a_stranger_is_refused_where_one_is_invited_and_let_in_where_not(house: House) -> None:
    await house.ensure(standing())
    refused = await house.join(EVE)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.NOT_ALLOWED
    await house.ensure(standing(invited_only=False))
    assert isinstance(await house.join(EVE), Room)
    assert (await house.roles()) == {"eve": Role.MEMBER}


async def test_between_opening_and_access_nobody_slips_in(house: House) -> None:
    answers: list[object] = []
    opening = house.rooms.ensure(standing())

    async def push() -> None:
        for _ in range(20):
            answer = await house.world.rooms.ask(CODE, c.Join("Eve"), EVE)
            answers.append(answer)

    await asyncio.gather(opening, push())
    assert all(isinstance(answer, Refused) for answer in answers)
    assert EVE not in (await house.room()).members


async def test_whoever_is_removed_from_the_party_is_removed_from_the_room(house: House) -> None:
    await house.ensure(standing({"ben": Role.MEMBER}))
    await house.join(BEN)
    room = await house.ensure(standing({}, "ben"))
    assert BEN not in room.members
    refused = await house.join(BEN)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.NOT_ALLOWED


async def test_a_promotion_is_the_rooms_at_once(house: House) -> None:
    await house.ensure(standing({"ben": Role.MEMBER}))
    await house.join(ANN)
    await house.join(BEN)
    await house.ensure(standing({"ben": Role.MODERATOR}))
    assert await house.roles() == {"ann": Role.HOST, "ben": Role.MODERATOR}
    handed_over = replace(
        standing(), host=BEN, access=Access(True, {BEN: Role.HOST, ANN: Role.MODERATOR}, frozenset())
    )
    await house.ensure(handed_over)
    assert await house.roles() == {"ann": Role.MODERATOR, "ben": Role.HOST}


async def test_what_somebody_elsewhere_wishes_is_done_and_they_are_not_here(house: House) -> None:
    await house.ensure(standing())
    answer = await house.rooms.act(CODE, ANN, "Ann", c.Play(), c.Seek(60_000.0))
    assert isinstance(answer, Accepted)
    room = await house.room()
    assert (room.timeline.playing, room.moved_by, dict(room.members)) == (True, ANN, {})
    refused = await house.rooms.act(CODE, EVE, "Eve", c.Play())
    assert isinstance(refused, Refused)


async def test_what_the_host_changes_is_done_without_the_host_being_there(house: House) -> None:
    await house.ensure(standing())
    other = replace(standing(), capacity=3, chat_on=False, media=replace(FILM, id="https://a.example/b.mp4"))
    await house.rooms.settle(other, media=True)
    room = await house.room()
    assert (room.capacity, room.chat_on, room.media and room.media.id) == (
        3,
        False,
        "https://a.example/b.mp4",
    )
    assert (dict(room.members), room.host) == ({}, None)


async def test_what_the_room_does_is_told_once_it_has_settled(house: House) -> None:
    await house.ensure(standing())
    await house.world.turn(1_000)
    house.told.clear()
    await house.rooms.act(CODE, ANN, "Ann", c.Play())
    for at_ms in (10_000.0, 20_000.0, 30_000.0):
        await house.rooms.act(CODE, ANN, "Ann", c.Seek(at_ms))
    await house.world.turn(1_000)
    (told,) = house.told
    assert (told.room, told.playing, told.moved, told.closed) == (CODE, True, True, None)
    assert 30_000.0 <= told.position_ms <= 31_000.0
    await house.join(ANN)
    await house.world.turn(1_000)
    assert len(house.told) == 1
    await house.rooms.close(CODE)
    await house.world.turn(1_000)
    assert house.told[-1].closed is CloseReason.HOST_ENDED


async def test_what_could_not_be_kept_is_told_again(house: House) -> None:
    await house.ensure(standing())
    await house.world.turn(1_000)
    house.told.clear()
    house.fails = 2
    await house.rooms.act(CODE, ANN, "Ann", c.Play())
    await house.world.turn(20_000)
    assert [told.playing for told in house.told] == [True]


async def test_what_could_not_be_kept_does_not_undo_what_was_kept_since(house: House) -> None:
    await house.ensure(standing())
    await house.world.turn(1_000)
    house.told.clear()
    house.fails = 1
    await house.rooms.act(CODE, ANN, "Ann", c.Play())
    await house.world.turn(1_000)
    assert not house.fails
    await house.rooms.act(CODE, ANN, "Ann", c.Pause())
    await house.world.turn(20_000)
    assert [told.playing for told in house.told] == [False]


async def test_a_room_that_another_process_opened_is_found_with_its_access(house: House) -> None:
    log = MemoryLog()
    async with World(log=log) as first:
        await PartyRooms(first.rooms).ensure(standing({"ben": Role.MEMBER}))
    async with World(log=log) as second:
        later = House(second)
        room = await later.ensure(standing({"ben": Role.MEMBER}))
        assert room.access == standing({"ben": Role.MEMBER}).access
        assert isinstance(await later.join(EVE), Refused)
        assert isinstance(await later.join(BEN), Room)


async def test_a_room_that_was_closed_is_opened_again(house: House) -> None:
    await house.ensure(standing())
    await house.rooms.close(CODE)
    await settle()
    room = await house.ensure(standing())
    assert (room.closed, dict(room.members)) == (None, {})
    assert isinstance(await house.join(EVE), Refused)


async def test_a_room_of_another_kind_under_this_code_is_not_touched(house: House) -> None:
    answers: list[object] = []
    house.world.rooms.open(CODE, c.Open("Mine", "Eve", defaults()), EVE, answers.append)
    await settle()
    assert isinstance(answers[0], Accepted)
    refused = await house.rooms.ensure(standing())
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.ROOM_EXISTS
    assert list((await house.room()).members) == [EVE]
