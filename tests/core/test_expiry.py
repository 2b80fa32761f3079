"""How rooms end, and what an ended room answers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.core.stage import ANN, STRANGER, Stage
from tests.core.wishes import ONE_OF_EACH
from tests.rooms import HOST, HOUR_MS, defaults
from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.defaults import Defaults, Expiry
from tutti.core.events import CloseReason
from tutti.core.ids import MemberId
from tutti.core.refusals import Reason

ANYBODY = (HOST, ANN, STRANGER, None)


def test_a_room_counts_from_its_opening_whatever_happens_in_it() -> None:
    stage = Stage(of=defaults(expiry=Expiry.FROM_OPENING, lives_ms=HOUR_MS))
    ends = stage.now_ms + HOUR_MS
    stage.after(HOUR_MS / 2).does(ANN, c.Join("Ann"))
    assert stage.room.expires_at_ms == ends


def test_a_room_counts_from_its_last_activity() -> None:
    stage = Stage(of=defaults(expiry=Expiry.FROM_LAST_ACTIVITY, lives_ms=HOUR_MS))
    stage.after(HOUR_MS / 2).does(ANN, c.Join("Ann"))
    assert stage.room.expires_at_ms == stage.now_ms + HOUR_MS


def test_the_server_ends_a_room_whose_time_is_up() -> None:
    stage = Stage(ANN)
    assert stage.does(None, c.Expire()) == (e.RoomClosed(CloseReason.EXPIRED),)
    assert stage.room.closed is CloseReason.EXPIRED


def test_the_host_ends_the_room() -> None:
    assert Stage(ANN).does(HOST, c.Close()) == (e.RoomClosed(CloseReason.HOST_ENDED),)


@pytest.mark.parametrize("command", ONE_OF_EACH, ids=lambda command: type(command).__name__)
@pytest.mark.parametrize("who", ANYBODY)
@pytest.mark.parametrize(
    ("reason", "refusal"),
    [
        (CloseReason.EXPIRED, Reason.ROOM_EXPIRED),
        (CloseReason.HOST_ENDED, Reason.ROOM_CLOSED),
        (CloseReason.HOST_LOST, Reason.ROOM_CLOSED),
    ],
)
def test_a_room_that_ended_says_so_to_everybody_and_everything(
    command: c.Command, who: MemberId | None, reason: CloseReason, refusal: Reason
) -> None:
    stage = Stage(ANN)
    stage.does(None, c.Expire(reason))
    if isinstance(command, c.Open):
        refusal = Reason.NOT_ALLOWED if who is None else Reason.ROOM_EXISTS
    assert stage.refuses(who, command) is refusal


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
@pytest.mark.parametrize(
    "make",
    [
        lambda number: replace(defaults(), lives_ms=number),
        lambda number: replace(defaults(), grace_ms=number),
        lambda number: replace(defaults(), host_grace_ms=number),
        lambda number: replace(defaults(), correct_over_ms=number),
    ],
)
def test_defaults_that_no_store_could_keep_cannot_be_made(
    make: Callable[[float], Defaults], number: float
) -> None:
    with pytest.raises(ValueError, match="finite"):
        make(number)
