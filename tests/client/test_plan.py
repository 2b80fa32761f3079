"""What a player should be doing: what holds, and what is announced, prepared early enough to be on time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec.structs import replace as moved

from tutti_client.plan import BEFORE_END_MS, START_EARLY_MS, Plan, planned, target_at
from tutti_client.room import Room
from tutti_client.wire import Member, Timeline

HERE = Timeline(position=10_000.0, rate=1.0, playing=False, at=0.0)
PLAYING = Timeline(position=10_000.0, rate=1.0, playing=True, at=0.0)
NOW_MS = 5_000.0
JUMP_MS = 120.0


def a_room(now: Timeline, coming: Timeline | None = None, offset: float = 0.0) -> Room:
    me = Member("ann", offset=offset)
    room = Room(id="r1", epoch="e1", seq=1, me="ann", members=(me,), timeline=now)
    return room if coming is None else replace(room, timeline=coming, previous=now)


def plan(room: Room, at: float = NOW_MS, *, stands: bool = False, duration_ms: float | None = None) -> Plan:
    made = planned(room, at, stands=stands, jump_takes_ms=JUMP_MS, duration_ms=duration_ms)
    assert made is not None
    return made


def test_without_a_timeline_there_is_nothing_to_do() -> None:
    room = replace(a_room(HERE), timeline=None)
    assert planned(room, NOW_MS, stands=True, jump_takes_ms=JUMP_MS, duration_ms=None) is None


def test_a_start_is_waited_for_with_the_picture_in_place() -> None:
    room = a_room(HERE, moved(PLAYING, position=20_000.0, at=NOW_MS + 1_000.0))
    early = plan(room, stands=True)
    assert (early.playing, early.target_ms) == (False, 20_000.0)
    assert early.until_ms == NOW_MS + 1_000.0 - START_EARLY_MS
    soon = plan(room, NOW_MS + 900.0, stands=True)
    assert (soon.playing, soon.target_ms) == (True, 20_000.0 - 100.0), "it gets there at the instant"


def test_a_stop_is_not_prepared() -> None:
    room = a_room(PLAYING, moved(HERE, position=15_150.0, at=NOW_MS + 150.0))
    before = plan(room)
    assert (before.playing, before.target_ms, before.until_ms) == (True, 15_000.0, NOW_MS + 150.0)
    assert not plan(room, NOW_MS + 150.0).playing


def test_who_stopped_by_hand_stays_where_the_room_will_stop() -> None:
    room = a_room(PLAYING, moved(HERE, position=14_990.0, at=NOW_MS + 150.0))
    assert plan(room, stands=True) == plan(room, NOW_MS, stands=True)
    assert (plan(room, stands=True).playing, plan(room, stands=True).target_ms) == (False, 14_990.0)


def test_a_jump_begins_as_much_earlier_as_it_takes() -> None:
    room = a_room(PLAYING, moved(PLAYING, position=90_000.0, at=NOW_MS + 150.0))
    before = plan(room)
    assert (before.target_ms, before.until_ms) == (15_000.0, NOW_MS + 150.0 - JUMP_MS)
    jumping = plan(room, NOW_MS + 150.0 - JUMP_MS)
    assert jumping.target_ms == 90_000.0 - JUMP_MS


def test_a_new_rate_holds_from_its_instant() -> None:
    room = a_room(PLAYING, Timeline(position=15_150.0, rate=1.5, playing=True, at=NOW_MS + 150.0))
    assert (plan(room).rate, plan(room).until_ms) == (1.0, NOW_MS + 150.0)
    assert plan(room, NOW_MS + 150.0).rate == 1.5


def test_another_cut_is_followed_at_its_offset() -> None:
    assert plan(a_room(PLAYING, offset=400.0)).target_ms == 15_400.0
    assert target_at(a_room(PLAYING, offset=400.0), NOW_MS, None) == 15_400.0


def test_before_the_beginning_of_my_file_i_stand_at_it() -> None:
    room = a_room(moved(PLAYING, position=0.0, at=NOW_MS), offset=-3_000.0)
    waiting = plan(room)
    assert (waiting.playing, waiting.target_ms) == (False, 0.0)
    assert waiting.until_ms == NOW_MS + 3_000.0 - START_EARLY_MS
    assert plan(room, NOW_MS + 3_000.0 - START_EARLY_MS / 2).playing
    assert target_at(room, NOW_MS, None) == 0.0


def test_at_the_end_of_my_file_i_stand_on_its_last_picture() -> None:
    ended = plan(a_room(PLAYING), duration_ms=12_000.0)
    assert (ended.playing, ended.target_ms) == (False, 12_000.0 - BEFORE_END_MS)


@pytest.mark.parametrize("rate", [0.5, 1.0, 2.0])
def test_a_target_that_is_prepared_meets_the_announced_place_on_time(rate: float) -> None:
    coming = Timeline(position=60_000.0, rate=rate, playing=True, at=NOW_MS + 150.0)
    made = plan(a_room(HERE, coming), stands=True)
    assert made.target_ms + (coming.at - made.at_ms) * made.rate == pytest.approx(60_000.0)
