"""What `tutti.v1` means, sentence by sentence and event by event: the codec by itself."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.access import Access
from tutti.core.chat import KEPT_LINES
from tutti.core.commands import COMMANDS
from tutti.core.defaults import Control, Expiry, HostLost
from tutti.core.drift import Doing
from tutti.core.events import EVENTS, Change, CloseReason, LeaveReason, Move, Recorded
from tutti.core.ids import Epoch, MemberId, RoomId, Seq
from tutti.core.media import Media
from tutti.core.polls import YES_NO, Poll, PollKind
from tutti.core.queue import Entry
from tutti.core.refusals import Reason, Refused
from tutti.core.relays import (
    Annotated,
    AnnotationsCleared,
    Back,
    Lost,
    Reacted,
    Relay,
    Speaking,
    Typing,
    UnmuteAsked,
    Whispered,
)
from tutti.core.room import Room, evolve, fold
from tutti.core.roster import Breakout, Member, Password, Role
from tutti.core.timeline import Timeline
from tutti.dialects.native import errors, spoken
from tutti.dialects.native.defaults import defaults
from tutti.dialects.native.dialect import MOST_IN_STATUS, Native
from tutti.dialects.native.wire import HEARD
from tutti.service import dialect as d
from tutti.service.frames import Frame
from tutti.service.ports import Position
from tutti.service.standing import Standing

NOW_MS = 1_060_000.0
ROOM = RoomId("ROOM")
ADA, BEN = MemberId("ada"), MemberId("ben")
NATIVE = Native()
VIEWER = d.Viewer(BEN, 20.0)
FILM = Media("https://films.example/a.mp4", "direct", "movie", title="A", duration_ms=5_400_000.0)
SONG = Media("spotify:track:1", "spotify", "track", title="S", artist="B", duration_ms=180_000.0)
ENTRY = Entry("q7", SONG, BEN)
MOVED = Timeline(5_000.0, 1.5, True, NOW_MS + 150)


def hear(said: object) -> d.Sentence:
    raw = said if isinstance(said, bytes) else msgspec.json.encode(said)
    kind = said.get("type") if isinstance(said, dict) else None
    return NATIVE.hear(str(kind), (msgspec.Raw(raw), msgspec.Raw(b'"ROOM"')), NOW_MS)


def numbered(*events: e.Event, after: int = 0) -> list[Recorded]:
    return [Recorded(Epoch("life"), Seq(after + n), NOW_MS, event) for n, event in enumerate(events, 1)]


OPENED = e.RoomOpened("Movie Night", defaults(), Member(ADA, "Ada", Role.HOST, NOW_MS), FILM)
BEN_JOINED = e.MemberJoined(Member(BEN, "Ben", Role.MEMBER, NOW_MS))


def a_room(*more: e.Event) -> Room:
    """Ada's room, which Ben has joined, and where all this has happened."""
    room = fold(ROOM, numbered(OPENED, BEN_JOINED, *more))
    assert room is not None
    return room


def told(frames: tuple[Frame, ...]) -> list[dict[str, Any]]:
    """Each is a message that the documents describe."""
    said = [json.loads(frame.text) for frame in frames]
    for one in said:
        msgspec.convert(one, spoken.SPOKEN[one["type"]])
    return said


def encoded(event: e.Event) -> dict[str, Any]:
    [recorded] = numbered(event, after=2)
    (said,) = told(NATIVE.encode(recorded, evolve(ROOM, a_room(), recorded), NOW_MS + 1))
    assert (said.pop("seq"), said.pop("at")) == (3, NOW_MS)
    return said


POLL = Poll("p1", "Again?", PollKind.YES_NO, YES_NO, ADA, NOW_MS, NOW_MS + 60_000)
POLL_SHOWN: dict[str, Any] = {
    "id": "p1", "question": "Again?", "kind": "yes_no", "options": ["Yes", "No"], "by": "ada", "openedAt": NOW_MS,
    "until": NOW_MS + 60_000, "closed": False,
    "results": {"total": 0, "counts": [0, 0], "average": None, "texts": []},
}  # fmt: skip

