"""Waiting for everybody, where the room has chosen to: bounded, visible, and only for those who say when they are ready.

Whoever never said so is not waited for, and outside of a wait nobody slows anybody: the reference is the timeline.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from tutti.core import events as e
from tutti.core.events import Event, Move
from tutti.core.ids import MemberId
from tutti.core.room import Room

PATIENCE_MS = 5_000.0
"""No longer than this from the wish to play."""


def plays_on(
    room: Room, event: e.TimelineMoved | e.MediaChanged, now_ms: float, *, anew: bool
) -> tuple[Event, ...]:
    """`event`, if it may happen at once; else the same standing still, and a wait.

    `anew`: it is about another place or other media, for which nobody can have got ready yet.
    """
    if not room.waits or not (event.timeline.playing or room.waiting is not None):
        return (event,)
    missing = tuple(m.id for m in room.members.values() if m.ready is False or (anew and m.ready))
    if not missing:
        return (event,)
    return (*_standing_still(room, event), e.WaitBegan(missing, now_ms + PATIENCE_MS, event.by))


def ended(room: Room) -> tuple[Event, ...]:
    """The wait that there may be is over, and the timeline stays as it is."""
    return () if room.waiting is None else (e.WaitEnded(_missing(room)),)


def without(room: Room, these: Collection[MemberId], at_ms: float) -> tuple[Event, ...]:
    """What follows when nobody waits for `these` any more: they are ready, or gone. It plays at `at_ms` if they were
    the last.
    """
    if room.waiting is None or any(member not in these for member in _missing(room)):
        return ()
    return _resumed(room, (), at_ms)


def given_up(room: Room, at_ms: float) -> tuple[Event, ...]:
    """Whoever is not ready has to catch up alone."""
    return _resumed(room, _missing(room), at_ms)


def over(room: Room, now_ms: float, at_ms: float) -> tuple[Event, ...]:
    """As `given_up`, if it is time. It may have been another wait that was to end now."""
    if room.waiting is None or now_ms < room.waiting.until_ms:
        return ()
    return given_up(room, at_ms)


def _standing_still(room: Room, event: e.TimelineMoved | e.MediaChanged) -> tuple[Event, ...]:
    """Told as a pause, which stops every player there is; nothing, if the timeline stands there already."""
    there = replace(event.timeline, playing=False)
    if isinstance(event, e.MediaChanged):
        return (replace(event, timeline=there),)
    was = room.timeline
    if not was.playing and was.position_ms == there.position_ms:
        return ()
    return (e.TimelineMoved(there, Move.PAUSE, event.by),)


def _missing(room: Room) -> tuple[MemberId, ...]:
    waiting = room.waiting
    if waiting is None:
        return ()
    members = room.members
    return tuple(who for who in waiting.members if who in members and members[who].ready is False)


def _resumed(room: Room, missing: tuple[MemberId, ...], at_ms: float) -> tuple[Event, ...]:
    waiting = room.waiting
    if waiting is None:
        return ()
    playing = room.timeline.play(at_ms, room.duration_ms)
    return (e.WaitEnded(missing), e.TimelineMoved(playing, Move.PLAY, waiting.by))
