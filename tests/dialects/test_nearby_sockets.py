"""Guide 002 over Socket.IO: both event tables, at `/` and at `/realtime`, and whom a socket speaks and hears as."""

from __future__ import annotations

import json
from typing import get_args

import msgspec
import pytest

from tests.dialects.neighbourhood import BESIDE, FAR_OFF, HERE, Ear, Street
from tests.service.world import settle
from tests.transports.engine_room import Clock, Engine
from tutti.core.ids import MemberId, RoomId
from tutti.dialects.nearby.sockets import Conversation
from tutti.dialects.nearby.spoken import SPOKEN, told
from tutti.dialects.nearby.wire import HEARD
from tutti.infra.tokens import JwtIdentity
from tutti.service.identity import Gate
from tutti.service.limits import Limits, Rate
from tutti.service.nearby import values
from tutti.service.ports import Principal
from tutti.transports.lobby import Lobby
from tutti.transports.socketio import SocketServer

GUIDES_HEARD = {
    "user:go_live", "user:go_offline", "user:update_track", "user:update_location", "user:heartbeat",
    "find:start", "find:update_location", "find:end",
}  # fmt: skip
GUIDES_SPOKEN = {
    "connected", "live:user_joined", "live:user_left", "live:track_update", "live:nearby_users",
    "find:request_received", "find:bucket_update", "find:session_ended",
}  # fmt: skip


def test_every_event_of_the_guide_is_known() -> None:
    assert set(HEARD) >= GUIDES_HEARD
    assert set(SPOKEN) >= GUIDES_SPOKEN


VIEW = values.FindView(
    id=values.FindId("f"),
    seeker=MemberId("a"),
    target=MemberId("b"),
    stage=values.FindStage.ACCEPTED,
    bucket=values.Bucket.FAR,
    answers_left=5,
    expires_in_s=9.0,
    confirmed=(),
    ending=None,
    room=None,
)
EVENTS: tuple[values.NearbyEvent, ...] = (
    values.UserJoined(MemberId("a"), None, None),
    values.UserLeft(MemberId("a")),
    values.TrackUpdate(MemberId("a"), None),
    values.TrackUpdate(MemberId("a"), values.Track("t", None, ("One", "Two"))),
    values.PlaceChanged(HERE),
    values.WentOffline(),
    values.PlayerLost(),
    values.FindRequested(VIEW, None),
    values.FindAccepted(VIEW),
    values.BucketUpdate(VIEW),
    values.FoundClaimed(VIEW),
    values.FindEnded(VIEW._replace(ending=values.FindEnding.EXPIRED)),
    values.TogetherOpened(RoomId("R"), MemberId("a"), MemberId("b"), None),
)
SAID_PERSONALLY = {"connected", "live:nearby_users", "error"}


def test_every_event_is_told_by_the_name_and_in_the_shape_that_is_documented() -> None:
    assert {type(event) for event in EVENTS} == set(get_args(values.NearbyEvent))
    said = [told(event) for event in EVENTS]
    assert {one[0] for one in said if one} == set(SPOKEN) - SAID_PERSONALLY
    for one in said:
        assert one is None or type(one[1]) is SPOKEN[one[0]]


async def live(
    street: Street, user: str, geohash: str = HERE, **settings: object
) -> tuple[Ear, Conversation]:
    ear, conversation = await street.connect(user)
    assert (await street.say(ear, conversation, "user:go_live", settings))["success"] is True
    answer = await street.say(ear, conversation, "user:update_location", {"geohash": geohash})
    assert answer["geohash"] == geohash
    return ear, conversation


async def test_connecting_is_confirmed() -> None:
    async with Street() as street:
        ear, _ = await street.connect("ada")
        assert ear.take() == [("connected", {"userId": "ada"})]


