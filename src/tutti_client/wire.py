"""The protocol `tutti.v1` as a client sees it: what the server says, as values.

Times and positions are milliseconds; room time is the server's room clock. Fields that this client does not know are
ignored, and so are messages of a type that it does not know, except for their numbers.
"""

from __future__ import annotations

from typing import Final

import msgspec


class Media(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    provider: str | None = None
    kind: str | None = None
    title: str | None = None
    artist: str | None = None
    episode: int | None = None
    duration_ms: float | None = None


class Timeline(msgspec.Struct, frozen=True, rename="camel"):
    """At room time `at` the media stands, or will stand, at `position`."""

    position: float
    rate: float
    playing: bool
    at: float

    def position_at(self, room_ms: float) -> float:
        """Before the anchor: at the anchor. Whoever asks for a time before it means the timeline before this one."""
        if not self.playing:
            return self.position
        return self.position + max(room_ms - self.at, 0.0) * self.rate


class Member(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    name: str | None = None
    role: str = "member"
    joined_at: float = 0.0
    offset: float = 0.0
    hand: float | None = None
    ready: bool | None = None


class Entry(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    media: Media
    by: str | None = None


class ChatLine(msgspec.Struct, frozen=True, rename="camel"):
    seq: int
    at: float
    member: str
    text: str
    name: str | None = None


class Waiting(msgspec.Struct, frozen=True):
    members: tuple[str, ...] = msgspec.field(name="for", default=())
    until: float = 0.0


class Snapshot(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    name: str | None = None
    host: str | None = None
    members: tuple[Member, ...] = ()
    capacity: int | None = None
    locked: bool = False
    chat_on: bool = True
    control: str = "everybody"
    media: Media | None = None
    timeline: Timeline | None = None
    queue: tuple[Entry, ...] = ()
    chat: tuple[ChatLine, ...] = ()
    wait_for_all: bool = False
    waiting: Waiting | None = None


class You(msgspec.Struct, frozen=True):
    id: str
    role: str = "member"


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """With `room` unless it is `resumed`; then what was missed follows."""

    you: You
    epoch: str | int
    seq: int
    now: float
    resumed: bool = False
    room: Snapshot | None = None
    reason: str | None = None


class Event(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What every numbered event has."""

    seq: int
    at: float = 0.0


class Opened(Event, frozen=True, tag="opened"):
    """The room begins, and its numbers anew."""

    epoch: str | int
    room: Snapshot


class Joined(Event, frozen=True, tag="joined"):
    member: Member


class Left(Event, frozen=True, tag="left"):
    member: str
    reason: str | None = None


class HostChanged(Event, frozen=True, tag="host"):
    host: str | None


class RoleChanged(Event, frozen=True, tag="role"):
    member: str
    role: str


class LockChanged(Event, frozen=True, tag="locked"):
    locked: bool


class CapacityChanged(Event, frozen=True, tag="capacity"):
    capacity: int


class ChatSwitched(Event, frozen=True, tag="chatSwitched"):
    on: bool


class OffsetChanged(Event, frozen=True, tag="offset"):
    member: str
    ms: float


class MediaChanged(Event, frozen=True, tag="media"):
    media: Media | None
    timeline: Timeline | None = None
    by: str | None = None


class TimelineMoved(Event, frozen=True, tag="timeline"):
    timeline: Timeline
    move: str | None = None
    by: str | None = None


class QueueChanged(Event, frozen=True, tag="queue"):
    queue: tuple[Entry, ...]
    by: str | None = None


class ChatSaid(Event, frozen=True, tag="chat"):
    member: str
    text: str
    name: str | None = None


class ChatEdited(Event, frozen=True, tag="chatEdited"):
    line: int
    text: str


class ChatRemoved(Event, frozen=True, tag="chatRemoved"):
    line: int


class HandChanged(Event, frozen=True, tag="hand"):
    member: str
    raised: bool


class ReadyChanged(Event, frozen=True, tag="ready"):
    member: str
    ready: bool


class WaitingSwitched(Event, frozen=True, tag="waitForAll"):
    on: bool


class WaitBegan(Event, frozen=True, tag="waiting"):
    members: tuple[str, ...] = msgspec.field(name="for")
    until: float = 0.0


class WaitEnded(Event, frozen=True, tag="waited"):
    missing: tuple[str, ...] = ()


class RoomClosed(Event, frozen=True, tag="closed"):
    reason: str | None = None


class Standing(msgspec.Struct, frozen=True):
    """How far somebody is from where they should be, and how sure that is; None: not known."""

    member: str
    error: float | None = None
    bound: float | None = None
    state: str | None = None


class Status(msgspec.Struct, frozen=True, tag="status"):
    members: tuple[Standing, ...]
    at: float = 0.0


class Reacted(msgspec.Struct, frozen=True, tag="reaction"):
    member: str
    emoji: str
    position: float | None = None


class Ack(msgspec.Struct, frozen=True, tag="ack"):
    ref: int | str
    seq: int


class Refused(msgspec.Struct, frozen=True, rename="camel", tag="refused"):
    code: str
    message: str
    may_retry: bool = False
    retry_after_ms: float | None = None
    ref: int | str | None = None


class Malformed(msgspec.Struct, frozen=True, tag="malformed"):
    message: str
    ref: int | str | None = None


class Draining(msgspec.Struct, frozen=True, rename="camel", tag="draining"):
    reconnect_in_ms: float


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    ref: int | str
    at: float


class Unknown(msgspec.Struct, frozen=True):
    """From a newer server. If it is numbered, its number counts."""

    type: str
    seq: int | None = None


EVENTS: Final = (
    Opened, Joined, Left, HostChanged, RoleChanged, LockChanged, CapacityChanged, ChatSwitched, OffsetChanged,
    MediaChanged, TimelineMoved, QueueChanged, ChatSaid, ChatEdited, ChatRemoved, HandChanged, ReadyChanged,
    WaitingSwitched, WaitBegan, WaitEnded, RoomClosed,
)  # fmt: skip
_OTHERS: Final = (Welcome, Status, Reacted, Ack, Refused, Malformed, Draining, Pong)

Heard = (
    Event | Welcome | Status | Reacted | Ack | Refused | Malformed | Draining | Pong | Unknown
)  # fmt: skip


class Unreadable(Exception):
    """What came is no message of this protocol."""


def heard(text: str | bytes) -> Heard:
    """The message that a frame holds; raises `Unreadable`."""
    try:
        head = _HEAD.decode(text)
        known = _DECODERS.get(head.type)
        return head if known is None else known.decode(text)
    except msgspec.MsgspecError as problem:
        raise Unreadable(str(problem)) from None


def _tag(kind: type[msgspec.Struct]) -> str:
    tag = kind.__struct_config__.tag
    assert isinstance(tag, str)
    return tag


_HEAD: Final = msgspec.json.Decoder(Unknown)
_DECODERS: Final[dict[str, msgspec.json.Decoder[Heard]]] = {
    _tag(kind): msgspec.json.Decoder(kind) for kind in (*EVENTS, *_OTHERS)
}