EVERY_WISH: list[tuple[dict[str, Any], c.Command]] = [
    ({"type": "play"}, c.Play()),
    ({"type": "play", "position": 12.5}, c.Play(12.5)),
    ({"type": "pause"}, c.Pause()),
    ({"type": "pause", "position": 12}, c.Pause(12.0)),
    ({"type": "seek", "to": 60_000}, c.Seek(60_000.0)),
    ({"type": "seekBy", "by": -10_000}, c.SeekBy(-10_000.0)),
    ({"type": "rate", "rate": 1.25}, c.SetRate(1.25)),
    ({"type": "media", "id": "666243", "provider": "vidnest", "kind": "tv"}, c.ChangeMedia("666243", "vidnest", "tv")),
    (
        {
            "type": "media", "id": "https://a.example/b.m3u8", "provider": "direct", "kind": "movie",
            "title": "B", "artist": "C", "durationMs": 60_000,
        },
        c.ChangeMedia(
            "https://a.example/b.m3u8", "direct", "movie", title="B", artist="C", duration_ms=60_000.0
        ),
    ),
    ({"type": "provider", "provider": "vidsrc"}, c.ChangeProvider("vidsrc")),
    ({"type": "episode", "episode": 3}, c.ChangeEpisode(3)),
    (
        {
            "type": "queueAdd",
            "media": {
                "id": "spotify:track:1", "provider": "spotify", "kind": "track", "title": "S", "artist": "B",
                "durationMs": 180_000,
            },
        },
        c.AddToQueue(SONG),
    ),
    ({"type": "queueRemove", "entry": "q7"}, c.RemoveFromQueue("q7")),
    ({"type": "queueMove", "entry": "q7", "before": "q5"}, c.MoveInQueue("q7", "q5")),
    ({"type": "queueMove", "entry": "q7", "before": None}, c.MoveInQueue("q7", None)),
    ({"type": "playNext"}, c.PlayNext()),
    ({"type": "playNext", "entry": "q7"}, c.PlayNext("q7")),
    ({"type": "appoint", "member": "ben", "role": "moderator"}, c.Appoint(BEN, Role.MODERATOR)),
    ({"type": "transfer", "to": "ben"}, c.TransferHost(BEN)),
    ({"type": "expel", "member": "ben"}, c.Expel(BEN)),
    ({"type": "lock", "locked": True}, c.SetLock(True)),
    ({"type": "capacity", "capacity": 5}, c.SetCapacity(5)),
    ({"type": "chatSwitch", "on": False}, c.SwitchChat(False)),
    ({"type": "chat", "text": "two\nlines"}, c.Chat("two\nlines")),
    ({"type": "chat", "text": "Yes", "replyTo": 4}, c.Chat("Yes", reply_to=Seq(4))),
    ({"type": "chatEdit", "line": 4, "text": "Hallo"}, c.EditChat(Seq(4), "Hallo")),
    ({"type": "chatRemove", "line": 4}, c.RemoveChat(Seq(4))),
    ({"type": "slowMode", "seconds": 30}, c.SetSlowMode(30.0)),
    ({"type": "typing", "on": True}, c.SetTyping(True)),
    (
        {
            "type": "pollOpen", "id": "p1", "question": "Next?", "kind": "multiple_choice", "options": ["A", "B"],
            "lasts": 9e3,
        },
        c.OpenPoll("p1", "Next?", PollKind.MULTIPLE_CHOICE, ("A", "B"), 9_000.0),
    ),
    ({"type": "pollOpen", "id": "p1", "question": "Why?", "kind": "text"}, c.OpenPoll("p1", "Why?", PollKind.TEXT)),
    ({"type": "vote", "poll": "p1", "answer": 1}, c.Vote("p1", 1)),
    ({"type": "vote", "poll": "p1", "answer": "because"}, c.Vote("p1", "because")),
    ({"type": "pollClose", "poll": "p1"}, c.ClosePoll("p1")),
    ({"type": "react", "emoji": "🎉"}, c.React("🎉")),
    ({"type": "react", "emoji": "🎉", "position": 61_000}, c.React("🎉", 61_000.0)),
    ({"type": "hand", "raised": True}, c.RaiseHand(True)),
    ({"type": "hand", "raised": False, "member": "ben"}, c.RaiseHand(False, BEN)),
    ({"type": "offset", "ms": -40.5}, c.SetOffset(-40.5)),
    ({"type": "ready", "ready": True}, c.SetReady(True)),
    ({"type": "waitForAll", "on": True}, c.SetWaiting(True)),
    (
        {"type": "report", "position": 5.0, "at": 7.0, "error": -1.5, "bound": 2.0, "state": "playing", "rate": 1.003},
        c.Observe(5.0, 7.0, -1.5, 2.0, Doing.PLAYING),
    ),
    (
        {"type": "report", "position": 5.0, "at": 7.0, "error": None, "bound": 2.0, "state": "background"},
        c.Observe(5.0, 7.0, None, 2.0, Doing.BACKGROUND),
    ),
    ({"type": "leave"}, c.Leave()),
    ({"type": "close"}, c.Close()),
]  # fmt: skip


