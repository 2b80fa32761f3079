"""What a player should be doing now, from what holds in the room and what has been announced.

Pure. A move that is announced ahead of its time is prepared: a start waits for its instant with the picture in place, a
jump begins as much earlier as seeks take. Such a target runs up to the announced position and reaches it on time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from tutti_client.room import Room
from tutti_client.wire import Timeline

START_EARLY_MS: Final = 200.0
SAME_PLACE_MS: Final = 1.0
BEFORE_END_MS: Final = 40.0
LATER_MS: Final = 1_000.0


@dataclass(frozen=True, slots=True)
class Plan:
    """At room time `at_ms` the target is `target_ms`, and it moves on by `rate` while `playing`.
    `until_ms`: the room time at which to plan anew, at the latest.
    `timeline`: what is being followed; another one is another wish of the room's."""

    timeline: Timeline
    playing: bool
    target_ms: float
    rate: float
    at_ms: float
    until_ms: float


def planned(
    room: Room, room_ms: float, *, stands: bool, jump_takes_ms: float, duration_ms: float | None
) -> Plan | None:
    """`stands`: the player is paused, so that preparing early interrupts nothing. None: there is no timeline."""
    now = room.timeline_at(room_ms)
    if now is None:
        return None
    coming = room.upcoming(room_ms)
    if coming is None or coming is now:
        return _within_file(_along(room, now, room_ms), room_ms, duration_ms)
    begins_ms = coming.at - _early_ms(now, coming, stands=stands, jump_takes_ms=jump_takes_ms)
    if room_ms < begins_ms:
        if stands and not now.playing:
            return _standing_at(room, coming, room_ms, begins_ms)
        plan = _along(room, now, room_ms, begins_ms)
    else:
        plan = _along(room, coming, room_ms)
    return _within_file(plan, room_ms, duration_ms)


def target_at(room: Room, room_ms: float, duration_ms: float | None) -> float | None:
    """Where I should be then; for reports. Nothing is prepared here."""
    timeline = room.timeline_at(room_ms)
    if timeline is None:
        return None
    target = max(timeline.position_at(room_ms) + room.offset, 0.0)
    return target if duration_ms is None else min(target, duration_ms)


def _early_ms(now: Timeline, coming: Timeline, *, stands: bool, jump_takes_ms: float) -> float:
    if not coming.playing:
        return LATER_MS if stands else 0.0
    if not now.playing:
        return START_EARLY_MS
    if abs(now.position_at(coming.at) - coming.position) <= SAME_PLACE_MS:
        return 0.0
    return LATER_MS if stands else jump_takes_ms


def _along(room: Room, timeline: Timeline, room_ms: float, until_ms: float = float("inf")) -> Plan:
    """Also before its time: then the target lies before the announced position, as far as it will take to get there."""
    moved = (room_ms - timeline.at) * timeline.rate if timeline.playing else 0.0
    target = timeline.position + moved + room.offset
    return Plan(timeline, timeline.playing, target, timeline.rate, room_ms, until_ms)


def _standing_at(room: Room, coming: Timeline, room_ms: float, until_ms: float) -> Plan:
    return Plan(coming, False, max(coming.position + room.offset, 0.0), coming.rate, room_ms, until_ms)


def _within_file(plan: Plan, room_ms: float, duration_ms: float | None) -> Plan:
    """Before the beginning and at the end of my file I stand, whatever the room does."""
    early_ms = START_EARLY_MS * plan.rate
    if plan.playing and plan.target_ms < -early_ms:
        begins_ms = room_ms - (plan.target_ms + early_ms) / plan.rate
        return replace(plan, playing=False, target_ms=0.0, until_ms=min(plan.until_ms, begins_ms))
    if duration_ms is not None and plan.target_ms > duration_ms - BEFORE_END_MS:
        return replace(plan, playing=False, target_ms=max(duration_ms - BEFORE_END_MS, 0.0))
    return plan if plan.playing else replace(plan, target_ms=max(plan.target_ms, 0.0))
