"""Guide 004's words: what each event means, what each is told as, and what this dialect has no words for."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tests.clocks import TurnedClock
from tests.rooms import of_parties
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.commands import COMMANDS
from tutti.core.events import EVENTS, Change, CloseReason, LeaveReason, Move, Recorded
from tutti.core.ids import Epoch, MemberId, RoomId, Seq
from tutti.core.media import Media
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room, evolve, fold
from tutti.core.roster import Member, Password, Role
from tutti.core.timeline import Timeline
from tutti.dialects.meet import errors
from tutti.dialects.meet.defaults import defaults
from tutti.dialects.meet.dialect import Meet
from tutti.service import dialect as d
from tutti.service.ports import Position

ROOM, ADA, BEN, CAT = RoomId("DAILY"), MemberId("ada"), MemberId("ben"), MemberId("cat")
NOW_MS = 1_000_000.0
MEET = Meet(TurnedClock(), issue=lambda room, member: f"pass-{room}-{member}", new_id=lambda: "new")
CONTEXT = msgspec.Raw(b'["Daily","proof"]')


def hear(event: str, **data: object) -> d.Sentence:
    return MEET.hear(event, (msgspec.Raw(msgspec.json.encode(data)), CONTEXT), NOW_MS)


def asks(event: str, **data: object) -> c.Command:
    sentence = hear(event, **data)
    assert isinstance(sentence, d.Ask)
    assert (sentence.room, sentence.who) == ("Daily", None)
    return sentence.command


TO_BEN = {"targetPeerId": "ben"}
EVERY_WISH: list[tuple[str, dict[str, Any], c.Command]] = [
    ("room-locked", {}, c.SetLock(True)),
    ("lock-room", {}, c.SetLock(True)),
    ("room-unlocked", {}, c.SetLock(False)),
    ("unlock-room", {}, c.SetLock(False)),
    ("kicked", TO_BEN, c.Expel(BEN)),
    ("remove-participant", {"peerId": "ben"}, c.Expel(BEN)),
    ("promote-co-host", TO_BEN, c.Appoint(BEN, Role.MODERATOR)),
    ("add-cohost", {"peerId": "ben"}, c.Appoint(BEN, Role.MODERATOR)),
    ("remove-cohost", TO_BEN, c.Appoint(BEN, Role.MEMBER)),
    ("transfer-host", TO_BEN, c.TransferHost(BEN)),
    ("mute-participant", TO_BEN, c.Mute(BEN)),
    ("mute-participant", {"peerId": "ben"}, c.Mute(BEN)),
    ("mute-all", {}, c.Mute()),
    ("mute-changed", {"muted": True}, c.SetMuted(True)),
    ("ask-unmute", TO_BEN, c.AskUnmute(BEN)),
    ("raise-hand", {"peerId": "ben", "username": "Ben"}, c.RaiseHand(True)),
    ("lower-hand", {"peerId": "ben"}, c.RaiseHand(False)),
    ("lower-hand", TO_BEN, c.RaiseHand(False, BEN)),
    ("clear-all-hands", {}, c.LowerHands()),
    ("reaction", {"peerId": "ben", "emoji": "👍"}, c.React("👍")),
    ("chat-message", {"id": "m1", "message": "hi", "peerId": "ben"}, c.Chat("hi", "m1")),
    ("chat-message", {"message": "hi"}, c.Chat("hi", "new")),
    ("private-message", {"id": "m1", "message": "hi", **TO_BEN}, c.Whisper(BEN, "hi", "m1")),
    ("chat-enabled", {}, c.SwitchChat(True)),
    ("enable-chat", {}, c.SwitchChat(True)),
    ("chat-disabled", {}, c.SwitchChat(False)),
    ("disable-chat", {}, c.SwitchChat(False)),
    ("screen-share-start", {"peerId": "ben"}, c.Share(True)),
    ("screen-share-started", {}, c.Share(True)),
    ("screen-share-stop", {"peerId": "ben"}, c.Share(False)),
    ("screen-share-stopped", {}, c.Share(False)),
    ("screen-share-stop", TO_BEN, c.StopShare(BEN)),
    ("share-policy", {"one": False}, c.SetSharePolicy(False)),
    ("set-capacity", {"capacity": 7}, c.SetCapacity(7)),
    ("enable-waiting-room", {}, c.SetLobby(True)),
    ("disable-waiting-room", {}, c.SetLobby(False)),
    ("admit-participant", {"peerId": "ben"}, c.Admit(BEN)),
    ("admit-all", {}, c.Admit()),
    ("deny-participant", {"peerId": "ben"}, c.Deny(BEN)),
    ("start-recording", {}, c.StartRecording("new")),
    ("recording-started", {}, c.StartRecording("new")),
    ("stop-recording", {}, c.StopRecording()),
    ("recording-stopped", {}, c.StopRecording()),
]


@pytest.mark.parametrize(("event", "data", "command"), EVERY_WISH, ids=lambda one: str(one)[:30])
def test_each_event_asks_for_what_it_says_and_more_beside_it_changes_nothing(
    event: str, data: dict[str, Any], command: c.Command
) -> None:
    assert asks(event, **data) == command
    assert asks(event, **data, unknown=[1], timestamp=5) == command


def test_join_enters_the_room_as_one_likes_to_be_called() -> None:
    entering = hear("join", peerId="peer_1", username=" Ben ", password="secret", lastSeq=7, epoch="life")
    assert isinstance(entering, d.Enter)
    assert (entering.room, entering.who, entering.name) == ("Daily", None, "Ben")
    assert entering.named == d.Proposal(MemberId("peer_1"), "proof")
    assert entering.resume == Position(Epoch("life"), Seq(7))
    assert (entering.calling, entering.password) == (True, "secret")
    assert entering.opens is not None
    assert (entering.opens.name, entering.opens.defaults) == ("Daily", defaults())
    bare = hear("join")
    assert isinstance(bare, d.Enter)
    assert (bare.name, bare.named, bare.resume) == ("Guest", d.Proposal(None, "proof"), None)
    assert hear("leave") == d.Exit(RoomId("Daily"), None)
    assert hear("set-password", password="s") == d.Protect(RoomId("Daily"), None, "s")


AT = Timeline(5_000.0, 1.0, True, NOW_MS)
OPENED = e.RoomOpened("Daily", defaults(), Member(ADA, "Ada", Role.HOST, NOW_MS, calling=True), None)
BENS = e.MemberJoined(Member(BEN, "Ben", Role.MEMBER, NOW_MS, calling=True))
CATS = e.MemberJoined(Member(CAT, "Cat", Role.MODERATOR, NOW_MS, calling=True))
WALL = round(NOW_MS)
EVERY_EVENT: list[tuple[e.Event, str, dict[str, Any]]] = [
    (BENS, "peer-joined", {"peerId": "ben", "username": "Ben"}),
    (e.MemberLeft(BEN, LeaveReason.LOST, True), "peer-left", {"peerId": "ben"}),
    (e.MemberLeft(BEN, LeaveReason.LEFT), "participant-left", {"peerId": "ben"}),
    (e.HostChanged(BEN, ADA), "host-changed", {"hostId": "ben", "reason": "passed"}),
    (e.RoleChanged(BEN, Role.MODERATOR), "role-changed", {"peerId": "ben", "role": "co-host"}),
    (e.LockChanged(True), "room-locked", {}),
    (e.LockChanged(False), "room-unlocked", {}),
    (e.CapacityChanged(5), "capacity-changed", {"capacity": 5}),
    (e.ChatSwitched(True), "chat-enabled", {}),
    (e.ChatSwitched(False), "chat-disabled", {}),
    (
        e.ChatSaid(BEN, "Ben", "hi", "m1"), "chat-message",
        {"id": "m1", "peerId": "ben", "username": "Ben", "message": "hi", "timestamp": WALL},
    ),
    (e.HandChanged(BEN, True), "raise-hand", {"peerId": "ben", "username": "Ben", "handOrder": 1}),
    (e.HandChanged(BEN, False), "lower-hand", {"peerId": "ben"}),
    (e.CallEntered(BEN), "peer-joined", {"peerId": "ben", "username": "Ben"}),
    (e.CallLeft(BEN), "peer-left", {"peerId": "ben"}),
    (e.LobbySwitched(True), "waiting-room-changed", {"enabled": True}),
    (
        e.Knocked(MemberId("dan"), "Dan"), "waiting-participant-joined",
        {"peerId": "dan", "username": "Dan", "timestamp": WALL},
    ),
    (e.KnockEnded(MemberId("dan"), True), "waiting-participant-left", {"peerId": "dan"}),
    (e.SharingChanged(BEN, True), "screen-share-start", {"peerId": "ben"}),
    (e.SharingChanged(BEN, False), "screen-share-stop", {"peerId": "ben"}),
    (e.SharePolicyChanged(True), "share-policy", {"one": True}),
    (e.MuteChanged(BEN, True, ADA), "participant-muted", {"peerId": "ben", "muted": True, "by": "ada"}),
    (e.PasswordChanged(Password("00", "11")), "password-changed", {"protected": True}),
    (
        e.RecordingStarted("r1", ADA), "recording-started",
        {"recordingId": "r1", "startedBy": "ada", "startTime": WALL},
    ),
    (
        e.RecordingStopped("r1", ADA, NOW_MS - 1_500.0), "recording-stopped",
        {"recordingId": "r1", "duration": 1_500, "stoppedAt": WALL},
    ),
    (e.RoomClosed(CloseReason.EXPIRED), "room-closed", {"reason": "expired"}),
]  # fmt: skip
SILENT: list[e.Event] = [
    OPENED,
    e.OffsetSet(BEN, 5.0),
    e.MediaChanged(Media("1", "p", "movie"), AT, Change.MEDIA, ADA),
    e.TimelineMoved(AT, Move.PLAY, ADA),
    e.QueueChanged((), ADA),
    e.SeatKept(ADA, NOW_MS),
    e.ReadyChanged(BEN, True),
    e.WaitingSwitched(True),
    e.WaitBegan((BEN,), NOW_MS, ADA),
    e.WaitEnded(()),
    *of_parties(BEN),
]


def a_room(*more: e.Event) -> Room:
    room = fold(
        ROOM,
        [
            Recorded(Epoch("life"), Seq(n), NOW_MS, one)
            for n, one in enumerate((OPENED, BENS, CATS, *more), 1)
        ],
    )
    assert room is not None
    return room


def told(event: e.Event, viewer: MemberId | None = None) -> list[dict[str, Any]]:
    """To everybody alike, or to this viewer."""
    before = a_room()
    recorded = Recorded(Epoch("life"), Seq(before.seq + 1), NOW_MS, event)
    room = before if isinstance(event, e.RoomOpened) else evolve(ROOM, before, recorded)
    if viewer is None:
        frames = MEET.encode(recorded, room, NOW_MS)
    else:
        frames = MEET.tell(recorded, room, d.Viewer(viewer, 0.0), NOW_MS)
    return [json.loads(frame.text) for frame in frames]


@pytest.mark.parametrize(("event", "name", "data"), EVERY_EVENT, ids=lambda one: str(one)[:40])
def test_each_event_is_told_in_the_guides_words_with_its_number(
    event: e.Event, name: str, data: dict[str, Any]
) -> None:
    said = {"event": name, "data": data, "seq": 4}
    assert told(event) == [said]
    if type(event) in MEET.personal:
        assert told(event, CAT) == [said]


def test_the_events_it_cannot_say_are_exactly_those_it_declares() -> None:
    said = {type(event) for event, _, _ in EVERY_EVENT}
    assert {type(event) for event in SILENT} == MEET.unspoken
    assert all(told(event) == [] for event in SILENT)
    assert set(EVENTS) - BREAKOUTS - said == MEET.unspoken


def test_the_commands_it_cannot_hear_are_exactly_those_it_declares() -> None:
    heard = {type(command) for _, _, command in EVERY_WISH}
    by_joining_and_leaving = {c.Join, c.Leave, c.SetPassword}
    assert set(COMMANDS) - BREAKOUT_WISHES - heard - by_joining_and_leaving == MEET.unheard - BREAKOUT_WISHES


BREAKOUTS = {kind for kind in EVENTS if kind.__name__.startswith(("Breakout", "Assigned"))}
"""`test_meet_breakouts` tells of those."""
BREAKOUT_WISHES = {
    kind
    for kind in COMMANDS
    if "reakout" in kind.__name__ or kind.__name__ in ("Assign", "AskHelp", "TellRooms")
}


@pytest.mark.parametrize(
    ("event", "doer"),
    [
        (e.HandChanged(BEN, True), BEN),
        (e.SharingChanged(BEN, True), BEN),
        (e.MuteChanged(BEN, False, BEN), BEN),
    ],
)
def test_what_somebody_did_is_not_told_to_that_one(event: e.Event, doer: MemberId) -> None:
    assert told(event, doer) == []
    assert len(told(event, ADA)) == 1


@pytest.mark.parametrize(
    "event",
    [e.HandChanged(BEN, False, ADA), e.SharingChanged(BEN, False, ADA), e.ChatSaid(BEN, "Ben", "by native")],
)
def test_what_another_did_to_somebody_or_it_did_elsewhere_is_told_to_that_one_too(event: e.Event) -> None:
    assert len(told(event, BEN)) == 1


def test_what_one_said_is_acknowledged_in_its_place() -> None:
    acked = {"id": "m1", "seq": 4, "timestamp": WALL}
    assert told(e.ChatSaid(BEN, "Ben", "hi", "m1"), BEN) == [{"event": "chat-ack", "data": acked, "seq": 4}]


def test_only_those_who_may_let_people_in_are_told_who_waits() -> None:
    for event in (e.Knocked(MemberId("dan"), "Dan"), e.KnockEnded(MemberId("dan"), False)):
        assert [len(told(event, who)) for who in (ADA, CAT, BEN)] == [1, 1, 0]


def test_each_who_is_told_is_told_the_same_bytes() -> None:
    room = a_room()
    recorded = Recorded(Epoch("life"), Seq(room.seq), NOW_MS, e.ChatSaid(ADA, "Ada", "hi", "m1"))
    one, two = (MEET.tell(recorded, room, d.Viewer(who, 0.0), NOW_MS) for who in (BEN, CAT))
    assert one[0] is two[0]


@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_has_a_code_of_the_guide_or_of_ours(reason: Reason) -> None:
    said = json.loads(MEET.answer(Refused(reason)))
    assert said["code"] in {
        "ROOM_FULL", "ROOM_LOCKED", "INVALID_ROOM", "UNAUTHORIZED", "RATE_LIMITED", "INVALID_MESSAGE",
        "PEER_NOT_FOUND", "CHAT_DISABLED", "SHARE_TAKEN", "UNAVAILABLE",
    }  # fmt: skip
    assert said["reason"] == reason.code
    assert reason.code in errors.CLOSE_CODES


def test_the_guides_codes_stand_for_what_they_say() -> None:
    codes = {reason: errors.code(reason) for reason in Reason}
    assert [codes[r] for r in (Reason.ROOM_FULL, Reason.ROOM_LOCKED)] == ["ROOM_FULL", "ROOM_LOCKED"]
    assert codes[Reason.ROOM_CLOSED] == codes[Reason.ROOM_EXPIRED] == "INVALID_ROOM"
    assert codes[Reason.NOT_ALLOWED] == codes[Reason.UNAUTHENTICATED] == "UNAUTHORIZED"
    final = [Reason.ROOM_FULL, Reason.ROOM_LOCKED, Reason.EXPELLED, Reason.UNAUTHENTICATED]
    assert {errors.CLOSE_CODES[reason.code] for reason in final} == {1000}, (
        "the known client does not come back"
    )
    assert errors.CLOSE_CODES[Reason.DRAINING.code] == 1012
