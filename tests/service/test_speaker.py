"""Who speaks on a connection, for how long, and how often it may be wrong about that."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from tests.clocks import TurnedClock
from tests.service.test_session import opened, raw
from tests.service.world import PLAIN, ROOM, NoTokens, Plain, World, settle
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Refused
from tutti.core.room import Room
from tutti.service import dialect as d
from tutti.service.frames import Frame
from tutti.service.hall import Hall
from tutti.service.identity import Gate
from tutti.service.limits import Limits, Rate
from tutti.service.ports import Identity, Principal

MINUTE_MS = 60_000.0


class Lasting:
    """Tokens `name` that last a minute from when they are shown, by the wall clock."""

    def __init__(self, clock: TurnedClock) -> None:
        self._clock = clock

    async def verify(self, token: str) -> Principal | None:
        now_ms = self._clock.wall_ms(self._clock.now_ms())
        return Principal(MemberId(token), None, now_ms + MINUTE_MS)


class Slow(NoTokens):
    """An identity that answers when it is let."""

    def __init__(self) -> None:
        self.may = asyncio.Event()

    async def verify(self, token: str) -> Principal | None:
        await self.may.wait()
        return await super().verify(token)


class Failing(NoTokens):
    async def verify(self, token: str) -> Principal | None:
        raise RuntimeError("a bug of ours")


def guard(world: World, identity: Identity) -> None:
    world.hall = Hall(world.rooms, Gate(identity, closed=True), lambda _: RoomId("NEW"))


async def room_of(world: World) -> Room:
    room = await world.rooms.look(ROOM)
    assert isinstance(room, Room)
    return room


async def test_a_token_that_expires_while_connected_counts_no_longer_until_there_is_a_fresh_one() -> None:
    async with World(clock=TurnedClock(wall_ahead_ms=1e12)) as world:
        guard(world, Lasting(world.clock))
        await opened(world)
        session, probe = world.connect(token="ann")
        await world.say(session, "enter", ROOM, "ann")
        await world.turn(MINUTE_MS - 1_000)
        await world.say(session, "play", ROOM, "ann")
        assert probe.names[-1] == "TimelineMoved"
        await world.turn(1_000)
        await world.say(session, "seek", ROOM, "ann", 90_000.0)
        assert probe.last("refused")["reason"] == "unauthenticated"
        assert (await room_of(world)).moved_at_ms < world.clock.now_ms() - 500
        await world.say(session, "sign in", "ann")
        await world.say(session, "seek", ROOM, "ann", 90_000.0)
        assert probe.names[-1] == "TimelineMoved"


async def test_the_wall_clock_being_set_makes_no_token_older_or_younger() -> None:
    clock = TurnedClock(wall_ahead_ms=1e12)
    async with World(clock=clock) as world:
        guard(world, Lasting(clock))
        await opened(world)
        session, probe = world.connect(token="ann")
        await world.say(session, "enter", ROOM, "ann")
        clock.wall_ahead_ms += 3_600_000.0
        await world.say(session, "play", ROOM, "ann")
        assert probe.names[-1] == "TimelineMoved"


async def test_who_signs_in_as_somebody_else_listens_no_longer_as_the_first() -> None:
    async with World(closed=True) as world:
        await opened(world)
        session, probe = world.connect(token="ann")
        await world.say(session, "enter", ROOM, "ann")
        await world.say(session, "sign in", "bob")
        await world.say(session, "play", ROOM, "ann")
        assert probe.last("refused")["reason"] == "not_yourself"
        probe.heard.clear()
        other, _ = world.connect(token="eve")
        await world.say(other, "enter", ROOM, "eve")
        await world.say(other, "play", ROOM, "eve")
        assert probe.heard == []
        await world.turn(2 * MINUTE_MS)
        assert "ann" not in (await room_of(world)).members


async def test_a_token_that_is_not_valid_changes_nothing_of_who_is_signed_in() -> None:
    async with World(closed=True) as world:
        await opened(world)
        session, probe = world.connect(token="ann")
        await world.say(session, "sign in", "bad")
        assert probe.last("refused")["reason"] == "unauthenticated"
        await world.say(session, "enter", ROOM, "ann")
        assert probe.names[-1] == "welcome"


async def test_who_went_while_its_token_was_checked_does_not_enter() -> None:
    async with World() as world:
        slow = Slow()
        guard(world, slow)
        await opened(world)
        session, _ = world.connect(token="ann")
        await world.say(session, "enter", ROOM, "ann")
        session.closed()
        slow.may.set()
        await settle()
        assert "ann" not in (await room_of(world)).members


async def test_a_bug_while_a_token_is_checked_ends_the_connection_instead_of_leaving_it_waiting() -> None:
    async with World() as world:
        guard(world, Failing())
        await opened(world)
        session, probe = world.connect(token="ann")
        await world.say(session, "enter", ROOM, "ann")
        assert probe.closed_with == 1011


async def test_a_bug_in_an_answer_ends_the_connection_it_was_for() -> None:
    class Speechless(Plain):
        def welcome(
            self, room: Room, viewer: d.Viewer, now_ms: float, *, reason: d.Afresh | None = None
        ) -> tuple[Frame, ...]:
            raise RuntimeError("a bug of ours")

        def hear(self, name: str, args: Sequence[msgspec.Raw], received_ms: float) -> d.Sentence:
            if name == "fail":
                raise RuntimeError("a bug of ours")
            return super().hear(name, args, received_ms)

    async with World() as world:
        await opened(world)
        session, probe = world.connect()
        session.hear(Speechless(), "enter", raw(ROOM, "ann"), None)
        await settle()
        assert probe.closed_with == 1011
        session, probe = world.connect()
        session.hear(PLAIN, "enter", raw(ROOM, "bob"), None)
        session.hear(Speechless(), "fail", [], None)
        await settle()
        assert probe.closed_with == 1011


async def test_an_address_that_keeps_sending_bad_tokens_has_to_wait() -> None:
    async with World(closed=True, limits=Limits(failed_tokens=Rate(1.0, 2.0))) as world:
        await opened(world)
        reasons = []
        for token in ("bad", "bad", "bad", "ann"):
            session, probe = world.connect(token=token)
            await world.say(session, "enter", ROOM, None if token == "bad" else "ann")
            reasons.append(probe.last("refused")["reason"])
        assert reasons == ["unauthenticated"] * 2 + ["rate_limited"] * 2
        await world.turn(1_000)
        session, probe = world.connect(token="ann")
        await world.say(session, "enter", ROOM, "ann")
        assert probe.names[-1] == "welcome"


async def test_codes_cannot_be_guessed_by_asking_instead_of_entering() -> None:
    async with World(limits=Limits(failed_joins=Rate(1 / 60, 3.0))) as world:
        await opened(world)
        reasons = []
        for name in ("play", "exit", "play", "play", "exit"):
            session, probe = world.connect()
            await world.say(session, name, "GUESS", "eve")
            reasons.append(probe.last("refused")["reason"])
        assert reasons == ["room_not_found"] * 3 + ["rate_limited"] * 2
        session, probe = world.connect()
        await world.say(session, "enter", ROOM, "ann")
        assert probe.names == ["welcome"], "who knows a room's code gets in all the same"


async def test_large_sentences_that_wait_hold_their_sender_back_sooner() -> None:
    async with World() as world:
        slow = Slow()
        guard(world, slow)
        await opened(world)
        session, probe = world.connect(token="ann")
        await world.say(session, "enter", ROOM, "ann")
        for _ in range(3):
            session.hear(PLAIN, "play", raw("x" * 100_000, "ann"), None)
        assert [probe.paused] == [True]
        slow.may.set()
        await settle()
        assert [probe.paused] == [False]


def test_a_refusal_to_wait_says_how_long() -> None:
    world = World(limits=Limits(rooms_per_address=Rate(0.5, 1.0)))
    assert world.hall.taken(world.hall.founding, "192.0.2.1") is None
    slow = world.hall.taken(world.hall.founding, "192.0.2.1")
    assert isinstance(slow, Refused)
    assert slow.retry_after_s == 2.0
