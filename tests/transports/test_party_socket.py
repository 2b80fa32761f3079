"""A party's sockets: who is let in, with which code who is not, and how long it may go on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.world import settle
from tests.transports.party_house import (
    CHAT,
    HOST,
    INTERACTIVE,
    PARTY,
    ROOM,
    SYNC,
    TOKEN_LIVES_MS,
    Client,
    House,
)
from tutti.core import commands as c
from tutti.core.ids import MemberId
from tutti.service.limits import Limits, Rate
from tutti.transports.engineio_admission import Caps
from tutti.transports.handshake import Rejected
from tutti.transports.party_socket import MAX_MESSAGE, PartySocket
from tutti.transports.websocket import Accepted

BEN = MemberId("ben")
LINES = [PARTY, SYNC, CHAT, INTERACTIVE]


@pytest.mark.parametrize("path", LINES)
async def test_whoever_has_a_token_is_in_at_once_as_one_person(path: str) -> None:
    async with House() as house:
        ben = await house.connects("ben", path)
        assert ben.wire.heard, "it is told everything without asking"
        assert ben.wire.reading
        await house.connects("ben", PARTY)
        assert list((await house.room).members) == [HOST, BEN]


@pytest.mark.parametrize("path", LINES)
@pytest.mark.parametrize(
    ("token", "party", "code"),
    [
        ("", ROOM, 4001),
        ("forged", ROOM, 4001),
        ("refresh", ROOM, 4001),
        ("eve", ROOM, 4003),
        ("ben", "NOSUCH", 4004),
        ("ben", "broken", 4000),
        ("ben", "away", 4000),
    ],
)
async def test_who_is_not_let_in_hears_why_and_is_closed_with_the_guides_code(
    path: str, token: str, party: str, code: int
) -> None:
    async with House() as house:
        client = await house.connects(token, path.replace("{}", party))
        assert client.code == code
        assert [said["type"] for said in client.take()] == ([] if party == "broken" else ["error"])
        client.socket.closed(code, "")
        assert list((await house.room).members) == [HOST]


async def test_the_token_may_be_a_subprotocol_and_a_scheme_is_chosen_beside_it() -> None:
    async with House() as house:
        accepted = house.knocks(sec_websocket_protocol="bearer, ben")
        assert isinstance(accepted, Accepted)
        assert (accepted.subprotocol, accepted.max_payload) == ("bearer", MAX_MESSAGE)


async def test_what_is_said_before_it_is_in_is_not_read_until_then() -> None:
    async with House() as house:
        accepted = house.knocks(query="token=ben")
        assert isinstance(accepted, Accepted)
        client = await house.connects("ben")
        assert client.wire.reading
        waiting = await house.connects("", PARTY)
        assert not waiting.wire.reading


@pytest.mark.parametrize(
    "path",
    ["party/", "party//", "party/{}/other/", "unknown/{}/", "party/{}/sync/more/", f"party/{'x' * 65}/"],
)
async def test_elsewhere_there_is_no_socket(path: str) -> None:
    async with House() as house:
        answer = house.knocks(path)
        assert isinstance(answer, Rejected)
        assert answer.status == 404


@pytest.mark.parametrize("path", [*LINES, "party/{}", "party/{}/sync"])
async def test_a_path_answers_with_and_without_its_slash(path: str) -> None:
    async with House() as house:
        assert isinstance(house.knocks(path), Accepted)


async def test_pages_of_other_origins_and_too_many_connections_are_refused() -> None:
    async with House(origins=frozenset({"https://tutti.example"}), caps=Caps(per_address=1)) as house:
        foreign = house.knocks(origin="https://evil.example", host="tutti.example")
        assert isinstance(foreign, Rejected)
        assert foreign.status == 403
        first = await house.enters("ben")
        crowd = house.knocks()
        assert isinstance(crowd, Rejected)
        assert crowd.status == 429
        first.loses_its_line()
        assert isinstance(house.knocks(), Accepted)


# -- what is not understood


@pytest.mark.parametrize(
    "said", [b"", b"{", b"[]", b"null", b'{"type":5}', b'{"no":"type"}', b'{"type":"unknown"}', b"\xff"]
)
async def test_what_is_not_understood_is_answered_and_the_socket_stays(said: bytes) -> None:
    async with House() as house:
        ben = await house.enters("ben")
        ben.writes(said)
        await settle()
        (error,) = ben.take()
        assert (error["type"], error["code"]) == ("error", "invalid_message")
        assert ben.code is None
        assert await ben.says("ping")


async def test_nobody_enters_by_saying_so_what_the_transport_says() -> None:
    async with House() as house:
        ben = await house.enters("ben")
        (error,) = await ben.says("enter")
        assert error["code"] == "invalid_message"


async def test_bytes_are_answered_and_the_socket_stays() -> None:
    async with House() as house:
        ben = await house.enters("ben")
        ben.socket.binary(b"\x00" * 100)
        await settle()
        assert [said["code"] for said in ben.take()] == ["invalid_message"]
        assert ben.code is None


async def test_a_ref_comes_back_with_what_became_of_it() -> None:
    async with House() as house:
        ben = await house.enters("ben")
        heard = await ben.says("chat_message", content="hello", ref="r1")
        assert [said["type"] for said in heard] == ["chat_message", "ack"]
        assert heard[1]["ref"] == "r1"
        (refused,) = await ben.says("video_control", action="play", ref=7)
        assert (refused["code"], refused["ref"]) == ("not_allowed", 7)
        (pong,) = await ben.says("ping", ref=8)
        assert (pong["type"], pong["ref"], pong["timestamp"][-1]) == ("pong", 8, "Z")


async def test_one_who_floods_is_refused_and_told_so_once_a_second() -> None:
    async with House(limits=Limits(per_connection=Rate(1.0, 10.0))) as house:
        ben = await house.enters("ben")
        for _ in range(500):
            ben.writes({"type": "ping"})
        for _ in range(500):
            ben.writes({"type": "chat_message", "content": "x"})
        await settle()
        kinds = [said["type"] for said in ben.take()]
        assert kinds.count("error") == 1
        assert kinds.count("pong") + kinds.count("chat_message") <= 10
        assert ben.code is None


# -- how long it may go on


async def test_a_token_that_expires_closes_the_socket() -> None:
    async with House() as house:
        ben = await house.enters("ben")
        await house.passes(TOKEN_LIVES_MS / 1000 + 1)
        (refused,) = await ben.says("chat_message", content="still there?")
        assert refused["code"] == "unauthenticated"
        await house.passes(31)
        assert ben.wire.closed_with == (4001, "token expired")


async def test_a_fresh_token_said_before_lets_it_go_on() -> None:
    async with House() as house:
        ben = await house.enters("ben")
        await house.passes(TOKEN_LIVES_MS / 1000 - 5)
        assert [said["type"] for said in await ben.says("authenticate", token="ben")] == ["authenticated"]
        await house.passes(60)
        assert (await ben.says("chat_message", content="still there"))[0]["type"] == "chat_message"


@pytest.mark.parametrize("token", ["forged", "refresh"])
async def test_a_fresh_token_that_is_none_changes_nothing(token: str) -> None:
    async with House() as house:
        ben = await house.enters("ben")
        (refused,) = await ben.says("authenticate", token=token)
        assert refused["code"] == "unauthenticated"
        assert (await ben.says("chat_message", content="hello"))[0]["type"] == "chat_message"


async def test_somebody_elses_token_ends_it() -> None:
    async with House() as house:
        ben = await house.enters("ben")
        assert await ben.says("authenticate", token="cat") == []
        assert ben.wire.closed_with == (4001, "somebody else's token")


async def test_logging_out_closes_the_sockets_of_that_login_and_of_no_other() -> None:
    async with House() as house:
        phone, laptop = await house.enters("ben/phone"), await house.enters("ben/laptop", SYNC)
        house.hall.log_out("phone")
        assert phone.wire.closed_with == (4001, "logged out")
        assert laptop.code is None


# -- how it ends


async def test_who_is_removed_is_closed_as_one_who_may_not_enter() -> None:
    async with House() as house:
        lines = [await house.enters("ben", path) for path in LINES]
        await house.world.rooms.ask(ROOM, c.Expel(BEN), HOST)
        assert [line.code for line in lines] == [4003] * 4


async def test_the_end_of_the_party_is_told_and_closes_everything_normally() -> None:
    async with House() as house:
        ben = await house.enters("ben")
        await house.world.rooms.ask(ROOM, c.Close(), HOST)
        assert ben.last("party_update")["status"] == "ended"
        assert ben.wire.closed_with == (1000, "the party has ended")
        late = await house.connects("cat")
        assert late.code == 4004


async def test_one_of_several_lines_lost_is_nobody_gone_and_the_last_is_missed_for_a_while() -> None:
    async with House() as house:
        ada = await house.enters("ada")
        party, sync = await house.enters("ben"), await house.enters("ben", SYNC)
        party.loses_its_line()
        await house.passes(30)
        assert BEN in (await house.room).members
        sync.loses_its_line()
        await house.passes(19)
        assert BEN in (await house.room).members
        await house.passes(2)
        assert ada.last("user_left") == {
            "type": "user_left", "user_id": "ben", "reason": "lost", "participant_count": 1,
        }  # fmt: skip


async def test_the_server_says_goodbye_as_a_restart() -> None:
    async with House() as house:
        ben = await house.enters("ben")
        for socket in house.lines.open:
            socket.send_away()
        assert ben.wire.closed_with == (1012, "service restart")


async def test_whoever_has_gone_before_it_was_let_in_is_nobody() -> None:
    async with House() as house:
        accepted = house.knocks(query="token=ben")
        assert isinstance(accepted, Accepted)
        assert isinstance(accepted.channel, PartySocket)
        client = Client(accepted.channel)
        client.loses_its_line()
        await settle()
        assert client.take() == []
        assert list((await house.room).members) == [HOST]
        assert not house.lines.open


# -- what people do together


async def test_a_thousand_votes_in_two_seconds_are_counted_exactly_and_told_four_times_a_second() -> None:
    async with House(capacity=2_000) as house:
        ada = await house.enters("ada", INTERACTIVE)
        rooms = house.world.rooms
        voters = [MemberId(f"voter{n}") for n in range(1_000)]
        for who in voters:
            await rooms.ask(ROOM, c.Join(who), who)
        assert (await ada.says("create_poll", question="?", options=["A", "B", "C"], ref=1))[-1][
            "type"
        ] == "ack"
        (poll,) = (await house.room).polls
        ada.take()
        told = list[dict[str, Any]]()
        for tick in range(20):
            for who in voters[tick * 50 : (tick + 1) * 50]:
                rooms.submit(ROOM, c.Vote(poll.id, int(who[5:]) % 3), who, lambda _: None)
            await house.passes(0.1)
            told += ada.take()
        assert all(said["type"] == "poll_results" for said in told)
        assert len(told) <= 2 * 4 + 1
        await house.passes(0.5)
        told += ada.take()
        last = told[-1]["poll"]
        assert (last["total_votes"], [one["votes"] for one in last["options"]]) == (1_000, [334, 333, 333])
        assert [one["poll"]["total_votes"] for one in told] == sorted(
            one["poll"]["total_votes"] for one in told
        )
        (closed, _) = await ada.says("close_poll", poll_id=poll.id, ref=2)
        assert (closed["type"], closed["poll"]["total_votes"]) == ("poll_closed", 1_000)


async def test_nobody_votes_twice_or_once_it_is_over() -> None:
    async with House() as house:
        ada, ben = await house.enters("ada", INTERACTIVE), await house.enters("ben", INTERACTIVE)
        await ada.says("create_poll", question="?", poll_type="yes_no", duration=10)
        poll = ben.last("poll_created")["poll"]["id"]
        assert (await ben.says("vote", poll_id=poll, answer=True, ref=1))[-1] == {"type": "ack", "ref": 1}
        (again,) = await ben.says("vote", poll_id=poll, answer=False)
        assert again["code"] == "already_voted"
        await house.passes(11)
        closed = ada.last("poll_closed")
        assert (closed["closed_by"], closed["poll"]["options"][0]["votes"]) == (None, 1)
        (late,) = await ada.says("vote", poll_id=poll, answer=True)
        assert late["code"] == "poll_closed"
        (stranger,) = await ada.says("vote", poll_id="nosuch", answer=True)
        assert stranger["code"] == "poll_not_found"


async def test_a_signal_is_heard_by_the_one_it_is_for_and_refused_to_a_stranger() -> None:
    async with House() as house:
        ada, ben, cat = [await house.enters(name, INTERACTIVE) for name in ("ada", "ben", "cat")]
        for one in (ada, ben):
            await one.says("voice_join")
        cat.take()
        offer = {"target_user": "ben", "signal": {"type": "offer", "sdp": "v=0"}}
        await ada.says("webrtc_signal", **offer)
        heard = {"type": "webrtc_signal", "from_user": "ada", **offer}
        assert [ben.take(), cat.take()] == [[heard], []]
        for target in ("cat", "nobody"):
            (refused,) = await ada.says("webrtc_signal", target_user=target, signal={})
            assert refused["type"] == "error"
        (refused,) = await cat.says("webrtc_signal", target_user="ben", signal={})
        assert refused["type"] == "error"
        assert ben.take() == []


async def test_whoever_is_in_the_call_by_a_line_stays_in_it_while_they_are_here() -> None:
    async with House() as house:
        ada = await house.enters("ada", INTERACTIVE)
        ben, also_ben = await house.enters("ben", INTERACTIVE), await house.enters("ben", CHAT)
        await ben.says("voice_join")
        await house.passes(120)
        assert (await house.room).members[BEN].calling
        assert await ada.says("voice_speaking") != [], "who is not in the call cannot speak"
        ben.loses_its_line()
        also_ben.loses_its_line()
        await house.passes(21)
        assert [said["type"] for said in ada.take()][-2:] == ["voice_left", "user_left"]


async def test_what_is_drawn_and_typed_is_shown_and_not_kept() -> None:
    async with House() as house:
        ada, ben = await house.enters("ada", INTERACTIVE), await house.enters("ben", CHAT)
        cat = await house.enters("cat", CHAT)
        (drawn,) = await ada.says("annotation", data={"line": [[0, 0], [1, 1]]})
        assert drawn["data"] == {"line": [[0, 0], [1, 1]]}
        await ben.says("typing", is_typing=True)
        assert cat.last("typing") == {
            "type": "typing",
            "user": {"id": "ben", "username": "Ben"},
            "is_typing": True,
        }
        late = await house.connects("dan", INTERACTIVE)
        assert [said["type"] for said in late.take()] == ["interactive_state"]


async def test_slow_mode_binds_those_who_do_not_moderate() -> None:
    async with House() as house:
        ada, ben = await house.enters("ada", CHAT), await house.enters("ben", CHAT)
        (refused,) = await ben.says("slow_mode", seconds=10)
        assert refused["code"] == "not_allowed"
        await ada.says("slow_mode", seconds=10)
        await ben.says("chat_message", message="one")
        (slow,) = await ben.says("chat_message", message="two")
        assert (slow["code"], slow["retry_after"]) == ("slow_mode", 10.0)
        for text in ("three", "four"):
            assert (await ada.says("chat_message", message=text))[0]["message"] == text


async def test_who_comes_in_hears_what_was_said_edited_and_removed_before() -> None:
    async with House() as house:
        ben = await house.enters("ben", CHAT)
        one, two = [(await ben.says("chat_message", message=text))[0] for text in ("helo", "oops")]
        (edited,) = await ben.says("edit_message", message_id=one["id"], message="hello")
        assert (edited["type"], edited["id"], edited["edited"]) == ("message_edited", one["id"], True)
        (removed,) = await ben.says("delete_message", message_id=two["id"])
        assert removed == {"type": "message_deleted", "message_id": two["id"], "deleted_by": "ben"}
        answer = (await ben.says("chat_message", message="yes", reply_to=one["id"]))[0]
        cat = await house.connects("cat", CHAT)
        (history,) = cat.take()
        assert [(said["message"], said["edited"], said["reply_to"]) for said in history["messages"]] == [
            ("hello", True, None),
            ("yes", False, one["id"]),
        ]
        assert history["messages"][1] == answer
        (refused,) = await cat.says("edit_message", message_id=one["id"], message="mine")
        assert refused["code"] == "not_allowed"
        (unknown,) = await cat.says("delete_message", message_id="other-0000000002")
        assert unknown["code"] == "line_not_found"


async def test_those_who_block_each_other_hear_nothing_of_each_other() -> None:
    async with House() as house:
        house.apart.append({"ben", "cat"})
        ben, cat = await house.enters("ben", CHAT), await house.enters("cat", CHAT)
        cat.take()
        (said,) = await ben.says("chat_message", message="hello")
        await ben.says("typing")
        await ben.says("edit_message", message_id=said["id"], message="hello?")
        assert [one["type"] for one in cat.take()] == []
        late = await house.connects("cat", CHAT)
        assert late.take()[0]["messages"] == []
        calling = [await house.enters(name, INTERACTIVE) for name in ("ben", "cat")]
        for one in calling:
            await one.says("voice_join")
        calling[1].take()
        await calling[0].says("webrtc_signal", target_user="cat", signal={})
        assert calling[1].take() == []
