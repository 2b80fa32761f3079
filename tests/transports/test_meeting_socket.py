"""Meetings as front ends of guide 004 hold them: who is there, what is told to whom, and how it ends."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.transports.meeting_room import ROOM, House
from tutti.core import commands as c
from tutti.core.events import CloseReason
from tutti.core.ids import MemberId
from tutti.core.roster import Role
from tutti.dialects.native.dialect import Native
from tutti.transports.handshake import Rejected
from tutti.transports.websocket import Accepted

# -- coming and going


async def test_the_first_who_joins_opens_the_room_and_is_its_host() -> None:
    async with House() as house:
        ada = house.connects()
        peers = await ada.joins(peerId="peer_ada", username="Ada")
        assert {key: peers[key] for key in ("yourId", "peers", "isHost", "hostId", "roomLocked")} == {
            "yourId": "peer_ada",
            "peers": [],
            "isHost": True,
            "hostId": "peer_ada",
            "roomLocked": False,
        }
        ben = house.connects()
        peers = await ben.joins(peerId="peer_ben", username="Ben")
        assert (peers["peers"], peers["isHost"], peers["hostId"]) == (["peer_ada"], False, "peer_ada")
        assert ada.only("peer-joined") == {"peerId": "peer_ben", "username": "Ben"}


async def test_two_who_open_a_room_in_the_same_moment_are_in_one_room_with_one_host() -> None:
    async with House() as house:
        ada, ben = house.connects(), house.connects()
        ada.writes({"event": "join", "data": {"peerId": "ada", "username": "Ada"}})
        ben.writes({"event": "join", "data": {"peerId": "ben", "username": "Ben"}})
        await house.passes(0.2)
        hosts = [client.wire.heard[0]["data"]["hostId"] for client in (ada, ben)]
        assert hosts == ["ada", "ada"]
        assert ben.wire.heard[0]["data"]["peers"] == ["ada"]


async def test_peers_says_beside_the_guide_who_is_there_and_as_what() -> None:
    async with House() as house:
        _, ben = await house.meeting("ada", "ben")
        await ben.says("raise-hand")
        await ben.says("screen-share-start")
        await ben.says("mute-changed", muted=True)
        cat = house.connects()
        peers = await cat.joins(peerId="cat", username="Cat")
        assert peers["participants"] == [
            {"peerId": "ada", "username": "Ada", "role": "host", "handRaised": False, "handOrder": None,
             "sharing": False, "muted": False, "inCall": True},
            {"peerId": "ben", "username": "Ben", "role": "participant", "handRaised": True, "handOrder": 1,
             "sharing": True, "muted": True, "inCall": True},
            {"peerId": "cat", "username": "Cat", "role": "participant", "handRaised": False, "handOrder": None,
             "sharing": False, "muted": False, "inCall": True},
        ]  # fmt: skip
        assert (peers["topology"], peers["chatEnabled"], peers["chat"]) == ("mesh", True, [])
        assert (peers["resumed"], peers["lobby"], peers["iceServers"]) == (False, False, [])
        room = await house.room()
        assert (peers["seq"], peers["epoch"]) == (room.seq, room.epoch)


async def test_a_front_end_that_wants_objects_gets_objects() -> None:
    async with House() as house:
        await house.enters("ada")
        ben = house.connects(query="peers=objects")
        peers = await ben.joins(peerId="ben", username="Ben")
        assert peers["peers"] == [{"peerId": "ada", "username": "Ada"}]
        cat = house.connects()
        assert (await cat.joins(peerId="cat", username="Cat"))["peers"] == ["ada", "ben"]
        assert ben.events() == ["peer-joined"]


async def test_leaving_and_closing_with_1000_are_told_at_once() -> None:
    async with House() as house:
        ada, ben, cat = await house.meeting("ada", "ben", "cat")
        await ben.says("leave")
        assert ben.ended == 1000
        assert ada.only("peer-left") == cat.only("peer-left") == {"peerId": "ben"}
        cat.closes(1000)
        await house.passes(0.2)
        assert ada.only("peer-left") == {"peerId": "cat"}


async def test_when_the_host_leaves_the_longest_present_co_host_has_the_seat_else_the_longest_present() -> (
    None
):
    async with House() as house:
        ada, ben, cat = await house.meeting("ada", "ben", "cat")
        await ada.says("promote-co-host", targetPeerId="cat")
        ben.take()
        await ada.says("leave")
        left, changed = ben.take()
        assert (left["event"], left["data"]) == ("peer-left", {"peerId": "ada"})
        assert (changed["event"], changed["data"]) == ("host-changed", {"hostId": "cat", "reason": "left"})
        cat.take()
        await cat.says("leave")
        assert [said["data"] for said in ben.take()][1] == {"hostId": "ben", "reason": "left"}


async def test_a_room_that_has_ended_begins_anew_when_somebody_joins() -> None:
    async with House() as house:
        ada, _ = await house.meeting("ada", "ben")
        await house.asks("ada", c.Close())
        assert ada.events()[-1] == "room-closed"
        assert ada.ended == 1000
        cat = house.connects()
        peers = await cat.joins(peerId="cat", username="Cat")
        assert (peers["isHost"], peers["peers"], peers["seq"]) == (True, [], 1)


async def test_a_room_that_nobody_is_in_is_gone_after_a_day() -> None:
    async with House() as house:
        ada = await house.enters("ada")
        await ada.says("leave")
        await house.world.turn(24 * 3_600_000 + 120_000, 60_000)
        live = await house.world.rooms.live(ROOM)
        assert not hasattr(live, "state") or live.state is None or live.state.closed is CloseReason.EXPIRED


@pytest.mark.parametrize("room", ["", "a b", "<script>", "../etc", "x" * 129, "a\x00"])
async def test_there_is_no_room_of_an_impossible_name(room: str) -> None:
    async with House() as house:
        client = house.connects(room)
        assert client.refused() == ("INVALID_ROOM", "join")
        assert client.ended == 1000


# -- who one is


async def test_an_id_that_somebody_has_is_not_given_to_another() -> None:
    async with House() as house:
        ada = await house.enters("ada")
        eve = house.connects()
        peers = await eve.joins(peerId="ada", username="Eve")
        assert peers["yourId"] not in ("", "ada")
        assert ada.only("peer-joined")["peerId"] == peers["yourId"]
        assert ada.ended is None
        await eve.says("room-locked")
        assert eve.refused() == ("UNAUTHORIZED", "room-locked")


async def test_who_proposes_nothing_is_given_an_id_nobody_else_has() -> None:
    async with House() as house:
        first, second = house.connects(), house.connects()
        one, two = await first.joins(username="One"), await second.joins(username="Two")
        assert one["yourId"] != two["yourId"]


async def test_the_resume_token_proves_an_id_and_the_connection_before_is_closed_for_good() -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        again = house.connects()
        peers = await again.joins(peerId="whoever", username="Ada", resumeToken=ada.token)
        assert (peers["yourId"], peers["isHost"], peers["peers"]) == ("ada", True, ["ben"])
        assert ada.ended == 1000
        ada.closes(1000)
        await house.passes(1)
        assert ben.take() == [], "nobody has left"


async def test_a_resume_token_of_another_room_proves_nothing() -> None:
    async with House() as house:
        ada = await house.enters("ada", room="OTHER")
        await house.enters("ada")
        eve = house.connects()
        assert (await eve.joins(peerId="ada", resumeToken=ada.token))["yourId"] != "ada"


async def test_the_same_browser_proves_an_id_that_was_lost_and_no_other_does() -> None:
    async with House() as house:
        await house.enters("ada")
        cookie = f"other=1; tutti_browser={'b' * 20}"
        ben = house.connects(cookie=cookie)
        await ben.joins(peerId="ben", username="Ben")
        thief = house.connects(cookie=cookie)
        assert (await thief.joins(peerId="ben"))["yourId"] != "ben", "ben is there"
        ben.loses_its_line()
        stranger = house.connects(cookie=f"tutti_browser={'c' * 20}")
        assert (await stranger.joins(peerId="ben"))["yourId"] != "ben"
        again = house.connects(cookie=cookie)
        assert (await again.joins(peerId="ben"))["yourId"] == "ben"


async def test_a_browser_is_given_a_cookie_that_scripts_cannot_read_once() -> None:
    async with House() as house:
        first = house.knocks()
        assert isinstance(first, Accepted)
        [(name, cookie)] = first.headers
        assert name == "Set-Cookie"
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Secure" not in cookie
        sealed = house.knocks(origin="https://meet.example")
        assert isinstance(sealed, Accepted)
        assert sealed.headers[0][1].endswith("; Secure")
        again = house.knocks(cookie=cookie.partition(";")[0])
        assert isinstance(again, Accepted)
        assert again.headers == ()


async def test_where_tokens_are_verified_one_is_who_the_token_says_wherever_it_stands() -> None:
    async with House(closed=True) as house:
        ada = house.connects(query="token=ada")
        assert (await ada.joins(peerId="somebody", username="Ada"))["yourId"] == "ada"
        ben = house.connects()
        assert (await ben.joins(token="ben", username="Ben"))["yourId"] == "ben"
        nobody = house.connects()
        await nobody.says("join", peerId="ada", username="Eve")
        assert nobody.refused() == ("UNAUTHORIZED", "join")
        assert nobody.ended == 1000


async def test_one_who_watches_along_is_in_the_same_room_and_is_no_peer() -> None:
    async with House() as house:
        ada = await house.enters("ada")
        await house.asks("wes", c.Join("Wes"))
        joined = ada.only("participant-joined")["participant"]
        assert (joined["peerId"], joined["inCall"]) == ("wes", False)
        ben = house.connects()
        peers = await ben.joins(peerId="ben", username="Ben")
        assert peers["peers"] == ["ada"]
        assert [one["peerId"] for one in peers["participants"]] == ["ada", "wes", "ben"]
        ada.take()
        await house.asks("wes", c.Leave())
        assert ada.only("participant-left") == {"peerId": "wes"}


async def test_a_resume_token_is_a_pass_by_which_native_knows_the_same_person() -> None:
    async with House() as house:
        ada = await house.enters("ada")
        room = await house.room()
        native = Native()
        session, probe = house.world.connect(token=ada.token)
        said = msgspec.Raw(msgspec.json.encode({"type": "hello"}))
        session.hear(native, "hello", (said, msgspec.Raw(b'"DAILY"')), None)
        await house.passes(0.2)
        assert probe.heard[0]["you"] == {"id": "ada", "role": "host"}
        assert len((await house.room()).members) == len(room.members) == 1
        assert ada.ended is None, "the meeting goes on beside it"


# -- chat


async def test_a_line_is_told_to_the_others_and_acknowledged_to_whoever_said_it() -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        said = {
            "id": "msg_1",
            "username": "Somebody Else",
            "message": "a < b",
            "timestamp": 1,
            "peerId": "ben",
        }
        await ada.says("chat-message", **said)
        room = await house.room()
        at = round(house.world.clock.wall_ms(house.world.clock.now_ms()))
        assert ada.only("chat-ack") == {"id": "msg_1", "seq": room.seq, "timestamp": at}
        assert ben.only("chat-message") == {
            "id": "msg_1", "peerId": "ada", "username": "Ada", "message": "a < b", "timestamp": at,
        }  # fmt: skip
        await ada.says("chat-message", **said)
        assert ada.only("chat-ack")["seq"] == room.seq, "acknowledged again"
        assert ben.take() == [], "and said once"
        await ben.says("chat-message", id="msg_1", message="mine has the same id")
        assert ada.only("chat-message")["peerId"] == "ben"


async def test_a_line_without_an_id_is_told_under_one_of_ours() -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        await ada.says("chat-message", message="hello")
        assert ben.only("chat-message")["id"] == ada.only("chat-ack")["id"] != ""


async def test_ones_own_lines_are_acknowledged_in_their_place_among_the_others() -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        for n, client in enumerate((ada, ben, ada, ben)):  # in one breath, and so in one turn
            client.writes({"event": "chat-message", "data": {"id": f"m{n}", "message": "x"}})
        await house.passes(0.2)
        for client in (ada, ben):
            heard = client.take()
            assert [said["data"]["id"] for said in heard] == ["m0", "m1", "m2", "m3"]
            assert [said["seq"] for said in heard] == sorted(said["seq"] for said in heard)


async def test_who_comes_later_hears_what_was_said_before_up_to_200_lines() -> None:
    async with House() as house:
        ada = await house.enters("ada")
        for n in range(205):
            await ada.says("chat-message", id=f"m{n}", message=str(n))
        ben = house.connects()
        chat = (await ben.joins(peerId="ben"))["chat"]
        assert [line["message"] for line in chat] == [str(n) for n in range(5, 205)]
        assert set(chat[0]) == {"id", "peerId", "username", "message", "timestamp"}


@pytest.mark.parametrize(("off", "on"), [("chat-disabled", "chat-enabled"), ("disable-chat", "enable-chat")])
async def test_while_the_chat_is_off_only_those_who_moderate_are_heard(off: str, on: str) -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        await ada.says(off)
        assert ada.only("chat-disabled") == ben.only("chat-disabled") == {}
        await ben.says("chat-message", id="1", message="hello")
        assert ben.refused() == ("CHAT_DISABLED", "chat-message")
        await ben.says("private-message", id="2", targetPeerId="ada", message="hello")
        assert ben.refused() == ("CHAT_DISABLED", "private-message")
        await ada.says("chat-message", id="3", message="order, order")
        assert ben.only("chat-message")["message"] == "order, order"
        await ada.says(on)
        assert ben.only("chat-enabled") == {}


async def test_what_is_said_to_one_alone_is_heard_by_that_one_and_kept_by_nobody() -> None:
    async with House() as house:
        ada, ben, cat = await house.meeting("ada", "ben", "cat")
        before = await house.room()
        await ada.says("private-message", id="p1", targetPeerId="ben", message="psst")
        heard = ben.only("private-message")
        assert {key: heard[key] for key in ("id", "peerId", "username", "message")} == {
            "id": "p1",
            "peerId": "ada",
            "username": "Ada",
            "message": "psst",
        }
        assert ada.only("chat-ack")["id"] == "p1"
        assert cat.take() == []
        assert await house.room() == before
        await ada.says("private-message", id="p2", targetPeerId="nobody", message="psst")
        assert ada.refused() == ("PEER_NOT_FOUND", "private-message")


# -- signs


@pytest.mark.parametrize("emoji", ["👍", "❤️", "😂", "🎉", "👏", "🤔"])
async def test_a_reaction_is_seen_by_the_others(emoji: str) -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        await ada.says("reaction", peerId="ben", emoji=emoji)
        assert ben.only("reaction") == {"peerId": "ada", "emoji": emoji}
        assert ada.take() == []


async def test_hands_have_an_order_that_is_the_same_for_everybody() -> None:
    async with House() as house:
        ada, ben, cat = await house.meeting("ada", "ben", "cat")
        for client in (cat, ben):  # in one breath, and so in one turn
            client.writes({"event": "raise-hand", "data": {"peerId": "ada", "username": "Ada"}})
        await house.passes(0.2)
        raised = [said["data"] for said in ada.take()]
        assert raised == [
            {"peerId": "cat", "username": "Cat", "handOrder": 1},
            {"peerId": "ben", "username": "Ben", "handOrder": 2},
        ]
        assert (ben.events(), cat.events()) == (["raise-hand"], ["raise-hand"]), "one's own is not told again"
        await cat.says("lower-hand", peerId="ben")
        assert ada.only("lower-hand") == {"peerId": "cat"}, "one's own, whatever it says"
        dan = house.connects()
        peers = await dan.joins(peerId="dan")
        assert [one["handOrder"] for one in peers["participants"]] == [None, 1, None, None]
        await ben.says("leave")
        assert (await house.room()).hands == ()


async def test_hands_are_lowered_one_or_all_by_those_who_moderate() -> None:
    async with House() as house:
        ada, ben, cat = await house.meeting("ada", "ben", "cat")
        await ben.says("raise-hand")
        await cat.says("raise-hand")
        await ben.says("lower-hand", targetPeerId="cat")
        ben.take()
        assert (await house.room()).hands == ("ben", "cat")
        await ada.says("lower-hand", targetPeerId="ben")
        assert ben.only("lower-hand") == {"peerId": "ben"}
        await ben.says("raise-hand")
        ada.take()
        await ada.says("clear-all-hands")
        assert [said["data"]["peerId"] for said in ada.take()] == ["cat", "ben"]
        assert (await house.room()).hands == ()


# -- what hosts do


@pytest.mark.parametrize(("lock", "unlock"), [("room-locked", "room-unlocked"), ("lock-room", "unlock-room")])
async def test_nobody_else_comes_into_a_locked_room(lock: str, unlock: str) -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        await ada.says(lock)
        assert ada.only("room-locked") == ben.only("room-locked") == {}
        cat = house.connects()
        await cat.says("join", peerId="cat", username="Cat")
        assert cat.refused() == ("ROOM_LOCKED", "join")
        assert cat.ended == 1000
        await ada.says(unlock)
        assert ben.only("room-unlocked") == {}
        await house.enters("cat")


@pytest.mark.parametrize(
    ("event", "field"), [("kicked", "targetPeerId"), ("remove-participant", "peerId"), ("kicked", "peerId")]
)
async def test_who_is_kicked_hears_it_and_is_closed_for_good(event: str, field: str) -> None:
    async with House() as house:
        ada, ben, cat = await house.meeting("ada", "ben", "cat")
        await ada.says(event, **{field: "ben"})
        assert ben.only("kicked") == {}
        assert ben.ended == 1000
        assert ada.only("peer-left") == cat.only("peer-left") == {"peerId": "ben"}
        again = house.connects()
        await again.says("join", resumeToken=ben.token, username="Ben")
        assert again.refused() == ("UNAUTHORIZED", "join")
        assert again.ended == 1000


async def test_nobody_kicks_the_host() -> None:
    async with House() as house:
        ada, ben, _ = await house.meeting("ada", "ben", "cat")
        await ada.says("promote-co-host", targetPeerId="ben")
        ben.take()
        await ben.says("kicked", targetPeerId="ada")
        assert ben.refused() == ("UNAUTHORIZED", "kicked")
        await ben.says("kicked", targetPeerId="cat")
        assert ben.only("peer-left") == {"peerId": "cat"}


@pytest.mark.parametrize("promote", ["promote-co-host", "add-cohost"])
async def test_a_co_host_does_what_hosts_do_until_it_is_one_no_more(promote: str) -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        await ada.says(promote, targetPeerId="ben")
        assert ada.only("role-changed") == ben.only("role-changed") == {"peerId": "ben", "role": "co-host"}
        await ben.says("room-locked")
        assert ben.only("room-locked") == {}
        await ben.says("promote-co-host", targetPeerId="ben")
        assert ben.refused() == ("UNAUTHORIZED", "promote-co-host")
        await ada.says("remove-cohost", targetPeerId="ben")
        assert ben.only("role-changed") == {"peerId": "ben", "role": "participant"}
        await ben.says("room-unlocked")
        assert ben.refused() == ("UNAUTHORIZED", "room-unlocked")


async def test_the_host_gives_its_seat_away() -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        await ada.says("transfer-host", targetPeerId="ben")
        assert ada.only("host-changed") == ben.only("host-changed") == {"hostId": "ben", "reason": "passed"}
        assert (await house.room()).members[MemberId("ben")].role is Role.HOST


HOST_ONLY = [
    "room-locked", "room-unlocked", "lock-room", "unlock-room", "chat-enabled", "chat-disabled", "enable-chat",
    "disable-chat", "kicked", "remove-participant", "mute-participant", "mute-all", "ask-unmute", "promote-co-host",
    "add-cohost", "remove-cohost", "transfer-host", "clear-all-hands", "enable-waiting-room", "disable-waiting-room",
    "admit-participant", "admit-all", "deny-participant", "start-recording", "stop-recording", "recording-started",
    "recording-stopped",
]  # fmt: skip
WITH_VALUES: list[tuple[str, dict[str, Any]]] = [
    ("set-password", {"password": "secret"}),
    ("set-password", {"password": None}),
    ("share-policy", {"one": False}),
    ("set-capacity", {"capacity": 2}),
    ("screen-share-stop", {}),
    ("screen-share-stopped", {}),
    ("lower-hand", {}),
]
TARGETS: list[dict[str, Any]] = [
    {},
    {"targetPeerId": "ada"},
    {"targetPeerId": "ben"},
    {"targetPeerId": "cat"},
    {"peerId": "cat"},
    {"peerId": "ada", "targetPeerId": "cat"},
    {"targetPeerId": "nobody"},
    {"targetPeerId": ""},
]


@pytest.mark.parametrize("data", TARGETS, ids=str)
async def test_what_hosts_do_is_refused_to_everybody_else_in_every_spelling(data: dict[str, Any]) -> None:
    async with House() as house:
        ada, ben, cat = await house.meeting("ada", "ben", "cat")
        before = await house.room()
        for event in HOST_ONLY:
            await ben.says(event, **data)
            assert ben.refused() == ("UNAUTHORIZED", event)
        for event, more in WITH_VALUES:
            if more or data.get("targetPeerId") == "cat":
                await ben.says(event, **more, **data)
                assert ben.refused() == ("UNAUTHORIZED", event)
        assert await house.room() == before
        assert ada.take() == cat.take() == [], "and nobody was told anything"
        assert ada.ended is cat.ended is None


async def test_whoever_may_must_name_somebody_who_is_there() -> None:
    async with House() as house:
        ada, _ = await house.meeting("ada", "ben")
        named = ["kicked", "mute-participant", "ask-unmute", "promote-co-host", "transfer-host"]
        for event in [*named, "admit-participant", "deny-participant"]:
            for data in ({}, {"targetPeerId": "nobody"}):
                await ada.says(event, **data)
                assert ada.refused() == ("PEER_NOT_FOUND", event)


# -- screens and microphones


@pytest.mark.parametrize(
    ("start", "stop"),
    [("screen-share-start", "screen-share-stop"), ("screen-share-started", "screen-share-stopped")],
)
async def test_sharing_a_screen_is_told_to_the_others(start: str, stop: str) -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        await ben.says(start, peerId="ada")
        assert ada.only("screen-share-start") == {"peerId": "ben"}
        await ben.says(stop, peerId="ada")
        assert ada.only("screen-share-stop") == {"peerId": "ben"}
        assert ben.take() == []


async def test_one_screen_at_a_time_is_shown_unless_the_host_says_otherwise() -> None:
    async with House() as house:
        ada, ben, cat = await house.meeting("ada", "ben", "cat")
        await ben.says("screen-share-start")
        await cat.says("screen-share-start")
        assert cat.take()[-1]["data"]["code"] == "SHARE_TAKEN"
        ada.take()
        await ada.says("screen-share-start")
        assert [(said["event"], said["data"]) for said in cat.take()] == [
            ("screen-share-stop", {"peerId": "ben"}),
            ("screen-share-start", {"peerId": "ada"}),
        ]
        assert ben.events() == ["screen-share-stop", "screen-share-start"], "it was stopped by another"
        await ada.says("share-policy", one=False)
        await ben.says("screen-share-start")
        await cat.says("screen-share-start")
        assert (await house.room()).sharing == ("ada", "ben", "cat")
        ada.take()
        await ada.says("screen-share-stop", targetPeerId="ben")
        assert ada.only("screen-share-stop") == {"peerId": "ben"}
        await ada.says("share-policy", one=True)
        assert (await house.room()).sharing == ("ada",)


async def test_a_microphone_is_turned_off_by_those_who_moderate_and_on_by_its_owner_alone() -> None:
    async with House() as house:
        ada, ben, cat = await house.meeting("ada", "ben", "cat")
        await ada.says("mute-participant", targetPeerId="ben")
        muted = {"peerId": "ben", "muted": True, "by": "ada"}
        assert [(said["event"], said["data"]) for said in ben.take()] == [
            ("mute-participant", {"targetPeerId": "ben"}),
            ("participant-muted", muted),
        ]
        assert ada.only("participant-muted") == cat.only("participant-muted") == muted
        await ada.says("ask-unmute", targetPeerId="ben")
        assert ben.only("unmute-requested") == {"peerId": "ada"}
        assert cat.take() == []
        await ben.says("mute-changed", muted=False)
        assert cat.only("participant-muted") == {"peerId": "ben", "muted": False, "by": "ben"}
        assert ben.take() == []
        await ada.says("promote-co-host", targetPeerId="cat")
        await cat.says("mute-participant", targetPeerId="ada")
        assert cat.take()[-1]["data"]["code"] == "UNAUTHORIZED", "nobody mutes the host"
        ada.take()
        await cat.says("mute-all")
        assert ada.only("participant-muted")["peerId"] == "ben"


# -- the rest


async def test_a_ping_is_answered_before_and_after_joining() -> None:
    async with House() as house:
        ada = house.connects()
        ada.writes({"event": "ping"})
        assert ada.only("pong") == {}
        await ada.joins(peerId="ada")
        ada.writes({"event": "ping", "data": {}})
        assert ada.only("pong") == {}


async def test_who_stays_silent_for_25_seconds_is_taken_to_be_dead() -> None:
    async with House() as house:
        accepted = house.knocks()
        assert isinstance(accepted, Accepted)
        assert accepted.heartbeat is not None
        assert accepted.heartbeat.every_s + accepted.heartbeat.timeout_s == 25.0
        assert accepted.heartbeat.every_s == 10.0
        assert accepted.max_payload == 64 * 1024


async def test_what_is_said_before_joining_closes_nobody_and_chat_is_said_afterwards() -> None:
    """The known front end flushes what it could not send before it joins again."""
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        ben.loses_its_line()
        ada.take()
        again = house.connects()
        for n in range(40):
            await again.says("chat-message", id=f"m{n}", message=str(n))
        await again.says("candidate", targetPeerId="ada", candidate="x")
        await again.says("ping")
        await again.says("raise-hand")
        await again.says("dance")
        assert (again.events(), again.ended) == (["pong"], None)
        await again.joins(resumeToken=ben.token, username="Ben")
        await house.passes(1)
        assert ada.events() == ["peer-reconnected"] + ["chat-message"] * 32
        assert again.events() == ["chat-ack"] * 32


async def test_frames_that_stand_for_events_have_their_number_and_the_others_none() -> None:
    async with House() as house:
        ada, ben = await house.meeting("ada", "ben")
        await ben.says("raise-hand")
        await ben.says("reaction", emoji="🎉")
        hand, reaction = ada.take()
        assert hand["seq"] == (await house.room()).seq
        assert "seq" not in reaction


async def test_a_full_room_lets_nobody_in() -> None:
    async with House(capacity=2) as house:
        await house.meeting("ada", "ben")
        cat = house.connects()
        await cat.says("join", peerId="cat", username="Cat")
        assert cat.refused() == ("ROOM_FULL", "join")
        assert cat.ended == 1000


async def test_when_the_server_restarts_everybody_is_told_to_come_back() -> None:
    async with House() as house:
        ada = await house.enters("ada")
        house.world.rooms.draining = True
        ben = house.connects()
        await ben.says("join", peerId="ben", username="Ben")
        assert ben.ended == 1012
        ada.socket.send_away()
        assert ada.ended == 1012
        ada.closes(1012)
        await house.passes(1)
        assert MemberId("ada") in (await house.room()).members, "and is not taken to have left"


async def test_a_page_of_another_origin_is_not_let_in() -> None:
    async with House(origins=frozenset({"https://tutti.example"})) as house:
        assert isinstance(house.knocks(origin="https://tutti.example"), Accepted)
        refused = house.knocks(origin="https://evil.example", host="tutti.example")
        assert isinstance(refused, Rejected)


async def test_ice_servers_are_told_anew_before_their_credentials_end() -> None:
    async with House(turn_ttl_s=600) as house:
        ada = house.connects()
        first = (await ada.joins(peerId="ada"))["iceServers"]
        assert first[0]["username"].endswith(":ada")
        await house.passes(301)
        again = ada.only("ice-servers")["iceServers"]
        assert again[0]["username"] != first[0]["username"]
