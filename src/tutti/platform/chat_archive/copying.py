"""From a room's log to what is kept of it; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tutti.core.chat import ChatLine
from tutti.core.events import ChatEdited, ChatRemoved, ChatSaid, Recorded
from tutti.core.ids import Epoch
from tutti.core.room import Room
from tutti.platform.chat_archive.models import LONGEST_MEMBER
from tutti.platform.chat_archive.schemas import Change, Edited, Kept, Removed, key

WallMs = Callable[[float], float]
"""Room time as milliseconds since 1970."""


def changes(events: Iterable[Recorded], wall_ms: WallMs) -> tuple[Change, ...]:
    """What these events mean for the archive, in order."""
    return tuple(change for one in events if (change := _change(one, wall_ms)) is not None)


def remembered(room: Room, wall_ms: WallMs) -> tuple[Kept, ...]:
    """What the room itself still knows, where its log does not go back far enough."""
    return tuple(_kept(line, room.epoch, wall_ms) for line in room.chat)


def _change(recorded: Recorded, wall_ms: WallMs) -> Change | None:
    epoch, at_ms = recorded.epoch, recorded.at_ms
    match recorded.event:
        case ChatSaid(member, name, text, id_, reply_to):
            return _kept(ChatLine(recorded.seq, at_ms, member, name, text, id_, reply_to), epoch, wall_ms)
        case ChatEdited(line, text, _):
            return Edited(key(epoch, line), _storable(text), int(wall_ms(at_ms)))
        case ChatRemoved(line, _):
            return Removed(key(epoch, line), int(wall_ms(at_ms)))
        case _:
            return None


def _kept(line: ChatLine, epoch: Epoch, wall_ms: WallMs) -> Kept:
    return Kept(
        key(epoch, line.seq),
        _storable(line.member)[:LONGEST_MEMBER],
        _storable(line.name),
        _storable(line.text),
        int(wall_ms(line.at_ms)),
        None if line.reply_to is None else key(epoch, line.reply_to),
        None if line.edited_at_ms is None else int(wall_ms(line.edited_at_ms)),
    )


def _storable(text: str) -> str:
    """As it is, but for what PostgreSQL cannot keep."""
    return text.replace("\0", "").encode(errors="replace").decode()
