"""Coming, going, being removed, and who has the host's seat."""

from __future__ import annotations

from tutti.core import events as e
from tutti.core.defaults import HostLost
from tutti.core.events import CloseReason, Event, LeaveReason
from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.core.roster import Member, Role


def join(room: Room, who: MemberId, name: str, now_ms: float) -> tuple[Event, ...] | Refused:
    """Somebody who is not here wants in. The first one into an empty room takes the empty seat."""
    if (room.expelled_until or {}).get(who, 0.0) > now_ms:
        return Refused(Reason.EXPELLED)
    if room.locked and room.members:  # with nobody inside there is nobody left to open
        return Refused(Reason.ROOM_LOCKED)
    if len(room.members) >= room.capacity:
        return Refused(Reason.ROOM_FULL)
    joined = e.MemberJoined(Member(who, name, Role.MEMBER, now_ms))
    if room.host is None:
        return (joined, e.HostChanged(who, None))
    return (joined,)


def leave(room: Room, member: Member) -> tuple[Event, ...]:
    return _gone(room, member, LeaveReason.LEFT)


def depart(room: Room, member_id: MemberId) -> tuple[Event, ...]:
    """A lost member's grace is over. Whoever left by itself meanwhile is not lost."""
    member = room.members.get(member_id)
    return () if member is None else _gone(room, member, LeaveReason.LOST)


def expel(room: Room, by: Member, target: MemberId) -> tuple[Event, ...] | Refused:
    member = room.members.get(target)
    if member is None:
        return Refused(Reason.MEMBER_NOT_FOUND)
    if member.role is Role.HOST or member.id == by.id:
        return Refused(Reason.NOT_ALLOWED)
    return (e.MemberLeft(target, LeaveReason.EXPELLED),)


def transfer(room: Room, by: Member, to: MemberId) -> tuple[Event, ...] | Refused:
    if to not in room.members:
        return Refused(Reason.MEMBER_NOT_FOUND)
    return () if to == by.id else (e.HostChanged(to, by.id),)


def appoint(room: Room, target: MemberId, role: Role) -> tuple[Event, ...] | Refused:
    member = room.members.get(target)
    if member is None:
        return Refused(Reason.MEMBER_NOT_FOUND)
    if role is Role.HOST or member.role is Role.HOST:
        return Refused(Reason.NOT_ALLOWED, "The host's seat is passed on, not appointed")
    return () if member.role is role else (e.RoleChanged(target, role),)


def _gone(room: Room, member: Member, reason: LeaveReason) -> tuple[Event, ...]:
    left = e.MemberLeft(member.id, reason)
    if member.role is not Role.HOST:
        return (left,)
    if room.defaults.host_lost is HostLost.CLOSES:
        return (e.RoomClosed(CloseReason.HOST_LOST),)
    return (left, e.HostChanged(_successor(room, member), member.id))


def _successor(room: Room, leaving: Member) -> MemberId | None:
    """The longest-present moderator, else the longest-present member, else nobody."""
    others = [m for m in room.members.values() if m.id != leaving.id]
    moderators = (m for m in others if m.role is Role.MODERATOR)
    heir = next(moderators, None) or next(iter(others), None)
    return heir.id if heir else None
