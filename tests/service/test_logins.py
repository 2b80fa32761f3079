"""How long a connection may go on: until its login ends, or its token has died and no fresh one has come."""

from __future__ import annotations

from dataclasses import dataclass

from tests.clocks import TurnedClock
from tests.service.test_session import opened
from tests.service.world import ROOM, Probe, World
from tutti.core.ids import MemberId, RoomId
from tutti.service.hall import Hall
from tutti.service.identity import Gate
from tutti.service.logins import Logins, Tenure
from tutti.service.ports import Principal
from tutti.service.session import Session
from tutti.service.timers import TimerWheel

MINUTE_MS = 60_000.0


class Signed:
    """Tokens `who:login`, which live for a minute from when they are first shown."""

    def __init__(self, clock: TurnedClock, logins: Logins) -> None:
        self._clock = clock
        self._logins = logins

    async def verify(self, token: str) -> Principal | None:
        who, _, login = token.partition(":")
        if self._logins.has_ended(login):
            return None
        now_ms = self._clock.wall_ms(self._clock.now_ms())
        return Principal(MemberId(who), None, now_ms + MINUTE_MS, login)


def closed_world() -> World:
    world = World(closed=True)
    logins = Logins()
    gate = Gate(Signed(world.clock, logins), closed=True)
    world.hall = Hall(world.rooms, gate, lambda _: RoomId("NEW"), logins=logins)
    return world


async def connected(world: World, token: str) -> tuple[Session, Probe]:
    """Somebody who has said something, and so is known."""
    session, probe = world.connect(token)
    await world.say(session, "enter", ROOM, "ann")
    return session, probe


async def test_log_out_closes_what_is_live_on_that_login_and_nothing_else() -> None:
    async with closed_world() as world:
        await opened(world)
        _, laptop = await connected(world, "ann:1")
        _, tab = await connected(world, "ann:1")
        _, phone = await connected(world, "ann:2")
        world.hall.log_out("1")
        assert (laptop.closed_with, tab.closed_with, phone.closed_with) == (1008, 1008, None)


async def test_a_token_of_a_login_that_has_ended_opens_nothing() -> None:
    async with closed_world() as world:
        await opened(world)
        world.hall.log_out("1")
        _, probe = await connected(world, "ann:1")
        assert probe.last("refused")["reason"] == "unauthenticated"


async def test_a_dead_token_closes_its_socket_thirty_seconds_later() -> None:
    async with closed_world() as world:
        await opened(world)
        _, probe = await connected(world, "ann:1")
        await world.turn(MINUTE_MS + 29_000)
        assert probe.closed_with is None
        await world.turn(2_000)
        assert probe.closed_with == 1008


async def test_a_fresh_token_in_time_keeps_it_open() -> None:
    async with closed_world() as world:
        await opened(world)
        session, probe = await connected(world, "ann:1")
        await world.turn(MINUTE_MS + 20_000)
        await world.say(session, "sign in", "ann:1")
        await world.turn(MINUTE_MS)
        assert probe.closed_with is None
        await world.turn(31_000)
        assert probe.closed_with == 1008


async def test_who_has_signed_in_anew_is_of_the_new_login() -> None:
    async with closed_world() as world:
        await opened(world)
        session, probe = await connected(world, "ann:1")
        await world.say(session, "sign in", "ann:2")
        world.hall.log_out("1")
        assert probe.closed_with is None
        world.hall.log_out("2")
        assert probe.closed_with == 1008


async def test_a_connection_that_has_gone_is_forgotten() -> None:
    async with closed_world() as world:
        await opened(world)
        session, probe = await connected(world, "ann:1")
        session.closed()
        world.hall.log_out("1")
        await world.turn(2 * MINUTE_MS)
        assert probe.closed_with is None


@dataclass
class Line:
    closed: str | None = None

    def close(self, code: int, reason: str) -> None:
        self.closed = f"{code} {reason}"


def test_a_login_that_ends_while_its_token_is_verified_is_closed_all_the_same() -> None:
    logins, line = Logins(), Line()
    logins.end("1")
    Tenure(logins, TimerWheel(0.0), line).begin("1", None)
    assert line.closed == "1008 logged out"


def test_a_token_that_says_no_end_has_none() -> None:
    wheel, line = TimerWheel(0.0), Line()
    Tenure(Logins(), wheel, line).begin(None, None)
    wheel.turn(1e6)
    assert line.closed is None
