"""Lock, capacity, chat, and everybody's own offset."""

from __future__ import annotations

import math

import pytest

from tests.core.stage import ANN, BOB, Stage
from tests.rooms import HOST
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.refusals import Reason


def test_the_lock_changes_only_when_it_changes() -> None:
    stage = Stage()
    assert stage.does(HOST, c.SetLock(False)) == ()
    assert stage.does(HOST, c.SetLock(True)) == (e.LockChanged(True),)
    assert stage.does(HOST, c.SetLock(True)) == ()


def test_chat_is_switched_off_and_on() -> None:
    stage = Stage()
    assert stage.does(HOST, c.SwitchChat(True)) == ()
    assert stage.does(HOST, c.SwitchChat(False)) == (e.ChatSwitched(False),)
    assert stage.room.chat_on is False


@pytest.mark.parametrize("capacity", [1, 100_000])
def test_capacity_may_be_anything_within_its_bounds(capacity: int) -> None:
    stage = Stage()
    assert stage.does(HOST, c.SetCapacity(capacity)) == (e.CapacityChanged(capacity),)
    assert stage.does(HOST, c.SetCapacity(capacity)) == ()
    assert stage.room.capacity == capacity


@pytest.mark.parametrize("capacity", [0, -1, 100_001, 10**400])
def test_capacity_beyond_its_bounds_is_refused(capacity: int) -> None:
    assert Stage().refuses(HOST, c.SetCapacity(capacity)) is Reason.OUT_OF_RANGE


def test_capacity_below_who_is_here_removes_nobody_and_admits_nobody() -> None:
    stage = Stage(ANN)
    stage.does(HOST, c.SetCapacity(1))
    assert list(stage.roles()) == [HOST, ANN]
    assert stage.refuses(BOB, c.Join("Bob")) is Reason.ROOM_FULL


@pytest.mark.parametrize("offset_ms", [-5_000.0, -0.5, 5_000.0])
def test_a_member_sets_its_own_offset_within_five_seconds(offset_ms: float) -> None:
    stage = Stage(ANN)
    assert stage.does(ANN, c.SetOffset(offset_ms)) == (e.OffsetSet(ANN, offset_ms),)
    assert stage.does(ANN, c.SetOffset(offset_ms)) == ()
    assert (stage.room.members[ANN].offset_ms, stage.room.members[HOST].offset_ms) == (offset_ms, 0.0)


@pytest.mark.parametrize("offset_ms", [-5_000.1, 5_000.1, math.inf, -math.inf, math.nan])
def test_an_offset_beyond_five_seconds_is_refused(offset_ms: float) -> None:
    assert Stage(ANN).refuses(ANN, c.SetOffset(offset_ms)) is Reason.OUT_OF_RANGE
