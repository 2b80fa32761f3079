"""What has happened in a room: past tense, numbered, stored, replayable. The union is closed.

The names and fields of these classes are what the stores hold: a field may be added with a default, never renamed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import get_args

from tutti.core.access import Access
from tutti.core.defaults import Defaults
from tutti.core.ids import Epoch, MemberId, RoomId, Seq
from tutti.core.media import Media
from tutti.core.polls import Answer, Poll
from tutti.core.queue import Entry
from tutti.core.roster import Breakout, Member, Password, Role
from tutti.core.timeline import Timeline


class LeaveReason(Enum):
    LEFT = "left"
    LOST = "lost"
    EXPELLED = "expelled"
    NOT_INVITED = "not_invited"
    """The list of those who may be here changed."""


class CloseReason(Enum):
    HOST_ENDED = "host_ended"
    HOST_LOST = "host_lost"
    EXPIRED = "expired"


class Handover(Enum):
    """Why the host's seat passed on."""

    PASSED = "passed"
    LEFT = "left"
    LOST = "lost"
    RETURNED = "returned"
    ARRIVED = "arrived"


class Move(Enum):
    """Which wish moved the timeline: dialects have different words for each."""

    PLAY = "play"
    PAUSE = "pause"
    SEEK = "seek"
    RATE = "rate"
    CORRECTION = "correction"
    MEDIA = "media"


@dataclass(frozen=True, slots=True)
class RoomOpened:
    name: str
    defaults: Defaults
    host: Member
    media: Media | None


@dataclass(frozen=True, slots=True)
class MemberJoined:
    member: Member


@dataclass(frozen=True, slots=True)
class MemberLeft:
    """`calling`: it was in the call until now."""

    member: MemberId
    reason: LeaveReason
    calling: bool = False


@dataclass(frozen=True, slots=True)
class HostChanged:
    """The seat passed on; to nobody when the last one left. Whoever held it stays, if still here, as a member."""

    host: MemberId | None
    was: MemberId | None
    why: Handover = Handover.PASSED


@dataclass(frozen=True, slots=True)
class RoleChanged:
    member: MemberId
    role: Role


@dataclass(frozen=True, slots=True)
class LockChanged:
    locked: bool


@dataclass(frozen=True, slots=True)
class CapacityChanged:
    capacity: int


@dataclass(frozen=True, slots=True)
class ChatSwitched:
    on: bool


@dataclass(frozen=True, slots=True)
class OffsetSet:
    member: MemberId
    offset_ms: float


class Change(Enum):
    """Which part of the media a change was about."""

    MEDIA = "media"
    PROVIDER = "provider"
    EPISODE = "episode"


@dataclass(frozen=True, slots=True)
class MediaChanged:
    """The timeline begins anew with the media, or goes on where it was: `timeline` tells."""

    media: Media
    timeline: Timeline
    change: Change
    by: MemberId


@dataclass(frozen=True, slots=True)
class TimelineMoved:
    timeline: Timeline
    move: Move
    by: MemberId


@dataclass(frozen=True, slots=True)
class QueueChanged:
    """The whole queue as it is now: at most `MAX_ENTRIES` entries."""

    queue: tuple[Entry, ...]
    by: MemberId


@dataclass(frozen=True, slots=True)
class ChatSaid:
    """`name`: as the member was called when it said this. `id`: what it calls what it said."""

    member: MemberId
    name: str
    text: str
    id: str | None = None
    reply_to: Seq | None = None


@dataclass(frozen=True, slots=True)
class ChatEdited:
    """`line`: the number of the event that it was said in."""

    line: Seq
    text: str
    by: MemberId


@dataclass(frozen=True, slots=True)
class ChatRemoved:
    """By whoever said it, or somebody who moderates."""

    line: Seq
    by: MemberId


@dataclass(frozen=True, slots=True)
class SlowModeChanged:
    """How long everybody waits between two lines; 0: not at all."""

    seconds: float


@dataclass(frozen=True, slots=True)
class PollOpened:
    """Nobody has voted."""

    poll: Poll


@dataclass(frozen=True, slots=True)
class PollVoted:
    poll: str
    member: MemberId
    answer: Answer


@dataclass(frozen=True, slots=True)
class PollClosed:
    """`by` None: its time was up."""

    poll: str
    by: MemberId | None


@dataclass(frozen=True, slots=True)
class HandChanged:
    """A hand went up, by its owner, or down, by its owner or somebody who moderates. `by` None: by its owner."""

    member: MemberId
    raised: bool
    by: MemberId | None = None


@dataclass(frozen=True, slots=True)
class ReadyChanged:
    member: MemberId
    ready: bool


