"""Guide 003's words on a party's lines: what each message means, what each event is told as, and what has no words."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tests.clocks import TurnedClock
from tests.transports.party_house import defaults
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.defaults import Control
from tutti.core.events import EVENTS, Change, CloseReason, LeaveReason, Move, Recorded
from tutti.core.ids import Epoch, MemberId, RoomId, Seq
from tutti.core.media import Media
from tutti.core.polls import Poll, PollKind, options_of
from tutti.core.refusals import Reason, Refused
from tutti.core.relays import (
    Annotated,
    AnnotationsCleared,
    Reacted,
    Relay,
    Signalled,
    Speaking,
    Typing,
)
from tutti.core.room import Room, evolve, fold
from tutti.core.roster import Member, Role
from tutti.core.timeline import Timeline
from tutti.dialects.party.sockets import errors
from tutti.dialects.party.sockets.dialect import PartyLine
from tutti.dialects.party.sockets.lines import NAMES, lines
from tutti.service import dialect as d

ROOM, ADA, BEN, CAT = RoomId("PARTYABC"), MemberId("ada"), MemberId("ben"), MemberId("cat")
NOW_MS = 1_000_000.0
LIFE = Epoch("life")
WALL_AHEAD_MS = 1_760_956_200_000.0 - NOW_MS
CLOCK = TurnedClock(wall_ahead_ms=WALL_AHEAD_MS)
STAMP = "2025-10-20T10:30:00.000Z"
LINES = {line.name: line for _, line in lines(CLOCK, lambda *both: "eve" not in both, lambda: "new")}
CONTEXT = msgspec.Raw(msgspec.json.encode((ROOM, LIFE)))
PARTY, SYNC, CHAT, INTERACTIVE = "party", "party-sync", "party-chat", "party-interactive"


def hear(line: str, kind: str, **said: object) -> d.Sentence:
    message = msgspec.Raw(msgspec.json.encode({"type": kind, **said}))
    return LINES[line].hear(kind, (message, CONTEXT), NOW_MS)


Wish = tuple[str, str, dict[str, Any], c.Command]
LINE_3 = "life-0000000003"
EVERY_WISH: list[Wish] = [
    (PARTY, "video_control", {"action": "play"}, c.Play()),
    (PARTY, "video_control", {"action": "play", "video_time": 1.5, "timestamp": 1}, c.Play(1_500.0)),
    (PARTY, "video_control", {"action": "pause", "video_time": 0}, c.Pause(0.0)),
    (PARTY, "video_control", {"action": "seek", "video_time": 90.25}, c.Seek(90_250.0)),
    (PARTY, "video_control", {"action": "seek", "current_time": 2}, c.Seek(2_000.0)),
    (PARTY, "video_control", {"action": "seek", "position": 2}, c.Seek(2_000.0)),
    (PARTY, "chat_message", {"content": "hi"}, c.Chat("hi")),
    (PARTY, "chat_message", {"message": "hi", "client_id": "m1"}, c.Chat("hi", "m1")),
    (PARTY, "reaction", {"emoji": "🎉"}, c.React("🎉")),
    (PARTY, "reaction", {"emoji": "🎉", "video_timestamp": 12.5}, c.React("🎉", 12_500.0)),
    (PARTY, "typing", {}, c.SetTyping(True)),
    (SYNC, "sync_update", {"video_time": 3.5}, c.Report(3_500.0, NOW_MS)),
    (SYNC, "sync_update", {"video_time": 3.5, "is_playing": True}, c.Report(3_500.0, NOW_MS, True)),
    (SYNC, "heartbeat", {"client_time": 5, "video_time": 3.5}, c.Report(3_500.0, NOW_MS)),
    (SYNC, "play", {}, c.Play()),
    (SYNC, "play", {"video_time": 2}, c.Play(2_000.0)),
    (SYNC, "pause", {"video_time": 2}, c.Pause(2_000.0)),
    (SYNC, "seek", {"seek_time": 90.25}, c.Seek(90_250.0)),
    (SYNC, "playback_rate", {"playback_rate": 1.5}, c.SetRate(1.5)),
    (SYNC, "playback_rate", {"rate": 1.5}, c.SetRate(1.5)),
    (CHAT, "chat_message", {"message": "hi"}, c.Chat("hi")),
    (CHAT, "message", {"content": "hi", "client_id": "m1"}, c.Chat("hi", "m1")),
    (CHAT, "send_message", {"message": "hi", "reply_to": LINE_3}, c.Chat("hi", None, Seq(3))),
    (CHAT, "edit_message", {"message_id": LINE_3, "message": "ho"}, c.EditChat(Seq(3), "ho")),
    (CHAT, "edit_message", {"message_id": "other-0000000003", "content": "ho"}, c.EditChat(Seq(0), "ho")),
    (CHAT, "delete_message", {"message_id": LINE_3}, c.RemoveChat(Seq(3))),
    (CHAT, "delete_message", {"message_id": "3"}, c.RemoveChat(Seq(0))),
    (CHAT, "typing", {"is_typing": False}, c.SetTyping(False)),
    (CHAT, "slow_mode", {"seconds": 10}, c.SetSlowMode(10.0)),
    (CHAT, "chat_enabled", {"enabled": False}, c.SwitchChat(False)),
    (
        INTERACTIVE, "create_poll", {"question": "Which?", "options": ["A", "B"], "duration": 30},
        c.OpenPoll("new", "Which?", PollKind.MULTIPLE_CHOICE, ("A", "B"), 30_000.0),
    ),
    (
        INTERACTIVE, "create_poll", {"question": "Good?", "poll_type": "yes_no"},
        c.OpenPoll("new", "Good?", PollKind.YES_NO),
    ),
    (INTERACTIVE, "create_poll", {"question": "?", "poll_type": "text"}, c.OpenPoll("new", "?", PollKind.TEXT)),
    (
        INTERACTIVE, "create_poll", {"question": "?", "poll_type": "rating"},
        c.OpenPoll("new", "?", PollKind.RATING),
    ),
    (INTERACTIVE, "vote", {"poll_id": "p1", "option": 1}, c.Vote("p1", 1)),
    (INTERACTIVE, "vote", {"poll_id": "p1", "option_index": 1}, c.Vote("p1", 1)),
    (INTERACTIVE, "vote", {"poll_id": "p1", "rating": 5}, c.Vote("p1", 5)),
    (INTERACTIVE, "vote", {"poll_id": "p1", "text": "great"}, c.Vote("p1", "great")),
    (INTERACTIVE, "vote", {"poll_id": "p1", "answer": "great"}, c.Vote("p1", "great")),
    (INTERACTIVE, "vote", {"poll_id": "p1", "answer": 0}, c.Vote("p1", 0)),
    (INTERACTIVE, "vote", {"poll_id": "p1", "answer": True}, c.Vote("p1", 0)),
    (INTERACTIVE, "vote", {"poll_id": "p1", "answer": False}, c.Vote("p1", 1)),
    (INTERACTIVE, "close_poll", {"poll_id": "p1"}, c.ClosePoll("p1")),
    (INTERACTIVE, "voice_join", {}, c.EnterCall()),
    (INTERACTIVE, "voice_leave", {}, c.LeaveCall()),
    (INTERACTIVE, "voice_mute", {"muted": False}, c.SetMuted(False)),
    (INTERACTIVE, "voice_mute", {"user_id": "ben"}, c.Mute(BEN)),
    (INTERACTIVE, "voice_speaking", {"speaking": True}, c.SetSpeaking(True)),
    (INTERACTIVE, "screen_share_start", {}, c.Share(True)),
    (INTERACTIVE, "screen_share_stop", {}, c.Share(False)),
    (INTERACTIVE, "screen_share_stop", {"user_id": "ben"}, c.StopShare(BEN)),
    (INTERACTIVE, "annotation", {"data": {"x": [1, 2.5]}}, c.Annotate('{"x":[1,2.5]}')),
    (INTERACTIVE, "clear_annotations", {}, c.ClearAnnotations()),
    (
        INTERACTIVE, "webrtc_signal", {"target_user": "ben", "signal": {"type": "offer", "sdp": "v=0"}},
        c.Signal(BEN, '{"type":"offer","sdp":"v=0"}'),
    ),
]  # fmt: skip
ASKS_AGAIN = [
    (PARTY, "sync_request", {}),
    (SYNC, "request_sync", {}),
    (SYNC, "heartbeat", {"client_time": "2025-10-20T10:30:00Z"}),
    (CHAT, "get_history", {}),
]
NONSENSE: list[tuple[str, str, dict[str, Any]]] = [
    (PARTY, "video_control", {}),
    (PARTY, "video_control", {"action": "dance"}),
    (PARTY, "video_control", {"action": "seek"}),
    (PARTY, "video_control", {"action": "play", "video_time": "5"}),
    (PARTY, "chat_message", {}),
    (PARTY, "chat_message", {"content": "x" * 501}),
    (PARTY, "chat_message", {"content": 5}),
    (PARTY, "reaction", {}),
    (PARTY, "unknown", {}),
    (PARTY, "", {}),
    (SYNC, "seek", {}),
    (SYNC, "playback_rate", {}),
    (SYNC, "chat_message", {"content": "wrong line"}),
    (CHAT, "edit_message", {"message": "ho"}),
    (CHAT, "slow_mode", {"seconds": "10"}),
    (CHAT, "video_control", {"action": "play"}),
    (INTERACTIVE, "create_poll", {"poll_type": "text"}),
    (INTERACTIVE, "create_poll", {"question": "?", "poll_type": "guess"}),
    (INTERACTIVE, "vote", {"poll_id": "p1"}),
    (INTERACTIVE, "vote", {"option": 1}),
    (INTERACTIVE, "voice_mute", {"user_id": "ben", "muted": False}),
    (INTERACTIVE, "annotation", {}),
    (INTERACTIVE, "annotation", {"data": "x" * 4_096}),
    (INTERACTIVE, "webrtc_signal", {"signal": {}}),
    (INTERACTIVE, "webrtc_signal", {"target_user": "ben", "signal": "x" * 65_536}),
]


@pytest.mark.parametrize(("line", "kind", "said", "command"), EVERY_WISH, ids=lambda one: str(one)[:30])
def test_each_message_asks_for_what_it_says_and_more_beside_it_changes_nothing(
    line: str, kind: str, said: dict[str, Any], command: c.Command
) -> None:
    assert hear(line, kind, **said) == d.Ask(ROOM, None, command)
    assert hear(line, kind, **said, unknown=[1], user="ada") == d.Ask(ROOM, None, command)


@pytest.mark.parametrize(("line", "kind", "said"), ASKS_AGAIN)
def test_where_everybody_is_can_be_asked_for(line: str, kind: str, said: dict[str, Any]) -> None:
    assert hear(line, kind, **said) == d.Resync(ROOM, None)


@pytest.mark.parametrize(("line", "kind", "said"), NONSENSE, ids=lambda one: str(one)[:30])
def test_what_cannot_be_meant_is_malformed(line: str, kind: str, said: dict[str, Any]) -> None:
    with pytest.raises(d.Malformed):
        hear(line, kind, **said)


@pytest.mark.parametrize("line", sorted(NAMES))
def test_a_fresh_token_is_heard_on_every_line_and_only_the_transport_enters(line: str) -> None:
    assert hear(line, "authenticate", token="fresh") == d.SignIn("fresh")
    assert LINES[line].hear("enter", (msgspec.Raw(b""), CONTEXT), NOW_MS) == d.Enter(ROOM, None, None)
    with pytest.raises(d.Malformed):
        hear(line, "enter")


@pytest.mark.parametrize("line", sorted(NAMES))
def test_the_commands_it_cannot_hear_are_exactly_those_it_declares(line: str) -> None:
    heard = {type(command) for name, _, _, command in EVERY_WISH if name == line}
    assert set(c.COMMANDS) - heard == LINES[line].unheard
    kinds = {kind for name, kind, *_ in EVERY_WISH if name == line}
    kinds |= {kind for name, kind, _ in ASKS_AGAIN if name == line}
    assert kinds | {"authenticate", "ping"} == LINES[line].events


AT = Timeline(5_000.0, 1.0, True, NOW_MS)
OPENED = e.RoomOpened("Film night", defaults(), Member(ADA, "Ada", Role.HOST, NOW_MS), None)
BENS = e.MemberJoined(Member(BEN, "Ben", Role.MEMBER, NOW_MS))
CATS = e.MemberJoined(Member(CAT, "Cat", Role.MODERATOR, NOW_MS))
DANS = e.MemberJoined(Member(MemberId("dan"), "Dan", Role.MEMBER, NOW_MS))
FILM = Media("603", "direct", "movie", title="The Film", duration_ms=60_000.0)
USER_ADA = {"id": "ada", "username": "Ada"}
MOVED = {"video_time": 5.0, "is_playing": True, "playback_rate": 1.0, "user": USER_ADA, "timestamp": STAMP}
STATE = {
    "video_time": 5.0, "is_playing": True, "playback_rate": 1.0, "by": "ada", "server_time": 1_760_956_200_000,
    "timestamp": STAMP,
}  # fmt: skip
VIDEO = {"id": "603", "provider": "direct", "kind": "movie", "title": "The Film", "duration": 60.0}
LINE_4, LINE_7 = "life-0000000004", "life-0000000007"
MESSAGE = {
    "id": LINE_4, "user": {"id": "ben", "username": "Ben"}, "message": "hi", "message_type": "text",
    "timestamp": STAMP, "edited": False, "reply_to": None,
}  # fmt: skip
POLL = Poll("p1", "Which?", PollKind.MULTIPLE_CHOICE, ("A", "B"), ADA, NOW_MS, NOW_MS + 30_000.0)
ASKED = {
    "id": "p1", "question": "Which?", "poll_type": "multiple_choice",
    "options": [{"index": 0, "text": "A", "votes": 0}, {"index": 1, "text": "B", "votes": 0}],
    "total_votes": 0, "average": None, "answers": [], "is_active": True, "created_by": "ada",
    "created_at": STAMP, "ends_at": "2025-10-20T10:30:30.000Z",
}  # fmt: skip
ANSWERED = {
    **ASKED, "options": [{"index": 0, "text": "A", "votes": 0}, {"index": 1, "text": "B", "votes": 1}],
    "total_votes": 1,
}  # fmt: skip
USER_BEN = {"id": "ben", "username": "Ben"}
Telling = tuple[str, e.Event, str, dict[str, Any]]
EVERY_EVENT: list[Telling] = [
    (
        PARTY, DANS, "user_joined",
        {"user": {"id": "dan", "username": "Dan", "role": "participant"}, "participant_count": 4},
    ),
    (
        PARTY, e.MemberLeft(BEN, LeaveReason.LOST), "user_left",
        {"user_id": "ben", "reason": "lost", "participant_count": 2},
    ),
    (PARTY, e.HostChanged(BEN, ADA), "party_update", {"host_id": "ben"}),
    (
        PARTY, e.RoleChanged(BEN, Role.MODERATOR), "party_update",
        {"participant": {"id": "ben", "username": "Ben", "role": "moderator"}},
    ),
    (PARTY, e.LockChanged(True), "party_update", {"locked": True}),
    (PARTY, e.CapacityChanged(5), "party_update", {"max_participants": 5}),
    (PARTY, e.ChatSwitched(False), "party_update", {"chat_enabled": False}),
    (PARTY, e.ChatSaid(BEN, "Ben", "hi"), "chat_message", MESSAGE),
    (PARTY, e.ChatSaid(BEN, "Ben", "hi", "m1"), "chat_message", {**MESSAGE, "client_id": "m1"}),
    (PARTY, e.TimelineMoved(AT, Move.PLAY, ADA), "video_control", {"action": "play", **MOVED}),
    (PARTY, e.TimelineMoved(AT, Move.SEEK, ADA), "video_control", {"action": "seek", **MOVED}),
    (PARTY, e.TimelineMoved(AT, Move.CORRECTION, ADA), "video_control", {"action": "seek", **MOVED}),
    (PARTY, e.TimelineMoved(AT, Move.RATE, ADA), "video_control", {"action": "rate", **MOVED}),
    (
        PARTY, e.MediaChanged(FILM, AT, Change.MEDIA, ADA), "party_update",
        {"video": VIDEO, "video_time": 5.0, "is_playing": True},
    ),
    (PARTY, e.RoomClosed(CloseReason.HOST_ENDED), "party_update", {"status": "ended", "reason": "host_ended"}),
    (SYNC, e.TimelineMoved(AT, Move.PLAY, ADA), "sync_state", {"action": "play", **STATE}),
    (SYNC, e.TimelineMoved(AT, Move.PAUSE, ADA), "sync_state", {"action": "pause", **STATE}),
    (SYNC, e.MediaChanged(FILM, AT, Change.MEDIA, ADA), "sync_state", {"action": "seek", **STATE}),
    (PARTY, e.SlowModeChanged(5.0), "party_update", {"slow_mode_seconds": 5.0}),
    (PARTY, e.ChatEdited(Seq(4), "ho", BEN), "party_update", {"edited_message": {"id": LINE_4, "message": "ho"}}),
    (PARTY, e.ChatRemoved(Seq(4), ADA), "party_update", {"removed_message": LINE_4}),
    (CHAT, e.ChatSaid(BEN, "Ben", "hi", None, Seq(3)), "chat_message", {**MESSAGE, "id": LINE_7, "reply_to": LINE_3}),
    (CHAT, e.ChatEdited(Seq(4), "ho", BEN), "message_edited", {**MESSAGE, "message": "ho", "edited": True}),
    (CHAT, e.ChatRemoved(Seq(4), ADA), "message_deleted", {"message_id": LINE_4, "deleted_by": "ada"}),
    (CHAT, e.SlowModeChanged(5.0), "slow_mode", {"seconds": 5.0}),
    (CHAT, e.ChatSwitched(False), "chat_enabled", {"enabled": False}),
    (
        CHAT, DANS, "user_joined",
        {"user": {"id": "dan", "username": "Dan", "role": "participant"}, "participant_count": 4},
    ),
    (
        CHAT, e.MemberLeft(BEN, LeaveReason.NOT_INVITED), "user_left",
        {"user_id": "ben", "reason": "not_invited", "participant_count": 2},
    ),
    (INTERACTIVE, e.PollOpened(replace(POLL, id="p2")), "poll_created", {"poll": {**ASKED, "id": "p2"}}),
    (INTERACTIVE, e.PollVoted("p1", BEN, 1), "poll_results", {"poll": ANSWERED}),
    (INTERACTIVE, e.PollClosed("p1", ADA), "poll_closed", {"poll": {**ASKED, "is_active": False}, "closed_by": "ada"}),
    (INTERACTIVE, e.PollClosed("p1", None), "poll_closed", {"poll": {**ASKED, "is_active": False}, "closed_by": None}),
    (INTERACTIVE, e.CallEntered(BEN), "voice_joined", {"user": USER_BEN}),
    (
        INTERACTIVE, e.MemberJoined(Member(MemberId("dan"), "Dan", Role.MEMBER, NOW_MS, calling=True)),
        "voice_joined", {"user": {"id": "dan", "username": "Dan"}},
    ),
    (INTERACTIVE, e.CallLeft(BEN), "voice_left", {"user_id": "ben"}),
    (
        INTERACTIVE, e.MemberLeft(BEN, LeaveReason.LEFT), "user_left",
        {"user_id": "ben", "reason": "left", "participant_count": 2},
    ),
    (INTERACTIVE, e.MuteChanged(BEN, True, ADA), "voice_muted", {"user_id": "ben", "muted": True, "by": "ada"}),
    (INTERACTIVE, e.SharingChanged(BEN, True), "screen_share_started", {"user": USER_BEN}),
    (INTERACTIVE, e.SharingChanged(BEN, False), "screen_share_stopped", {"user_id": "ben"}),
]  # fmt: skip
EVERY_RELAY: list[tuple[str, Relay, str, dict[str, Any]]] = [
    (
        PARTY, Reacted(BEN, "🎉", 12_340.0), "reaction",
        {"emoji": "🎉", "video_timestamp": 12.34, "user": {"id": "ben", "username": "Ben"}, "timestamp": STAMP},
    ),
    (PARTY, Typing(BEN, "Ben", True), "typing", {"user": USER_BEN, "is_typing": True}),
    (CHAT, Typing(BEN, "Ben", False), "typing", {"user": USER_BEN, "is_typing": False}),
    (INTERACTIVE, Speaking(BEN, True), "voice_speaking", {"user_id": "ben", "speaking": True}),
    (INTERACTIVE, Annotated(BEN, "Ben", '{"x":1}'), "annotation", {"user": USER_BEN, "data": {"x": 1}}),
    (INTERACTIVE, AnnotationsCleared(ADA), "annotations_cleared", {"by": "ada"}),
    (
        INTERACTIVE, Signalled(BEN, ADA, '{"sdp":"v=0"}'), "webrtc_signal",
        {"from_user": "ben", "target_user": "ada", "signal": {"sdp": "v=0"}},
    ),
]  # fmt: skip


def a_room(*more: e.Event, control: Control = Control.HOST) -> Room:
    first = e.RoomOpened(OPENED.name, defaults(control), OPENED.host, None)
    room = fold(
        ROOM, [Recorded(LIFE, Seq(n), NOW_MS, one) for n, one in enumerate((first, BENS, CATS, *more), 1)]
    )
    assert room is not None
    return room


def told(line: str, event: e.Event, *before_it: e.Event) -> list[dict[str, Any]]:
    """In a room in which Ben has said something, and Ada asked something, where that matters."""
    before = a_room(*before_it)
    recorded = Recorded(LIFE, Seq(before.seq + 1), NOW_MS, event)
    room = before if isinstance(event, e.RoomOpened) else evolve(ROOM, before, recorded)
    return [spoken(line, frame.text) for frame in LINES[line].encode(recorded, room, NOW_MS)]


def spoken(line: str, text: bytes) -> dict[str, Any]:
    """As the documents describe it."""
    said: dict[str, Any] = json.loads(text)
    msgspec.json.decode(text, type=LINES[line].words.everything_spoken[said["type"]])
    return said


@pytest.mark.parametrize(("line", "event", "kind", "said"), EVERY_EVENT, ids=lambda one: str(one)[:40])
def test_each_event_is_told_in_the_guides_words(
    line: str, event: e.Event, kind: str, said: dict[str, Any]
) -> None:
    later = line in (CHAT, INTERACTIVE) or isinstance(event, e.ChatEdited | e.ChatRemoved)
    before = (e.ChatSaid(BEN, "Ben", "hi"), e.PollOpened(POLL), e.LockChanged(True)) if later else ()
    assert told(line, event, *before) == [{"type": kind, **said}]


@pytest.mark.parametrize("line", sorted(NAMES))
def test_the_events_it_cannot_say_are_exactly_those_it_declares(line: str) -> None:
    said = {type(event) for name, event, *_ in EVERY_EVENT if name == line}
    assert set(EVENTS) - said == LINES[line].unspoken
    elsewhere = [event for name, event, *_ in EVERY_EVENT if name != line and type(event) not in said]
    assert all(told(line, event) == [] for event in elsewhere)


@pytest.mark.parametrize(("line", "relayed", "kind", "said"), EVERY_RELAY, ids=lambda one: str(one)[:40])
def test_what_is_not_kept_is_told_too(line: str, relayed: Relay, kind: str, said: dict[str, Any]) -> None:
    (frame,) = LINES[line].relay(relayed, a_room(), NOW_MS)
    assert spoken(line, frame.text) == {"type": kind, **said}


def test_of_everything_that_it_may_say_each_line_shows_an_example() -> None:
    for name, line in LINES.items():
        shown = {kind for one, _, kind, _ in EVERY_EVENT if one == name}
        shown |= {kind for one, _, kind, _ in EVERY_RELAY if one == name}
        assert line.words.spoken.keys() - shown <= ALONE[name], name


ALONE = {
    PARTY: {"party_state", "sync_response"},
    SYNC: {"sync_correction"},
    CHAT: {"chat_history"},
    INTERACTIVE: {"interactive_state"},
}
"""What is told to one alone."""


def only(line: str, frames: tuple[Any, ...]) -> dict[str, Any]:
    (frame,) = frames
    return spoken(line, frame.text)


def test_whoever_comes_in_is_told_everything() -> None:
    room = a_room(e.MediaChanged(FILM, AT, Change.MEDIA, ADA))
    said = only(PARTY, LINES[PARTY].welcome(room, d.Viewer(BEN, 0.0), NOW_MS + 1_000))
    assert said["you"] == {"id": "ben", "role": "participant", "can_control": False}
    assert [one["id"] for one in said["participants"]] == ["ada", "ben", "cat"]
    assert (said["video"], said["video_time"], said["is_playing"]) == (VIDEO, 6.0, True)
    assert (said["title"], said["room_code"], said["host_id"]) == ("Film night", ROOM, "ada")


@pytest.mark.parametrize(
    ("who", "control", "may"),
    [
        (ADA, Control.HOST, True),
        (CAT, Control.HOST, True),
        (BEN, Control.HOST, False),
        (BEN, Control.EVERYBODY, True),
    ],
)
def test_it_is_told_who_may_move_the_video(who: MemberId, control: Control, may: bool) -> None:
    said = only(PARTY, LINES[PARTY].welcome(a_room(control=control), d.Viewer(who, 0.0), NOW_MS))
    assert said["you"]["can_control"] is may


def test_a_player_that_is_off_is_told_where_to_be_when_that_arrives() -> None:
    room = a_room(e.TimelineMoved(AT, Move.PLAY, ADA))
    line, viewer = LINES[SYNC], d.Viewer(BEN, 100.0)
    said = only(SYNC, line.steer(room, viewer, -2_500.0, NOW_MS, True))
    assert said == {
        "type": "sync_correction", "correct_time": 5.1, "drift": -2.5, "is_playing": True, "playback_rate": 1.0,
    }  # fmt: skip
    assert line.steer(room, viewer, -1_500.0, NOW_MS, False) == ()
    assert line.steering.over_ms == 2_000.0


def test_where_everybody_is_is_told_to_one_who_asks() -> None:
    room = a_room(e.TimelineMoved(AT, Move.PLAY, ADA))
    said = only(PARTY, LINES[PARTY].resync(room, d.Viewer(BEN, 0.0), NOW_MS))
    assert (said["type"], said["video_time"], said["is_playing"]) == ("sync_response", 5.0, True)
    said = only(SYNC, LINES[SYNC].resync(room, d.Viewer(BEN, 0.0), NOW_MS))
    assert (said["type"], said["action"], said["video_time"]) == ("sync_state", "state", 5.0)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("🎉", "emoji"),
        ("👨‍👩‍👧 ❤️", "emoji"),
        ("hi 🎉", "text"),
        ("5", "text"),
        ("*", "text"),
        ("<b>", "text"),
    ],
)
def test_what_is_nothing_but_emoji_says_so(text: str, kind: str) -> None:
    assert told(PARTY, e.ChatSaid(BEN, "Ben", text))[0]["message_type"] == kind


def test_html_is_text_like_any_other() -> None:
    said = told(PARTY, e.ChatSaid(BEN, "<i>Ben</i>", "<script>alert(1)</script>"))[0]
    assert (said["user"]["username"], said["message"]) == ("<i>Ben</i>", "<script>alert(1)</script>")


@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_says_why_and_closes_whoever_comes_with_a_code_of_the_guide(reason: Reason) -> None:
    line: PartyLine = LINES[PARTY]
    said = spoken(PARTY, line.answer(Refused(reason, retry_after_s=0.5)))
    assert said == {"type": "error", "code": reason.code, "message": reason.sentence, "retry_after": 0.5}
    assert errors.CLOSE_CODES[reason.code] in (4000, 4001, 4003, 4004, 1012)


def test_the_guides_codes_stand_for_what_they_say() -> None:
    codes = {reason: errors.CLOSE_CODES[reason.code] for reason in Reason}
    assert codes[Reason.UNAUTHENTICATED] == 4001
    assert codes[Reason.ROOM_NOT_FOUND] == codes[Reason.ROOM_CLOSED] == 4004
    assert {codes[r] for r in (Reason.NOT_ALLOWED, Reason.EXPELLED, Reason.ROOM_FULL)} == {4003}
    assert {codes[r] for r in (Reason.UNAVAILABLE, Reason.INTERNAL, Reason.RATE_LIMITED)} == {4000}


def test_what_somebody_says_is_kept_from_those_who_have_nothing_to_do_with_them() -> None:
    line, room = LINES[PARTY], a_room()
    recorded = Recorded(LIFE, Seq(4), NOW_MS, e.ChatSaid(MemberId("eve"), "Eve", "hi"))
    assert line.tell(recorded, room, d.Viewer(BEN, 0.0), NOW_MS) == ()
    assert len(line.tell(recorded, room, d.Viewer(MemberId("eve"), 0.0), NOW_MS)) == 1
    fine = Recorded(LIFE, Seq(4), NOW_MS, e.ChatSaid(ADA, "Ada", "hi"))
    one, two = (line.tell(fine, room, d.Viewer(who, 0.0), NOW_MS) for who in (BEN, CAT))
    assert one[0] is two[0], "and all others are told the same bytes"


def test_the_chat_tells_its_last_fifty_lines_without_those_of_whom_one_blocks() -> None:
    said = [e.ChatSaid(BEN, "Ben", f"line {n}") for n in range(60)]
    eves = e.ChatSaid(MemberId("eve"), "Eve", "hi")
    room = a_room(eves, *said, eves, e.SlowModeChanged(5.0))
    told_ben = only(CHAT, LINES[CHAT].welcome(room, d.Viewer(BEN, 0.0), NOW_MS))
    assert [one["message"] for one in told_ben["messages"]] == [f"line {n}" for n in range(10, 60)]
    assert (told_ben["has_more"], told_ben["slow_mode_seconds"], told_ben["chat_enabled"]) == (
        True,
        5.0,
        True,
    )


def test_whoever_comes_in_is_told_of_polls_calls_and_screens_and_of_its_own_answer() -> None:
    room = a_room(
        e.PollOpened(POLL), e.PollVoted("p1", BEN, 1), e.CallEntered(BEN), e.MuteChanged(BEN, True, BEN),
        e.SharingChanged(BEN, True),
    )  # fmt: skip
    state = {
        "type": "interactive_state",
        "polls": [ANSWERED],
        "voice": [{**USER_BEN, "muted": True}],
        "screen_shares": [USER_BEN],
    }
    line = LINES[INTERACTIVE]
    assert only(INTERACTIVE, line.welcome(room, d.Viewer(ADA, 0.0), NOW_MS)) == state
    told_ben = only(INTERACTIVE, line.welcome(room, d.Viewer(BEN, 0.0), NOW_MS))
    assert told_ben == {**state, "polls": [{**ANSWERED, "my_answer": 1}]}


@pytest.mark.parametrize(
    ("kind", "answers", "told_as"),
    [
        (
            PollKind.RATING, (5, 4), {
                "options": [{"index": n, "text": str(n + 1), "votes": int(n > 2)} for n in range(5)],
                "average": 4.5, "answers": [],
            },
        ),
        (
            PollKind.YES_NO, (0, 1), {
                "options": [{"index": 0, "text": "Yes", "votes": 1}, {"index": 1, "text": "No", "votes": 1}],
                "average": None, "answers": [],
            },
        ),
        (PollKind.TEXT, ("a", "b"), {"options": [], "average": None, "answers": ["b", "a"]}),
    ],
)  # fmt: skip
def test_each_kind_of_poll_shows_its_results_in_its_way(
    kind: PollKind, answers: tuple[int | str, ...], told_as: dict[str, Any]
) -> None:
    poll = replace(POLL, kind=kind, options=options_of(kind, ()))
    votes = [e.PollVoted("p1", who, answer) for who, answer in zip((ADA, BEN), answers, strict=True)]
    said = told(INTERACTIVE, votes[1], e.PollOpened(poll), votes[0])[0]["poll"]
    assert {name: said[name] for name in told_as} == told_as
    assert said["total_votes"] == 2


def test_whoever_leaves_while_in_the_call_is_heard_no_more() -> None:
    said = told(INTERACTIVE, e.MemberLeft(BEN, LeaveReason.LOST, True))
    assert [one["type"] for one in said] == ["voice_left", "user_left"]


def test_of_many_votes_only_the_newest_result_need_be_told() -> None:
    assert {name for name, line in LINES.items() if e.PollVoted in line.coalesced} == {INTERACTIVE}
