"""A party's sockets: who is let in, with which code who is not, and how long it may go on."""

from __future__ import annotations

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
