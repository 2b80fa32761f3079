"""Watch rooms over sockets: what each person hears, and what bites in the wild (contract `watch`)."""

from __future__ import annotations

import msgspec
import pytest

from tests.dialects.watching import MOVIE_NIGHT, ROOMS, Watching
from tutti.core.commands import Expire
from tutti.core.ids import RoomId
from tutti.dialects.watch.defaults import ID_ALPHABET
from tutti.service.limits import Limits, Rate


async def test_making_a_room_answers_the_room_and_listens_to_it() -> None:
    async with Watching() as node:
        ada = node.connect("user123")
        await node.say(ada, "create_room", MOVIE_NIGHT)
        made = ada.only("room_created")
        assert (made["adminId"], made["participants"]) == ("user123", ["user123"])
        assert len(made["id"]) == 10
        assert set(made["id"]) <= set(ID_ALPHABET)
        await node.enter("user456", made["id"])
        assert ada.only("user_joined")["participants"] == ["user123", "user456"]


async def test_a_late_joiner_is_told_where_the_film_is_now_not_where_it_was_set() -> None:
    async with Watching() as node:
        (ada,) = await node.company("ada")
        await node.act(ada, "play", currentTime=60)
        await node.turn(7_500)
        ben = await node.enter("ben", ada.room)
        told = ben.only("initial_state")
        assert told["currentState"]["isPlaying"] is True
        assert told["currentState"]["currentTime"] == 67.5
        assert told["timestamp"] == 1_760_956_207_500


async def test_whoever_joined_over_http_joins_by_socket_without_joining_twice() -> None:
    async with Watching() as node:
        (ada,) = await node.company("ada")
        await node.http.post(f"{ROOMS}/{ada.room}/join", json={"userId": "ben", "userName": "Ben"})
        assert ada.names() == ["user_joined"]
        ben = await node.enter("ben", ada.room)
        assert ben.only("initial_state")["members"][1]["userName"] == "Ben"
        assert ada.names() == []


async def test_leaving_is_heard_by_everybody_and_ends_the_hearing() -> None:
    async with Watching() as node:
        ada, ben = await node.company("ada", "ben")
        await node.say(ben, "leave_room", {"roomId": ada.room, "userId": "ben"})
        assert (ada.names(), ben.names()) == (["user_left"], ["user_left"])
        await node.act(ada, "play")
        assert (ada.names(), ben.names()) == (["playback_updated"], [])


async def test_whoever_is_kicked_hears_it_and_nothing_after() -> None:
    async with Watching() as node:
        ada, ben, cleo = await node.company("ada", "ben", "cleo")
        await node.http.post(f"{ROOMS}/{ada.room}/kick-user", json={"adminId": "ada", "userIdToKick": "ben"})
        for screen in (ada, ben, cleo):
            said = screen.only("user_kicked")
            assert (said["kickedUserId"], said["participants"]) == ("ben", ["ada", "cleo"])
        await node.act(ada, "play")
        assert ben.names() == []


async def test_passing_the_seat_on_is_heard_by_everybody() -> None:
    async with Watching() as node:
        ada, ben = await node.company("ada", "ben")
        body = {"currentAdminId": "ada", "newAdminId": "ben"}
        await node.http.post(f"{ROOMS}/{ada.room}/transfer-admin", json=body)
        told = ben.only("admin_changed")
        assert (told["newAdmin"], told["oldAdmin"], told["participants"]) == ("ben", "ada", ["ada", "ben"])
        assert ada.names() == ["admin_changed"]


async def test_an_admin_who_is_lost_for_thirty_seconds_is_succeeded_by_the_longest_present() -> None:
    async with Watching() as node:
        ada, ben, cleo = await node.company("ada", "ben", "cleo")
        assert ada.session is not None
        ada.session.closed()
        await node.turn(29_000)
        assert ben.take() == []
        await node.turn(2_000)
        assert [name for name, _ in cleo.heard] == ["user_left", "admin_changed"]
        assert ben.take()[1][1]["newAdmin"] == "ben"


async def test_an_admin_who_is_back_in_time_stays_admin() -> None:
    async with Watching() as node:
        ada, ben = await node.company("ada", "ben")
        assert ada.session is not None
        ada.session.closed()
        await node.turn(20_000)
        again = await node.enter("ada", ada.room)
        await node.turn(60_000)
        assert again.only("initial_state")["adminId"] == "ada"
        assert ben.take() == []


