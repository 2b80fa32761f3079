"""What comes next: adding to the queue, changing its order, and playing the first of it."""

from __future__ import annotations

from tutti.core import events as e
from tutti.core import patience, queue
from tutti.core.commands import AddToQueue, MoveInQueue, PlayNext, RemoveFromQueue
from tutti.core.events import Change, Event
from tutti.core.media import unsound
from tutti.core.queue import MAX_ENTRIES, Entry
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.core.roster import Member

Decision = tuple[Event, ...] | Refused


def add(room: Room, who: Member, command: AddToQueue) -> Decision:
    problem = unsound(command.media)
    if problem is not None:
        return problem
    if len(room.queue) >= MAX_ENTRIES:
        return Refused(Reason.OUT_OF_RANGE, f"The queue is full: it has {MAX_ENTRIES} entries")
    entry = Entry(f"q{room.seq + 1}", command.media, who.id)  # the number of the event that brings it
    return (e.QueueChanged((*room.queue, entry), who.id),)


def remove(room: Room, who: Member, command: RemoveFromQueue) -> Decision:
    """What is gone already needs no removing."""
    if queue.find(room.queue, command.entry) is None:
        return ()
    return (e.QueueChanged(queue.without(room.queue, command.entry), who.id),)


def move(room: Room, who: Member, command: MoveInQueue) -> Decision:
    entry = queue.find(room.queue, command.entry)
    before = queue.find(room.queue, command.before) if command.before is not None else None
    if entry is None or (before is None and command.before is not None):
        return Refused(Reason.OUT_OF_RANGE, "There is no such entry in the queue")
    after = queue.moved(room.queue, entry, before)
    return () if after == room.queue else (e.QueueChanged(after, who.id),)


def play_next(room: Room, who: Member, command: PlayNext, now_ms: float, at_ms: float) -> Decision:
    """The first of the queue from its beginning, playing or paused as before.

    The queue that is left is told last: whoever is still at the end of what played asks for the first of it.
    """
    if command.entry is not None and (not room.queue or room.queue[0].id != command.entry):
        return ()
    if not room.queue:
        return Refused(Reason.NOTHING_PLAYS, "The queue is empty")
    first, *rest = room.queue
    timeline = room.timeline.seek(0.0, at_ms)
    changed = e.MediaChanged(first.media, timeline, Change.MEDIA, who.id)
    return (
        *patience.plays_on(room, changed, now_ms, anew=True),
        e.QueueChanged(tuple(rest), who.id),
    )
