"""What no front end would send: refused in the guide's shape, and the room goes on as if nothing had been."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transports.meeting_room import Client, House
from tutti.core import commands as c
from tutti.dialects.meet.heard import HEARD
from tutti.service.limits import Limits
from tutti.transports.engineio_admission import Caps
from tutti.transports.handshake import Rejected
from tutti.transports.meeting_socket import MAX_MESSAGE, MeetingSocket
from tutti.transports.websocket import Accepted


async def unharmed(house: House, ada: Client, ben: Client) -> None:
    """The two of them still hear one another."""
    ada.take()
    await ben.says("chat-message", id="still", message="still here")
    assert ada.only("chat-message")["message"] == "still here"
    assert (ada.ended, ben.ended) == (None, None)


@pytest.mark.parametrize("event", ["offer", "answer", "candidate"])
async def test_who_sent_a_signal_is_stamped_whatever_it_claims(event: str) -> None:
    async with House() as house:
        ada, ben, cat = await house.meeting("ada", "ben", "cat")
        payload: dict[str, Any] = (
            {"candidate": "c"} if event == "candidate" else {"sdp": {"type": event, "sdp": "v=0"}}
        )
        if event == "candidate":
            await ben.says("offer", targetPeerId="cat", sdp="v=0")
        if event == "answer":
            await cat.says("offer", targetPeerId="ben", sdp="v=0")
        for client in (ada, ben, cat):
            client.take()
        await ben.says(event, peerId="ada", targetPeerId="cat", username="<b>Ada</b>", **payload)
        heard = cat.only(event)
        assert heard["peerId"] == "ben"
        assert heard.get("username", "Ben") == "Ben"
        assert heard.items() >= payload.items(), "as it was sent"
        assert ada.take() == []


async def test_a_signal_to_nobody_or_to_another_room_reaches_nobody() -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        other = await house.enters("eve", room="OTHER")
        for target in ("eve", "nobody", "", "ben", "x" * 129, 7, None, {"a": 1}):
            await ben.says("offer", targetPeerId=target, sdp="v=0")
            code, event = ben.refused()
            assert code in ("PEER_NOT_FOUND", "INVALID_MESSAGE")
            assert event == "offer"
        assert (other.take(), ada.take()) == ([], [])
        await unharmed(house, ada, ben)


async def test_nothing_but_signals_is_relayed_by_naming_a_peer() -> None:
    """In the server in the wild everybody could kick everybody: whatever named a target was passed on."""
    async with House() as house:
        ada, ben, cat = await house.meeting("ada", "ben", "cat")
        for event in (
            "kicked",
            "peers",
            "error",
            "peer-left",
            "waiting",
            "chat-ack",
            "mute-participant",
            "x",
        ):
            await ben.says(event, targetPeerId="cat", peerId="ada", reason="denied")
            assert ben.refused()[1] == event
        assert (cat.take(), cat.ended) == ([], None)
        await unharmed(house, ada, ben)


async def test_a_message_of_a_megabyte_is_more_than_a_connection_takes() -> None:
    async with House() as house:
        accepted = house.knocks()
        assert isinstance(accepted, Accepted)
        assert accepted.max_payload == MAX_MESSAGE == 64 * 1024, "what is longer closes it with 1009"
        ada, ben = await house.meeting("ada", "ben")
        ben.writes({"event": "offer", "data": {"targetPeerId": "ada", "sdp": "x" * 1_000_000}})
        assert ben.refused() == ("INVALID_MESSAGE", "offer")
        assert ada.take() == []
        await unharmed(house, ada, ben)


@pytest.mark.parametrize("emoji", ["💩", "<b>", "", "👍👍", "thumbs", 7, None, "❤", "a" * 10_000])
async def test_only_the_guides_emoji_are_shown(emoji: object) -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        await ben.says("reaction", emoji=emoji)
        assert ben.refused() == ("INVALID_MESSAGE", "reaction")
        await unharmed(house, ada, ben)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "a<b", "b>a", "", "   ", "x" * 65, "a\x00b", "a\nb", 7, ["Ada"]]
)
async def test_a_name_that_could_be_html_or_is_none_is_refused(name: object) -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        eve = house.connects()
        await eve.says("join", peerId="eve", username=name)
        assert eve.refused() == ("INVALID_MESSAGE", "join")
        assert eve.ended is None, "it may try again"
        assert (await eve.joins(peerId="eve", username="Éve 🎉"))["yourId"] == "eve"
        ben.take()
        await unharmed(house, ada, ben)


@pytest.mark.parametrize(
    "message",
    [
        "<b>hi</b>",
        "<img src=x onerror=alert(1)>",
        "</p>",
        "<!-- x -->",
        "<?php",
        "",
        " \n ",
        "x" * 2_001,
        "a\x00",
        7,
    ],
)
async def test_a_message_with_html_in_it_or_none_is_refused(message: object) -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        await ben.says("chat-message", id="m", message=message)
        assert ben.refused() == ("INVALID_MESSAGE", "chat-message")
        await ben.says("private-message", id="m", targetPeerId="ada", message=message)
        assert ben.refused() == ("INVALID_MESSAGE", "private-message")
        await unharmed(house, ada, ben)


@pytest.mark.parametrize(
    "message", ["a < b and c > d", "1<2", "<3", "x <- y", "tom & jerry", "<", "two\nlines"]
)
async def test_what_only_looks_odd_is_said_as_it_is(message: str) -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        await ben.says("chat-message", id="m", message=message)
        assert ada.only("chat-message")["message"] == message


async def test_what_another_dialect_lets_through_is_no_html_here_either() -> None:
    async with House() as house:
        ada = await house.enters("ada")
        await house.asks("wes", c.Join("<b>Wes</b>"))
        await house.asks("wes", c.Chat("<img src=x> and a < b"))
        joined, said = ada.take()
        assert joined["data"]["participant"]["username"] == "‹b>Wes‹/b>"
        assert said["data"]["username"] == "‹b>Wes‹/b>"
        assert said["data"]["message"] == "‹img src=x> and a < b"


@pytest.mark.parametrize("peer", ["a b", "<i>", "x" * 65, "", "a\x00", 7, "recorder-1"])
async def test_an_id_that_is_none_is_refused_or_replaced(peer: object) -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        eve = house.connects()
        await eve.says("join", peerId=peer, username="Eve")
        said = eve.take()[0]
        if said["event"] == "error":
            assert said["data"]["code"] == "INVALID_MESSAGE"
        else:
            assert said["data"]["yourId"] != peer
        ben.take()
        await unharmed(house, ada, ben)


@pytest.mark.parametrize("id_", ["<b>", "x" * 65, "", "a b", 7])
async def test_an_id_of_a_message_that_is_none_is_refused(id_: object) -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        await ben.says("chat-message", id=id_, message="hello")
        assert ben.refused() == ("INVALID_MESSAGE", "chat-message")
        await unharmed(house, ada, ben)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b"[]", b"7", b"null", b'"join"', b"\xff\xfe", b"{}", b'{"event":7}', b'{"event":null,"data":{}}',
        b'{"event":"chat-message","data":[]}', b'{"event":"chat-message","data":"x"}', b'{"event":"offer"}',
        b'{"event":"offer","data":null}', b'{"event":"offer","data":' + b"[" * 5_000, b"[" * 60_000,
        b'{"event":"candidate","data":{"targetPeerId":"ada","candidate":' + b'{"a":' * 5_000,
        b'{"event":"join","data":{"username":' + b"[" * 5_000,
    ],
    ids=lambda raw: raw[:30].decode("latin-1"),
)  # fmt: skip
async def test_what_is_no_message_is_told_so(raw: bytes) -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        ben.writes(raw)
        assert ben.refused()[0] == "INVALID_MESSAGE"
        await unharmed(house, ada, ben)


async def test_binary_messages_are_not_spoken_here() -> None:
    async with House() as house:
        _, ben = await house.meeting("ada", "ben")
        ben.socket.binary(b"x")
        assert ben.ended == 1003


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["peerId", "targetPeerId", "message", "id", "username", "sdp", "muted", "one"]),
            inner,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*sorted(HEARD), "dance"]),
            st.dictionaries(
                st.sampled_from(
                    [
                        "peerId",
                        "targetPeerId",
                        "username",
                        "message",
                        "id",
                        "emoji",
                        "sdp",
                        "candidate",
                        "muted",
                    ]
                ),
                anything | st.sampled_from(["ada", "ben", "eve"]),
                max_size=4,
            ),
        ),
        max_size=20,
    )
)
async def test_whatever_somebody_says_the_others_meeting_goes_on(
    said: list[tuple[str, dict[str, Any]]],
) -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        eve = house.connects()
        for event, data in said:
            if eve.ended is None:
                eve.socket.text(json.dumps({"event": event, "data": data}).encode())
                await house.passes(0.1)
        assert eve.ended in (None, 1000, 1013)
        await unharmed(house, ada, ben)
        assert (await house.room()).host == "ada"


async def test_ten_thousand_messages_a_second_are_refused_and_neither_answered_one_by_one_nor_passed_on() -> (
    None
):
    async with House(limits=Limits()) as house:
        ada, ben = await house.meeting("ada", "ben")
        eve = await house.enters("eve")
        for client in (ada, ben):
            client.take()
        flood = [
            {"event": "chat-message", "data": {"message": "spam"}},
            {"event": "candidate", "data": {"targetPeerId": "ada", "candidate": "x"}},
            {"event": "ping"},
            {"event": "reaction", "data": {"emoji": "👍"}},
            {"what": "ever"},
        ]
        began_ms = house.world.clock.now_ms()
        for n in range(10_000):
            if n % 1_000 == 999 or not eve.wire.reading:  # what is not read waits in the sender's kernel
                await house.passes(0.1)
            eve.writes(flood[n % len(flood)])
        took_s = (house.world.clock.now_ms() - began_ms) / 1000
        heard = ada.events()
        assert heard.count("chat-message") + heard.count("reaction") <= 120 + 40 * (took_s + 1)
        errors = [said for said in eve.take() if said["event"] == "error"]
        limited = [said["data"] for said in errors if said["data"]["code"] == "RATE_LIMITED"]
        assert 1 <= len(limited) <= took_s + 2, "told so, though not each time"
        assert all(data.get("retryAfter", 1) > 0 for data in limited)
        assert eve.ended is None
        await house.passes(10)
        ada.take()
        await unharmed(house, ada, ben)


async def test_of_a_thousand_who_come_from_one_address_only_so_many_get_in() -> None:
    async with House(caps=Caps(total=20_000, per_address=200), limits=Limits()) as house:
        ada, ben = await house.meeting("ada", "ben")
        let_in, refused = 0, set()
        for n in range(1_000):
            answer = house.knocks(client="203.0.113.9")
            if isinstance(answer, Accepted):
                let_in += 1
                assert isinstance(answer.channel, MeetingSocket)
                client = Client(answer.channel)
                client.writes({"event": "join", "data": {"peerId": f"eve{n}", "username": "Eve"}})
                if n < 60:
                    await house.passes(0.1)
            else:
                assert isinstance(answer, Rejected)
                refused.add(answer.status)
        await house.passes(1)
        assert (let_in, refused) == (200, {429})
        assert len((await house.room()).members) <= 50
        assert isinstance(house.knocks(client="198.51.100.7"), Accepted), "others come in as before"
        ben.take()
        await unharmed(house, ada, ben)


async def test_a_room_does_not_live_for_ever() -> None:
    """In the server in the wild rooms were never deleted, and had no host once theirs had gone."""
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        ada.loses_its_line()
        await house.passes(21)
        assert (await house.room()).host == "ben"
        await ben.says("leave")
        await house.world.turn(25 * 3_600_000, 60_000)
        await house.enters("cat")
        assert (await house.room()).members.keys() == {"cat"}