@pytest.mark.parametrize(("said", "command"), EVERY_WISH, ids=lambda one: str(one)[:40])
def test_each_sentence_asks_for_what_it_says(said: dict[str, Any], command: c.Command) -> None:
    assert hear(said) == d.Ask(ROOM, None, command)
    assert hear({**said, "ref": 7, "unknown": [1]}) == d.Ask(ROOM, None, command)


def test_hello_enters_the_room_of_the_connection_from_where_one_was() -> None:
    assert hear({"type": "hello"}) == d.Enter(ROOM, None, None)
    said = {"type": "hello", "name": " Ben ", "id": "ben", "token": "t", "capabilities": ["video"]}
    assert hear(said) == d.Enter(ROOM, BEN, "Ben")
    resume = {"epoch": "life", "seq": 7}
    assert hear({"type": "hello", "resume": resume}) == d.Enter(
        ROOM, None, None, resume=Position(Epoch("life"), Seq(7))
    )


def test_a_fresh_token_signs_in() -> None:
    assert hear({"type": "signIn", "token": "t"}) == d.SignIn("t")


MALFORMED: list[tuple[object, str]] = [
    (b"", "not JSON"),
    (b"{", "not JSON"),
    (b"[]", "object"),
    (b"7", "object"),
    (b"\xff", "JSON"),
    (b"[" * 5_000, ""),
    (b'{"type":"seek","to":' + b"[" * 5_000, ""),
    ({}, "type"),
    ({"type": "dance"}, "dance"),
    ({"type": "seek"}, "to"),
    ({"type": "seek", "to": "60"}, "to"),
    (b'{"type":"seek","to":NaN}', "JSON"),
    ({"type": "play", "position": "x"}, "position"),
    ({"type": "hello", "name": ""}, "name"),
    ({"type": "hello", "name": "  "}, "name must not be blank"),
    ({"type": "hello", "name": "a\x00"}, "control characters"),
    ({"type": "hello", "id": "x" * 129}, "id"),
    ({"type": "hello", "token": "x" * 8193}, "token"),
    ({"type": "hello", "resume": {"epoch": "life", "seq": 0}}, "seq"),
    ({"type": "hello", "resume": {"epoch": "life"}}, "seq"),
    ({"type": "media", "id": "javascript:alert(1)", "provider": "direct", "kind": "movie"}, "http"),
    ({"type": "media", "id": "http:///x", "provider": "direct", "kind": "movie"}, "http"),
    ({"type": "queueAdd", "media": {"id": "file:///a", "provider": "direct", "kind": "movie"}}, "http"),
    ({"type": "media", "id": "1", "provider": "vidnest"}, "kind"),
    ({"type": "queueMove", "entry": "q7"}, "before"),
    ({"type": "appoint", "member": "ben", "role": "host"}, "role"),
    ({"type": "lock", "locked": 1}, "locked"),
    ({"type": "chat", "text": "x" * 16_385}, "text"),
    ({"type": "report", "position": -1, "at": 0, "error": 0, "bound": 0, "state": "playing"}, "position"),
    ({"type": "report", "position": 0, "at": 0, "error": 0, "bound": -1, "state": "playing"}, "bound"),
    ({"type": "report", "position": 0, "at": 0, "error": 0, "bound": 0, "state": "dancing"}, "state"),
    ({"type": "report", "position": 0, "at": 0, "bound": 0, "state": "playing"}, "error"),
    (
        b'{"type":"report","position":0,"at":0,"error":1e999,"bound":0,"state":"playing"}',
        "",
    ),
    ({"type": "play", "ref": 1.5}, "ref"),
    ({"type": "play", "ref": {"a": 1}}, "ref"),
    ({"type": "play", "ref": "x" * 129}, "ref"),
]


