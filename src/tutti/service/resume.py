"""Coming back to a room: what was missed, if it is still kept, and what to say of it."""

from __future__ import annotations

from collections.abc import Sequence

from tutti.core.events import Recorded
from tutti.core.room import Room
from tutti.service.dialect import Afresh, Dialect, Viewer
from tutti.service.frames import Frame
from tutti.service.live_room import LiveRoom
from tutti.service.ports import Position, Unavailable
from tutti.service.rooms import Rooms

READS = 8
"""So often may a room have gone on while what was missed is read."""

Missed = Sequence[Recorded] | Afresh


async def missed_since(rooms: Rooms, live: LiveRoom, after: Position) -> Missed:
    """Every event after that position that the room here has heard by the time this returns, and no other."""
    missed: list[Recorded] = []
    for _ in range(READS):
        room = live.state
        if room is None or room.epoch != after.epoch or room.seq < after.seq:
            return "unknown_epoch"
        if room.seq == after.seq:
            return missed
        try:
            kept = await rooms.log.since(live.id, after)
        except Unavailable as problem:
            rooms.log_unavailable(live.id, problem)
            return "too_old"
        if not kept:
            return "too_old"
        missed += _heard(live.state, kept)
        if missed:
            after = Position(after.epoch, missed[-1].seq)
    return "too_old"


def picture(
    dialect: Dialect, room: Room, viewer: Viewer, now_ms: float, missed: Missed | None
) -> tuple[Frame, ...]:
    """What to tell somebody who comes in. `missed` None: they never were here, or do not say up to when."""
    if missed is None:
        return dialect.welcome(room, viewer, now_ms)
    if isinstance(missed, str):
        return dialect.welcome(room, viewer, now_ms, reason=missed)
    return dialect.replay(missed, room, viewer, now_ms)


def _heard(room: Room | None, kept: Sequence[Recorded]) -> list[Recorded]:
    """What is kept may not have reached the room here yet; it will be told when it does."""
    return [] if room is None else [recorded for recorded in kept if recorded.seq <= room.seq]
