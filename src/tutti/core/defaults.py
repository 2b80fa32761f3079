"""What a room keeps from the dialect that made it, whoever joins later (DESIGN D14)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from tutti.core.ids import RoomId


class Control(Enum):
    """Who may move the timeline."""

    HOST = "host"
    EVERYBODY = "everybody"


class HostLost(Enum):
    """What becomes of the room when its host is gone for good."""

    CLOSES = "closes"
    PASSES_ON = "passes_on"


class Expiry(Enum):
    """From when a room's `lives_ms` count."""

    FROM_OPENING = "from_opening"
    FROM_LAST_ACTIVITY = "from_last_activity"


@dataclass(frozen=True, slots=True)
class Defaults:
    """`capacity`: most members at once. `grace_ms`: how long a member may be unseen before it leaves; the host
    has `host_grace_ms`. `correct_over_ms`: how far the host's own report may be off before the timeline follows it.
    `seat_ms`: how long after the host was lost for good the seat is still kept for it.
    `parent`: the room that it is a breakout room of: people are moved there, and nobody is its host.
    """

    dialect: str
    capacity: int
    control: Control
    host_lost: HostLost
    expiry: Expiry
    lives_ms: float
    grace_ms: float
    host_grace_ms: float
    correct_over_ms: float
    seat_ms: float = 0.0
    parent: RoomId | None = None

    def __post_init__(self) -> None:
        numbers = (self.lives_ms, self.grace_ms, self.host_grace_ms, self.correct_over_ms, self.seat_ms)
        if not all(map(math.isfinite, numbers)):
            raise ValueError("a room's defaults must be finite: no store can keep what is not")
