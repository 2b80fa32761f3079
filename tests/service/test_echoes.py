"""What a player says back, and what it wishes."""

from __future__ import annotations

import pytest

from tutti.core import commands as c
from tutti.core.ids import MemberId
from tutti.service.echoes import Repeated, Wish

ANN, BEN = MemberId("ann"), MemberId("ben")
SECOND = 1_000.0


def told(at_ms: float, *, playing: bool, by: MemberId | None = None) -> c.Told:
    return c.Told(0.0, at_ms, playing, by)


def is_wish(wish: Wish, at_ms: float, *heard: c.Told) -> bool:
    return Repeated().find(wish, BEN, heard, at_ms) is None


def test_who_starts_on_being_told_says_so_once() -> None:
    heard = (told(0.0, playing=False), told(SECOND, playing=True, by=ANN))
    said = Repeated()
    assert said.find(c.Play(), BEN, heard, 1.3 * SECOND) == heard[1]
    assert said.find(c.Play(), BEN, heard, 1.6 * SECOND) is None


def test_who_came_to_a_room_that_stands_and_then_plays_can_stop_it() -> None:
    assert is_wish(c.Pause(), 1.5 * SECOND, told(0.0, playing=False), told(SECOND, playing=True, by=ANN))


def test_being_told_again_where_a_playing_room_is_is_no_start_to_repeat() -> None:
    playing = (told(0.0, playing=True), told(4 * SECOND, playing=True))
    assert is_wish(c.Play(), 5 * SECOND, *playing, told(4.5 * SECOND, playing=False, by=ANN))


def test_a_telling_that_crossed_ones_own_wish_is_repeated() -> None:
    """Ben stopped; before that was heard he was told of a seek in a playing room, and so started again."""
    seek, stop = told(10 * SECOND, playing=True, by=ANN), told(10.2 * SECOND, playing=False, by=BEN)
    assert not is_wish(c.Play(), 10.4 * SECOND, told(0.0, playing=True, by=ANN), seek, stop)


@pytest.mark.parametrize(("after_s", "wished"), [(1.9, False), (2.1, True)])
def test_starting_is_said_at_once_or_it_is_a_wish(after_s: float, wished: bool) -> None:
    heard = (
        told(0.0, playing=False),
        told(SECOND, playing=True, by=ANN),
        told(1.5 * SECOND, playing=False, by=ANN),
    )
    assert is_wish(c.Play(), SECOND + after_s * SECOND, *heard) is wished
