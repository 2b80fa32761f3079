"""What guide 001's events mean, and what is none: the codec by itself."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clocks import TurnedClock
from tests.rooms import of_parties
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.commands import COMMANDS
from tutti.core.decide import decide
from tutti.core.defaults import Control, Expiry, HostLost
from tutti.core.drift import Doing
from tutti.core.events import EVENTS, Change, CloseReason, LeaveReason, Move, Recorded
from tutti.core.ids import Epoch, MemberId, RoomId, Seq
from tutti.core.media import Media
from tutti.core.queue import Entry
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room, evolve
from tutti.core.roster import Breakout, Member, Role
from tutti.core.timeline import Timeline
from tutti.dialects.watch import errors
from tutti.dialects.watch.choices import House
from tutti.dialects.watch.defaults import ID_ALPHABET, defaults, room_id
from tutti.dialects.watch.dialect import Watch
from tutti.dialects.watch.heard import HEARD
from tutti.dialects.watch.providers import built_in
from tutti.dialects.watch.spoken import SPOKEN
from tutti.service import dialect as d
from tutti.service.standing import Standing
from tutti.transports.socketio_packets import event_frame

NOW_MS = 1_060_000.0
ADA, BEN = MemberId("ada"), MemberId("ben")
WATCH = Watch(event_frame, TurnedClock(wall_ahead_ms=0.0), House(built_in(), defaults()))
VIEWER = d.Viewer(BEN, 20.0)


def hear(name: str, said: object, at_ms: float = NOW_MS) -> d.Sentence:
    raw = said if isinstance(said, bytes) else msgspec.json.encode(said)
    return WATCH.hear(name, [msgspec.Raw(raw)], at_ms)


def act(kind: str, data: object = None) -> c.Command:
    action = {"type": kind} if data is None else {"type": kind, "data": data}
    sentence = hear("playback_action", {"roomId": "ROOM", "action": action, "userId": "ada"})
    assert isinstance(sentence, d.Ask)
    assert (sentence.room, sentence.who) == ("ROOM", "ada")
    return sentence.command


SERIES = Media("666243", "vidnest", "tv", episode=2, duration_ms=5_400_000.0)


def a_room(media: Media | None = SERIES) -> Room:
    """Ada's room, which Ben has joined."""
    opened = e.RoomOpened("Movie Night", defaults(), Member(ADA, "Ada", Role.HOST, 1_000_000.0), media)
    room = evolve(RoomId("ROOM"), None, Recorded(Epoch("1"), Seq(1), 1_000_000.0, opened))
    joined = e.MemberJoined(Member(BEN, "Ben", Role.MEMBER, 1_010_000.0))
    return evolve(RoomId("ROOM"), room, Recorded(Epoch("1"), Seq(2), 1_010_000.0, joined))


def encoded(event: e.Event, now_ms: float = NOW_MS) -> list[tuple[str, dict[str, Any]]]:
    """What everybody hears of this event in Ada's room."""
    recorded = Recorded(Epoch("1"), Seq(3), NOW_MS, event)
    room = evolve(RoomId("ROOM"), a_room(), recorded)
    return [_decoded(frame.text) for frame in WATCH.encode(recorded, room, now_ms)]


def _decoded(text: bytes) -> tuple[str, dict[str, Any]]:
    name, said = json.loads(text.removeprefix(b"42"))
    msgspec.convert(said, SPOKEN[name])
    return name, said


