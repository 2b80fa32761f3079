"""What a client knows of its room: a snapshot, and every numbered event after it.

Pure. The timeline before the present one is kept, because a move may be announced ahead of its time: until then the
room goes on as before. An event that does not follow the last one is a `Gap`: the client says hello again and is told
what it missed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from tutti_client import wire
from tutti_client.wire import (
    ChatLine,
    Entry,
    Event,
    Media,
    Member,
    Snapshot,
    Standing,
    Timeline,
    Waiting,
    Welcome,
)

CHAT_KEPT: Final = 200


class Gap(Exception):
    """A number was skipped."""


@dataclass(frozen=True, slots=True)
class Room:
    """`timeline` may lie in the future; then `previous` is what holds until then."""

    id: str
    epoch: str | int
    seq: int
    me: str
    name: str | None = None
    host: str | None = None
    members: tuple[Member, ...] = ()
    media: Media | None = None
    timeline: Timeline | None = None
    previous: Timeline | None = None
    queue: tuple[Entry, ...] = ()
    chat: tuple[ChatLine, ...] = ()
    waiting: Waiting | None = None
    wait_for_all: bool = False
    locked: bool = False
    capacity: int | None = None
    chat_on: bool = True
    control: str = "everybody"
    closed: bool = False
    standings: dict[str, Standing] = field(default_factory=dict)
    """Of those whose error is known, by member id."""

    def timeline_at(self, room_ms: float) -> Timeline | None:
        """What holds at this room time."""
        if self.timeline is not None and room_ms < self.timeline.at and self.previous is not None:
            return self.previous
        return self.timeline

    def upcoming(self, room_ms: float) -> Timeline | None:
        """What will hold, if a move has been announced and is not yet due."""
        return self.timeline if self.timeline is not None and room_ms < self.timeline.at else None

    def position_at(self, room_ms: float) -> float | None:
        """Where the room is; without anybody's own offset."""
        timeline = self.timeline_at(room_ms)
        if timeline is None:
            return None
        position = timeline.position_at(room_ms)
        duration = self.media.duration_ms if self.media is not None else None
        return position if duration is None else min(position, duration)

    @property
    def myself(self) -> Member | None:
        return self.member(self.me)

    @property
    def offset(self) -> float:
        """How far from the room's timeline I want to be: my file may be another cut."""
        mine = self.myself
        return mine.offset if mine is not None else 0.0

    @property
    def awaited(self) -> tuple[str, ...]:
        """Those who are being waited for and are not ready yet."""
        if self.waiting is None:
            return ()
        return tuple(m.id for m in self.members if m.id in self.waiting.members and m.ready is False)

    def member(self, member_id: str) -> Member | None:
        return next((member for member in self.members if member.id == member_id), None)


def entered(welcome: Welcome, before: Room | None = None) -> Room:
    """The room after a welcome: from its snapshot, or, when it resumes, the room as it was `before`."""
    if welcome.room is not None:
        return _from_snapshot(welcome.room, welcome.epoch, welcome.seq, welcome.you.id)
    if before is None:
        raise wire.Unreadable("welcome without a room, though nothing was known of it before")
    return replace(before, me=welcome.you.id)


def changed(room: Room, event: Event | wire.Unknown) -> Room:
    """The room after an event; the same room for one that was heard before. Raises `Gap`."""
    if isinstance(event, wire.Opened):
        return _from_snapshot(event.room, event.epoch, event.seq, room.me)
    if event.seq is None or event.seq <= room.seq:
        return room
    if event.seq != room.seq + 1:
        raise Gap(f"{event.seq} after {room.seq}")
    numbered = replace(room, seq=event.seq)
    return numbered if isinstance(event, wire.Unknown) else _after(numbered, event)


def told(room: Room, status: wire.Status) -> Room:
    return replace(room, standings={standing.member: standing for standing in status.members})


def _from_snapshot(snapshot: Snapshot, epoch: str | int, seq: int, me: str) -> Room:
    return Room(
        id=snapshot.id,
        epoch=epoch,
        seq=seq,
        me=me,
        name=snapshot.name,
        host=snapshot.host,
        members=snapshot.members,
        media=snapshot.media,
        timeline=snapshot.timeline,
        queue=snapshot.queue,
        chat=snapshot.chat,
        waiting=snapshot.waiting,
        wait_for_all=snapshot.wait_for_all,
        locked=snapshot.locked,
        capacity=snapshot.capacity,
        chat_on=snapshot.chat_on,
        control=snapshot.control,
    )


def _after(room: Room, event: Event) -> Room:  # noqa: PLR0912 - one case for each event, and flat
    match event:
        case wire.Joined(member=member):
            others = tuple(other for other in room.members if other.id != member.id)
            return replace(room, members=(*others, member))
        case wire.Left(member=gone):
            return replace(room, members=tuple(member for member in room.members if member.id != gone))
        case wire.HostChanged(host=host):
            return _seated(room, host)
        case wire.RoleChanged(member=who, role=role):
            return _with_members(room, (who,), role=role)
        case wire.LockChanged(locked=locked):
            return replace(room, locked=locked)
        case wire.CapacityChanged(capacity=capacity):
            return replace(room, capacity=capacity)
        case wire.ChatSwitched(on=on):
            return replace(room, chat_on=on)
        case wire.OffsetChanged(member=who, ms=offset):
            return _with_members(room, (who,), offset=offset)
        case wire.MediaChanged(media=media, timeline=timeline):
            return replace(_moved(room, timeline, event.at), media=media)
        case wire.TimelineMoved(timeline=timeline):
            return _moved(room, timeline, event.at)
        case wire.QueueChanged(queue=queue):
            return replace(room, queue=queue)
        case wire.ChatSaid(member=who, text=text, name=name):
            line = ChatLine(event.seq, event.at, who, text, name)
            return replace(room, chat=(*room.chat, line)[-CHAT_KEPT:])
        case wire.ChatEdited(line=seq, text=text):
            edited = (msgspec.structs.replace(one, text=text) if one.seq == seq else one for one in room.chat)
            return replace(room, chat=tuple(edited))
        case wire.ChatRemoved(line=seq):
            return replace(room, chat=tuple(one for one in room.chat if one.seq != seq))
        case wire.HandChanged(member=who, raised=raised):
            return _with_members(room, (who,), hand=event.at if raised else None)
        case wire.ReadyChanged(member=who, ready=ready):
            return _with_members(room, (who,), ready=ready)
        case wire.WaitingSwitched(on=on):
            return replace(room, wait_for_all=on)
        case wire.WaitBegan(members=members, until=until):
            return replace(_with_members(room, members, ready=False), waiting=Waiting(members, until))
        case wire.WaitEnded():
            return replace(room, waiting=None)
        case wire.RoomClosed():
            return replace(room, closed=True)
    return room


def _moved(room: Room, timeline: Timeline | None, now_ms: float) -> Room:
    """What holds at the moment of the announcement goes on until the new anchor."""
    return replace(room, previous=room.timeline_at(now_ms), timeline=timeline)


def _seated(room: Room, host: str | None) -> Room:
    """A former host who is still here becomes a member."""
    former = _with_members(room, (room.host,), role="member") if room.host is not None else room
    seated = _with_members(former, (host,), role="host") if host is not None else former
    return replace(seated, host=host)


def _with_members(room: Room, these: tuple[str, ...], **fields: object) -> Room:
    members = tuple(
        msgspec.structs.replace(member, **fields) if member.id in these else member for member in room.members
    )
    return replace(room, members=members)
