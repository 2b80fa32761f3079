"""What is stored today can be read by every later version, and nothing is misread."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.rooms import HOST, defaults, numbered, opened
from tutti.core import events as e
from tutti.core.access import Access
from tutti.core.events import EVENTS, Change, CloseReason, Event, Handover, LeaveReason, Move
from tutti.core.ids import MemberId, RoomId, Seq
from tutti.core.media import Media
from tutti.core.polls import Poll, PollKind
from tutti.core.queue import Entry
from tutti.core.room import Room, fold
from tutti.core.roster import Breakout, Kind, Member, Password, Role
from tutti.core.timeline import Timeline
from tutti.infra.event_codec import (
    SNAPSHOT_VERSION,
    Unreadable,
    decode_event,
    decode_snapshot,
    encode_event,
    encode_snapshot,
)

ANN = MemberId("ann")
FILM = Media("tt1", "vidcloud", "movie", 2, "A film", "Somebody", 5_400_000.0)
AT = Timeline(12.5, 1.5, True, 99.0)

STORED: list[tuple[Event, str]] = [
    (
        replace(opened("n", at_ms=1.0), media=FILM),
        '["RoomOpened",{"name":"n","defaults":{"dialect":"watch","capacity":50,"control":"host",'
        '"host_lost":"passes_on","expiry":"from_opening","lives_ms":86400000.0,"grace_ms":30000.0,'
        '"host_grace_ms":60000.0,"correct_over_ms":2000.0,"seat_ms":0.0,"parent":null},"host":{"id":"host","name":"Host","role":"host",'
        '"joined_at_ms":1.0,"offset_ms":0.0,"hand_ms":null,"ready":null,"calling":false,'
        '"muted":false,"kind":"person","away":null,"proof":null,"said_ms":null},"media":{"id":"tt1","provider":"vidcloud","kind":"movie","episode":2,'
        '"title":"A film","artist":"Somebody","duration_ms":5400000.0}}]',
    ),
    (
        e.MemberJoined(Member(ANN, "Ann \x00", Role.MEMBER, 2.0, -5.0)),
        '["MemberJoined",{"member":{"id":"ann","name":"Ann \\u0000","role":"member","joined_at_ms":2.0,'
        '"offset_ms":-5.0,"hand_ms":null,"ready":null,"calling":false,"muted":false,"kind":"person",'
        '"away":null,"proof":null,"said_ms":null}}]',
    ),
    (
        e.MemberLeft(ANN, LeaveReason.EXPELLED, True),
        '["MemberLeft",{"member":"ann","reason":"expelled","calling":true}]',
    ),
    (
        e.HostChanged(None, HOST, Handover.LOST),
        '["HostChanged",{"host":null,"was":"host","why":"lost"}]',
    ),
    (e.RoleChanged(ANN, Role.MODERATOR), '["RoleChanged",{"member":"ann","role":"moderator"}]'),
    (e.LockChanged(True), '["LockChanged",{"locked":true}]'),
    (e.CapacityChanged(7), '["CapacityChanged",{"capacity":7}]'),
    (e.ChatSwitched(False), '["ChatSwitched",{"on":false}]'),
    (e.OffsetSet(ANN, -250.0), '["OffsetSet",{"member":"ann","offset_ms":-250.0}]'),
    (
        e.MediaChanged(Media("x", "p", "track"), AT, Change.EPISODE, HOST),
        '["MediaChanged",{"media":{"id":"x","provider":"p","kind":"track","episode":null,"title":null,'
        '"artist":null,"duration_ms":null},"timeline":{"position_ms":12.5,"rate":1.5,"playing":true,'
        '"anchored_at_ms":99.0},"change":"episode","by":"host"}]',
    ),
    (
        e.TimelineMoved(AT, Move.CORRECTION, ANN),
        '["TimelineMoved",{"timeline":{"position_ms":12.5,"rate":1.5,"playing":true,"anchored_at_ms":99.0},'
        '"move":"correction","by":"ann"}]',
    ),
    (
        e.QueueChanged((Entry("q7", Media("x", "p", "track"), ANN),), HOST),
        '["QueueChanged",{"queue":[{"id":"q7","media":{"id":"x","provider":"p","kind":"track","episode":null,'
        '"title":null,"artist":null,"duration_ms":null},"by":"ann"}],"by":"host"}]',
    ),
    (
        e.ChatSaid(ANN, "Ann", "two\nlines"),
        '["ChatSaid",{"member":"ann","name":"Ann","text":"two\\nlines","id":null,"reply_to":null}]',
    ),
    (e.HandChanged(ANN, True), '["HandChanged",{"member":"ann","raised":true,"by":null}]'),
    (e.ReadyChanged(ANN, False), '["ReadyChanged",{"member":"ann","ready":false}]'),
    (e.WaitingSwitched(True), '["WaitingSwitched",{"on":true}]'),
    (
        e.WaitBegan((ANN,), 6_000.0, HOST),
        '["WaitBegan",{"members":["ann"],"until_ms":6000.0,"by":"host"}]',
    ),
    (e.WaitEnded((ANN,)), '["WaitEnded",{"missing":["ann"]}]'),
    (e.CallEntered(ANN, "proof"), '["CallEntered",{"member":"ann","proof":"proof"}]'),
    (e.CallLeft(ANN), '["CallLeft",{"member":"ann"}]'),
    (e.LobbySwitched(True), '["LobbySwitched",{"on":true}]'),
    (e.Knocked(ANN, "Ann"), '["Knocked",{"member":"ann","name":"Ann","proof":null}]'),
    (e.KnockEnded(ANN, True), '["KnockEnded",{"member":"ann","admitted":true}]'),
    (e.SharingChanged(ANN, True), '["SharingChanged",{"member":"ann","on":true,"by":null}]'),
    (e.SharePolicyChanged(False), '["SharePolicyChanged",{"one":false}]'),
    (e.MuteChanged(ANN, True, HOST), '["MuteChanged",{"member":"ann","muted":true,"by":"host"}]'),
    (
        e.PasswordChanged(Password("00", "11")),
        '["PasswordChanged",{"password":{"salt":"00","digest":"11"}}]',
    ),
    (
        e.SeatKept(HOST, 60_000.0, ANN),
        '["SeatKept",{"member":"host","until_ms":60000.0,"deputy":"ann","proof":null}]',
    ),
    (e.RecordingStarted("r1", HOST), '["RecordingStarted",{"id":"r1","by":"host"}]'),
    (
        e.RecordingStopped("r1", None, 5.0),
        '["RecordingStopped",{"id":"r1","by":null,"started_at_ms":5.0}]',
    ),
    (
        e.BreakoutsOpened((Breakout(RoomId("R1"), "One"),), None, HOST),
        '["BreakoutsOpened",{"rooms":[{"id":"R1","name":"One"}],"until_ms":null,"by":"host"}]',
    ),
    (e.Assigned(HOST, RoomId("R1")), '["Assigned",{"member":"host","to":"R1"}]'),
    (e.BreakoutsExtended(5.0), '["BreakoutsExtended",{"until_ms":5.0}]'),
    (e.BreakoutsClosed(), '["BreakoutsClosed",{}]'),
    (
        e.ChatEdited(Seq(4), "Hi", ANN),
        '["ChatEdited",{"line":4,"text":"Hi","by":"ann"}]',
    ),
    (e.ChatRemoved(Seq(4), HOST), '["ChatRemoved",{"line":4,"by":"host"}]'),
    (e.SlowModeChanged(30.0), '["SlowModeChanged",{"seconds":30.0}]'),
    (
        e.PollOpened(Poll("p1", "Why?", PollKind.YES_NO, ("Yes", "No"), HOST, 1.0, 5.0)),
        '["PollOpened",{"poll":{"id":"p1","question":"Why?","kind":"yes_no","options":["Yes","No"],"by":"host",'
        '"opened_at_ms":1.0,"until_ms":5.0,"closed":false,"votes":{}}}]',
    ),
    (e.PollVoted("p1", ANN, 1), '["PollVoted",{"poll":"p1","member":"ann","answer":1}]'),
    (e.PollClosed("p1", None), '["PollClosed",{"poll":"p1","by":null}]'),
    (
        e.AccessChanged(Access(True, {ANN: Role.MODERATOR}, frozenset((HOST,)))),
        '["AccessChanged",{"access":{"invited_only":true,"people":{"ann":"moderator"},"barred":["host"]}}]',
    ),
    (e.RoomClosed(CloseReason.HOST_LOST), '["RoomClosed",{"reason":"host_lost"}]'),
]


@pytest.mark.parametrize(("event", "stored"), STORED, ids=[type(event).__name__ for event, _ in STORED])
def test_every_event_is_stored_as_it_always_was(event: Event, stored: str) -> None:
    assert encode_event(event).decode() == stored
    assert decode_event(stored.encode()) == event


def test_no_event_is_missing_here() -> None:
    assert {type(event) for event, _ in STORED} == set(EVENTS)


def test_the_words_of_every_stored_enum_stay() -> None:
    stored = (LeaveReason, CloseReason, Handover, Move, Change, Role, Kind, PollKind)
    assert {kind.__name__: [word.value for word in kind] for kind in stored} == {
        "LeaveReason": ["left", "lost", "expelled", "not_invited"],
        "CloseReason": ["host_ended", "host_lost", "expired"],
        "Handover": ["passed", "left", "lost", "returned", "arrived"],
        "Move": ["play", "pause", "seek", "rate", "correction", "media"],
        "Change": ["media", "provider", "episode"],
        "Role": ["host", "moderator", "member"],
        "Kind": ["person", "recorder"],
        "PollKind": ["multiple_choice", "text", "rating", "yes_no"],
    }


def test_a_row_from_before_a_field_with_a_default_still_decodes() -> None:
    old = b'["MemberJoined",{"member":{"id":"ann","name":"Ann","role":"member","joined_at_ms":2}}]'
    assert decode_event(old) == e.MemberJoined(Member(ANN, "Ann", Role.MEMBER, 2.0))


def test_a_field_of_a_later_version_is_passed_over() -> None:
    assert decode_event(b'["LockChanged",{"locked":true,"by":"ann"}]') == e.LockChanged(True)


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\xff\xfe",
        b"{}",
        b'["LockChanged"]',
        b'["LockChanged",{}]',
        b'["LockChanged",{"locked":1}]',
        b'["FromTheFuture",{}]',
        b'["RoleChanged",{"member":"ann","role":"emperor"}]',
        b'["LockChanged",{"locked":true}] ["LockChanged",{"locked":true}]',
        b"[" * 100_000,
    ],
)
def test_what_cannot_be_understood_is_unreadable(junk: bytes) -> None:
    with pytest.raises(Unreadable):
        decode_event(junk)
    with pytest.raises(Unreadable):
        decode_snapshot(junk)


def test_a_snapshot_comes_back_as_it_was() -> None:
    state = busy_room()
    assert decode_snapshot(encode_snapshot(state)) == state


def test_members_of_a_snapshot_keep_their_order_of_arrival() -> None:
    state = busy_room()
    assert (
        list(decode_snapshot(encode_snapshot(state)).members) == list(state.members) == [HOST, "zoe", "ann"]
    )


def test_a_snapshot_of_another_version_is_unreadable() -> None:
    version, fields = json.loads(encode_snapshot(busy_room()))
    assert version == SNAPSHOT_VERSION
    with pytest.raises(Unreadable, match="version 99"):
        decode_snapshot(json.dumps([99, fields]).encode())


def test_a_snapshot_holds_these_fields_and_its_version_goes_up_when_they_mean_something_else() -> None:
    _, fields = json.loads(encode_snapshot(busy_room()))
    assert (SNAPSHOT_VERSION, sorted(fields)) == (
        1,
        sorted(
            [
                *(
                    "active_at_ms",
                    "breakouts",
                    "capacity",
                    "chat",
                    "chat_on",
                    "closed",
                    "defaults",
                    "epoch",
                    "expelled_until",
                    "host",
                    "id",
                ),
                *(
                    "locked",
                    "media",
                    "members",
                    "moved_at_ms",
                    "moved_by",
                    "name",
                    "opened_at_ms",
                    "owner",
                    "queue",
                    "seq",
                ),
                *("timeline", "waiting", "waits"),
                *("access", "polls", "slow_mode_s"),
                *("hands", "knocks", "lobby", "one_share", "password", "recording", "seat", "sharing"),
            ]
        ),
    )


def busy_room() -> Room:
    events = (
        opened("night", defaults(capacity=9)),
        e.MemberJoined(Member(MemberId("zoe"), "Zoe", Role.MEMBER, 5.0)),
        e.MemberJoined(Member(ANN, "Ann", Role.MEMBER, 6.0, 12.5)),
        e.MemberJoined(Member(MemberId("bad"), "Bad", Role.MEMBER, 7.0)),
        e.MemberLeft(MemberId("bad"), LeaveReason.EXPELLED),
        e.RoleChanged(ANN, Role.MODERATOR),
        e.MediaChanged(FILM, AT, Change.MEDIA, HOST),
        e.QueueChanged((Entry("q8", FILM, ANN),), ANN),
        e.ChatSaid(ANN, "Ann", "Hello"),
        e.HandChanged(ANN, True),
        e.ReadyChanged(ANN, True),
        e.WaitingSwitched(True),
        e.WaitBegan((ANN,), 6_000.0, HOST),
    )
    room = fold(RoomId("r1"), numbered(*events))
    assert room is not None
    return room