EVERY_EVENT: list[e.Event] = [
    e.RoomOpened("Movie Night", defaults(), Member(ADA, "Ada", Role.HOST, 0.0), None),
    e.MemberJoined(Member(MemberId("cleo"), "Cleo", Role.MEMBER, NOW_MS)),
    e.MemberLeft(BEN, LeaveReason.LEFT),
    e.HostChanged(BEN, ADA),
    e.RoleChanged(BEN, Role.MODERATOR),
    e.LockChanged(True),
    e.CapacityChanged(5),
    e.ChatSwitched(False),
    e.OffsetSet(BEN, 10.0),
    e.MediaChanged(Media("1", "vidsrc", "movie"), Timeline(), Change.MEDIA, ADA),
    e.TimelineMoved(Timeline(5_000.0, playing=True, anchored_at_ms=NOW_MS), Move.PLAY, ADA),
    e.QueueChanged((Entry("q1", Media("1", "vidsrc", "movie"), BEN),), BEN),
    e.ChatSaid(BEN, "Ben", "Hello"),
    e.HandChanged(BEN, True),
    e.ReadyChanged(BEN, True),
    e.WaitingSwitched(True),
    e.WaitBegan((BEN,), NOW_MS + 5_000.0, ADA),
    e.WaitEnded((BEN,)),
    e.RoomClosed(CloseReason.EXPIRED),
    e.CallEntered(BEN),
    e.CallLeft(BEN),
    e.LobbySwitched(True),
    e.Knocked(BEN, "Ben"),
    e.KnockEnded(BEN, False),
    e.SharingChanged(BEN, True),
    e.SharePolicyChanged(False),
    e.MuteChanged(BEN, True, ADA),
    e.PasswordChanged(None),
    e.SeatKept(ADA, 1.0),
    e.RecordingStarted("r1", ADA),
    e.RecordingStopped("r1", None, 0.0),
    e.BreakoutsOpened((Breakout(RoomId("R1"), "One"),), None, ADA),
    e.Assigned(ADA, RoomId("R1")),
    e.BreakoutsExtended(1.0),
    e.BreakoutsClosed(),
    *of_parties(BEN),
]

EVERY_SENTENCE: list[tuple[str, dict[str, Any]]] = [
    ("create_room", {"name": "Movie Night", "mediaId": "666243", "mediaType": "movie", "adminId": "ada"}),
    ("join_room", {"roomId": "ROOM", "userId": "ada"}),
    ("leave_room", {"roomId": "ROOM", "userId": "ada"}),
    ("sync_request", {"roomId": "ROOM", "userId": "ada"}),
    ("heartbeat", {"roomId": "ROOM", "userId": "ada"}),
    ("authenticate", {"token": "secret"}),
]

EVERY_ACTION: list[tuple[str, object, c.Command]] = [
    ("play", {}, c.Play()),
    ("play", None, c.Play()),
    ("play", {"currentTime": 12.5}, c.Play(12_500.0)),
    ("pause", {}, c.Pause()),
    ("pause", {"currentTime": 12.5}, c.Pause(12_500.0)),
    ("seek", {"currentTime": 120}, c.Seek(120_000.0)),
    ("setPlaybackRate", {"rate": 1.5}, c.SetRate(1.5)),
    ("updateTime", {"currentTime": 120}, c.Report(120_000.0, NOW_MS)),
    ("changeEpisode", {"episode": 2}, c.ChangeEpisode(2)),
    ("changeProvider", {"provider": "vidsrc"}, c.ChangeProvider("vidsrc")),
    ("changeMedia", {"mediaId": "123456"}, c.ChangeMedia("123456")),
    (
        "changeMedia",
        {"mediaId": "http://a.example/b.mp4", "mediaType": "tv", "episode": 3, "duration": 60},
        c.ChangeMedia("http://a.example/b.mp4", "direct", "tv", episode=3, duration_ms=60_000.0),
    ),
    ("fastForward", {}, c.SeekBy(10_000.0)),
    ("fastForward", {"seconds": 30}, c.SeekBy(30_000.0)),
    ("rewind", None, c.SeekBy(-10_000.0)),
    ("rewind", {"amount": 5}, c.SeekBy(-5_000.0)),
]


@pytest.mark.parametrize(("kind", "data", "command"), EVERY_ACTION)
def test_each_action_asks_for_what_the_guide_says(kind: str, data: object, command: c.Command) -> None:
    assert act(kind, data) == command


def test_all_the_data_that_the_guide_prints_at_once_is_understood_by_each_action() -> None:
    data = {"currentTime": 120, "rate": 1.5, "episode": 2, "provider": "vidsrc", "mediaId": "123456"}
    kinds = [
        "play",
        "pause",
        "seek",
        "setPlaybackRate",
        "updateTime",
        "changeEpisode",
        "changeProvider",
        "changeMedia",
    ]
    asked = [act(kind, data) for kind in kinds]
    assert asked == [
        c.Play(120_000.0),
        c.Pause(120_000.0),
        c.Seek(120_000.0),
        c.SetRate(1.5),
        c.Report(120_000.0, NOW_MS),
        c.ChangeEpisode(2),
        c.ChangeProvider("vidsrc"),
        c.ChangeMedia("123456", "vidsrc", episode=2),
    ]