@pytest.mark.parametrize(("said", "problem"), MALFORMED, ids=lambda one: str(one)[:40])
def test_what_is_no_sentence_is_told_why(said: object, problem: str) -> None:
    with pytest.raises(d.Malformed) as why:
        hear(said)
    assert problem in str(why.value)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "to", "position", "media", "name", "ref", "resume", "seq"]), inner
        )
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(HEARD)), st.dictionaries(st.sampled_from(["to", "by", "id", "name"]), anything))
def test_whatever_arrives_is_a_sentence_or_none(kind: str, fields: dict[str, Any]) -> None:
    said = json.dumps({"type": kind, **fields}).encode()
    try:
        sentence = hear(said)
    except d.Malformed:
        return
    assert isinstance(sentence, d.Enter | d.Ask | d.SignIn)


FILM_SHOWN = {
    "id": "https://films.example/a.mp4", "provider": "direct", "kind": "movie", "title": "A", "artist": None,
    "episode": None, "durationMs": 5_400_000.0,
}  # fmt: skip
SONG_SHOWN = {
    "id": "spotify:track:1", "provider": "spotify", "kind": "track", "title": "S", "artist": "B", "episode": None,
    "durationMs": 180_000.0,
}  # fmt: skip
MOVED_SHOWN = {"position": 5_000.0, "rate": 1.5, "playing": True, "at": NOW_MS + 150}
BEN_SHOWN = {
    "id": "ben", "name": "Ben", "role": "member", "joinedAt": NOW_MS, "offset": 0.0, "hand": None, "ready": None,
    "calling": False, "muted": False,
}  # fmt: skip

EVERY_EVENT: list[tuple[e.Event, dict[str, Any]]] = [
    (BEN_JOINED, {"type": "joined", "member": BEN_SHOWN}),
    (e.MemberLeft(BEN, LeaveReason.LOST), {"type": "left", "member": "ben", "reason": "lost"}),
    (e.HostChanged(BEN, ADA), {"type": "host", "host": "ben", "was": "ada"}),
    (e.RoleChanged(BEN, Role.MODERATOR), {"type": "role", "member": "ben", "role": "moderator"}),
    (e.LockChanged(True), {"type": "locked", "locked": True}),
    (e.CapacityChanged(5), {"type": "capacity", "capacity": 5}),
    (e.ChatSwitched(False), {"type": "chatSwitched", "on": False}),
    (e.OffsetSet(BEN, 10.0), {"type": "offset", "member": "ben", "ms": 10.0}),
    (
        e.MediaChanged(SONG, MOVED, Change.MEDIA, ADA),
        {"type": "media", "media": SONG_SHOWN, "timeline": MOVED_SHOWN, "change": "media", "by": "ada"},
    ),
    (
        e.TimelineMoved(MOVED, Move.PLAY, ADA),
        {"type": "timeline", "timeline": MOVED_SHOWN, "move": "play", "by": "ada"},
    ),
    (
        e.QueueChanged((ENTRY,), BEN),
        {"type": "queue", "queue": [{"id": "q7", "media": SONG_SHOWN, "by": "ben"}], "by": "ben"},
    ),
    (
        e.ChatSaid(BEN, "Ben", "hi"),
        {"type": "chat", "member": "ben", "name": "Ben", "text": "hi", "replyTo": None},
    ),
    (e.HandChanged(BEN, True), {"type": "hand", "member": "ben", "raised": True}),
    (e.ReadyChanged(BEN, False), {"type": "ready", "member": "ben", "ready": False}),
    (e.WaitingSwitched(True), {"type": "waitForAll", "on": True}),
    (
        e.WaitBegan((BEN,), NOW_MS + 5_000, ADA),
        {"type": "waiting", "for": ["ben"], "until": NOW_MS + 5_000, "by": "ada"},
    ),
    (e.WaitEnded((BEN,)), {"type": "waited", "missing": ["ben"]}),
    (e.CallEntered(BEN, "proof"), {"type": "callEntered", "member": "ben"}),
    (e.CallLeft(BEN), {"type": "callLeft", "member": "ben"}),
    (e.LobbySwitched(True), {"type": "lobby", "on": True}),
    (e.Knocked(BEN, "Ben", "proof"), {"type": "knocked", "member": "ben", "name": "Ben"}),
    (e.KnockEnded(BEN, False), {"type": "knockEnded", "member": "ben", "admitted": False}),
    (e.SharingChanged(BEN, True), {"type": "sharing", "member": "ben", "on": True}),
    (e.SharePolicyChanged(False), {"type": "sharePolicy", "one": False}),
    (e.MuteChanged(BEN, True, ADA), {"type": "muted", "member": "ben", "muted": True, "by": "ada"}),
    (e.PasswordChanged(Password("00", "11")), {"type": "protected", "on": True}),
    (e.SeatKept(ADA, 5.0, BEN, "proof"), {"type": "seatKept", "member": "ada", "until": 5.0}),
    (e.RecordingStarted("r1", ADA), {"type": "recordingStarted", "id": "r1", "by": "ada"}),
    (e.RecordingStopped("r1", None, 5.0), {"type": "recordingStopped", "id": "r1", "by": None}),
    (
        e.BreakoutsOpened((Breakout(RoomId("R1"), "One"),), 5.0, ADA),
        {"type": "breakoutsOpened", "rooms": [{"id": "R1", "name": "One"}], "until": 5.0, "by": "ada"},
    ),
    (e.Assigned(BEN, RoomId("R1")), {"type": "assigned", "member": "ben", "to": "R1"}),
    (e.BreakoutsExtended(6.0), {"type": "breakoutsExtended", "until": 6.0}),
    (e.BreakoutsClosed(), {"type": "breakoutsClosed"}),
    (e.ChatEdited(Seq(8), "Hallo", BEN), {"type": "chatEdited", "line": 8, "text": "Hallo", "by": "ben"}),
    (e.ChatRemoved(Seq(8), ADA), {"type": "chatRemoved", "line": 8, "by": "ada"}),
    (e.SlowModeChanged(30.0), {"type": "slowMode", "seconds": 30}),
    (e.PollOpened(POLL), {"type": "poll", "poll": POLL_SHOWN}),
    (
        e.PollVoted("gone", BEN, 1),
        {
            "type": "pollResults",
            "poll": "gone",
            "results": {"total": 0, "counts": [], "average": None, "texts": []},
        },
    ),
    (
        e.PollClosed("gone", None),
        {
            "type": "pollClosed",
            "poll": "gone",
            "by": None,
            "results": {"total": 0, "counts": [], "average": None, "texts": []},
        },
    ),
    (e.AccessChanged(Access(invited_only=True)), {"type": "access", "invitedOnly": True}),
    (e.RoomClosed(CloseReason.EXPIRED), {"type": "closed", "reason": "expired"}),
]


