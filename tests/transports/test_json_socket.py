"""JSON WebSockets: hello first, clock probes at once, refs that come back, and a code for every end."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.service.world import settle
from tests.transports.json_room import HOST, ROOM, Hotel
from tutti.core import commands as c
from tutti.core.events import CloseReason
from tutti.core.ids import MemberId
from tutti.core.room import Room
from tutti.dialects.native.dialect import Native
from tutti.infra.log_rules import KEPT_EVENTS, KEPT_MS
from tutti.service.limits import Limits, Rate
from tutti.transports.engineio_admission import Caps
from tutti.transports.handshake import Rejected
from tutti.transports.json_socket import (
    MAX_MESSAGE,
    RECONNECT_AFTER_MS,
    RECONNECT_WITHIN_MS,
)
from tutti.transports.room_socket import ROUND_TRIPS
from tutti.transports.websocket import Accepted

EVIL = {"origin": "https://evil.example", "host": "tutti.example"}


# -- the door


async def test_the_subprotocol_is_chosen_if_it_is_offered_and_may_be_left_out() -> None:
    async with Hotel() as hotel:
        both = hotel.knocks(sec_websocket_protocol="other, tutti.v1")
        assert isinstance(both, Accepted)
        assert (both.subprotocol, both.max_payload) == ("tutti.v1", MAX_MESSAGE)
        none = hotel.knocks()
        assert isinstance(none, Accepted)
        assert none.subprotocol is None
        other = hotel.knocks(sec_websocket_protocol="tutti.v2")
        assert isinstance(other, Rejected)
        assert (other.status, b"tutti.v1" in other.body) == (400, True)


async def test_a_page_of_another_origin_is_not_let_in() -> None:
    async with Hotel(origins=frozenset({"https://tutti.example"})) as hotel:
        refused = hotel.knocks(**EVIL)
        assert isinstance(refused, Rejected)
        assert refused.status == 403
        assert isinstance(hotel.knocks(origin="https://tutti.example"), Accepted)
        assert isinstance(hotel.knocks(), Accepted), "what is not a page has no origin"


async def test_connections_are_capped_in_all_and_by_address_until_they_close() -> None:
    async with Hotel(caps=Caps(total=3, per_address=2)) as hotel:
        first, _ = hotel.connects(), hotel.connects()
        assert _status(hotel.knocks()) == 429
        hotel.connects(client="192.0.2.2")
        assert _status(hotel.knocks(client="192.0.2.3")) == 503
        first.loses_its_line()
        assert isinstance(hotel.knocks(), Accepted)
        assert hotel.world.metrics.connections == len(hotel.sockets.open) == 2


def _status(answer: object) -> int:
    assert isinstance(answer, Rejected)
    return answer.status


# -- hello


async def test_whoever_says_hello_is_welcomed() -> None:
    async with Hotel() as hotel:
        client = hotel.connects()
        await client.says("hello", id="ben", name="Ben", ref="h")
        welcome, ack = client.take()
        assert welcome["you"] == {"id": "ben", "role": "member"}
        assert [m["name"] for m in welcome["room"]["members"]] == ["Ada", "Ben"]
        assert ack == {"type": "ack", "ref": "h", "seq": welcome["seq"]}


async def test_a_guest_without_a_name_is_told_who_it_is_and_may_come_back_as_that() -> None:
    async with Hotel() as hotel:
        client = hotel.connects()
        await client.says("hello")
        who = client.only("welcome")["you"]["id"]
        client.loses_its_line()
        again = hotel.connects()
        await again.says("hello", id=who)
        assert len(again.only("welcome")["room"]["members"]) == 2


async def test_whoever_says_nothing_for_ten_seconds_is_turned_away() -> None:
    async with Hotel() as hotel:
        client = hotel.connects()
        await hotel.passes(9.8)
        assert client.wire.closed_with is None
        await hotel.passes(0.5)
        assert client.only("refused")["code"] == "unauthenticated"
        assert client.wire.closed_with == (1008, "Say hello within 10 seconds")


async def test_whoever_has_said_hello_may_be_silent() -> None:
    async with Hotel() as hotel:
        client = await hotel.enters("ben")
        await hotel.passes(30)
        assert client.wire.closed_with is None


@pytest.mark.parametrize(
    "first", [{"type": "play"}, {"type": "ping", "ref": 1}, b"{", b"[]", b"", {"hello": 1}, {"type": 7}]
)
async def test_whoever_begins_with_anything_else_is_turned_away(first: object) -> None:
    async with Hotel() as hotel:
        client = hotel.connects()
        client.writes(first)
        assert client.only("refused")["code"] == "unauthenticated"
        assert client.wire.closed_with == (1008, "Say hello first")
        await hotel.passes(11)
        assert client.take() == [], "said once"


async def test_a_hello_that_is_none_is_told_why_and_closed() -> None:
    async with Hotel() as hotel:
        client = hotel.connects()
        await client.says("hello", name=7, ref=1)
        said = client.only("malformed")
        assert (said["ref"], "name" in said["message"]) == (1, True)
        assert client.wire.closed_with == (1008, "malformed")


async def test_whoever_names_no_room_is_told_so() -> None:
    async with Hotel() as hotel:
        client = hotel.connects("NOWHERE")
        await client.says("hello", id="ben")
        assert client.only("refused")["code"] == "room_not_found"
        assert client.wire.closed_with == (4404, "room_not_found")


async def test_a_room_that_has_ended_says_so() -> None:
    async with Hotel() as hotel:
        await hotel.world.rooms.ask(ROOM, c.Close(), HOST)
        client = hotel.connects()
        await client.says("hello", id="ben")
        assert client.only("refused")["code"] == "room_closed"
        assert client.wire.closed_with == (4410, "room_closed")


async def test_a_locked_room_may_be_tried_again() -> None:
    async with Hotel() as hotel:
        await hotel.world.rooms.ask(ROOM, c.SetLock(True), HOST)
        client = hotel.connects()
        await client.says("hello", id="ben")
        said = client.only("refused")
        assert (said["code"], said["mayRetry"]) == ("room_locked", True)
        assert client.wire.closed_with == (1008, "room_locked")


async def test_a_server_that_goes_lets_nobody_in() -> None:
    async with Hotel() as hotel:
        hotel.world.rooms.draining = True
        client = hotel.connects()
        await client.says("hello", id="ben")
        assert client.only("refused")["code"] == "draining"
        assert client.wire.closed_with == (1012, "draining")


async def test_closed_mode_believes_a_token_and_no_claim() -> None:
    async with Hotel(closed=True) as hotel:
        nobody, liar, ben = hotel.connects(), hotel.connects(), hotel.connects()
        await nobody.says("hello", id="ben")
        assert nobody.only("refused")["code"] == "unauthenticated"
        assert nobody.wire.closed_with == (1008, "unauthenticated")
        await liar.says("hello", id="ada", token="ben")
        assert liar.only("refused")["code"] == "not_yourself"
        await ben.says("hello", token="ben")
        assert ben.only("welcome")["you"]["id"] == "ben"


async def test_a_pass_lets_its_holder_into_its_room_in_either_mode() -> None:
    for closed in (False, True):
        async with Hotel(closed=closed) as hotel:
            client = hotel.connects()
            await client.says("hello", token=hotel.world.hall.passes.issue(ROOM, HOST))
            assert client.only("welcome")["you"] == {"id": "ada", "role": "host"}


async def test_saying_hello_again_tells_exactly_what_was_missed_of_a_gap() -> None:
    async with Hotel() as hotel:
        ada, ben = await hotel.enters("ada"), await hotel.enters("ben")
        ada.take()
        await ada.says("chat", text="one")
        (one,) = ben.take()
        await ada.says("chat", text="two")
        await ada.says("chat", text="three")
        ben.take()  # lost on the way to the page, say
        epoch = (await _snapshot(hotel)).epoch
        await ben.says("hello", resume={"epoch": epoch, "seq": one["seq"]})
        welcome, two, three = ben.take()
        assert (welcome["resumed"], welcome["missed"], welcome["seq"]) == (True, 2, one["seq"])
        assert [two["text"], three["text"]] == ["two", "three"]
        assert [two["seq"], three["seq"]] == [one["seq"] + 1, one["seq"] + 2]
        assert ben.wire.closed_with is None


async def test_what_is_kept_no_longer_is_answered_by_the_whole_room() -> None:
    async with Hotel() as hotel:
        ada = await hotel.enters("ada")
        early = await _snapshot(hotel)
        for _ in range(2):  # the second half makes the log forget: only what is 30 s old may go
            for n in range(KEPT_EVENTS):
                await ada.says("chat", text=str(n))
            await hotel.passes(KEPT_MS / 1000 + 1)
        ada.take()
        await ada.says("hello", resume={"epoch": early.epoch, "seq": early.seq})
        welcome = ada.only("welcome")
        assert (welcome["resumed"], welcome["reason"]) == (False, "too_old")
        assert welcome["seq"] == early.seq + 2 * KEPT_EVENTS
        await ada.says("hello", resume={"epoch": early.epoch, "seq": welcome["seq"] - 500})
        assert ada.take()[0]["missed"] == 500


async def test_a_hello_again_that_is_none_ends_nothing() -> None:
    async with Hotel() as hotel:
        ben = await hotel.enters("ben")
        await ben.says("hello", resume=7)
        assert ben.types() == ["malformed"]
        assert ben.wire.closed_with is None


async def test_a_fresh_token_keeps_a_connection_that_would_expire() -> None:
    async with Hotel(closed=True) as hotel:
        ben = hotel.connects()
        await ben.says("hello", token="ben")
        ben.take()
        await ben.says("signIn", token="bad", ref=1)
        assert ben.only("refused")["code"] == "unauthenticated"
        await ben.says("signIn", token="ben", ref=2)
        assert ben.only("ack") == {"type": "ack", "ref": 2}
        await ben.says("hand", raised=True, ref=3)
        assert ben.types() == ["hand", "ack"]


# -- refs


@pytest.mark.parametrize("ref", [0, -7, 2**53, "", 'a"b\\', "é\u2028", "null"])
async def test_a_ref_comes_back_as_it_was(ref: object) -> None:
    async with Hotel() as hotel:
        ben = await hotel.enters("ben")
        await ben.says("chat", text="hi", ref=ref)
        assert ben.take()[-1]["ref"] == ref
        await ben.says("capacity", capacity=3, ref=ref)
        assert ben.only("refused")["ref"] == ref
        await ben.says("dance", ref=ref)
        assert ben.only("malformed")["ref"] == ref
        await ben.says("ping", ref=ref)
        assert ben.wire.early.pop()["ref"] == ref


async def test_without_a_ref_only_what_goes_wrong_is_answered() -> None:
    async with Hotel() as hotel:
        ben = await hotel.enters("ben")
        await ben.says("chat", text="hi")
        assert ben.types() == ["chat"]
        await ben.says("capacity", capacity=3)
        assert "ref" not in ben.only("refused")
        ben.writes(b"{")
        assert "not JSON" in ben.only("malformed")["message"]
        await ben.says("report", position=0, at=0, error=0, bound=0, state="playing")
        assert ben.take() == []


async def test_an_ack_comes_behind_what_it_is_about_and_names_its_number() -> None:
    async with Hotel() as hotel:
        ben = await hotel.enters("ben")
        await ben.says("hand", raised=True, ref=1)
        hand, ack = ben.take()
        assert (hand["type"], ack["seq"]) == ("hand", hand["seq"])
        await ben.says("hand", raised=True, ref=2)
        assert ben.only("ack")["seq"] == hand["seq"], "nothing had to change"


async def test_many_sentences_at_once_are_answered_each_and_in_order() -> None:
    async with Hotel() as hotel:
        ben = await hotel.enters("ben")
        for n in range(100):
            ben.writes({"type": "chat", "text": str(n), "ref": n})
        while len(ben.wire.heard) < 200:
            await settle()
        heard = ben.take()
        assert [said["ref"] for said in heard if said["type"] == "ack"] == list(range(100))
        seqs = [said["seq"] for said in heard if said["type"] == "chat"]
        assert seqs == list(range(seqs[0], seqs[0] + 100))


async def test_who_sends_faster_than_it_is_answered_is_not_read_from_until_it_is_caught_up() -> None:
    async with Hotel() as hotel:
        ben = await hotel.enters("ben")
        for n in range(100):
            ben.writes({"type": "chat", "text": str(n), "ref": n})
        assert not ben.wire.reading
        while len(ben.wire.heard) < 200:
            await settle()
        assert ben.wire.reading


# -- the clock


async def test_a_probe_is_answered_at_once_and_ahead_of_everything() -> None:
    async with Hotel() as hotel:
        ben = await hotel.enters("ben")
        ben.writes({"type": "chat", "text": "hi", "ref": 1})
        hotel.world.clock.turn(1.25)
        ben.writes({"type": "ping", "ref": 2})
        assert ben.wire.early == [{"type": "pong", "ref": 2, "at": hotel.world.clock.now_ms()}]
        assert ben.take() == [], "the chat line is not kept yet"


async def test_a_probe_is_answered_before_hello_is() -> None:
    async with Hotel(closed=True) as hotel:
        ben = hotel.connects()
        ben.writes({"type": "hello", "token": "ben"})
        ben.writes({"type": "ping", "ref": "p"})
        assert ben.take() == []
        assert [said["ref"] for said in ben.wire.early] == ["p"]
        await settle()
        assert ben.types() == ["welcome"]


async def test_probes_count_against_the_rate_of_their_connection() -> None:
    async with Hotel(limits=Limits(per_connection=Rate(10.0, 5.0))) as hotel:
        ben = await hotel.enters("ben")
        for n in range(6):
            ben.writes({"type": "ping", "ref": n})
        assert [said["ref"] for said in ben.wire.early] == [0, 1, 2, 3]
        four, five = ben.take()
        assert (four["ref"], four["code"], four["mayRetry"]) == (4, "rate_limited", True)
        assert 0 < five["retryAfterMs"] <= 200
        await hotel.passes(0.3)
        ben.writes({"type": "ping", "ref": 6})
        assert ben.wire.early[-1]["ref"] == 6


async def test_a_flood_of_anything_is_refused_with_a_time_to_wait() -> None:
    async with Hotel(limits=Limits(per_connection=Rate(10.0, 5.0))) as hotel:
        ben = await hotel.enters("ben")
        for _ in range(20):
            ben.writes(b"{")
        said = ben.types()
        assert (said.count("malformed"), said.count("refused")) == (4, 16)


async def test_the_distance_is_half_the_smallest_round_trip_and_the_worst_of_late() -> None:
    async with Hotel() as hotel:
        socket = hotel.connects().socket
        assert (socket.half_rtt_ms, socket.rtt_ms) == (0.0, 0.0)
        for took_s in (0.3, 0.02, *[0.05] * (ROUND_TRIPS - 2)):
            socket.round_trip(took_s)
        assert (socket.half_rtt_ms, socket.rtt_ms) == (10.0, 300.0)
        socket.round_trip(0.04)
        assert (socket.half_rtt_ms, socket.rtt_ms) == (10.0, 50.0)


async def test_the_line_of_the_slowest_decides_how_far_ahead_all_are_told() -> None:
    async with Hotel() as hotel:
        ada, ben = await hotel.enters("ada"), await hotel.enters("ben")
        ada.take()
        await ada.says("media", id="1", provider="vidnest", kind="movie")
        for rtt_s, lead_ms in ((0.0, 150), (0.1, 200), (0.4, 650), (3.0, 1_000)):
            ben.socket.round_trip(rtt_s)
            await hotel.passes(2)
            ada.take()
            await ada.says("seekBy", by=1_000)
            moved = ada.only("timeline")
            assert moved["timeline"]["at"] - moved["at"] == pytest.approx(lead_ms)


# -- the end


async def test_whoever_leaves_is_closed_normally_after_the_answer() -> None:
    async with Hotel() as hotel:
        ada, ben = await hotel.enters("ada"), await hotel.enters("ben")
        ada.take()
        await ben.says("leave", ref=1)
        assert ben.types() == ["left", "ack"]
        assert ben.wire.closed_with == (1000, "left")
        assert ada.only("left")["reason"] == "left"
        assert ada.wire.closed_with is None


async def test_whoever_is_expelled_hears_it_and_is_kept_out() -> None:
    async with Hotel() as hotel:
        ada, ben = await hotel.enters("ada"), await hotel.enters("ben")
        await ada.says("expel", member="ben")
        assert ben.only("left") | {"seq": 0, "at": 0} == {
            "type": "left", "seq": 0, "at": 0, "member": "ben", "reason": "expelled",
        }  # fmt: skip
        assert ben.wire.closed_with == (4403, "expelled")
        again = hotel.connects()
        await again.says("hello", id="ben")
        assert again.only("refused")["code"] == "expelled"
        assert again.wire.closed_with == (4403, "expelled")


async def test_a_room_that_ends_closes_everybody() -> None:
    async with Hotel() as hotel:
        ada, ben = await hotel.enters("ada"), await hotel.enters("ben")
        await ada.says("close", ref=1)
        assert ada.types()[-2:] == ["closed", "ack"]
        assert ben.only("closed")["reason"] == CloseReason.HOST_ENDED.value
        assert ada.wire.closed_with == ben.wire.closed_with == (4410, "host_ended")


async def test_whoever_loses_the_line_stays_a_member_for_a_while() -> None:
    async with Hotel() as hotel:
        ada, ben = await hotel.enters("ada"), await hotel.enters("ben")
        ada.take()
        ben.loses_its_line()
        await hotel.passes(59)
        assert ada.take() == []
        await hotel.passes(2)
        assert ada.only("left")["reason"] == "lost"


async def test_two_connections_of_one_member_both_hear_and_one_is_enough_to_stay() -> None:
    async with Hotel() as hotel:
        one, two = await hotel.enters("ben"), await hotel.enters("ben")
        await one.says("chat", text="hi")
        assert one.types() == two.types() == ["chat"]
        two.loses_its_line()
        await hotel.passes(120)
        assert MemberId("ben") in (await _snapshot(hotel)).members


async def test_binary_messages_are_not_spoken_here() -> None:
    async with Hotel() as hotel:
        ben = await hotel.enters("ben")
        ben.socket.binary(b"\x00")
        assert ben.wire.closed_with == (1003, "text only")


async def test_everybody_is_sent_away_with_another_time_to_come_back() -> None:
    async with Hotel() as hotel:
        people = [await hotel.enters(f"p{n}") for n in range(5)]
        for one in people:
            one.take()
            one.socket.send_away()
        waits = [one.only("draining")["reconnectInMs"] for one in people]
        assert len(set(waits)) == 5
        assert all(RECONNECT_AFTER_MS <= wait < RECONNECT_WITHIN_MS for wait in waits)
        assert {one.wire.closed_with for one in people} == {(1012, "service restart")}


async def test_what_is_said_is_counted_by_type_and_nothing_made_up_is() -> None:
    async with Hotel() as hotel:
        ben = await hotel.enters("ben")
        await ben.says("chat", text="hi")
        await ben.says("dance")
        counted = {
            name: tally.count
            for (dialect, name), tally in hotel.world.metrics.events_in.items()
            if dialect == "native" and tally.count
        }
        assert counted == {"hello": 1, "chat": 1}
        assert hotel.world.metrics.malformed["native"] == 1


async def test_an_end_forgets_the_connection() -> None:
    async with Hotel() as hotel:
        ben = await hotel.enters("ben")
        ben.loses_its_line()
        ben.loses_its_line()
        assert (len(hotel.sockets.open), hotel.world.metrics.connections) == (0, 0)


async def test_ids_of_rooms_with_anything_in_them_are_only_ids() -> None:
    async with Hotel() as hotel:
        client = hotel.connects('ro"om\\ é')
        await client.says("hello", id="ben")
        assert client.only("refused")["code"] == "room_not_found"


async def _snapshot(hotel: Hotel) -> Room:
    room = await hotel.world.rooms.look(ROOM)
    assert isinstance(room, Room)
    return room


words = st.sampled_from(
    [*Native.events, "type", "ref", "id", "to", "resume", "epoch", "seq", "member", "text", "x"]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=5),
    max_leaves=9,
)
sentence = st.fixed_dictionaries({"type": words}, optional={"ref": anything, "id": anything, "to": anything})


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.binary(max_size=40) | (anything | sentence).map(lambda said: json.dumps(said).encode()),
        max_size=12,
    )
)
def test_whatever_a_client_says_breaks_nothing_for_anybody(said: list[bytes]) -> None:
    async def conversation() -> None:
        async with Hotel() as hotel:
            ada, eve = await hotel.enters("ada"), await hotel.enters("eve")
            for text in said:
                if eve.wire.closed_with is None and _is_text(text):
                    eve.writes(text)
                    await settle()
            assert eve.wire.closed_with in (None, (1000, "left")), "never our mistake"
            assert ada.wire.closed_with is None
            ada.take()
            await ada.says("chat", text="still here", ref=1)
            assert ada.types()[-2:] == ["chat", "ack"]

    asyncio.run(conversation())


def _is_text(said: bytes) -> bool:
    """What the WebSocket would let through."""
    try:
        said.decode()
    except UnicodeDecodeError:
        return False
    return True