def test_each_socket_event_of_the_guide_is_understood() -> None:
    heard = [hear(name, said) for name, said in EVERY_SENTENCE]
    media = Media("666243", "vidnest", "movie")
    assert heard == [
        d.Found(ADA, c.Open("Movie Night", "ada", defaults(), media)),
        d.Enter(RoomId("ROOM"), ADA, None),
        d.Exit(RoomId("ROOM"), ADA),
        d.Resync(RoomId("ROOM"), ADA),
        d.Renew(RoomId("ROOM"), ADA),
        d.SignIn("secret"),
    ]
    assert {name for name, _ in EVERY_SENTENCE} | {"playback_action"} == WATCH.events == set(HEARD)


def test_names_may_come_along_and_lose_the_blanks_around_them() -> None:
    entered = hear("join_room", {"roomId": "ROOM", "userId": "ben", "userName": "  Ben  "})
    assert entered == d.Enter(RoomId("ROOM"), BEN, "Ben")
    made = hear("create_room", {**EVERY_SENTENCE[0][1], "name": " A ", "adminName": " Ada "})
    assert isinstance(made, d.Found)
    assert (made.command.name, made.command.host_name) == ("A", "Ada")


def test_a_user_id_may_be_left_to_the_token() -> None:
    assert hear("heartbeat", {"roomId": "ROOM"}) == d.Renew(RoomId("ROOM"), None)


MALFORMED: list[tuple[str, object, str]] = [
    ("sing", {}, "no event 'sing'"),
    ("join_room", None, "Expected `object`, got `null`"),
    ("join_room", [], "Expected `object`, got `array`"),
    ("join_room", {}, "missing required field `roomId`"),
    ("join_room", {"roomId": 7}, "Expected `str`, got `int`"),
    ("join_room", {"roomId": ""}, "length >= 1"),
    ("join_room", {"roomId": "x" * 129}, "length <= 128"),
    ("join_room", {"roomId": "ROOM", "userId": "a\x00b"}, "control characters"),
    ("join_room", {"roomId": "ROOM", "userId": "ben\n"}, "control characters"),
    ("join_room", {"roomId": "ROOM", "userName": "   "}, "userName must not be blank"),
    ("join_room", b'{"roomId":"\\ud800"}', "not JSON"),
    ("join_room", b'{"roomId":"ROOM"', "not JSON"),
    ("join_room", b"\xff", "not JSON"),
    ("join_room", b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b',"roomId":"ROOM"}', "nested too deeply"),
    ("create_room", {**EVERY_SENTENCE[0][1], "name": "x" * 101}, "length <= 100"),
    ("create_room", {**EVERY_SENTENCE[0][1], "name": " "}, "name must not be blank"),
    ("create_room", {**EVERY_SENTENCE[0][1], "mediaType": "song"}, "Invalid enum value 'song'"),
    ("create_room", {**EVERY_SENTENCE[0][1], "mediaId": "1" * 21}, "at most 20 characters"),
    ("create_room", {**EVERY_SENTENCE[0][1], "mediaId": "ftp://a.example/b"}, "http:// or https://"),
    (
        "create_room",
        {**EVERY_SENTENCE[0][1], "mediaId": "javascript:alert(1)", "providerId": "direct"},
        "direct takes",
    ),
    ("create_room", {**EVERY_SENTENCE[0][1], "mediaId": "http://a.example/" + "b" * 2048}, "length <= 2048"),
    ("authenticate", {}, "missing required field `token`"),
]

