"""The client's view of a room: whatever happens there, a snapshot and the events after it are a later snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest

from tests.core.anything import START_MS, story
from tutti.core.decide import decide
from tutti.core.events import Recorded, RoomOpened
from tutti.core.ids import Epoch, RoomId, Seq
from tutti.core.refusals import Refused
from tutti.core.relays import Relay
from tutti.core.room import Room as ServersRoom
from tutti.core.room import evolve
from tutti.dialects.native.dialect import Native
from tutti.dialects.native.spoken import snapshot
from tutti.service.frames import Frame
from tutti_client import wire
from tutti_client.room import Gap, Room, changed, entered

STILL = wire.Timeline(position=10_000.0, rate=1.0, playing=False, at=0.0)


def said(frames: tuple[Frame, ...]) -> wire.Heard:
    (frame,) = frames
    return wire.heard(frame.text)


def told(seed: int) -> Iterator[tuple[wire.Heard, wire.Heard]]:
    """Each event of a story as native clients hear it, and the welcome of one who would come just after it."""
    native = Native()
    room: ServersRoom | None = None
    now_ms = START_MS
    seq = 0
    for step in story(seed):
        now_ms += step.wait_ms
        decision = decide(room, step.command, step.who, now_ms, step.lead_ms)
        if isinstance(decision, Refused | Relay):
            continue
        if room is not None and decision and isinstance(decision[0], RoomOpened):
            return  # another life of the room
        for event in decision:
            seq += 1
            recorded = Recorded(Epoch("e1"), Seq(seq), now_ms, event)
            room = evolve(RoomId("r1"), room, recorded)
            yield said(native.encode(recorded, room, now_ms)), newcomer(room, now_ms)


def newcomer(room: ServersRoom, now_ms: float) -> wire.Heard:
    you = {"id": "dee", "role": "member"}
    told = {"you": you, "epoch": room.epoch, "seq": room.seq, "now": now_ms, "room": snapshot(room)}
    return wire.heard(msgspec.json.encode({"type": "welcome", "resumed": False, **told}))


def seen(room: Room) -> Room:
    """Without what a newcomer cannot know."""
    return replace(room, previous=None, closed=False)


def test_a_snapshot_and_the_events_after_it_are_what_a_newcomer_is_told() -> None:
    reached: set[type[wire.Heard]] = set()
    for seed in range(300):
        view: Room | None = None
        for event, welcome in told(seed):
            assert isinstance(event, wire.Event | wire.Unknown)
            assert isinstance(welcome, wire.Welcome)
            newcomers = entered(welcome)
            reached.add(type(event))
            view = newcomers if view is None else changed(view, event)
            assert seen(view) == seen(newcomers), f"after {event} of the story of seed {seed}"
    assert reached - {wire.Unknown} == set(wire.EVENTS)
    assert wire.Unknown in reached, "what a meeting has beyond a room"


def a_room(timeline: wire.Timeline = STILL, seq: int = 7) -> Room:
    return Room(id="r1", epoch="e1", seq=seq, me="ann", members=(wire.Member("ann"),), timeline=timeline)


def test_until_an_announced_move_is_due_the_room_goes_on_as_before() -> None:
    playing = wire.Timeline(position=10_000.0, rate=1.0, playing=True, at=1_000.0)
    room = changed(a_room(), wire.TimelineMoved(playing, seq=8, at=800.0))
    assert room.position_at(999.0) == 10_000.0
    assert room.timeline_at(999.0) == STILL
    assert room.upcoming(999.0) == playing
    assert room.position_at(1_500.0) == 10_500.0
    assert room.upcoming(1_000.0) is None


def test_a_move_announced_while_another_is_not_yet_due_keeps_what_holds_till_then() -> None:
    first = wire.Timeline(position=50_000.0, rate=1.0, playing=True, at=1_000.0)
    second = wire.Timeline(position=90_000.0, rate=1.0, playing=True, at=1_100.0)
    room = changed(a_room(), wire.TimelineMoved(first, seq=8, at=800.0))
    room = changed(room, wire.TimelineMoved(second, seq=9, at=900.0))
    assert room.position_at(1_050.0) == 10_000.0, "the first never came to hold"
    assert room.position_at(1_100.0) == 90_000.0


def test_a_skipped_number_is_a_gap_and_one_heard_before_is_nothing() -> None:
    room = a_room(seq=7)
    with pytest.raises(Gap):
        changed(room, wire.LockChanged(True, seq=9))
    assert changed(room, wire.LockChanged(True, seq=7)) is room


def test_an_event_of_a_newer_server_counts_though_it_says_nothing_here() -> None:
    event = wire.heard('{"type":"fireworks","seq":8,"at":1,"colour":"red"}')
    assert isinstance(event, wire.Unknown)
    assert changed(a_room(seq=7), event) == a_room(seq=8)


def test_a_room_that_is_resumed_is_the_room_as_it_was() -> None:
    resumed = wire.Welcome(wire.You("ann"), "e1", seq=7, now=1.0, resumed=True)
    assert entered(resumed, a_room(seq=7)) == a_room(seq=7)
    with pytest.raises(wire.Unreadable):
        entered(resumed)


def test_nothing_plays_beyond_the_end_of_what_is_played() -> None:
    playing = wire.Timeline(position=0.0, rate=1.0, playing=True, at=0.0)
    room = replace(a_room(playing), media=wire.Media("x", duration_ms=60_000.0))
    assert room.position_at(90_000.0) == 60_000.0


def test_what_is_no_message_is_unreadable() -> None:
    for text in ("", "[]", "{}", '{"type":"welcome"}', '{"type":"pong","ref":1,"at":"soon"}', b"\xff"):
        with pytest.raises(wire.Unreadable):
            wire.heard(text)
