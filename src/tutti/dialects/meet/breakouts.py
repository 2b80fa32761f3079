"""Breakout rooms in the language of meetings: all of it our own, since guide 004 names them and says no more.

To an unmodified client a move looks like people who leave and a meeting that is joined: `peer-left` for each of those
that it was with, and then the `peers` of where it is now.
"""

# ruff: noqa: ARG002 - every sentence is told where it is said, and few need to know

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from tutti.core import commands as c
from tutti.core.ids import MemberId, RoomId
from tutti.core.room import Room
from tutti.core.roster import Breakout
from tutti.dialects.meet import fields as f
from tutti.dialects.meet.heard import About, Said
from tutti.dialects.meet.spoken import Part, Told
from tutti.service.dialect import Malformed

Seconds = Annotated[float, Meta(gt=0, le=86_400)]


class Named(Part, frozen=True):
    name: Annotated[str, Meta(max_length=512)] = ""


class Create(Said, frozen=True):
    """Open breakout rooms. `assign`: who goes to which of `rooms`, counted from 0; `auto`: spread the others evenly."""

    rooms: Annotated[list[Named], Meta(max_length=1_000)]
    assign: dict[str, int] = msgspec.field(default_factory=dict)
    auto: bool = False
    duration_seconds: Seconds | None = None

    def command(self, about: About) -> c.Command:
        rooms = tuple(
            Breakout(RoomId(about.new_id().upper()), f.message(named.name.strip()) or f"Room {n}")
            for n, named in enumerate(self.rooms, 1)
        )
        if any(not 0 <= place < len(rooms) for place in self.assign.values()):
            raise Malformed("assign names places in `rooms`, the first of which is 0")
        assign = {MemberId(who): rooms[place].id for who, place in self.assign.items()}
        lasts_ms = None if self.duration_seconds is None else self.duration_seconds * 1000
        return c.OpenBreakouts(rooms, assign, self.auto, lasts_ms)


class Assign(Said, frozen=True):
    """Send somebody to a breakout room; `breakoutId` null: back to the main room."""

    peer_id: f.Target
    breakout_id: f.Target | None

    def command(self, about: About) -> c.Command:
        to = None if self.breakout_id is None else RoomId(self.breakout_id)
        return c.Assign(MemberId(self.peer_id), to)


class Return(Said, frozen=True):
    """Go back to the main room oneself."""

    def command(self, about: About) -> c.Command:
        return c.Assign(None, None)


class Broadcast(Said, frozen=True):
    """Tell everybody something, wherever they are."""

    message: f.Text

    def command(self, about: About) -> c.Command:
        return c.TellBreakouts(f.message(self.message))


class Help(Said, frozen=True):
    """Ask those who moderate to come."""

    def command(self, about: About) -> c.Command:
        return c.AskHelp()


class Extend(Said, frozen=True):
    """Close them later."""

    seconds: Seconds

    def command(self, about: About) -> c.Command:
        return c.ExtendBreakouts(self.seconds * 1000)


class Close(Said, frozen=True):
    """Call everybody back."""

    def command(self, about: About) -> c.Command:
        return c.CloseBreakouts()


HEARD: Final[dict[str, type[Said]]] = {
    "breakout-create": Create,
    "breakout-assign": Assign,
    "breakout-return": Return,
    "breakout-broadcast": Broadcast,
    "breakout-help": Help,
    "breakout-extend": Extend,
    "breakout-close": Close,
}


class BreakoutRoom(Part, frozen=True):
    breakout_id: str
    name: str
    peers: list[str]


class Breakouts(Told, frozen=True):
    """Which there are, and who is where; none: they are closed. `endsInMs` null: until somebody closes them."""

    rooms: list[BreakoutRoom]
    ends_in_ms: int | None


class Moved(Told, frozen=True):
    """You are in another room now, whose `peers` follow; `breakoutId` null: the main one. `pass` opens it anywhere."""

    breakout_id: str | None
    room_id: str
    name: str
    pass_: str = msgspec.field(name="pass")


class LeftFor(Told, frozen=True):
    """Somebody went to a breakout room, and is still in the meeting."""

    peer_id: str
    reason: str = "breakout"


class Message(Told, frozen=True):
    """Somebody who moderates says this to everybody, wherever they are."""

    message: str
    peer_id: str
    username: str


class HelpAsked(Told, frozen=True):
    """Somebody asks for one of those who moderate. Told to them."""

    peer_id: str
    username: str
    breakout_id: str


class ClosingSoon(Told, frozen=True):
    """The breakout rooms close soon."""

    seconds_left: int


SPOKEN: Final[dict[str, type[msgspec.Struct]]] = {
    "breakouts": Breakouts,
    "breakout-moved": Moved,
    "breakout-message": Message,
    "breakout-help": HelpAsked,
    "breakout-warning": ClosingSoon,
}


def shown(room: Room, now_ms: float) -> Breakouts:
    """What there is in this room, the main one."""
    open_ = room.breakouts
    if open_ is None:
        return Breakouts([], None)
    inside = {
        one.id: [m.id for m in room.members.values() if m.away == one.id and m.calling] for one in open_.rooms
    }
    rooms = [BreakoutRoom(one.id, one.name, list(inside[one.id])) for one in open_.rooms]
    ends_in_ms = None if open_.until_ms is None else max(0, round(open_.until_ms - now_ms))
    return Breakouts(rooms, ends_in_ms)


def name_of(room: Room, breakout: RoomId) -> str:
    open_ = room.breakouts
    return next((one.name for one in open_.rooms if one.id == breakout), breakout) if open_ else breakout
