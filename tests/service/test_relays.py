"""What is told to those who are there, and to nobody later."""

from __future__ import annotations

from tests.clocks import TurnedClock
from tests.rooms import HOST
from tests.service.timed import enter, opened, room_of, say
from tests.service.world import PLAIN, ROOM, World, settle
from tutti.core import commands as c
from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.infra.memory_log import MemoryLog
from tutti.service.live_room import Accepted, Answer

REACTED = {"event": "Reacted", "member": "ann", "emoji": "🎉", "position_ms": 10_000.0}


async def test_a_reaction_reaches_everybody_who_is_there_in_every_dialect_that_has_a_word_for_it() -> None:
    async with World() as world:
        await opened(world, playing=True)
        session, ann = await enter(world, "ann")
        _, bob = await enter(world, "bob", PLAIN)
        await world.turn(10_000)
        before = await room_of(world)
        ann.heard.clear()
        await say(session, "react", "ann")
        assert ann.heard == bob.heard == [REACTED]
        assert await room_of(world) == before
        _, late = await enter(world, "cat")
        assert late.heard == []


async def test_a_reaction_on_top_of_a_wish_is_told_after_it_and_once() -> None:
    async with World() as world:
        await opened(world)
        _, bob = await enter(world, "bob")
        await world.rooms.ask(ROOM, c.Join("Ann"), MemberId("ann"))
        bob.heard.clear()
        answers: list[Answer] = []
        world.rooms.submit(ROOM, c.Seek(60_000.0), HOST, answers.append)
        world.rooms.submit(ROOM, c.React("🎉"), MemberId("ann"), answers.append)
        await settle()
        assert bob.names == ["TimelineMoved", "Reacted"]
        assert [isinstance(answer, Accepted) for answer in answers] == [True, True]


async def test_a_reaction_is_told_once_even_if_others_write_the_room_at_the_same_time() -> None:
    log, clock = MemoryLog(), TurnedClock()
    async with World(log, clock) as one, World(log, clock) as two:
        await opened(one)
        await room_of(two)
        _, bob = await enter(one, "bob")
        bob.heard.clear()
        two.rooms.submit(ROOM, c.Play(), HOST, lambda _: None)
        one.rooms.submit(ROOM, c.Seek(60_000.0), HOST, lambda _: None)
        one.rooms.submit(ROOM, c.React("🎉"), HOST, lambda _: None)
        await settle()
        await settle()
        assert sorted(map(str, bob.names)) == ["Reacted", "TimelineMoved", "TimelineMoved"]


async def test_what_cannot_be_shown_is_refused_and_reaches_nobody() -> None:
    async with World() as world:
        await opened(world)
        _, bob = await enter(world, "bob")
        answer = await world.rooms.ask(ROOM, c.React("\x00"), HOST)
        assert isinstance(answer, Refused)
        assert answer.reason is Reason.OUT_OF_RANGE
        assert bob.heard == []


async def test_what_is_whispered_to_somebody_who_blocks_one_is_heard_by_nobody_and_looks_as_if_it_were() -> (
    None
):
    async with World() as world:
        await opened(world)
        heard = [(await enter(world, name))[1] for name in ("ann", "bob")]
        for peer in heard:
            peer.heard.clear()
        ann, bob = MemberId("ann"), MemberId("bob")
        answers: list[Answer] = []
        blocked: set[MemberId] = set()
        world.rooms.may_meet = lambda one, other: {one, other} != blocked
        for apart in ({ann, bob}, set[MemberId]()):
            blocked.clear()
            blocked.update(apart)
            world.rooms.submit(ROOM, c.Whisper(bob, "psst"), ann, answers.append)
            await settle()
            assert bool(heard[1].heard) is not bool(apart)
        assert [isinstance(answer, Accepted) for answer in answers] == [True, True]
        assert heard[0].heard == []


async def test_whoever_blocks_somebody_does_not_see_them_type() -> None:
    async with World() as world:
        world.rooms.may_meet = lambda one, other: {one, other} != {"ann", "bob"}
        await opened(world)
        heard = {name: (await enter(world, name))[1] for name in ("ann", "bob", "cat")}
        for peer in heard.values():
            peer.heard.clear()
        world.rooms.submit(ROOM, c.SetTyping(on=True), MemberId("ann"), lambda _: None)
        await settle()
        assert {name: peer.names for name, peer in heard.items()} == {
            "ann": ["Typing"],
            "bob": [],
            "cat": ["Typing"],
        }
