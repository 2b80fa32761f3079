"""Coming, going, being removed, and who has the host's seat.

Who is let in: whoever holds the lease on the host's seat, always; the recorder of what is being recorded, too;
everybody else if the room is open to them. A room with nobody inside has nobody to open it, and so lets people in.
Where there is a list (`Access`) it comes before all that, and says as what somebody comes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tutti.core import events as e
from tutti.core.access import Access, heirs
from tutti.core.commands import Join
from tutti.core.defaults import HostLost
from tutti.core.events import CloseReason, Event, Handover, LeaveReason
from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.core.roster import Kind, Lease, Member, Role

RECORDERS = "recorder-"
"""What the ids of recorders begin with, and nobody else's."""
MOST_KNOCKS = 100
ELSEWHERE = "Who is what in this room is decided elsewhere"

Decision = tuple[Event, ...] | Refused


def join(room: Room, who: MemberId, command: Join, now_ms: float) -> Decision:
    """Somebody who is not here wants in. The first one into an empty room takes the empty seat."""
    refused = room.access.refuses(who) if room.access is not None and command.kind is Kind.PERSON else None
    if refused is not None:
        return refused
    lease = None if _is_listed(room) else holds_lease(room, who, now_ms)
    if command.fresh and (lease or who in room.knocks):
        return Refused(Reason.ID_TAKEN)
    if command.kind is Kind.RECORDER:
        return _recorder(room, who, command, now_ms)
    if lease is not None:
        return _returned(room, newcomer(who, command, now_ms), lease)
    refused = _kept_out(room, who, command, now_ms)
    if refused is not None:
        return refused
    if room.lobby and is_attended(room, now_ms):
        return _knock(room, who, command)
    return arrived(room, newcomer(who, command, now_ms))


def rejoin(member: Member, command: Join) -> Decision:
    """Somebody who is here already comes again, perhaps to be seen and heard now."""
    if command.fresh or command.kind is not member.kind:
        return Refused(Reason.ID_TAKEN)
    return (e.CallEntered(member.id, command.proof),) if command.calling and not member.calling else ()


def newcomer(who: MemberId, command: Join, now_ms: float) -> Member:
    return Member(
        who,
        command.name,
        command.moved_as or Role.MEMBER,
        now_ms,
        calling=command.calling,
        kind=command.kind,
        proof=command.proof,
    )


def arrived(room: Room, member: Member) -> tuple[Event, ...]:
    """The first one into a room without a host is it; but nobody is a breakout room's."""
    access = room.access
    if access is not None and access.host is not None:
        return _arrived_as_listed(room, access, member)
    joined = e.MemberJoined(member)
    if room.host is None and room.defaults.parent is None:
        return (joined, e.HostChanged(member.id, None, Handover.ARRIVED))
    return (joined,)


def set_access(room: Room, access: Access) -> tuple[Event, ...]:
    """Whoever may be here no more goes; everybody else is what the list says."""
    if access == room.access:
        return ()
    here = people(room)
    gone = [member for member in here if access.refuses(member.id) is not None]
    stay = [member for member in here if member not in gone]
    left = [e.MemberLeft(member.id, LeaveReason.NOT_INVITED, member.calling) for member in gone]
    knocked = [e.KnockEnded(who, False) for who in room.knocks if access.refuses(who) is not None]
    over = () if stay else recording_over(room, None, room.members.values())
    return (e.AccessChanged(access), *knocked, *left, *_seats(room, access, stay), *over)


def _is_listed(room: Room) -> bool:
    """Whether a list says whose room this is."""
    return room.access is not None and room.access.host is not None


def _seats(room: Room, access: Access, stay: list[Member]) -> list[Event]:
    """First who is no moderator any more, then whose the host's seat is, then who is a moderator now."""
    ids = [member.id for member in stay]
    if access.host is None:
        heir = room.host if room.host in ids else _successor(None, stay)
        return [] if heir == room.host else [e.HostChanged(heir, room.host, Handover.LEFT)]
    host = access.host if access.host in ids else _successor(access, stay)
    changes: list[Event] = []
    if host != room.host:
        changes.append(e.HostChanged(host, room.host, Handover.PASSED))
    for member in stay:
        was = Role.MEMBER if member.id == room.host else member.role
        listed = access.people.get(member.id, Role.MEMBER)
        if member.id != host and was is not listed and listed is not Role.HOST:
            changes.append(e.RoleChanged(member.id, listed))
    return changes


