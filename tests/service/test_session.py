"""One connection's conversation: in order, bounded, and only as somebody it may be."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from tests.rooms import HOST, defaults
from tests.service.world import PLAIN, ROOM, Plain, World, settle
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.defaults import Control
from tutti.core.events import Recorded
from tutti.core.refusals import Refused
from tutti.core.room import Room
from tutti.service import dialect as d
from tutti.service.frames import Frame
from tutti.service.limits import Bucket, Limits, Rate


async def opened(world: World, capacity: int = 1_000) -> None:
    of = defaults(control=Control.EVERYBODY, capacity=capacity)
    world.rooms.open(ROOM, c.Open("night", "Host", of), HOST, lambda _: None)
    await settle()


def raw(*args: object) -> list[msgspec.Raw]:
    return [msgspec.Raw(msgspec.json.encode(arg)) for arg in args]


async def test_sentences_sent_in_one_breath_are_answered_in_order() -> None:
    async with World() as world:
        await opened(world)
        session, probe = world.connect()
        answers: list[bytes] = []
        session.hear(PLAIN, "enter", raw(ROOM, "ann"), answers.append)
        session.hear(PLAIN, "play", raw(ROOM, "ann"), answers.append)
        session.hear(PLAIN, "seek", raw(ROOM, "ann", 90_000.0), answers.append)
        session.hear(PLAIN, "exit", raw(ROOM, "ann"), answers.append)
        session.hear(PLAIN, "play", raw(ROOM, "ann"), answers.append)
        await settle()
        await settle()
        assert answers == [b'"ok"'] * 4 + [b'"not_a_member"']
        assert probe.names == ["welcome", "TimelineMoved", "TimelineMoved", "MemberLeft"]


async def test_who_sends_faster_than_it_is_answered_is_not_read_from() -> None:
    async with World() as world:
        await opened(world)
        session, probe = world.connect()
        await world.say(session, "enter", ROOM, "ann")
        for n in range(100):
            session.hear(PLAIN, "seek", raw(ROOM, "ann", n * 10_000.0), None)
        assert [probe.paused] == [True]
        for _ in range(40):
            await settle()
        assert [probe.paused] == [False]
        assert probe.names.count("TimelineMoved") == 99, "the first seek to 0 asked for nothing"


async def test_wishes_in_one_breath_are_kept_together_and_told_together() -> None:
    async with World() as world:
        await opened(world)
        session, probe = world.connect()
        await world.say(session, "enter", ROOM, "ann")
        appended: list[int] = []
        world.log.follow(ROOM, lambda events: appended.append(len(events)))
        for n in range(1, 9):
            session.hear(PLAIN, "seek", raw(ROOM, "ann", n * 60_000.0), None)
        await settle()
        assert appended == [8]
        assert probe.names[-8:] == ["TimelineMoved"] * 8


async def test_what_is_said_behind_a_wish_waits_for_it() -> None:
    async with World() as world:
        await opened(world)
        session, probe = world.connect()
        await world.say(session, "enter", ROOM, "ann")
        session.hear(PLAIN, "seek", raw(ROOM, "ann", 60_000.0), None)
        session.hear(PLAIN, "resync", raw(ROOM, "ann"), None)
        session.hear(PLAIN, "exit", raw(ROOM, "ann"), None)
        session.hear(PLAIN, "seek", raw(ROOM, "ann", 90_000.0), None)
        await settle()
        await settle()
        assert probe.names[-4:] == ["TimelineMoved", "resync", "MemberLeft", "refused"]
        assert probe.last("resync")["position"] == 60_000.0


async def test_a_connection_over_its_rate_is_refused_and_told_to_wait() -> None:
    limits = Limits(per_connection=Rate(10.0, 5.0))
    async with World(limits=limits) as world:
        await opened(world)
        session, probe = world.connect()
        for _ in range(8):
            await world.say(session, "enter", ROOM, "ann")
        refused = [m for m in probe.heard if m["event"] == "refused"]
        assert [m["reason"] for m in refused] == ["rate_limited"] * 3
        await world.turn(1_000)
        await world.say(session, "play", ROOM, "ann")
        assert probe.names[-1] == "TimelineMoved"


async def test_one_person_on_many_connections_shares_one_rate() -> None:
    async with World(limits=Limits(per_person=Rate(1.0, 4.0))) as world:
        await opened(world)
        probes = []
        for _ in range(6):
            session, probe = world.connect()
            await world.say(session, "enter", ROOM, "ann")
            probes.append(probe)
        assert [probe.names[-1] for probe in probes] == ["welcome"] * 4 + ["refused"] * 2


async def test_guessing_room_codes_is_slowed_per_address_and_right_codes_are_not_counted() -> None:
    async with World(limits=Limits(failed_joins=Rate(1 / 60, 3.0))) as world:
        await opened(world)
        for _ in range(5):
            session, probe = world.connect()
            await world.say(session, "enter", ROOM, "ann")
            assert probe.names[-1] == "welcome"
        reasons = []
        for n in range(5):
            session, probe = world.connect()
            await world.say(session, "enter", f"GUESS{n}", "eve")
            reasons.append(probe.last("refused")["reason"])
        assert reasons == ["room_not_found"] * 3 + ["rate_limited"] * 2


async def test_closed_mode_lets_nobody_speak_as_somebody_else() -> None:
    async with World(closed=True) as world:
        await opened(world)
        session, probe = world.connect(token="ann")
        await world.say(session, "enter", ROOM, "bob")
        assert probe.last("refused")["reason"] == "not_yourself"
        await world.say(session, "enter", ROOM, "ann")
        assert probe.names[-1] == "welcome"


@pytest.mark.parametrize("token", [None, "bad"])
async def test_closed_mode_lets_nobody_in_without_a_valid_token(token: str | None) -> None:
    async with World(closed=True) as world:
        await opened(world)
        session, probe = world.connect(token=token)
        await world.say(session, "enter", ROOM, "ann")
        assert probe.last("refused")["reason"] == "unauthenticated"
        room = await world.rooms.look(ROOM)
        assert not isinstance(room, Refused)
        assert "ann" not in room.members


async def test_a_token_given_later_counts_from_then_on() -> None:
    async with World(closed=True) as world:
        await opened(world)
        session, probe = world.connect()
        await world.say(session, "sign in", "ann")
        await world.say(session, "enter", ROOM, "ann")
        assert probe.names[-1] == "welcome"


async def test_nonsense_is_answered_and_changes_nothing() -> None:
    async with World() as world:
        await opened(world)
        before = await world.rooms.look(ROOM)
        session, probe = world.connect()
        await world.say(session, "dance", ROOM)
        assert probe.names == ["malformed"]
        assert await world.rooms.look(ROOM) == before


async def test_nonsense_that_wants_an_answer_gets_one() -> None:
    async with World() as world:
        session, probe = world.connect()
        answers: list[bytes] = []
        session.hear(PLAIN, "dance", raw(ROOM), answers.append)
        assert answers == [b'"malformed"']
        assert probe.heard == []


async def test_a_late_joiner_is_welcomed_with_the_position_now() -> None:
    async with World() as world:
        await opened(world)
        await world.rooms.ask(ROOM, c.Play(), HOST)
        await world.turn(42_000)
        session, probe = world.connect()
        await world.say(session, "enter", ROOM, "ann")
        assert probe.last("welcome")["position"] == 42_000.0


async def test_a_connection_that_dies_while_it_is_let_in_leaves_no_listener_behind() -> None:
    async with World() as world:
        await opened(world)
        session, _ = world.connect()
        session.hear(PLAIN, "enter", raw(ROOM, "ann"), None)
        session.closed()
        await settle()
        live = await world.rooms.live(ROOM)
        assert not isinstance(live, Refused)
        assert not any(audience.subscriptions for audience in live.audiences.values())


async def test_large_rooms_hear_the_newest_roster_four_times_a_second_at_most() -> None:
    async with World() as world:
        await opened(world)
        session, probe = world.connect()
        await world.say(session, "enter", ROOM, "first")
        others = [world.connect()[0] for _ in range(60)]
        for n, other in enumerate(others[:12]):
            await world.say(other, "enter", ROOM, f"p{n}")
        probe.heard.clear()
        for n, other in enumerate(others[12:]):
            await world.say(other, "enter", ROOM, f"q{n}")
        assert probe.names.count("MemberJoined") == 0
        await world.turn(1_000, step_ms=100)
        assert probe.names.count("MemberJoined") == 1
        room = await world.rooms.look(ROOM)
        assert not isinstance(room, Refused)
        assert probe.last("MemberJoined")["members"] == len(room.members) == 62


async def test_what_waits_to_be_coalesced_is_not_overtaken() -> None:
    async with World() as world:
        await opened(world)
        session, probe = world.connect()
        await world.say(session, "enter", ROOM, "first")
        for n in range(20):
            await world.say(world.connect()[0], "enter", ROOM, f"p{n}")
        await world.rooms.ask(ROOM, c.Play(), HOST)
        assert probe.names[-2:] == ["MemberJoined", "TimelineMoved"]
        assert probe.last("MemberJoined")["members"] == 22


async def test_what_is_told_to_each_alone_overtakes_nothing_either() -> None:
    class Personal(Plain):
        personal = frozenset({e.TimelineMoved})

        def tell(self, recorded: Recorded, room: Room, viewer: d.Viewer, now_ms: float) -> tuple[Frame, ...]:
            return (Frame(b'{"event":"alone"}'),)

    async with World() as world:
        await opened(world)
        session, probe = world.connect()
        session.hear(Personal(), "enter", raw(ROOM, "first"), None)
        await settle()
        for n in range(20):
            other, _ = world.connect()
            other.hear(Personal(), "enter", raw(ROOM, f"p{n}"), None)
            await settle()
        await world.rooms.ask(ROOM, c.Play(), HOST)
        assert probe.names[-2:] == ["MemberJoined", "alone"]


async def test_everybody_hears_once_a_second_how_far_each_is_off() -> None:
    async with World() as world:
        await opened(world)
        await world.rooms.ask(ROOM, c.Play(), HOST)
        session, probe = world.connect()
        await world.say(session, "enter", ROOM, "ann")
        for _ in range(20):
            await world.turn(250, step_ms=250)
            room = await world.rooms.look(ROOM)
            assert not isinstance(room, Refused)
            await world.say(session, "report", ROOM, "ann", room.position_at(world.clock.now_ms()) - 300.0)
        assert 3 <= probe.names.count("status") <= 6
        assert probe.last("status")["ann"] == "good"


def test_a_bucket_fills_at_its_rate_and_no_further_than_its_burst() -> None:
    rate = Rate(2.0, 3.0)
    bucket = Bucket(rate, 0.0)
    assert [bucket.take(rate, 0.0) for _ in range(3)] == [0.0] * 3
    assert bucket.take(rate, 0.0) == pytest.approx(0.5)
    assert bucket.take(rate, 500.0) == 0.0
    assert [bucket.take(rate, 60_000.0) for _ in range(4)][:3] == [0.0] * 3
    assert bucket.take(rate, 60_000.0) > 0.0


def test_rates_are_those_that_the_reference_page_promises() -> None:
    page = Path(__file__).parents[2] / "docs/reference/protocol/native.md"
    limits, said = Limits(), page.read_text("utf-8")
    for what, rate in (("a connection", limits.per_connection), ("a person", limits.per_person)):
        assert re.search(
            rf"\| {what} \| {rate.per_s:g} (messages )?a second, {rate.burst:g} at once", said
        ), what
    for what, rate in (
        ("rooms made", limits.rooms_per_address),
        ("rooms tried that are none", limits.failed_joins),
    ):
        assert f"| {what} | one every {1 / rate.per_s:g} s from an address, {rate.burst:g} at once |" in said