@pytest.mark.parametrize(("event", "said"), EVERY_EVENT, ids=lambda one: type(one).__name__)
def test_each_event_is_told_with_its_number(event: e.Event, said: dict[str, Any]) -> None:
    assert encoded(event) == said


def test_a_room_that_begins_is_told_whole() -> None:
    [recorded] = numbered(OPENED)
    room = evolve(ROOM, None, recorded)
    (said,) = told(NATIVE.encode(recorded, room, NOW_MS))
    assert (said["type"], said["seq"], said["epoch"]) == ("opened", 1, "life")
    assert said["room"]["name"] == "Movie Night"


def test_the_events_it_cannot_say_are_exactly_those_it_declares() -> None:
    said = {type(event) for event, _ in EVERY_EVENT} | {e.RoomOpened}
    assert set(EVENTS) - said == NATIVE.unspoken == frozenset()


def test_the_commands_it_cannot_hear_are_exactly_those_it_declares() -> None:
    over_the_socket = {type(command) for _, command in EVERY_WISH} | {c.Join}
    over_http = {c.Open}  # `test_native_rest` gives it
    assert set(COMMANDS) - over_the_socket - over_http == NATIVE.unheard


def test_every_sentence_that_the_documents_name_is_tested() -> None:
    assert set(HEARD) == {said["type"] for said, _ in EVERY_WISH} | {"hello", "signIn", "ping"}


def test_every_message_that_the_documents_name_is_one_that_can_be_told() -> None:
    events = {said["type"] for _, said in EVERY_EVENT} | {"opened"}
    others = {
        "welcome",
        "reaction",
        "whisper",
        *("isTyping", "speaking", "annotated", "annotationsCleared"),
        "unmuteAsked",
        "callLine",
        "status",
        "ack",
        "refused",
        "malformed",
        "draining",
        "pong",
    }
    assert set(spoken.SPOKEN) == events | others