def _arrived_as_listed(room: Room, access: Access, member: Member) -> tuple[Event, ...]:
    role = access.people.get(member.id, Role.MEMBER)
    if role is Role.MEMBER:
        return (e.MemberJoined(member),)
    if role is Role.MODERATOR:
        joined = e.MemberJoined(replace(member, role=Role.MODERATOR))
        return (
            (joined,) if room.host is not None else (joined, e.HostChanged(member.id, None, Handover.ARRIVED))
        )
    acting = room.host
    why = Handover.ARRIVED if acting is None else Handover.RETURNED
    back: tuple[Event, ...] = (e.MemberJoined(member), e.HostChanged(member.id, acting, why))
    stands_back = acting is not None and access.people.get(acting) is Role.MODERATOR
    return (*back, e.RoleChanged(acting, Role.MODERATOR)) if acting is not None and stands_back else back


def people(room: Room) -> tuple[Member, ...]:
    """Without recorders."""
    return tuple(m for m in room.members.values() if m.kind is Kind.PERSON)


def is_attended(room: Room, now_ms: float) -> bool:
    """Whether somebody is inside who could let people in, or may be back any moment."""
    return bool(people(room)) or (room.seat is not None and now_ms < room.seat.until_ms)


def holds_lease(room: Room, who: MemberId, now_ms: float) -> Lease | None:
    """The lease on the host's seat, if it is this one's and still runs."""
    seat = room.seat
    return seat if seat is not None and seat.member == who and now_ms < seat.until_ms else None


def leave(room: Room, member: Member) -> tuple[Event, ...]:
    return _gone(room, member, LeaveReason.LEFT)


def depart(room: Room, member_id: MemberId, now_ms: float) -> tuple[Event, ...]:
    """A lost member's grace is over. Whoever left by itself meanwhile is not lost."""
    member = room.members.get(member_id)
    if member is None:
        return ()
    gone = _gone(room, member, LeaveReason.LOST)
    return (*gone, *_kept_seat(room, member, gone, now_ms))


def expel(room: Room, by: Member, target: MemberId) -> Decision:
    member = room.members.get(target)
    if member is None:
        return Refused(Reason.MEMBER_NOT_FOUND)
    if member.role is Role.HOST or member.id == by.id:
        return Refused(Reason.NOT_ALLOWED)
    return (e.MemberLeft(target, LeaveReason.EXPELLED, member.calling),)


def transfer(room: Room, by: Member, to: MemberId) -> Decision:
    if _is_listed(room):
        return Refused(Reason.NOT_ALLOWED, ELSEWHERE)
    heir = room.members.get(to)
    if heir is None or heir.kind is not Kind.PERSON:
        return Refused(Reason.MEMBER_NOT_FOUND)
    return () if to == by.id else (e.HostChanged(to, by.id),)


def appoint(room: Room, target: MemberId, role: Role) -> Decision:
    member = room.members.get(target)
    if member is None or member.kind is not Kind.PERSON:
        return Refused(Reason.MEMBER_NOT_FOUND)
    if _is_listed(room):
        return Refused(Reason.NOT_ALLOWED, ELSEWHERE)
    if role is Role.HOST or member.role is Role.HOST:
        return Refused(Reason.NOT_ALLOWED, "The host's seat is passed on, not appointed")
    return () if member.role is role else (e.RoleChanged(target, role),)


