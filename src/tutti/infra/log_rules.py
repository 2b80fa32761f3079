"""What both room logs hold to: the shape of an append, and how much of the past is kept for those who resume."""

from __future__ import annotations

from tutti.core.events import Recorded, RoomOpened
from tutti.service.ports import Position

KEPT_EVENTS = 512
KEPT_MS = 30_000.0


def opening_of(expected: Position | None, events: tuple[Recorded, ...]) -> RoomOpened | None:
    """The event that begins a life, if this append does. Raises `ValueError` for what no service may ask."""
    if not events:
        raise ValueError("an append without events")
    epoch = events[0].epoch if expected is None else expected.epoch
    seq = 0 if expected is None else expected.seq
    for recorded in events:
        seq += 1
        if recorded.seq != seq or recorded.epoch != epoch:
            raise ValueError(f"expected event {seq} of {epoch}, not {recorded.seq} of {recorded.epoch}")
    if expected is not None:
        return None
    first = events[0].event
    if not isinstance(first, RoomOpened):
        raise ValueError("the first event of a life is RoomOpened")
    return first


def trimmed_through(snapshot_seq: int, last_seq: int) -> int:
    """The last number that may be forgotten, if the event is older than `KEPT_MS` before the last one as well."""
    return min(snapshot_seq, last_seq - KEPT_EVENTS)
