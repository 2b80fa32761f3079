"""Breakout rooms: rooms of their own for a while, in which some of a meeting's people are, and from which they come back.

Whoever is away stays a member of the meeting, with its role, its hand and its seat; the meeting only knows where it is.
"""

from __future__ import annotations

from tutti.core import chat
from tutti.core import events as e
from tutti.core.commands import Assign, ExtendBreakouts, OpenBreakouts
from tutti.core.events import Event
from tutti.core.ids import MemberId, RoomId
from tutti.core.membership import Decision, people
from tutti.core.refusals import Reason, Refused
from tutti.core.relays import HelpAsked, RoomsTold
from tutti.core.room import Room
from tutti.core.roster import Member, Role

MOST_ROOMS = 50
MOST_LETTERS = 100
LONGEST_MS = 24 * 3_600_000.0


def open_rooms(room: Room, by: Member, command: OpenBreakouts, now_ms: float) -> Decision:
    """`assign` says who goes where; with `spread`, everybody else who is in the call and does not moderate goes too."""
    refused = _unsound(room, command)
    if refused is not None:
        return refused
    until_ms = None if command.lasts_ms is None else now_ms + command.lasts_ms
    opened = e.BreakoutsOpened(command.rooms, until_ms, by.id)
    return (opened, *(e.Assigned(who, to) for who, to in _placed(room, command).items()))


def assign(room: Room, by: Member, command: Assign) -> Decision:
    """Whoever moderates sends anybody; everybody else only itself back to the main room."""
    who = command.member or by.id
    if by.role is Role.MEMBER and (who != by.id or command.to is not None):
        return Refused(Reason.NOT_ALLOWED)
    member = room.members.get(who)
    if member is None or not member.calling:
        return Refused(Reason.MEMBER_NOT_FOUND)
    if command.to is not None and command.to not in _ids(room):
        return Refused(Reason.ROOM_NOT_FOUND, "There is no such breakout room")
    return () if member.away == command.to else (e.Assigned(member.id, command.to),)


def extend(room: Room, command: ExtendBreakouts, now_ms: float) -> Decision:
    if room.breakouts is None or room.breakouts.until_ms is None:
        return Refused(Reason.NOT_ALLOWED, "No breakout rooms are to be closed by themselves")
    if not 0 < command.by_ms <= LONGEST_MS:
        return Refused(Reason.OUT_OF_RANGE, "Extend by 1 second to 24 hours")
    until_ms = min(room.breakouts.until_ms + command.by_ms, now_ms + LONGEST_MS)
    return (e.BreakoutsExtended(until_ms),)


def call_back(room: Room, who: MemberId) -> tuple[Event, ...]:
    """Where it is to be cannot be opened."""
    member = room.members.get(who)
    return () if member is None or member.away is None else (e.Assigned(who, None),)


def close(room: Room) -> tuple[Event, ...]:
    """Everybody is back in the main room."""
    if room.breakouts is None:
        return ()
    away = (member.id for member in room.members.values() if member.away is not None)
    return (*(e.Assigned(who, None) for who in away), e.BreakoutsClosed())


def over(room: Room, now_ms: float) -> tuple[Event, ...]:
    """As `close`, if it is time; they may have been extended meanwhile."""
    until_ms = None if room.breakouts is None else room.breakouts.until_ms
    return () if until_ms is None or now_ms < until_ms else close(room)


def tell(room: Room, by: Member, text: str) -> RoomsTold | Refused:
    if room.breakouts is None:
        return _none_open()
    if not chat.sayable(text):
        return Refused(Reason.OUT_OF_RANGE, f"A message has 1 to {chat.MAX_TEXT} characters")
    return RoomsTold(by.id, by.name, text)


def ask_help(by: Member) -> HelpAsked | Refused:
    if by.away is None:
        return Refused(Reason.NOT_ALLOWED, "Help is asked for from within a breakout room")
    return HelpAsked(by.id, by.name, by.away)


def _none_open() -> Refused:
    return Refused(Reason.NOT_ALLOWED, "No breakout rooms are open")


def _unsound(room: Room, command: OpenBreakouts) -> Refused | None:
    if room.breakouts is not None:
        return Refused(Reason.NOT_ALLOWED, "Breakout rooms are open already")
    if room.defaults.parent is not None:
        return Refused(Reason.NOT_ALLOWED, "A breakout room has no breakout rooms of its own")
    if not 1 <= len(command.rooms) <= MOST_ROOMS:
        return Refused(Reason.OUT_OF_RANGE, f"There can be 1 to {MOST_ROOMS} breakout rooms")
    if not all(0 < len(one.name.strip()) <= MOST_LETTERS and one.name.isprintable() for one in command.rooms):
        return Refused(
            Reason.OUT_OF_RANGE, f"A breakout room's name has 1 to {MOST_LETTERS} printable characters"
        )
    if command.lasts_ms is not None and not 0 < command.lasts_ms <= LONGEST_MS:
        return Refused(Reason.OUT_OF_RANGE, "Breakout rooms are open for 1 second to 24 hours")
    known = {one.id for one in command.rooms}
    if any(to not in known or not _can_go(room, who) for who, to in command.assign.items()):
        return Refused(Reason.MEMBER_NOT_FOUND)
    return None


def _placed(room: Room, command: OpenBreakouts) -> dict[MemberId, RoomId]:
    """Evenly, in the order in which they came: the next one goes where there are fewest."""
    placed = dict(command.assign)
    if command.spread:
        counts = {one.id: 0 for one in command.rooms}
        for to in placed.values():
            counts[to] += 1
        for member in people(room):
            if member.calling and member.role is Role.MEMBER and member.id not in placed:
                emptiest = min(counts, key=lambda one: counts[one])
                placed[member.id] = emptiest
                counts[emptiest] += 1
    return placed


def _can_go(room: Room, who: MemberId) -> bool:
    member = room.members.get(who)
    return member is not None and member.calling


def _ids(room: Room) -> frozenset[RoomId]:
    return frozenset() if room.breakouts is None else frozenset(one.id for one in room.breakouts.rooms)