def test_welcome_is_the_whole_room() -> None:
    waiting = e.WaitBegan((BEN,), NOW_MS + 5_000, ADA)
    changes = (
        e.TimelineMoved(MOVED, Move.PLAY, ADA),
        e.HandChanged(BEN, True),
        e.ReadyChanged(BEN, False),
        e.OffsetSet(BEN, -20.0),
        e.QueueChanged((ENTRY,), BEN),
        e.ChatSaid(BEN, "Ben", "hi"),
        e.WaitingSwitched(True),
        waiting,
    )
    room = a_room(*changes)
    (said,) = told(NATIVE.welcome(room, VIEWER, NOW_MS + 20))
    shown = said.pop("room")
    assert said == {
        "type": "welcome", "you": {"id": "ben", "role": "member"}, "epoch": "life", "seq": 10,
        "now": NOW_MS + 20, "resumed": False,
    }  # fmt: skip
    assert shown == {
        "id": "ROOM",
        "name": "Movie Night",
        "host": "ada",
        "members": [
            {**BEN_SHOWN, "id": "ada", "name": "Ada", "role": "host"},
            {**BEN_SHOWN, "offset": -20.0, "hand": NOW_MS, "ready": False},
        ],
        "capacity": 100,
        "locked": False,
        "chatOn": True,
        "control": "everybody",
        "media": FILM_SHOWN,
        "timeline": MOVED_SHOWN,
        "queue": [{"id": "q7", "media": SONG_SHOWN, "by": "ben"}],
        "chat": [
            {
                "seq": 8,
                "at": NOW_MS,
                "member": "ben",
                "name": "Ben",
                "text": "hi",
                "replyTo": None,
                "editedAt": None,
            }
        ],
        "waitForAll": True,
        "waiting": {"for": ["ben"], "until": NOW_MS + 5_000},
        "lobby": False,
        "protected": False,
        "sharing": [],
        "recording": None,
        "openedAt": NOW_MS,
        "expiresAt": NOW_MS + 24 * 3_600_000,
        "slowMode": 0.0,
        "polls": [],
        "invitedOnly": False,
    }


def test_of_a_poll_the_count_is_told_and_nobodys_answer() -> None:
    voted = (e.PollOpened(POLL), e.PollVoted("p1", BEN, 1), e.PollVoted("p1", ADA, 1))
    room = a_room(*voted)
    results = {"total": 2, "counts": [0, 2], "average": None, "texts": []}
    (said,) = told(NATIVE.encode(numbered(*voted, after=2)[-1], room, NOW_MS))
    assert (said["type"], said["poll"], said["results"]) == ("pollResults", "p1", results)
    (welcome,) = told(NATIVE.welcome(room, VIEWER, NOW_MS))
    assert welcome["room"]["polls"] == [POLL_SHOWN | {"results": results}]


def test_welcome_says_why_nothing_could_be_resumed() -> None:
    (said,) = told(NATIVE.welcome(a_room(), VIEWER, NOW_MS, "too_old"))
    assert (said["resumed"], said["reason"]) == (False, "too_old")


def test_the_chat_in_a_welcome_is_bounded() -> None:
    lines = [e.ChatSaid(BEN, "Ben", str(n)) for n in range(KEPT_LINES + 10)]
    (said,) = told(NATIVE.welcome(a_room(*lines), VIEWER, NOW_MS))
    assert [line["text"] for line in said["room"]["chat"]] == [str(n) for n in range(10, KEPT_LINES + 10)]


def test_what_was_missed_follows_a_welcome_that_counts_it() -> None:
    missed = numbered(e.LockChanged(True), e.ChatSaid(ADA, "Ada", "hi"), after=2)
    room = fold(ROOM, missed, a_room())
    assert room is not None
    welcome, *events = told(NATIVE.replay(missed, room, VIEWER, NOW_MS + 5))
    assert welcome == {
        "type": "welcome", "you": {"id": "ben", "role": "member"}, "epoch": "life", "seq": 2,
        "now": NOW_MS + 5, "resumed": True, "missed": 2,
    }  # fmt: skip
    assert [(one["type"], one["seq"]) for one in events] == [("locked", 3), ("chat", 4)]