async def test_people_near_hear_who_comes_what_they_play_and_who_goes() -> None:
    async with Street() as street:
        ada, _ = await live(street, "ada", HERE)
        far, _ = await live(street, "far", FAR_OFF)
        ada.take()
        far.take()
        bob, bobs = await live(street, "bob", BESIDE, shareTrack=True)
        assert bob.last("live:nearby_users")["users"][0]["userId"] == "ada"
        await street.say(
            bob, bobs, "user:update_track", {"trackId": "t", "trackName": "So What", "artist": "Miles"}
        )
        await street.say(bob, bobs, "user:go_offline")
        assert ada.take() == [
            ("live:user_joined", {"userId": "bob", "displayName": "bob", "avatarUrl": None}),
            (
                "live:track_update",
                {"userId": "bob", "trackId": "t", "trackName": "So What", "artist": "Miles"},
            ),
            ("live:user_left", {"userId": "bob"}),
        ]
        assert far.take() == []
        assert "live:went_offline" in bob.names()


async def test_a_track_that_is_not_shared_is_told_to_nobody() -> None:
    async with Street() as street:
        ada, _ = await live(street, "ada")
        bob, bobs = await live(street, "bob")
        ada.take()
        await street.say(
            bob, bobs, "user:update_track", {"trackId": "t", "trackName": "So What", "artist": "Miles"}
        )
        assert ada.take() == []


async def test_finding_with_consent_over_the_socket() -> None:
    async with Street() as street:
        ada, adas = await live(street, "ada")
        bob, bobs = await live(street, "bob", allowFind=True)
        ada.take(), bob.take()
        session = (await street.say(ada, adas, "find:start", {"targetId": "bob"}))["sessionId"]
        asked = bob.last("find:request_received")
        assert (asked["sessionId"], asked["seekerId"]) == (session, "ada")
        await street.say(bob, bobs, "find:accept", {"sessionId": session})
        for ear, conversation in ((ada, adas), (bob, bobs)):
            said = {"sessionId": session, "geohash": HERE}
            assert (await street.say(ear, conversation, "find:update_location", said))["success"] is True
        assert ada.last("find:bucket_update") == bob.last("find:bucket_update")
        assert ada.last("find:bucket_update")["bucket"] == "close"
        together = await street.hood.actions.together_found(_principal("ada"), session)
        await settle()
        for ear in (ada, bob):
            opened = ear.last("together:opened")
            assert (opened["roomId"], opened["page"]) == (together.room_id, together.page)
            assert (opened["openedBy"], opened["openedFor"], opened["sessionId"]) == ("ada", "bob", session)
        await street.say(ada, adas, "find:end", {"sessionId": session, "completed": True})
        assert bob.last("find:found_claimed")["confirmed"] == ["ada"]
        await street.say(bob, bobs, "find:end", {"sessionId": session, "completed": True})
        for ear in (ada, bob):
            assert ear.last("find:session_ended") == {"sessionId": session, "status": "completed"}


async def test_who_forbids_it_is_told_of_as_who_does_not_exist() -> None:
    async with Street() as street:
        ada, adas = await live(street, "ada")
        await live(street, "shy")
        answers = [await street.say(ada, adas, "find:start", {"targetId": who}) for who in ("shy", "nobody")]
        assert answers[0] == answers[1]
        assert answers[0]["statusCode"] == 404


async def test_both_namespaces_hear_the_same_in_their_own_name() -> None:
    async with Street() as street:
        main, _ = await street.connect("ada", namespace="/")
        own, owns = await street.connect("ada", namespace="/realtime")
        await street.say(own, owns, "user:go_live")
        await street.say(own, owns, "user:update_location", {"geohash": HERE})
        await live(street, "bob")
        joined = [b'["live:user_joined",{"userId":"bob","displayName":"bob","avatarUrl":null}]']
        assert [w for w in main.wire if b"user_joined" in w] == [b"42" + joined[0]]
        assert [w for w in own.wire if b"user_joined" in w] == [b"42/realtime," + joined[0]]


