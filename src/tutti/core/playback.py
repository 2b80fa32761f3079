"""Moving the timeline, and telling a wish from its echo.

Players repeat what they were told: setting `video.currentTime` fires `seeked`, which a client sends back as a seek.
Whatever asks for what the timeline already says, or for what the asker was just told, changes nothing (contract
`watch`, "What bites").
"""

from __future__ import annotations

import math
from dataclasses import replace

from tutti.core import events as e
from tutti.core import patience
from tutti.core.commands import Observe, Pause, Play, Report, Seek, Told
from tutti.core.events import Change, Event, Move
from tutti.core.media import unsound
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.core.roster import Member
from tutti.core.timeline import MAX_RATE, MIN_RATE, Timeline

SAME_POSITION_MS = 500.0
"""Contract `watch`: an action within 0.5 s of the timeline asks for nothing new."""

EXACT_MS = 1.0
"""The same for those who never repeat what they were told."""

ECHO_WITHIN_MS = 5_000.0
"""How long after being told a player may still be echoing it: a slow seek on a slow line."""

ECHO_START_WITHIN_MS = 2_000.0
"""The same for starting and stopping, which a player says at once, before it has anything to show."""

SETTLE_MS = 2_000.0
"""After somebody else moved the timeline, the host's own player needs this long before its reports say anything."""

CORRECT_AT_MOST_EVERY_MS = 1_000.0

JUMPED_MS = 1_000.0
"""A host that is suddenly this far from where itself put the timeline has been moved by hand: that cannot wait."""

MAX_POSITION_MS = 1_000 * 3_600_000.0

Decision = tuple[Event, ...] | Refused


def takes_effect_ms(room: Room, now_ms: float, lead_ms: float) -> float:
    """When what is wished now happens: so far ahead, and never before what was wished earlier."""
    return max(now_ms + lead_ms, room.timeline.anchored_at_ms)


def play(room: Room, who: Member, command: Play, now_ms: float, at_ms: float) -> Decision:
    """Anything that is wished now happens at `at_ms`."""
    to_ms = _wished_ms(room, command, now_ms)
    if isinstance(to_ms, Refused):
        return to_ms
    if _repeats(command, now_ms) or (to_ms is None and (room.timeline.playing or room.waiting is not None)):
        return ()
    timeline = room.timeline.play(at_ms, room.duration_ms)
    if to_ms is not None:
        timeline = timeline.seek(to_ms, at_ms)
    moved = e.TimelineMoved(timeline, Move.PLAY, who.id)
    return patience.plays_on(room, moved, now_ms, anew=to_ms is not None)


def pause(room: Room, who: Member, command: Pause, now_ms: float, at_ms: float) -> Decision:
    """It ends a wait, too."""
    to_ms = _wished_ms(room, command, now_ms)
    if isinstance(to_ms, Refused):
        return to_ms
    if _repeats(command, now_ms):
        return ()
    if to_ms is None and not room.timeline.playing:
        return patience.ended(room)
    timeline = room.timeline.pause(at_ms, room.duration_ms)
    if to_ms is not None:
        timeline = timeline.seek(to_ms, at_ms)
    return (*patience.ended(room), e.TimelineMoved(timeline, Move.PAUSE, who.id))


def seek(room: Room, who: Member, command: Seek, now_ms: float, at_ms: float) -> Decision:
    to_ms = _within(room, command.to_ms)
    if to_ms is None:
        return _out_of_range()
    if _same(room, to_ms, now_ms, command.exact) or _repeats_position(command.told, to_ms, now_ms):
        return ()
    return _sought(room, who, to_ms, now_ms, at_ms)


def seek_by(room: Room, who: Member, by_ms: float, now_ms: float, at_ms: float) -> Decision:
    if not math.isfinite(by_ms):
        return _out_of_range()
    end_ms = MAX_POSITION_MS if room.duration_ms is None else room.duration_ms
    return _sought(room, who, min(max(room.position_at(at_ms) + by_ms, 0.0), end_ms), now_ms, at_ms)


def set_rate(room: Room, who: Member, rate: float, at_ms: float) -> Decision:
    if not MIN_RATE <= rate <= MAX_RATE:  # false for NaN too
        return Refused(Reason.OUT_OF_RANGE, f"The rate must be {MIN_RATE} to {MAX_RATE:g}")
    if rate == room.timeline.rate:
        return ()
    return (e.TimelineMoved(room.timeline.at_rate(rate, at_ms, room.duration_ms), Move.RATE, who.id),)


def repeats(command: Play | Pause | Seek, told: Told, now_ms: float) -> bool:
    """Whether this says no more than the asker was told a moment ago. It may have been overtaken since."""
    if isinstance(command, Seek):
        return _repeats_position(told, command.to_ms, now_ms)
    if told.playing is not isinstance(command, Play) or now_ms - told.at_ms > ECHO_START_WITHIN_MS:
        return False
    return command.position_ms is None or _repeats_position(told, command.position_ms, now_ms)