async def test_somebody_unseen_for_a_minute_leaves() -> None:
    async with Watching() as node:
        ada, ben = await node.company("ada", "ben")
        assert ben.session is not None
        ben.session.closed()
        await node.turn(59_000)
        assert ada.take() == []
        await node.turn(2_000)
        assert ada.only("user_left")["userId"] == "ben"


async def test_heartbeats_from_elsewhere_keep_somebody_in_the_room() -> None:
    async with Watching() as node:
        ada, ben = await node.company("ada", "ben")
        assert ben.session is not None
        ben.session.closed()
        elsewhere = node.connect("ben")
        for _ in range(6):
            await node.turn(30_000, 1_000)
            await node.say(elsewhere, "heartbeat", {"roomId": ada.room, "userId": "ben"})
        assert ada.take() == []
        await node.turn(62_000, 1_000)
        assert ada.only("user_left")["userId"] == "ben"


async def test_a_sync_request_is_answered_to_the_asker_alone() -> None:
    async with Watching() as node:
        ada, ben = await node.company("ada", "ben")
        await node.act(ada, "play")
        await node.turn(3_000)
        ada.take(), ben.take()
        await node.say(ben, "sync_request", {"roomId": ada.room, "userId": "ben"})
        told = ben.only("sync_response")
        assert told["currentState"]["currentTime"] == 3.0
        assert (told["timestamp"], told["adminId"]) == (1_760_956_203_000, "ada")
        assert ada.take() == []


async def test_anybody_moves_the_film_and_only_the_admin_changes_it() -> None:
    async with Watching() as node:
        ada, ben = await node.company("ada", "ben", mediaType="tv")
        await node.act(ben, "seek", currentTime=120)
        assert ada.only("playback_updated")["userId"] == "ben"
        ben.take()
        for kind, data in (("changeEpisode", {"episode": 2}), ("changeProvider", {"provider": "vidsrc"})):
            await node.act(ben, kind, **data)
            assert ben.only("error")["code"] == "NOT_ALLOWED"
        await node.act(ada, "changeProvider", provider="vidsrc")
        assert ben.only("provider_changed")["state"]["currentTime"] == 120.0
        await node.act(ada, "changeEpisode", episode=2)
        state = ben.only("episode_changed")["state"]
        assert (state["episode"], state["currentTime"]) == (2, 0.0)
        await node.act(ada, "changeMedia", mediaId="123456")
        assert ben.only("media_changed")["action"]["data"]["mediaId"] == "123456"


async def test_updates_from_everybody_four_times_a_second_are_not_passed_on() -> None:
    """What bites: the guide's player sends `updateTime` from every participant, four times a second."""
    async with Watching() as node:
        screens = await node.company(*(f"user{n}" for n in range(10)))
        await node.act(screens[0], "play")
        for screen in screens:
            assert screen.names() == ["playback_updated"]
        for quarter in range(1, 41):
            await node.turn(250, 250)
            for n, screen in enumerate(screens):
                await node.act(screen, "updateTime", currentTime=quarter * 0.25 + n * 0.01)
        for screen in screens:
            assert set(screen.names()) == {"sync_status"}


async def test_an_admins_update_corrects_the_timeline_at_most_once_a_second() -> None:
    async with Watching() as node:
        ada, ben = await node.company("ada", "ben")
        await node.act(ada, "play")
        await node.turn(5_000)
        ben.take()
        for n in range(20):
            await node.act(ada, "updateTime", currentTime=100 + n * 30)
            await node.turn(250, 250)
        corrections = [
            said for name, said in ben.take() if name == "playback_updated" and said["userId"] == "ada"
        ]
        assert 1 <= len(corrections) <= 5
        assert corrections[0]["state"]["currentTime"] == 100.0
        assert corrections[0]["action"]["type"] == "updateTime"


async def test_anybody_elses_update_is_only_an_observation() -> None:
    async with Watching() as node:
        ada, ben = await node.company("ada", "ben")
        await node.act(ada, "play")
        await node.turn(3_000)
        ada.take()
        await node.act(ben, "updateTime", currentTime=500)
        await node.turn(100)
        await node.say(ada, "sync_request", {"roomId": ada.room, "userId": "ada"})
        assert ada.only("sync_response")["currentState"]["currentTime"] == 3.1


