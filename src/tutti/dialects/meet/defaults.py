"""What a room made by joining a meeting keeps."""

from __future__ import annotations

from tutti.core.commands import Open
from tutti.core.defaults import Control, Defaults, Expiry, HostLost

NAME = "meet"
CAPACITY = 50
DAY_MS = 24 * 3_600_000.0
GRACE_MS = 20_000.0
LEASE_MS = 60_000.0
"""From the loss of the host's line: so long is its seat kept."""


def defaults(*, capacity: int = CAPACITY) -> Defaults:
    """Gone after 24 hours without activity. Who is lost has 20 s to come back; the host's seat waits 60 s."""
    return Defaults(
        dialect=NAME,
        capacity=capacity,
        control=Control.HOST,
        host_lost=HostLost.PASSES_ON,
        expiry=Expiry.FROM_LAST_ACTIVITY,
        lives_ms=DAY_MS,
        grace_ms=GRACE_MS,
        host_grace_ms=GRACE_MS,
        correct_over_ms=1_000.0,
        seat_ms=LEASE_MS - GRACE_MS,
    )


def opening(room: str, host: str, capacity: int) -> Open:
    """How the first who joins opens the room."""
    return Open(room, host, defaults(capacity=capacity))