MALFORMED_ACTIONS: list[tuple[object, str]] = [
    ({"type": "dance"}, "Invalid value 'dance'"),
    ({"data": {}}, "missing required field `type`"),
    ("play", "Expected `object`, got `str`"),
    ({"type": "seek"}, "missing required field `data`"),
    ({"type": "seek", "data": {}}, "missing required field `currentTime`"),
    ({"type": "seek", "data": {"currentTime": "120"}}, "Expected `float`, got `str`"),
    ({"type": "seek", "data": {"currentTime": True}}, "Expected `float`, got `bool`"),
    ({"type": "seek", "data": {"currentTime": -1}}, ">= 0.0"),
    ({"type": "seek", "data": {"currentTime": 1e12}}, "<= 3600000.0"),
    ({"type": "setPlaybackRate", "data": {"rate": 0.2}}, ">= 0.25"),
    ({"type": "setPlaybackRate", "data": {"rate": 4.1}}, "<= 4.0"),
    ({"type": "changeEpisode", "data": {"episode": 1.5}}, "Expected `int`"),
    ({"type": "changeEpisode", "data": {"episode": -1}}, ">= 0"),
    ({"type": "changeMedia", "data": {"mediaId": "1" * 21}}, "at most 20 characters"),
    ({"type": "changeMedia", "data": {"mediaId": "ftp://a.example/b"}}, "http:// or https://"),
    ({"type": "changeMedia", "data": {"mediaId": "http://a.example/b", "provider": "vidsrc"}}, "not a URL"),
    ({"type": "fastForward", "data": {"seconds": 0}}, "> 0.0"),
]


@pytest.mark.parametrize(("name", "said", "problem"), MALFORMED)
def test_what_is_no_sentence_is_told_why(name: str, said: object, problem: str) -> None:
    with pytest.raises(d.Malformed) as told:
        hear(name, said)
    assert problem in str(told.value)


@pytest.mark.parametrize(("action", "problem"), MALFORMED_ACTIONS)
def test_what_is_no_action_is_told_why(action: object, problem: str) -> None:
    with pytest.raises(d.Malformed) as told:
        hear("playback_action", {"roomId": "ROOM", "action": action, "userId": "ada"})
    assert problem in str(told.value)


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"1e999", b"1" + b"0" * 400])
def test_no_number_that_cannot_be_computed_with_is_a_position(number: bytes) -> None:
    action = b'{"type":"seek","data":{"currentTime":' + number + b"}}"
    with pytest.raises(d.Malformed):
        hear("playback_action", b'{"roomId":"ROOM","action":' + action + b"}")


def test_an_event_without_its_object_is_none() -> None:
    with pytest.raises(d.Malformed, match="join_room needs an object"):
        WATCH.hear("join_room", [], NOW_MS)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("create_room", {**EVERY_SENTENCE[0][1], "providerId": "nobody"}),
        (
            "playback_action",
            {"roomId": "R", "action": {"type": "changeProvider", "data": {"provider": "nobody"}}},
        ),
        (
            "playback_action",
            {
                "roomId": "R",
                "action": {"type": "changeMedia", "data": {"mediaId": "1", "provider": "nobody"}},
            },
        ),
    ],
)
def test_an_unknown_provider_is_declined_not_misunderstood(name: str, said: object) -> None:
    with pytest.raises(d.Declined) as declined:
        hear(name, said)
    assert declined.value.refused.reason is Reason.UNKNOWN_PROVIDER


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["roomId", "userId", "action", "type", "data", "currentTime", "name", "mediaId", "x"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(HEARD)), st.binary(max_size=60) | anything.map(lambda x: json.dumps(x).encode())
)
def test_whatever_arrives_is_a_sentence_or_none(name: str, said: bytes) -> None:
    """Nothing but `Malformed` and `Declined` comes out of what is not one."""
    try:
        sentence = hear(name, said)
    except (d.Malformed, d.Declined):
        return
    assert isinstance(sentence, d.Found | d.Enter | d.Exit | d.Ask | d.Renew | d.Resync | d.SignIn)


def test_the_events_it_cannot_say_are_exactly_those_it_declares() -> None:
    assert {type(event) for event in EVERY_EVENT} == set(EVENTS)
    told = {type(event) for event in EVERY_EVENT if not isinstance(event, e.RoomOpened) and encoded(event)}
    assert set(EVENTS) - told == WATCH.unspoken


def test_the_commands_it_cannot_hear_are_exactly_those_it_declares() -> None:
    over_the_socket = {type(command) for _, _, command in EVERY_ACTION} | {c.Open, c.Join, c.Leave}
    over_http = {c.Expel, c.TransferHost}  # `test_watch_rest` gives both
    assert set(COMMANDS) - over_the_socket - over_http == WATCH.unheard