@dataclass(frozen=True, slots=True)
class WaitingSwitched:
    """Whether the room waits for everybody before it plays on."""

    on: bool


@dataclass(frozen=True, slots=True)
class WaitBegan:
    """The timeline stands still until these are ready, or until room time `until_ms`.

    They are taken not to be ready from now on, until they say so.
    """

    members: tuple[MemberId, ...]
    until_ms: float
    by: MemberId


@dataclass(frozen=True, slots=True)
class WaitEnded:
    """The room waits no more. `missing`: who was not ready yet."""

    missing: tuple[MemberId, ...]


@dataclass(frozen=True, slots=True)
class CallEntered:
    """Somebody who is in the room can be seen and heard from now on."""

    member: MemberId
    proof: str | None = None


@dataclass(frozen=True, slots=True)
class CallLeft:
    """Somebody stays in the room, and can be seen and heard no more."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class LobbySwitched:
    """Whether newcomers wait to be let in."""

    on: bool


@dataclass(frozen=True, slots=True)
class Knocked:
    """Somebody waits to be let in."""

    member: MemberId
    name: str
    proof: str | None = None


@dataclass(frozen=True, slots=True)
class KnockEnded:
    """Somebody waits no more: `admitted`, or turned away, or gone by itself."""

    member: MemberId
    admitted: bool


@dataclass(frozen=True, slots=True)
class SharingChanged:
    """Somebody began to show their screen, or stopped, or was stopped."""

    member: MemberId
    on: bool
    by: MemberId | None = None


@dataclass(frozen=True, slots=True)
class SharePolicyChanged:
    """`one`: one screen is shown at a time."""

    one: bool


@dataclass(frozen=True, slots=True)
class MuteChanged:
    """Somebody's microphone is off, or on again. `by` may be another only if it is off."""

    member: MemberId
    muted: bool
    by: MemberId


@dataclass(frozen=True, slots=True)
class PasswordChanged:
    """What newcomers have to know; None: nothing."""

    password: Password | None


@dataclass(frozen=True, slots=True)
class SeatKept:
    """The host was lost, and has its seat back if it comes back by room time `until_ms`."""

    member: MemberId
    until_ms: float
    deputy: MemberId | None = None
    proof: str | None = None


@dataclass(frozen=True, slots=True)
class RecordingStarted:
    id: str
    by: MemberId | None


@dataclass(frozen=True, slots=True)
class RecordingStopped:
    """`by` None: nobody stopped it; everybody left, or it failed."""

    id: str
    by: MemberId | None
    started_at_ms: float


@dataclass(frozen=True, slots=True)
class BreakoutsOpened:
    """Until room time `until_ms`, if that is known."""

    rooms: tuple[Breakout, ...]
    until_ms: float | None
    by: MemberId


@dataclass(frozen=True, slots=True)
class Assigned:
    """Somebody is to be in that breakout room from now on; None: in the main room again."""

    member: MemberId
    to: RoomId | None


@dataclass(frozen=True, slots=True)
class BreakoutsExtended:
    until_ms: float


@dataclass(frozen=True, slots=True)
class BreakoutsClosed:
    """Everybody was called back before."""


@dataclass(frozen=True, slots=True)
class AccessChanged:
    """Who may be here and as what. What it means for those who are here stands in events of their own."""

    access: Access


@dataclass(frozen=True, slots=True)
class RoomClosed:
    reason: CloseReason


Event = (
    RoomOpened
    | MemberJoined
    | MemberLeft
    | HostChanged
    | RoleChanged
    | LockChanged
    | CapacityChanged
    | ChatSwitched
    | OffsetSet
    | MediaChanged
    | TimelineMoved
    | QueueChanged
    | ChatSaid
    | ChatEdited
    | ChatRemoved
    | SlowModeChanged
    | PollOpened
    | PollVoted
    | PollClosed
    | HandChanged
    | ReadyChanged
    | WaitingSwitched
    | WaitBegan
    | WaitEnded
    | CallEntered
    | CallLeft
    | LobbySwitched
    | Knocked
    | KnockEnded
    | SharingChanged
    | SharePolicyChanged
    | MuteChanged
    | PasswordChanged
    | SeatKept
    | RecordingStarted
    | RecordingStopped
    | BreakoutsOpened
    | Assigned
    | BreakoutsExtended
    | BreakoutsClosed
    | AccessChanged
    | RoomClosed
)
EVENTS: tuple[type[Event], ...] = get_args(Event)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event with its place in the room's log and the room time at which it was decided."""

    epoch: Epoch
    seq: Seq
    at_ms: float
    event: Event
