"""What a room will play next: entries in order. Every function gives a new order; nothing here knows the room."""

from __future__ import annotations

from dataclasses import dataclass

from tutti.core.ids import MemberId
from tutti.core.media import Media

MAX_ENTRIES = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """`id` is given once in a room's life: the same film twice in a queue is two entries."""

    id: str
    media: Media
    by: MemberId


Queue = tuple[Entry, ...]


def find(queue: Queue, entry_id: str) -> Entry | None:
    return next((entry for entry in queue if entry.id == entry_id), None)


def without(queue: Queue, entry_id: str) -> Queue:
    return tuple(entry for entry in queue if entry.id != entry_id)


def moved(queue: Queue, entry: Entry, before: Entry | None) -> Queue:
    """`entry` in front of `before`; at the end if that is None."""
    if entry == before:
        return queue
    rest = without(queue, entry.id)
    place = len(rest) if before is None else rest.index(before)
    return (*rest[:place], entry, *rest[place:])
