"""Votes that pour in are counted exactly, told four times a second at most, and told to the end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from tests.rooms import HOST, defaults
from tests.service.world import ROOM, Plain, World, settle
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.events import Recorded
from tutti.core.ids import MemberId
from tutti.core.polls import PollKind, find, tally
from tutti.core.refusals import Refused
from tutti.core.room import Room
from tutti.service import dialect as d
from tutti.service.frames import Frame

VOTERS = 1_000


class Counting(Plain):
    """Tells of polls what has been counted so far."""

    coalesced = frozenset({e.PollVoted})
    coalesce_above = 0
    unspoken = frozenset({e.MemberJoined, e.ChatSaid})

    def encode(self, recorded: Recorded, room: Room, now_ms: float) -> tuple[Frame, ...]:
        event = recorded.event
        if not isinstance(event, e.PollVoted | e.PollClosed):
            return super().encode(recorded, room, now_ms)
        poll = find(room.polls, event.poll)
        assert poll is not None
        told = {"event": type(event).__name__, "poll": poll.id, "total": tally(poll).total}
        return (Frame(msgspec.json.encode(told)),)


def raw(*args: object) -> Sequence[msgspec.Raw]:
    return [msgspec.Raw(msgspec.json.encode(arg)) for arg in args]


async def asked(world: World, *polls: str, lasts_ms: float | None = None) -> list[dict[str, object]]:
    """A room with these polls, and what somebody in it hears."""
    opening = c.Open("night", "Host", defaults(capacity=2 * VOTERS))
    assert not isinstance(await world.rooms.found(lambda: ROOM, opening, HOST), Refused)
    for n in range(VOTERS):
        await world.rooms.ask(ROOM, c.Join("Voter"), MemberId(f"v{n}"))
    for poll in polls:
        await world.rooms.ask(ROOM, c.OpenPoll(poll, "Again?", PollKind.YES_NO, lasts_ms=lasts_ms), HOST)
    session, probe = world.connect()
    dialect: d.Dialect = Counting()
    session.hear(dialect, "enter", raw(ROOM, "v0"), None)
    await settle()
    probe.heard.clear()
    return probe.heard


async def vote(world: World, poll: str, *voters: int) -> None:
    answers = await asyncio.gather(
        *(world.rooms.ask(ROOM, c.Vote(poll, n % 2), MemberId(f"v{n}")) for n in voters)
    )
    assert not any(isinstance(answer, Refused) for answer in answers)


async def test_a_thousand_votes_in_two_seconds_are_told_in_nine_frames_and_the_last_is_exact() -> None:
    async with World() as world:
        heard = await asked(world, "p1")
        for tenth in range(20):
            await vote(world, "p1", *range(50 * tenth, 50 * tenth + 50))
            await world.turn(100)
        await world.turn(1_000, step_ms=100)
        assert heard[0]["total"] == 1, "the first vote is told at once"
        assert heard[-1]["total"] == VOTERS
        assert len(heard) <= 9


async def test_what_else_happens_neither_hurries_nor_holds_up_the_count() -> None:
    async with World() as world:
        heard = await asked(world, "p1")
        for n in range(20):
            await vote(world, "p1", n)
            await world.rooms.ask(ROOM, c.SetLock(n % 2 == 0), HOST)
        told = [one["event"] for one in heard]
        assert (told.count("PollVoted"), told.count("LockChanged")) == (1, 20)
        await world.turn(500, step_ms=100)
        assert heard[-1] == {"event": "PollVoted", "poll": "p1", "total": 20}


async def test_two_polls_do_not_swallow_each_other() -> None:
    async with World() as world:
        heard = await asked(world, "p1", "p2")
        for n in range(10):
            await vote(world, "p1", n)
            await vote(world, "p2", n)
        await world.turn(500, step_ms=100)
        assert {one["poll"]: one["total"] for one in heard} == {"p1": 10, "p2": 10}


async def test_a_poll_that_is_closed_says_how_it_ended_and_nothing_after_that() -> None:
    async with World() as world:
        heard = await asked(world, "p1")
        await vote(world, "p1", *range(10))
        await world.rooms.ask(ROOM, c.ClosePoll("p1"), HOST)
        assert heard[-1] == {"event": "PollClosed", "poll": "p1", "total": 10}
        await world.turn(1_000, step_ms=100)
        assert heard[-1] == {"event": "PollClosed", "poll": "p1", "total": 10}


async def test_a_poll_closes_by_itself_when_its_time_is_up() -> None:
    async with World() as world:
        heard = await asked(world, "p1", "p2", lasts_ms=5_000.0)
        await vote(world, "p1", 1)
        await world.turn(4_900, step_ms=100)
        assert not any(one["event"] == "PollClosed" for one in heard)
        await world.turn(500, step_ms=100)
        await settle()
        assert [one["poll"] for one in heard if one["event"] == "PollClosed"] == ["p1", "p2"]