def test_no_event_is_told_each_viewer_for_itself() -> None:
    assert WATCH.personal == frozenset()
    recorded = Recorded(Epoch("1"), Seq(3), NOW_MS, EVERY_EVENT[-2])
    assert WATCH.tell(recorded, a_room(), VIEWER, NOW_MS) == ()


STATE = {"isPlaying": True, "currentTime": 5.25, "duration": 5400.0, "playbackRate": 1.0, "episode": 2}
ADA_SHOWN = {"userId": "ada", "userName": "Ada", "isAdmin": True, "joinedAt": "1970-01-01T00:16:40.000Z"}
BEN_SHOWN = {"userId": "ben", "userName": "Ben", "isAdmin": False, "joinedAt": "1970-01-01T00:16:50.000Z"}

MOVES: list[tuple[Move, Timeline, dict[str, Any]]] = [
    (Move.PLAY, Timeline(5_000.0, 1.0, True, NOW_MS), {"type": "play", "data": {"currentTime": 5.25}}),
    (Move.PAUSE, Timeline(5_000.0, 1.0, False, NOW_MS), {"type": "pause", "data": {"currentTime": 5.0}}),
    (Move.SEEK, Timeline(9_000.0, 1.0, True, NOW_MS), {"type": "seek", "data": {"currentTime": 9.25}}),
    (Move.RATE, Timeline(5_000.0, 2.0, True, NOW_MS), {"type": "setPlaybackRate", "data": {"rate": 2.0}}),
    (
        Move.CORRECTION,
        Timeline(5_000.0, 1.0, True, NOW_MS),
        {"type": "updateTime", "data": {"currentTime": 5.25}},
    ),
]


@pytest.mark.parametrize(("move", "timeline", "action"), MOVES)
def test_each_movement_is_a_playback_update_with_the_state_at_its_timestamp(
    move: Move, timeline: Timeline, action: dict[str, Any]
) -> None:
    ((name, said),) = encoded(e.TimelineMoved(timeline, move, ADA), NOW_MS + 250)
    assert name == "playback_updated"
    assert said["action"] == action
    assert (said["userId"], said["timestamp"]) == ("ada", 1_060_250)
    assert said["state"]["currentTime"] == timeline.position_at(NOW_MS + 250) / 1000
    assert said["state"]["isPlaying"] is timeline.playing


def test_every_movement_that_watch_rooms_know_is_among_them() -> None:
    assert {move for move, _, _ in MOVES} == set(Move) - {Move.MEDIA}


@pytest.mark.parametrize(
    ("change", "name", "action"),
    [
        (Change.EPISODE, "episode_changed", {"type": "changeEpisode", "data": {"episode": 3}}),
        (Change.PROVIDER, "provider_changed", {"type": "changeProvider", "data": {"provider": "vidsrc"}}),
        (
            Change.MEDIA,
            "media_changed",
            {
                "type": "changeMedia",
                "data": {"mediaId": "123456", "mediaType": "tv", "provider": "vidsrc", "episode": 3},
            },
        ),
    ],
)
def test_each_change_of_what_plays_has_its_own_event(
    change: Change, name: str, action: dict[str, Any]
) -> None:
    media = Media("123456", "vidsrc", "tv", episode=3)
    ((got, said),) = encoded(e.MediaChanged(media, Timeline(0.0, 1.0, True, NOW_MS), change, ADA))
    state = {"isPlaying": True, "currentTime": 0.0, "duration": 0.0, "playbackRate": 1.0, "episode": 3}
    assert got == name
    assert said == {"action": action, "state": state, "userId": "ada", "timestamp": 1_060_000}


