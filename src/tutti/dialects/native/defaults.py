"""What a room made through native keeps."""

from __future__ import annotations

from tutti.core.defaults import Control, Defaults, Expiry, HostLost

NAME = "native"
CAPACITY = 100
DAY_MS = 24 * 3_600_000.0


def defaults(*, control: Control = Control.EVERYBODY, capacity: int = CAPACITY) -> Defaults:
    """Gone after 24 hours without activity; the host's seat passes on."""
    return Defaults(
        dialect=NAME,
        capacity=capacity,
        control=control,
        host_lost=HostLost.PASSES_ON,
        expiry=Expiry.FROM_LAST_ACTIVITY,
        lives_ms=DAY_MS,
        grace_ms=60_000.0,
        host_grace_ms=30_000.0,
        correct_over_ms=1_000.0,
    )
