"""What was said in a party: copied once, whenever the process dies, and paged through without a gap."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import event, text

from tests.clocks import TurnedClock
from tests.service.world import World
from tests.transports.party_house import defaults
from tutti.core import commands as c
from tutti.core.ids import MemberId, RoomId, Seq
from tutti.core.refusals import Refused
from tutti.infra.log_rules import KEPT_EVENTS, KEPT_MS
from tutti.infra.memory_log import MemoryLog
from tutti.infra.sql import Database
from tutti.platform.chat_archive.archive import ChatArchive
from tutti.platform.chat_archive.schemas import Kept, place
from tutti.service.live_room import Accepted
from tutti.service.ports import Position

ADA, BEN = MemberId("ada"), MemberId("ben")
ROOM, OTHER = RoomId("PARTYABC"), RoomId("PARTYXYZ")


class Node:
    """A process. Several share a log, a clock and a database, one after the other."""

    def __init__(self, database: Database, log: MemoryLog, clock: TurnedClock) -> None:
        self.world = World(log, clock)
        self.archive = ChatArchive(database, self.world.rooms, "party")
        self.archive.follow()

    async def __aenter__(self) -> Node:
        await self.world.__aenter__()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.world.__aexit__(*exception)

    async def opens(self, room: RoomId = ROOM) -> None:
        await self.world.rooms.found(lambda: room, c.Open("Movie Night", "Ada", defaults()), ADA)
        await self.asks(c.Join("Ben"), BEN, room)

    async def asks(self, command: c.Command, who: MemberId = ADA, room: RoomId = ROOM) -> Accepted:
        answer = await self.world.rooms.ask(room, command, who)
        assert not isinstance(answer, Refused), answer
        return answer

    async def says(self, *texts: str, who: MemberId = ADA, room: RoomId = ROOM) -> None:
        for said in texts:
            await self.asks(c.Chat(said), who, room)

    async def texts(self, room: RoomId = ROOM, size: int = 100) -> list[str]:
        """All pages, oldest first."""
        found, wanted = list[Kept](), None
        while True:
            page = await self.archive.messages(room, wanted, size)
            found += page.rows
            if page.next is None:
                return [kept.text for kept in reversed(found)]
            wanted = page.next


@pytest.fixture
async def opened(database: Database) -> AsyncIterator[Database]:
    await database.open()
    yield database


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock(wall_ahead_ms=1_760_000_000_000.0)


async def test_what_was_just_said_is_read_at_once(
    opened: Database, log: MemoryLog, clock: TurnedClock
) -> None:
    async with Node(opened, log, clock) as node:
        await node.opens()
        await node.says("one", "two", who=BEN)
        page = await node.archive.messages(ROOM, None, 10)
        two, one = page.rows
        assert (one.text, two.text, one.user, one.user_name) == ("one", "two", "ben", "Ben")
        assert one.at_ms == int(clock.wall_ms(clock.now_ms()))
        room = await node.world.rooms.look(ROOM)
        assert not isinstance(room, Refused)
        assert place(one.key) == (room.epoch, room.chat[0].seq)
        assert await node.archive.message(ROOM, two.key) == two
        assert await node.archive.message(OTHER, two.key) is None


async def test_what_is_said_is_copied_a_moment_later_by_itself(
    opened: Database, log: MemoryLog, clock: TurnedClock
) -> None:
    async with Node(opened, log, clock) as node:
        await node.opens()
        await node.says("one")
        await node.world.turn(500, 100)
    async with opened.reading() as db:
        assert await db.scalar(text("SELECT count(*) FROM chat_messages")) == 1


async def test_pages_of_any_size_show_everything_once_in_order(
    opened: Database, log: MemoryLog, clock: TurnedClock
) -> None:
    """Many of these were said in the same millisecond."""
    async with Node(opened, log, clock) as node:
        await node.opens()
        wanted = [f"line {n}" for n in range(450)]
        for n, said in enumerate(wanted):
            await node.says(said)
            clock.turn(1.0 if n % 50 == 0 else 0.0)
        assert await node.texts(size=7) == wanted
        assert await node.texts(size=100) == wanted


async def test_a_process_that_died_before_copying_is_caught_up_with_and_nothing_is_copied_twice(
    opened: Database, log: MemoryLog, clock: TurnedClock
) -> None:
    async with Node(opened, log, clock) as node:
        await node.opens()
        await node.says("one")
        assert await node.texts() == ["one"]
        await node.says("two", "three")
    async with Node(opened, log, clock) as node:
        assert await node.texts() == ["one", "two", "three"]
        await node.says("four")
    async with Node(opened, log, clock) as node:
        assert await node.texts() == ["one", "two", "three", "four"]


async def test_what_the_log_no_longer_has_is_taken_from_what_the_room_remembers(
    opened: Database, log: MemoryLog, clock: TurnedClock
) -> None:
    async with Node(opened, log, clock) as node:
        await node.opens()
        await node.says("one", "two")
        for n in range(KEPT_EVENTS + 300):
            await node.asks(c.RaiseHand(n % 2 == 0), BEN)
        clock.turn(KEPT_MS + 1_000)
        for n in range(300):
            await node.asks(c.RaiseHand(n % 2 == 0), BEN)
        assert await node.texts() == ["one", "two"]


async def test_a_database_that_cannot_keep_anything_is_tried_again(
    opened: Database, log: MemoryLog, clock: TurnedClock
) -> None:
    async with Node(opened, log, clock) as node:
        await node.opens()
        async with opened.writing() as db:
            await db.execute(text("ALTER TABLE chat_copied RENAME TO elsewhere"))
        await node.says("one")
        with pytest.raises(Exception, match="chat_copied"):
            await node.archive.catch_up(ROOM)
        async with opened.writing() as db:
            await db.execute(text("ALTER TABLE elsewhere RENAME TO chat_copied"))
        assert await node.texts() == ["one"]


async def test_rooms_of_other_dialects_are_nobodys_to_keep_until_asked_for(
    opened: Database, log: MemoryLog, clock: TurnedClock
) -> None:
    async with Node(opened, log, clock) as node:
        node.archive = ChatArchive(opened, node.world.rooms, "another")
        node.world.rooms.followers.clear()
        node.archive.follow()
        await node.opens()
        await node.says("one")
        await node.world.turn(1_000, 100)
        async with opened.reading() as db:
            assert await db.scalar(text("SELECT count(*) FROM chat_messages")) == 0


async def test_what_no_database_can_keep_does_not_stand_in_the_way_of_the_rest(
    opened: Database, log: MemoryLog, clock: TurnedClock
) -> None:
    async with Node(opened, log, clock) as node:
        await node.opens()
        who = MemberId("x" * 200 + "\0")
        await node.asks(c.Join("Nul\0 \ud800"), who)
        await node.says("one", who=who)
        await node.says("two")
        assert await node.texts() == ["one", "two"]


async def test_a_page_costs_the_same_statements_however_many_messages_there_are(
    opened: Database, log: MemoryLog, clock: TurnedClock
) -> None:
    async with Node(opened, log, clock) as node:
        await node.opens()
        counts = []
        for more in (3, 60):
            await node.says(*(f"line {n}" for n in range(more)))
            await node.archive.catch_up(ROOM)
            statements = list[str]()

            def hear(*args: object, heard: list[str] = statements) -> None:
                heard.append(str(args[2]))

            engine = opened._engine.sync_engine
            event.listen(engine, "before_cursor_execute", hear)
            page = await node.archive.messages(ROOM, None, 100)
            await node.archive.people(page.rows)
            event.remove(engine, "before_cursor_execute", hear)
            counts.append(len([one for one in statements if one.startswith("SELECT")]))
        assert counts[0] == counts[1] <= 2


async def test_edits_and_removals_are_copied_and_stay_over_a_restart(
    opened: Database, log: MemoryLog, clock: TurnedClock
) -> None:
    async with Node(opened, log, clock) as node:
        await node.opens()
        await node.says("one", "two", "three", who=BEN)
        one, two, _ = (await node.archive.messages(ROOM, None, 10)).rows[::-1]
        clock.turn(1_000)
        await node.asks(c.EditChat(place_of(one), "ONE"), BEN)
        await node.asks(c.RemoveChat(place_of(two)), ADA)
        assert await node.texts() == ["ONE", "three"]
    async with Node(opened, log, clock) as node:
        assert await node.texts() == ["ONE", "three"]
        edited = await node.archive.message(ROOM, one.key)
        assert edited is not None
        assert edited.edited_at_ms == int(clock.wall_ms(clock.now_ms()))
        removed = await node.archive.message(ROOM, two.key)
        assert removed is not None
        assert (removed.removed, removed.text) == (True, "")


async def test_an_answer_is_kept_with_what_it_answers(
    opened: Database, log: MemoryLog, clock: TurnedClock
) -> None:
    async with Node(opened, log, clock) as node:
        await node.opens()
        await node.says("?")
        (question,) = (await node.archive.messages(ROOM, None, 10)).rows
        await node.asks(c.Chat("!", None, place_of(question)), BEN)
        answer, _ = (await node.archive.messages(ROOM, None, 10)).rows
        assert answer.reply_to == question.key


async def test_what_was_edited_and_removed_meanwhile_is_seen_in_what_the_room_remembers(
    opened: Database, log: MemoryLog, clock: TurnedClock
) -> None:
    async with Node(opened, log, clock) as node:
        await node.opens()
        await node.says("one", "two", "three")
        one, two, _ = (await node.archive.messages(ROOM, None, 10)).rows[::-1]
    async with World(log, clock) as world:  # nobody copies
        await world.rooms.ask(ROOM, c.EditChat(place_of(one), "ONE"), ADA)
        await world.rooms.ask(ROOM, c.RemoveChat(place_of(two)), ADA)
        for _ in range(2):
            for n in range(KEPT_EVENTS + 300):
                await world.rooms.ask(ROOM, c.RaiseHand(n % 2 == 0), BEN)
            clock.turn(KEPT_MS + 1_000)
        room = await world.rooms.look(ROOM)
        assert not isinstance(room, Refused)
        assert await log.since(ROOM, Position(room.epoch, Seq(place_of(two)))) is None
    async with Node(opened, log, clock) as node:
        assert await node.texts() == ["ONE", "three"]


def place_of(kept: Kept) -> Seq:
    named = place(kept.key)
    assert named is not None
    return named[1]