def still_holds(room: Room, told: Told, now_ms: float) -> bool:
    """Whether a player that did as it was told is where the timeline is now, and does what it does."""
    if told.playing is None:
        return True
    moved_ms = max(now_ms - told.at_ms, 0.0) * room.timeline.rate if told.playing else 0.0
    return told.playing is room.timeline.playing and _same(room, told.position_ms + moved_ms, now_ms)


def observe(command: Observe) -> Decision:
    """Believed or not, it changes nothing; only what nobody can compute with is refused."""
    numbers = (command.position_ms, command.sampled_at_ms, command.error_ms or 0.0, command.bound_ms)
    if not all(map(math.isfinite, numbers)) or command.bound_ms < 0 or command.position_ms < 0:
        return Refused(
            Reason.OUT_OF_RANGE, "An observation has finite numbers, and none below 0 but the error"
        )
    return ()


def report(room: Room, who: Member, command: Report, now_ms: float) -> Decision:
    """An observation. The host's may start another track, start, stop or correct the timeline; others' change nothing."""
    position_ms = _within(room, command.position_ms, command.media.duration_ms if command.media else None)
    if position_ms is None or not math.isfinite(command.sampled_at_ms):
        return _out_of_range()
    problem = unsound(command.media) if command.media else None
    if problem is not None:
        return problem
    if who.id != room.host:
        return ()
    sampled_at_ms = min(max(command.sampled_at_ms, room.opened_at_ms), now_ms)
    moved_at_ms = max(room.moved_at_ms, room.timeline.anchored_at_ms)
    if room.moved_by not in (None, who.id) and sampled_at_ms < moved_at_ms:
        return ()  # from before the host's player could do what somebody else wished
    playing = room.timeline.playing if command.playing is None else command.playing
    seen = replace(room.timeline, position_ms=position_ms, playing=playing, anchored_at_ms=sampled_at_ms)
    if command.media is not None and (room.media is None or command.media.id != room.media.id):
        return (*patience.ended(room), e.MediaChanged(command.media, seen, Change.MEDIA, who.id))
    if playing is not room.timeline.playing:  # what plays already does not wait
        return (*patience.ended(room), e.TimelineMoved(seen, Move.PLAY if playing else Move.PAUSE, who.id))
    return _correction(room, who, seen, now_ms, at_once=command.playing is not None)


def _correction(
    room: Room, who: Member, seen: Timeline, now_ms: float, *, at_once: bool
) -> tuple[Event, ...]:
    """`at_once`: a whole state, sent because something happened. A bare position comes four times a second."""
    off_ms = seen.position_at(now_ms, room.duration_ms) - room.extrapolated_at(now_ms)
    quiet_ms = SETTLE_MS
    if room.moved_by == who.id:
        quiet_ms = 0.0 if at_once and abs(off_ms) > JUMPED_MS else CORRECT_AT_MOST_EVERY_MS
    if now_ms - room.moved_at_ms < quiet_ms:
        return ()
    if abs(off_ms) <= room.defaults.correct_over_ms:
        return ()
    return (e.TimelineMoved(seen, Move.CORRECTION, who.id),)


def _sought(room: Room, who: Member, to_ms: float, now_ms: float, at_ms: float) -> tuple[Event, ...]:
    moved = e.TimelineMoved(room.timeline.seek(to_ms, at_ms), Move.SEEK, who.id)
    return patience.plays_on(room, moved, now_ms, anew=True)


def _wished_ms(room: Room, command: Play | Pause, now_ms: float) -> float | Refused | None:
    """A player may say where it stood when it was started or stopped; that is a wish only if it is news."""
    if command.position_ms is None:
        return None
    to_ms = _within(room, command.position_ms)
    if to_ms is None:
        return _out_of_range()
    known = _same(room, to_ms, now_ms, command.exact) or _repeats_position(command.told, to_ms, now_ms)
    return None if known else to_ms


def _repeats(command: Play | Pause, now_ms: float) -> bool:
    return command.told is not None and repeats(command, command.told, now_ms)


def _within(room: Room, position_ms: float, duration_ms: float | None = None) -> float | None:
    """The position, no later than the end; None for what is no position at all."""
    if not 0.0 <= position_ms <= MAX_POSITION_MS:  # false for NaN too
        return None
    end_ms = room.duration_ms if duration_ms is None else duration_ms
    return position_ms if end_ms is None else min(position_ms, end_ms)


def _same(room: Room, position_ms: float, now_ms: float, exact: bool = False) -> bool:
    within_ms = EXACT_MS if exact else SAME_POSITION_MS
    return abs(room.extrapolated_at(now_ms) - position_ms) <= within_ms


def _repeats_position(told: Told | None, position_ms: float, now_ms: float) -> bool:
    """Whether the asker was told this position a moment ago, however long its player took to get there."""
    if told is None or now_ms - told.at_ms > ECHO_WITHIN_MS:
        return False
    return abs(told.position_ms - position_ms) <= SAME_POSITION_MS


def _out_of_range() -> Refused:
    return Refused(Reason.OUT_OF_RANGE, "The position must be a finite number of at least 0")
