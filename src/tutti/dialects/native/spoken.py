"""What the server says in `tutti.v1`. Times are room time, positions are the media's: both in milliseconds."""

from __future__ import annotations

from typing import Final, assert_never

import msgspec
from msgspec import UNSET, UnsetType

from tutti.core import events as e
from tutti.core.chat import ChatLine
from tutti.core.events import Recorded
from tutti.core.ids import MemberId
from tutti.core.media import Media as CoreMedia
from tutti.core.queue import Entry as CoreEntry
from tutti.core.room import Room
from tutti.core.roster import Member as CoreMember
from tutti.core.timeline import Timeline as CoreTimeline
from tutti.dialects.native.fields import Ref
from tutti.service.standing import Standing


class Part(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """What stands within a message."""


class Told(msgspec.Struct, frozen=True, gc=False, rename="camel", tag_field="type"):
    """A message."""


class Timeline(Part, frozen=True):
    """At room time `at`, which may be a little ahead, the media stand at `position`. Until then the one before holds."""

    position: float
    rate: float
    playing: bool
    at: float


class Media(Part, frozen=True):
    """What is played. `durationMs` and the other facts are null while nobody has told them."""

    id: str
    provider: str
    kind: str
    title: str | None
    artist: str | None
    episode: int | None
    duration_ms: float | None


class Member(Part, frozen=True):
    """`hand`: since when it is raised. `ready`: null if this client never said."""

    id: str
    name: str
    role: str
    joined_at: float
    offset: float
    hand: float | None
    ready: bool | None


class Entry(Part, frozen=True):
    """Something to play later, and who put it there."""

    id: str
    media: Media
    by: str


class Line(Part, frozen=True):
    """What somebody said. `name`: as they were called then."""

    seq: int
    at: float
    member: str
    name: str
    text: str


class Wait(Part, frozen=True):
    """For whom the room waits, and until when at most."""

    for_: list[str] = msgspec.field(name="for")
    until: float


class You(Part, frozen=True):
    id: str
    role: str


class Snapshot(Part, frozen=True):
    """A whole room. `members` in order of arrival; `chat`: the last 200 lines, oldest first."""

    id: str
    name: str
    host: str | None
    members: list[Member]
    capacity: int
    locked: bool
    chat_on: bool
    control: str
    media: Media | None
    timeline: Timeline
    queue: list[Entry]
    chat: list[Line]
    wait_for_all: bool
    waiting: Wait | None
    opened_at: float
    expires_at: float


class Welcome(Told, tag="welcome", kw_only=True, frozen=True):
    """The answer to `hello`: `room`, or, if `resumed`, `missed` events that follow. `reason`: why it was not resumed."""

    you: You
    epoch: str
    seq: int
    now: float
    resumed: bool
    room: Snapshot | UnsetType = UNSET
    missed: int | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class Numbered(Told, frozen=True):
    """An event: the room changed, for the `seq`th time, at room time `at`."""

    seq: int
    at: float


class Opened(Numbered, tag="opened", frozen=True):
    """The room begins; numbers begin anew with its `epoch`."""

    epoch: str
    room: Snapshot


class Joined(Numbered, tag="joined", frozen=True):
    """Somebody came."""

    member: Member


class Left(Numbered, tag="left", frozen=True):
    """Somebody `left`, was `lost`, or was `expelled`."""

    member: str
    reason: str


class Host(Numbered, tag="host", frozen=True):
    """The host's seat passed on; null when the last one left."""

    host: str | None
    was: str | None


class Role(Numbered, tag="role", frozen=True):
    """Somebody is a `moderator` now, or a plain `member`."""

    member: str
    role: str


class Locked(Numbered, tag="locked", frozen=True):
    """Nobody else is let in, or people are again."""

    locked: bool


class Capacity(Numbered, tag="capacity", frozen=True):
    """How many may be here."""

    capacity: int


class ChatSwitched(Numbered, tag="chatSwitched", frozen=True):
    """Whether people may chat."""

    on: bool


class Offset(Numbered, tag="offset", frozen=True):
    """How far from the timeline somebody wants to be."""

    member: str
    ms: float


class MediaChanged(Numbered, tag="media", frozen=True):
    """Something else is played, or the same from elsewhere: `change` is `media`, `provider` or `episode`."""

    media: Media
    timeline: Timeline
    change: str
    by: str


class TimelineMoved(Numbered, tag="timeline", frozen=True):
    """`move` is `play`, `pause`, `seek`, `rate`, `correction` or `media`."""

    timeline: Timeline
    move: str
    by: str


class QueueChanged(Numbered, tag="queue", frozen=True):
    """The whole queue, as it is now."""

    queue: list[Entry]
    by: str


class Chat(Numbered, tag="chat", frozen=True):
    """Somebody said something."""

    member: str
    name: str
    text: str


class Hand(Numbered, tag="hand", frozen=True):
    """A hand went up or down."""

    member: str
    raised: bool


class Ready(Numbered, tag="ready", frozen=True):
    """Whether somebody's player could play at once."""

    member: str
    ready: bool


class WaitForAll(Numbered, tag="waitForAll", frozen=True):
    """Whether the room waits until everybody is ready."""

    on: bool


class Waiting(Numbered, tag="waiting", frozen=True):
    """The timeline stands still for these, until room time `until` at most; `by` wished to play."""

    for_: list[str] = msgspec.field(name="for")
    until: float
    by: str


class Waited(Numbered, tag="waited", frozen=True):
    """The room waits no longer; these were not ready."""

    missing: list[str]


class Closed(Numbered, tag="closed", frozen=True):
    """The room has ended: `host_ended`, `host_lost` or `expired`."""

    reason: str


class Reaction(Told, tag="reaction", frozen=True):
    """Somebody showed an emoji, at this position of what is played."""

    member: str
    emoji: str
    position: float


class Doing(Part, frozen=True):
    """How far a member is ahead of its target (+) or behind, give or take `bound`; null where it is not known."""

    member: str
    error: float | None
    bound: float | None
    state: str | None


class Status(Told, tag="status", frozen=True):
    """How everybody is doing that has said so lately."""

    members: list[Doing]
    at: float


class Ack(Told, tag="ack", kw_only=True, frozen=True):
    """Done, and told to everybody up to event `seq`."""

    ref: Ref | UnsetType = UNSET
    seq: int | UnsetType = UNSET


class Refused(Told, tag="refused", kw_only=True, frozen=True):
    """Understood and not done. `mayRetry`: the same may be granted later, `retryAfterMs` from now if that is known."""

    ref: Ref | UnsetType = UNSET
    code: str
    message: str
    may_retry: bool
    retry_after_ms: float | UnsetType = UNSET


class Malformed(Told, tag="malformed", kw_only=True, frozen=True):
    """Not a sentence of this protocol."""

    ref: Ref | UnsetType = UNSET
    message: str


class Draining(Told, tag="draining", frozen=True):
    """The server goes. Connect again after so many milliseconds, which are different for everybody."""

    reconnect_in_ms: int


class Pong(Told, tag="pong", frozen=True):
    """The answer to `ping`: room time when it was written."""

    ref: Ref | None
    at: float


EVENTS: Final = (
    Opened, Joined, Left, Host, Role, Locked, Capacity, ChatSwitched, Offset, MediaChanged, TimelineMoved,
    QueueChanged, Chat, Hand, Ready, WaitForAll, Waiting, Waited, Closed,
)  # fmt: skip
OTHERS: Final = (Welcome, Reaction, Status, Ack, Refused, Malformed, Draining, Pong)
SPOKEN: Final = {str(told.__struct_config__.tag): told for told in (*EVENTS, *OTHERS)}
"""Every message there is, by its type: what `/asyncapi.json` is made of."""


def event(recorded: Recorded, room: Room) -> Numbered:  # noqa: PLR0912 - one case per event, closed
    """`room`: the state after it."""
    seq, at, happened = recorded.seq, recorded.at_ms, recorded.event
    match happened:
        case e.RoomOpened():
            return Opened(seq, at, recorded.epoch, snapshot(room))
        case e.MemberJoined(member):
            return Joined(seq, at, _member(member))
        case e.MemberLeft(member_id, left):
            return Left(seq, at, member_id, left.value)
        case e.HostChanged(host, was):
            return Host(seq, at, host, was)
        case e.RoleChanged(member_id, role):
            return Role(seq, at, member_id, role.value)
        case e.LockChanged(locked):
            return Locked(seq, at, locked)
        case e.CapacityChanged(capacity):
            return Capacity(seq, at, capacity)
        case e.ChatSwitched(on):
            return ChatSwitched(seq, at, on)
        case e.OffsetSet(member_id, offset_ms):
            return Offset(seq, at, member_id, offset_ms)
        case e.MediaChanged(media, timeline, change, by):
            return MediaChanged(seq, at, _media(media), _timeline(timeline), change.value, by)
        case e.TimelineMoved(timeline, move, by):
            return TimelineMoved(seq, at, _timeline(timeline), move.value, by)
        case e.QueueChanged(queue, by):
            return QueueChanged(seq, at, [_entry(entry) for entry in queue], by)
        case e.ChatSaid(member_id, name, text):
            return Chat(seq, at, member_id, name, text)
        case e.HandChanged(member_id, raised):
            return Hand(seq, at, member_id, raised)
        case e.ReadyChanged(member_id, ready):
            return Ready(seq, at, member_id, ready)
        case e.WaitingSwitched(on):
            return WaitForAll(seq, at, on)
        case e.WaitBegan(members, until_ms, by):
            return Waiting(seq, at, list(members), until_ms, by)
        case e.WaitEnded(missing):
            return Waited(seq, at, list(missing))
        case e.RoomClosed(closed):
            return Closed(seq, at, closed.value)
        case _:
            assert_never(happened)


def snapshot(room: Room) -> Snapshot:
    waiting = room.waiting
    return Snapshot(
        id=room.id,
        name=room.name,
        host=room.host,
        members=[_member(member) for member in room.members.values()],
        capacity=room.capacity,
        locked=room.locked,
        chat_on=room.chat_on,
        control=room.defaults.control.value,
        media=None if room.media is None else _media(room.media),
        timeline=_timeline(room.timeline),
        queue=[_entry(entry) for entry in room.queue],
        chat=[_line(line) for line in room.chat],
        wait_for_all=room.waits,
        waiting=None if waiting is None else Wait(list(waiting.members), waiting.until_ms),
        opened_at=room.opened_at_ms,
        expires_at=room.expires_at_ms,
    )


def you(room: Room, member: MemberId) -> You:
    return You(member, room.members[member].role.value)


def doing(member: MemberId, standing: Standing) -> Doing:
    state = None if standing.doing is None else standing.doing.value
    return Doing(member, _short(standing.error_ms), _short(standing.bound_ms), state)


def _short(ms: float | None) -> float | None:
    """To a tenth of a millisecond: nobody is surer than that."""
    return None if ms is None else round(ms, 1)


def _timeline(timeline: CoreTimeline) -> Timeline:
    return Timeline(timeline.position_ms, timeline.rate, timeline.playing, timeline.anchored_at_ms)


def _media(media: CoreMedia) -> Media:
    return Media(
        media.id,
        media.provider,
        media.kind,
        media.title,
        media.artist,
        media.episode,
        media.duration_ms,
    )


def _member(member: CoreMember) -> Member:
    return Member(
        member.id,
        member.name,
        member.role.value,
        member.joined_at_ms,
        member.offset_ms,
        member.hand_ms,
        member.ready,
    )


def _entry(entry: CoreEntry) -> Entry:
    return Entry(entry.id, _media(entry.media), entry.by)


def _line(line: ChatLine) -> Line:
    return Line(line.seq, line.at_ms, line.member, line.name, line.text)