async def test_a_viewer_that_lags_is_corrected_alone() -> None:
    async with Watching() as node:
        ada, ben = await node.company("ada", "ben")
        await node.act(ada, "play")
        for quarter in range(1, 17):
            await node.turn(250, 250)
            await node.act(ada, "updateTime", currentTime=quarter * 0.25)
            await node.act(ben, "updateTime", currentTime=max(quarter * 0.25 - 2, 0))
        corrections = [
            said for name, said in ben.take() if name == "playback_updated" and said["userId"] == ""
        ]
        assert len(corrections) == 1
        assert corrections[0]["action"]["type"] == "updateTime"
        assert [said["userId"] for name, said in ada.take() if name == "playback_updated"] == ["ada"]


@pytest.mark.parametrize(
    ("kind", "data"), [("play", {}), ("seek", {"currentTime": 60.3}), ("play", {"currentTime": 59.6})]
)
async def test_asking_for_what_is_already_so_is_told_to_nobody(kind: str, data: dict[str, float]) -> None:
    async with Watching() as node:
        ada, ben = await node.company("ada", "ben")
        await node.act(ada, "play", currentTime=60)
        ada.take(), ben.take()
        await node.act(ben, kind, **data)
        assert (ada.take(), ben.take()) == ([], [])


async def test_a_slow_players_echo_of_a_seek_drags_nobody_back() -> None:
    """What bites: setting `currentTime` fires `seeked`, seconds later on a slow line, and is sent back as a seek."""
    async with Watching() as node:
        ada, ben, cleo = await node.company("ada", "ben", "cleo")
        await node.act(ada, "play")
        await node.act(ada, "seek", currentTime=600)
        await node.turn(3_000)
        cleo.take()
        await node.act(ben, "seek", currentTime=600)
        assert cleo.take() == []


async def test_an_echo_that_was_overtaken_is_answered_with_where_everybody_is() -> None:
    """Two seek at once; whoever was last passes over its own movement and must be told of it."""
    async with Watching() as node:
        ada, ben, cleo = await node.company("ada", "ben", "cleo")
        await node.act(ada, "seek", currentTime=100)
        await node.act(ben, "seek", currentTime=200)
        ada.take(), ben.take(), cleo.take()
        await node.act(ben, "seek", currentTime=100)  # ben's player did as ada wished
        told = ben.only("playback_updated")
        assert (told["userId"], told["state"]["currentTime"]) == ("", 200.0)
        assert (ada.take(), cleo.take()) == ([], [])


async def test_a_second_time_is_a_wish() -> None:
    async with Watching() as node:
        ada, ben = await node.company("ada", "ben")
        await node.act(ada, "seek", currentTime=100)
        await node.act(ben, "seek", currentTime=100)
        await node.act(ada, "seek", currentTime=200)
        ada.take()
        await node.act(ben, "seek", currentTime=100)
        assert ada.only("playback_updated")["state"]["currentTime"] == 100.0


async def test_forward_and_rewind_are_seeks() -> None:
    async with Watching() as node:
        ada, ben = await node.company("ada", "ben")
        await node.act(ada, "fastForward", seconds=30)
        assert ben.only("playback_updated")["action"] == {"type": "seek", "data": {"currentTime": 30.0}}
        await node.act(ada, "rewind")
        assert ben.only("playback_updated")["state"]["currentTime"] == 20.0


async def test_in_a_large_room_arrivals_are_told_at_most_four_times_a_second() -> None:
    async with Watching(most=100) as node:
        screens = await node.company(*(f"user{n}" for n in range(12)))
        for n in range(12, 40):
            await node.enter(f"user{n}", screens[0].room)
        await node.turn(1_000, 50)
        told = [said for name, said in screens[0].take() if name == "user_joined"]
        assert len(told) <= 5
        assert len(told[-1]["participants"]) == 40