def test_coming_and_going_tell_who_is_there_now() -> None:
    cleo = {"userId": "cleo", "userName": "Cleo", "isAdmin": False, "joinedAt": "1970-01-01T00:17:40.000Z"}
    both = {"participants": ["ada", "ben", "cleo"], "members": [ADA_SHOWN, BEN_SHOWN, cleo]}
    alone = {"participants": ["ada"], "members": [ADA_SHOWN]}
    assert encoded(EVERY_EVENT[1]) == [("user_joined", {"userId": "cleo", **both})]
    assert encoded(e.MemberLeft(BEN, LeaveReason.LEFT)) == [("user_left", {"userId": "ben", **alone})]
    assert encoded(e.MemberLeft(BEN, LeaveReason.LOST)) == [("user_left", {"userId": "ben", **alone})]
    assert encoded(e.MemberLeft(BEN, LeaveReason.EXPELLED)) == [
        ("user_kicked", {"kickedUserId": "ben", **alone})
    ]


def test_another_admin_is_told_with_the_old_one() -> None:
    ((name, said),) = encoded(e.HostChanged(BEN, ADA))
    assert (name, said["newAdmin"], said["oldAdmin"]) == ("admin_changed", "ben", "ada")
    assert [member["isAdmin"] for member in said["members"]] == [False, True]


def test_the_end_of_a_room_is_told_with_its_reason() -> None:
    assert encoded(e.RoomClosed(CloseReason.EXPIRED)) == [
        ("room_closed", {"roomId": "ROOM", "reason": "expired"})
    ]


def test_the_welcome_shows_the_whole_room_as_it_is_now() -> None:
    recorded = Recorded(
        Epoch("1"), Seq(3), NOW_MS, e.TimelineMoved(Timeline(5_000.0, 1.0, True, NOW_MS), Move.PLAY, ADA)
    )
    room = evolve(RoomId("ROOM"), a_room(), recorded)
    (frame,) = WATCH.welcome(room, VIEWER, NOW_MS + 250)
    name, said = _decoded(frame.text)
    people = {"participants": ["ada", "ben"], "members": [ADA_SHOWN, BEN_SHOWN]}
    shown = {
        "id": "ROOM",
        "name": "Movie Night",
        "adminId": "ada",
        "mediaId": "666243",
        "mediaType": "tv",
        "providerId": "vidnest",
        "currentState": STATE,
        "createdAt": "1970-01-01T00:16:40.000Z",
        "updatedAt": "1970-01-01T00:17:40.000Z",
        "maxParticipants": 10,
        **people,
    }
    assert name == "initial_state"
    assert said == {"currentState": STATE, "timestamp": 1_060_250, "room": shown, "adminId": "ada", **people}
    (synced,) = WATCH.resync(room, VIEWER, NOW_MS + 250)
    answer = {"currentState": STATE, "timestamp": 1_060_250, "adminId": "ada", "room": shown}
    assert _decoded(synced.text) == ("sync_response", answer)
    (founded,) = WATCH.founded(room, VIEWER, NOW_MS + 250)
    assert _decoded(founded.text) == ("room_created", shown)


def test_a_room_without_media_is_shown_without() -> None:
    (frame,) = WATCH.founded(a_room(media=None), VIEWER, NOW_MS)
    _, said = _decoded(frame.text)
    assert (said["mediaId"], said["mediaType"], said["providerId"]) == (None, None, None)


def test_a_player_that_is_off_is_corrected_alone_and_by_nobody() -> None:
    (frame,) = WATCH.steer(a_room(), VIEWER, -900.0, NOW_MS, True)
    name, said = _decoded(frame.text)
    assert name == "playback_updated"
    assert (said["userId"], said["action"]["type"]) == ("", "updateTime")
    assert WATCH.steer(a_room(), VIEWER, -900.0, NOW_MS, False) == ()


def test_an_admin_that_is_off_is_not_corrected_but_reminded_when_it_was_overtaken() -> None:
    admin = d.Viewer(ADA, 0.0)
    assert WATCH.steer(a_room(), admin, -900.0, NOW_MS, True) == ()
    assert len(WATCH.steer(a_room(), admin, None, NOW_MS, True)) == 1


@pytest.mark.parametrize(("ahead_ms", "seconds"), [(0.0, 5.0), (300.0, 4.7), (60_000.0, 0.0)])
def test_players_that_start_at_once_are_told_where_to_start_to_be_right_at_the_instant(
    ahead_ms: float, seconds: float
) -> None:
    scheduled = Timeline(5_000.0, 1.0, True, NOW_MS + ahead_ms)
    [(_, said)] = encoded(e.TimelineMoved(scheduled, Move.PLAY, ADA))
    assert said["action"] == {"type": "play", "data": {"currentTime": seconds}}
    assert said["state"]["currentTime"] == seconds


