"""What a room made through watch keeps, and the ids such rooms get."""

from __future__ import annotations

from collections.abc import Callable

from tutti.core.defaults import Control, Defaults, Expiry, HostLost
from tutti.core.ids import RoomId

NAME = "watch"
DAY_MS = 24 * 3_600_000.0

ID_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without look-alikes: people read ids aloud."""
ID_LENGTH = 10


def defaults(max_participants: int = 10) -> Defaults:
    """Guide 001, "Memory Management": at most 10 people, gone after 24 hours without activity."""
    return Defaults(
        dialect=NAME,
        capacity=max_participants,
        control=Control.EVERYBODY,
        host_lost=HostLost.PASSES_ON,
        expiry=Expiry.FROM_LAST_ACTIVITY,
        lives_ms=DAY_MS,
        grace_ms=60_000.0,
        host_grace_ms=30_000.0,
        correct_over_ms=1_000.0,
    )


def room_id(choose: Callable[[str], str]) -> RoomId:
    """`choose`: one character of these, unpredictably (`secrets.choice`)."""
    return RoomId("".join(choose(ID_ALPHABET) for _ in range(ID_LENGTH)))