def _kept_out(room: Room, who: MemberId, command: Join, now_ms: float) -> Refused | None:
    if (room.expelled_until or {}).get(who, 0.0) > now_ms:
        return Refused(Reason.EXPELLED)
    if who.startswith(RECORDERS):
        return Refused(Reason.ID_TAKEN)
    if room.defaults.parent is not None:
        return (
            None if command.moved_as else Refused(Reason.NOT_ALLOWED, "This room is a meeting's; join that")
        )
    inside = people(room)
    if room.locked and is_attended(room, now_ms):
        return Refused(Reason.ROOM_LOCKED)
    if room.password is not None and room.password != command.password:
        return Refused(Reason.WRONG_PASSWORD)
    return Refused(Reason.ROOM_FULL) if len(inside) >= room.capacity else None


def _knock(room: Room, who: MemberId, command: Join) -> Decision:
    if not command.knocks:
        return Refused(Reason.WAITING_ROOM)
    if who in room.knocks:
        return ()
    if len(room.knocks) >= MOST_KNOCKS:
        return Refused(Reason.ROOM_FULL, "Too many are waiting to be let in")
    return (e.Knocked(who, command.name, command.proof),)


def _recorder(room: Room, who: MemberId, command: Join, now_ms: float) -> Decision:
    if room.recording is None or room.recording.id != command.recording:
        return Refused(Reason.NOT_ALLOWED, "Nothing is recorded under this id")
    if who in room.knocks:
        return Refused(Reason.ID_TAKEN)
    return (e.MemberJoined(newcomer(who, command, now_ms)),)


def _returned(room: Room, member: Member, lease: Lease) -> tuple[Event, ...]:
    """Whoever stood in is again what it was."""
    acting = room.host
    back = (e.MemberJoined(member), e.HostChanged(member.id, acting, Handover.RETURNED))
    if acting is not None and acting == lease.deputy:
        return (*back, e.RoleChanged(acting, Role.MODERATOR))
    return back


def _gone(room: Room, member: Member, reason: LeaveReason) -> tuple[Event, ...]:
    left = e.MemberLeft(member.id, reason, member.calling)
    if member.role is Role.HOST and room.defaults.host_lost is HostLost.CLOSES:
        return (e.RoomClosed(CloseReason.HOST_LOST),)
    others = [other for other in room.members.values() if other.id != member.id]
    over = () if any(other.kind is Kind.PERSON for other in others) else recording_over(room, None, others)
    if member.role is not Role.HOST:
        return (left, *over)
    why = Handover.LOST if reason is LeaveReason.LOST else Handover.LEFT
    return (left, e.HostChanged(_successor(room.access, others), member.id, why), *over)


def recording_over(room: Room, by: MemberId | None, among: Iterable[Member]) -> tuple[Event, ...]:
    """It stops, and its recorders go."""
    if room.recording is None:
        return ()
    stopped = e.RecordingStopped(room.recording.id, by, room.recording.started_at_ms)
    recorders = (one for one in among if one.kind is Kind.RECORDER)
    return (stopped, *(e.MemberLeft(one.id, LeaveReason.LEFT, one.calling) for one in recorders))


def _kept_seat(room: Room, member: Member, gone: tuple[Event, ...], now_ms: float) -> tuple[e.SeatKept, ...]:
    """The first to lose the seat has it back, not whoever stood in and was lost as well."""
    if member.role is not Role.HOST or not room.defaults.seat_ms:
        return ()
    if room.defaults.host_lost is HostLost.CLOSES:  # there is nothing to come back to
        return ()
    if _is_listed(room):
        return ()
    if room.seat is not None and now_ms < room.seat.until_ms:
        return ()
    heir = next((event.host for event in gone if isinstance(event, e.HostChanged)), None)
    deputy = None if heir is None or room.members[heir].role is not Role.MODERATOR else heir
    return (e.SeatKept(member.id, now_ms + room.defaults.seat_ms, deputy, member.proof),)


def _successor(access: Access | None, others: list[Member]) -> MemberId | None:
    """The longest-present moderator, else the longest-present member, else nobody."""
    possible = heirs(access, others)
    moderators = (member for member in possible if member.role is Role.MODERATOR)
    heir = next(moderators, None) or next(iter(possible), None)
    return heir.id if heir else None