@pytest.mark.parametrize(
    ("relayed", "said"),
    [
        (
            Whispered(BEN, "Ben", ADA, "psst", 5.0, "m1"),
            {"type": "whisper", "member": "ben", "name": "Ben", "text": "psst", "at": 5.0},
        ),
        (UnmuteAsked(ADA, BEN), {"type": "unmuteAsked", "by": "ada"}),
        (Lost(BEN), {"type": "callLine", "member": "ben", "lost": True}),
        (Back(BEN), {"type": "callLine", "member": "ben", "lost": False}),
        (Typing(BEN, "Ben", True), {"type": "isTyping", "member": "ben", "name": "Ben", "on": True}),
        (Speaking(BEN, False), {"type": "speaking", "member": "ben", "on": False}),
        (Annotated(BEN, "Ben", "{}"), {"type": "annotated", "member": "ben", "name": "Ben", "shape": "{}"}),
        (AnnotationsCleared(ADA), {"type": "annotationsCleared", "member": "ada"}),
    ],
)
def test_what_a_meeting_relays_has_no_number(relayed: Relay, said: dict[str, Any]) -> None:
    assert told(NATIVE.relay(relayed, a_room(), NOW_MS)) == [said]


def test_a_reaction_has_no_number() -> None:
    (said,) = told(NATIVE.relay(Reacted(BEN, "🎉", 1_500.0), a_room(), NOW_MS))
    assert said == {"type": "reaction", "member": "ben", "emoji": "🎉", "position": 1_500.0}


def test_status_tells_error_bound_and_state_as_far_as_they_are_known() -> None:
    standings = {
        ADA: Standing(-1.234, 2.5, Doing.PLAYING),
        BEN: Standing(40.0),
        MemberId("c"): Standing(None),
    }
    (said,) = told(NATIVE.status(a_room(), standings, NOW_MS))
    assert said == {
        "type": "status",
        "at": NOW_MS,
        "members": [
            {"member": "ada", "error": -1.2, "bound": 2.5, "state": "playing"},
            {"member": "ben", "error": 40.0, "bound": None, "state": None},
            {"member": "c", "error": None, "bound": None, "state": None},
        ],
    }


def test_nobody_is_told_a_status_of_nobody_or_of_a_crowd() -> None:
    crowd = [e.MemberJoined(Member(MemberId(f"m{n}"), "M", Role.MEMBER, 0.0)) for n in range(MOST_IN_STATUS)]
    assert NATIVE.status(a_room(), {}, NOW_MS) == ()
    assert NATIVE.status(a_room(*crowd), {ADA: Standing(1.0)}, NOW_MS) == ()


@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_has_a_code_a_status_and_a_way_to_be_closed(reason: Reason) -> None:
    (said,) = told((NATIVE.refuse(Refused(reason)),))
    assert (said["code"], said["mayRetry"]) == (reason.code, reason.may_retry)
    assert said == json.loads(NATIVE.answer(Refused(reason)))
    assert errors.status(reason) >= 400
    assert errors.CLOSE_CODES[reason.code] in (1008, 1012, 1013, 4403, 4404, 4410)


def test_a_refusal_says_when_to_try_again_if_somebody_knows() -> None:
    (said,) = told((NATIVE.refuse(Refused(Reason.RATE_LIMITED, retry_after_s=0.25)),))
    assert (said["mayRetry"], said["retryAfterMs"]) == (True, 250)


def test_an_answer_leaves_its_ref_to_the_connection() -> None:
    assert json.loads(NATIVE.answer(a_room())) == {"type": "ack", "seq": 2}
    assert json.loads(NATIVE.answer(None)) == {"type": "ack"}
    assert json.loads(NATIVE.answer(d.Malformed("no"))) == {"type": "malformed", "message": "no"}
    assert NATIVE.malformed("no").text == NATIVE.answer(d.Malformed("no"))


def test_a_client_that_follows_by_itself_is_never_steered() -> None:
    assert NATIVE.steer(a_room(), VIEWER, 5_000.0, NOW_MS, True) == ()
    [recorded] = numbered(e.LockChanged(True), after=2)
    assert NATIVE.tell(recorded, a_room(), VIEWER, NOW_MS) == ()


def test_a_native_room_belongs_to_everybody_and_lives_a_day_beyond_its_last_use() -> None:
    made = defaults()
    assert (made.capacity, made.control, made.host_lost) == (100, Control.EVERYBODY, HostLost.PASSES_ON)
    assert (made.expiry, made.lives_ms) == (Expiry.FROM_LAST_ACTIVITY, 24 * 3_600_000)
    assert (made.grace_ms, made.host_grace_ms) == (60_000, 30_000)
    assert defaults(control=Control.HOST, capacity=3).capacity == 3
