"""What a room is like that was made as a listening session (guide 000, contract `listen`)."""

from __future__ import annotations

from tutti.core.defaults import Control, Defaults, Expiry, HostLost

HOUR_MS = 3_600_000.0
CAPACITY = 50


def session_defaults(timeout_hours: float = 4.0) -> Defaults:
    """`timeout_hours`: `SESSION_TIMEOUT_HOURS`."""
    return Defaults(
        dialect="listen",
        capacity=CAPACITY,
        control=Control.HOST,
        host_lost=HostLost.CLOSES,
        expiry=Expiry.FROM_OPENING,
        lives_ms=timeout_hours * HOUR_MS,
        grace_ms=60_000.0,
        host_grace_ms=30_000.0,
        correct_over_ms=50.0,
    )