ERRORS: list[tuple[str, object, str]] = [
    ("join_room", {"roomId": "NOWHERE", "userId": "ben"}, "ROOM_NOT_FOUND"),
    ("leave_room", {"roomId": "NOWHERE", "userId": "ben"}, "ROOM_NOT_FOUND"),
    ("sync_request", {"roomId": "NOWHERE", "userId": "ben"}, "ROOM_NOT_FOUND"),
    ("heartbeat", {"roomId": "NOWHERE", "userId": "ben"}, "ROOM_NOT_FOUND"),
    ("join_room", {"userId": "ben"}, "BAD_REQUEST"),
    ("create_room", {**MOVIE_NIGHT, "providerId": "nobody"}, "UNKNOWN_PROVIDER"),
    ("playback_action", {"roomId": "NOWHERE", "userId": "ben", "action": {"type": "dance"}}, "BAD_REQUEST"),
]


@pytest.mark.parametrize(("name", "said", "code"), ERRORS)
async def test_what_cannot_be_done_is_an_error_with_a_code(name: str, said: object, code: str) -> None:
    async with Watching() as node:
        ben = node.connect("ben")
        await node.say(ben, name, said)
        error = ben.only("error")
        assert error["code"] == code
        assert error["message"]


async def test_a_stranger_in_a_room_is_told_so() -> None:
    async with Watching() as node:
        (ada,) = await node.company("ada")
        eve = node.connect("eve")
        eve.room = ada.room
        await node.act(eve, "pause")
        assert eve.only("error")["code"] == "NOT_A_MEMBER"
        assert ada.take() == []


async def test_acknowledgements_answer_whoever_asks_for_them() -> None:
    async with Watching() as node:
        (ada,) = await node.company("ada")
        await node.say(ada, "heartbeat", {"roomId": ada.room, "userId": "ada"}, ack=True)
        await node.say(ada, "join_room", {"roomId": "NOWHERE", "userId": "ada"}, ack=True)
        await node.say(ada, "join_room", {"userId": "ada"}, ack=True)
        done, refused, malformed = ada.acks
        assert malformed["error"]["code"] == "BAD_REQUEST"
        assert ada.take() == []
        assert (done["success"], done["data"]["id"]) == (True, ada.room)
        assert refused == {"success": False, "error": {"code": "ROOM_NOT_FOUND", "message": "Room not found"}}


async def test_a_token_after_connecting_is_as_good_as_one_before() -> None:
    async with Watching(closed=True) as node:
        answer = await node.http.post(ROOMS, json=MOVIE_NIGHT, headers={"Authorization": "Bearer user123"})
        room = answer.json()["data"]["id"]
        ben = node.connect("user456")
        await node.say(ben, "join_room", {"roomId": room, "userId": "user456"})
        assert ben.only("error")["code"] == "UNAUTHENTICATED"
        await node.say(ben, "authenticate", {"token": "user456"}, ack=True)
        assert ben.acks == [{"success": True}]
        await node.say(ben, "join_room", {"roomId": room, "userId": "user123"})
        assert ben.only("error")["code"] == "NOT_YOURSELF"
        await node.say(ben, "join_room", {"roomId": room, "userId": "user456"})
        assert ben.names() == ["initial_state"]


async def test_whoever_sends_too_fast_is_told_when_to_go_on() -> None:
    limits = Limits(per_connection=Rate(4.0, 5.0))
    async with Watching(limits=limits) as node:
        (ada,) = await node.company("ada")
        for _ in range(6):
            await node.say(ada, "heartbeat", {"roomId": ada.room, "userId": "ada"})
        error = ada.take()[0][1]
        assert (error["code"], error["retryAfter"]) == ("RATE_LIMITED", 0.2)


async def test_a_room_that_ends_is_told_to_whoever_is_still_there() -> None:
    async with Watching() as node:
        (ada,) = await node.company("ada")
        node.world.rooms.submit(RoomId(ada.room), Expire(), None, lambda _: None)
        await node.turn(100)
        assert ada.only("room_closed") == {"roomId": ada.room, "reason": "expired"}


async def test_garbage_leaves_the_connection_and_the_room_as_they_were() -> None:
    async with Watching() as node:
        ada, ben = await node.company("ada", "ben")
        for garbage in (b"null", b"[]", b"5", b'"x"', b"{", b"\xff", msgspec.json.encode({"roomId": [1]})):
            await node.say(ben, "playback_action", garbage)
            assert ben.only("error")["code"] == "BAD_REQUEST"
        assert ada.take() == []
        await node.act(ben, "play")
        assert ada.names() == ["playback_updated"]
