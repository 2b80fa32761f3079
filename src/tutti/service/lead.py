"""How far ahead commands are scheduled, so that they reach everybody's player before they take effect (DESIGN D7)."""

from __future__ import annotations

from collections.abc import Collection

from tutti.service.fanout import Audience

LEAST_MS = 150.0
MOST_MS = 1_000.0
"""A line that is worse than this catches up alone."""


def lead_ms(audiences: Collection[Audience]) -> float:
    """One and a half of the largest round trip in the room, and a little; 0 if nobody here acts at a set time."""
    if not any(audience.dialect.schedules and audience.subscriptions for audience in audiences):
        return 0.0
    largest_ms = max(s.rtt_ms for audience in audiences for s in audience.subscriptions)
    return min(max(LEAST_MS, 1.5 * largest_ms + 50.0), MOST_MS)