async def test_a_frame_is_made_once_for_everybody_who_hears_it() -> None:
    async with Street() as street:
        event = values.UserLeft(_principal("bob").id)
        assert street.hood.desk.told(event, "/") is street.hood.desk.told(event, "/")


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("user:update_location", {"geohash": "u09tva"}),
        ("user:update_location", {"geohash": "48.8566,2.3522"}),
        ("user:update_location", {"latitude": 48.8566, "longitude": 2.3522}),
        ("user:update_location", None),
        ("user:update_location", b"[1]"),
        ("user:update_location", b"[" * 3000 + b"]" * 3000),
        ("user:update_track", {"trackId": "a\x00b"}),
        ("user:update_track", {"trackId": "t", "trackName": "x" * 1000}),
        ("user:go_live", {"radiusKm": 0}),
        ("user:go_live", {"radiusKm": 1e9}),
        ("find:start", {"targetId": "a\nb"}),
        ("find:start", {"targetId": ""}),
        ("find:start", {"targetId": "ada"}),
        ("find:start", {}),
    ],
)
async def test_what_is_no_sentence_is_refused_in_the_guides_shape(event: str, said: object) -> None:
    async with Street() as street:
        ear, conversation = await street.connect("ada")
        if event != "user:go_live":
            await street.say(ear, conversation, "user:go_live")
        answer = await street.say(ear, conversation, event, said)
        assert answer.pop("success") is False
        assert set(answer) == {"statusCode", "timestamp", "path", "method", "error", "message"}
        assert (answer["statusCode"], answer["path"], answer["method"]) == (400, event, "EVENT")
        assert street.hood.nearby.place(_principal("ada").id).geohash is None
        assert street.hood.nearby.settings(_principal("ada").id) == values.Settings()


async def test_a_failure_without_acknowledgement_is_an_event() -> None:
    async with Street() as street:
        ear, conversation = await street.connect("ada")
        ear.take()
        conversation.hear("user:heartbeat", [], None)
        await settle()
        [(name, said)] = ear.take()
        assert (name, said["statusCode"], said["path"]) == ("error", 403, "user:heartbeat")


async def test_ten_thousand_updates_a_second_are_refused_and_the_last_kept_is_the_first() -> None:
    limits = Limits(per_connection=Rate(40.0, 120.0), per_person=Rate(80.0, 240.0))
    async with Street(limits=limits) as street:
        ear, conversation = await street.connect("ada")
        await street.say(ear, conversation, "user:go_live")
        heard = 0
        for number in range(10_000):
            place = HERE if number < 50 else FAR_OFF
            raw = msgspec.Raw(msgspec.json.encode({"geohash": place}))
            conversation.hear(
                "user:update_location", [raw], lambda answer: ear.acks.append(json.loads(answer))
            )
        await settle()
        heard = sum(answer["success"] for answer in ear.acks)
        assert heard <= 120
        assert {answer["statusCode"] for answer in ear.acks if not answer["success"]} == {429}
        assert street.hood.nearby.place(_principal("ada").id).geohash == HERE


async def test_a_nameless_socket_is_told_to_sign_in() -> None:
    async with Street() as street:
        ear, conversation = await street.connect(None)
        assert ear.take() == []
        assert (await street.say(ear, conversation, "user:go_live"))["statusCode"] == 401


async def test_a_token_that_expires_silences_the_socket_until_it_is_fresh() -> None:
    async with Street(closed=True) as street:
        ours = JwtIdentity(b"k" * 32, lambda: street.clock.wall_ms(street.clock.now_ms()))
        street.world.hall.gate = Gate(ours, closed=True)
        ear, conversation = await street.connect(None, token=ours.issue("ada", None, 60))
        assert ear.take() == [("connected", {"userId": "ada"})]
        await street.turn(61_000)
        assert [(name, said["statusCode"]) for name, said in ear.take()] == [("error", 401)]
        assert (await street.say(ear, conversation, "user:go_live"))["statusCode"] == 401
        forged = JwtIdentity(b"f" * 32, lambda: 0.0).issue("ada", None, 1e9)
        assert (await street.say(ear, conversation, "authenticate", {"token": forged}))["statusCode"] == 401
        fresh = ours.issue("ada", None, 600)
        assert (await street.say(ear, conversation, "authenticate", {"token": fresh}))["success"] is True
        assert (await street.say(ear, conversation, "user:go_live"))["success"] is True
        await street.turn(60_000)
        assert "closed" not in ear.names()