def test_players_that_stop_at_once_are_told_where_everybody_will_stop() -> None:
    scheduled = Timeline(5_300.0, 1.0, False, NOW_MS + 300.0)
    [(_, said)] = encoded(e.TimelineMoved(scheduled, Move.PAUSE, ADA))
    assert said["action"] == {"type": "pause", "data": {"currentTime": 5.3}}


def test_everybody_hears_how_far_apart_players_are() -> None:
    (frame,) = WATCH.status(a_room(), {ADA: Standing(12.4), BEN: Standing(-700.0)}, NOW_MS)
    members = [
        {"userId": "ada", "driftMs": 12, "quality": "excellent"},
        {"userId": "ben", "driftMs": -700, "quality": "fair"},
    ]
    assert _decoded(frame.text) == ("sync_status", {"members": members, "timestamp": 1_060_000})
    assert WATCH.status(a_room(), {}, NOW_MS) == ()


def test_players_that_say_how_sure_they_are_are_told_of_with_that() -> None:
    unknown = Standing(None, 8.0, Doing.BUFFERING)
    (frame,) = WATCH.status(a_room(), {ADA: Standing(-3.24, 2.06, Doing.PLAYING), BEN: unknown}, NOW_MS)
    _, said = _decoded(frame.text)
    sure = {"errorMs": -3.2, "boundMs": 2.1, "state": "playing"}
    assert said["members"] == [{"userId": "ada", "driftMs": -3, "quality": "excellent", **sure}]
    assert WATCH.status(a_room(), {BEN: unknown}, NOW_MS) == ()


def test_a_large_room_is_not_told_everybodys_drift_each_second() -> None:
    room = a_room()
    for n in range(51):
        joined = e.MemberJoined(Member(MemberId(f"user{n}"), "x", Role.MEMBER, NOW_MS))
        room = evolve(RoomId("ROOM"), room, Recorded(Epoch("1"), Seq(room.seq + 1), NOW_MS, joined))
    assert WATCH.status(room, {ADA: Standing(12.4)}, NOW_MS) == ()


@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_has_a_code_a_sentence_and_a_status(reason: Reason) -> None:
    name, said = _decoded(WATCH.refuse(Refused(reason, retry_after_s=1.23)).text)
    assert name == "error"
    assert said == {"code": reason.code.upper(), "message": reason.sentence, "retryAfter": 1.2}
    assert errors.status(reason) in (400, 401, 403, 404, 409, 410, 429, 500, 503)


def test_what_was_no_sentence_is_an_error_too() -> None:
    assert _decoded(WATCH.malformed("no").text) == ("error", {"code": "BAD_REQUEST", "message": "no"})


def test_acknowledgements_tell_success_from_failure() -> None:
    clock = TurnedClock(NOW_MS)
    watch = Watch(event_frame, clock, House(built_in(), defaults()))
    assert json.loads(watch.answer(None)) == {"success": True}
    done = json.loads(watch.answer(a_room()))
    assert done["success"] is True
    assert done["data"]["id"] == "ROOM"
    refused = json.loads(watch.answer(Refused(Reason.ROOM_FULL)))
    assert refused == {"success": False, "error": {"code": "ROOM_FULL", "message": "This room is full"}}


def test_rooms_made_here_are_as_the_guide_says() -> None:
    made = defaults(10)
    assert (made.capacity, made.lives_ms, made.grace_ms) == (10, 86_400_000.0, 60_000.0)
    assert (made.control, made.host_lost) == (Control.EVERYBODY, HostLost.PASSES_ON)
    assert made.expiry is Expiry.FROM_LAST_ACTIVITY


def test_room_ids_are_ten_characters_that_nobody_mistakes() -> None:
    assert room_id(lambda letters: letters[0]) == "A" * 10
    assert not set("01IO") & set(ID_ALPHABET)


def test_every_wish_is_something_a_room_can_decide() -> None:
    room = a_room()
    for _, _, command in EVERY_ACTION:
        decided = decide(room, command, ADA, NOW_MS)
        assert not isinstance(decided, Refused), command
