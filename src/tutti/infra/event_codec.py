"""Events and snapshots as JSON: `["MemberJoined", {"member": …}]`, and `[version, {…}]` for a room.

The names and fields of the core's classes are what is stored. A field may come later with a default: rows written
before it still decode; a field that this version does not know is passed over. Enums are stored by value.
"""

from __future__ import annotations

import msgspec

from tutti.core.events import EVENTS, Event
from tutti.core.room import Room

SNAPSHOT_VERSION = 1
"""Goes up when the same events fold to another room: older snapshots are then passed over, never misread."""


class Unreadable(Exception):
    """Stored bytes that this version cannot understand."""


def encode_event(event: Event) -> bytes:
    return _encode((type(event).__name__, event))


def decode_event(body: bytes) -> Event:
    """Raises `Unreadable`, for an event of a later version as well."""
    try:
        name, fields = _TAGGED.decode(body)
        return _EVENTS[name].decode(fields)
    except (msgspec.MsgspecError, KeyError, UnicodeDecodeError, ValueError) as error:
        raise Unreadable(f"an event: {error}") from error


def encode_snapshot(room: Room) -> bytes:
    return _encode((SNAPSHOT_VERSION, room))


def decode_snapshot(body: bytes) -> Room:
    """Raises `Unreadable`, for another `SNAPSHOT_VERSION` as well."""
    try:
        version, fields = _VERSIONED.decode(body)
        if version == SNAPSHOT_VERSION:
            return _ROOM.decode(fields)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise Unreadable(f"a snapshot: {error}") from error
    raise Unreadable(f"a snapshot of version {version}")


_encode = msgspec.json.Encoder().encode
_TAGGED = msgspec.json.Decoder(tuple[str, msgspec.Raw])
_VERSIONED = msgspec.json.Decoder(tuple[int, msgspec.Raw])
_EVENTS: dict[str, msgspec.json.Decoder[Event]] = {
    kind.__name__: msgspec.json.Decoder(kind) for kind in EVENTS
}
_ROOM = msgspec.json.Decoder(Room)