async def test_a_token_that_stays_expired_closes_the_socket() -> None:
    async with Street(closed=True) as street:
        ours = JwtIdentity(b"k" * 32, lambda: street.clock.wall_ms(street.clock.now_ms()))
        street.world.hall.gate = Gate(ours, closed=True)
        ear, _ = await street.connect(None, token=ours.issue("ada", None, 60))
        await street.turn(95_000)
        assert ear.last("closed")["code"] == 1008


async def test_a_socket_that_signs_in_as_somebody_else_hears_nothing_of_whoever_it_was() -> None:
    async with Street(closed=True) as street:
        ours = JwtIdentity(b"k" * 32, lambda: street.clock.wall_ms(street.clock.now_ms()))
        street.world.hall.gate = Gate(ours, closed=True)
        ada, bob = (ours.issue(who, None, 600) for who in ("ada", "bob"))
        ear, conversation = await street.connect(None, token=ada)
        other, its = await street.connect(None, token=bob)
        for one, said in ((ear, conversation), (other, its)):
            assert (await street.say(one, said, "user:go_live"))["success"] is True
            assert (await street.say(one, said, "user:update_location", {"geohash": HERE}))["success"] is True
        cat = ours.issue("cat", None, 600)
        assert (await street.say(ear, conversation, "authenticate", {"token": cat}))["success"] is True
        ear.take()
        assert (await street.say(other, its, "user:go_offline"))["success"] is True
        assert (ear.names(), "live:user_left" in other.names()) == ([], False)


async def test_a_closed_socket_hears_nothing_and_its_person_stays_live() -> None:
    async with Street() as street:
        ear, conversation = await live(street, "ada")
        conversation.closed()
        ear.take()
        await live(street, "bob")
        assert ear.take() == []
        assert street.hood.nearby.is_live(_principal("ada").id)


async def test_the_lobby_serves_both_namespaces() -> None:
    async with Street() as street:
        clock = Clock()
        hall, desk = street.world.hall, street.hood.desk
        sockets = SocketServer(
            {"/": Lobby(hall, desks=(desk,)), "/realtime": Lobby(hall, desks=(desk,))},
            wheel=clock.wheel,
            new_id=lambda: "socket",
        )
        session, wire = Engine(converse=sockets.converse, clock=clock).open_websocket()
        wire.take()
        session.text(b'40/realtime,{"userId":"ada"}')
        await settle()
        assert wire.take() == [b'40/realtime,{"sid":"socket"}', b'42/realtime,["connected",{"userId":"ada"}]']
        session.text(b'42/realtime,7["user:go_live"]')
        await settle()
        assert any(frame.startswith(b'43/realtime,7[{"success":true,"isLive":true') for frame in wire.take())
        session.text(b'40{"token":"opaque"}')
        await settle()
        assert wire.take() == [b'40{"sid":"socket"}']  # who may be another dialect's client is not greeted
        session.text(b'421["user:heartbeat"]')
        await settle()
        [connected, answer] = wire.take()
        assert connected.startswith(b'42["connected",{"userId":"guest-')
        assert json.loads(answer[3:])[0]["statusCode"] == 403
        session.text(b'42/realtime,["dance"]')
        await settle()
        assert any(b"UNKNOWN_EVENT" in frame and frame.startswith(b"42/realtime,") for frame in wire.take())


async def test_a_socket_of_another_dialect_costs_nothing_until_it_speaks_ours() -> None:
    async with Street() as street:
        ear, _ = await street.connect(None, token="opaque", namespace="/")
        assert ear.take() == []


def _principal(user: str) -> Principal:
    return Principal(MemberId(user))
