"""Who is in a room, and as what; who waits at its door, and who may come back to its seat."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tutti.core.ids import MemberId, RoomId


class Role(Enum):
    """Every dialect's roles map onto these: listen's host and client, watch's admin and participant."""

    HOST = "host"
    MODERATOR = "moderator"
    MEMBER = "member"


class Kind(Enum):
    PERSON = "person"
    RECORDER = "recorder"
    """Our own recorder: takes nobody's place, holds no seat, and goes when the recording stops."""


@dataclass(frozen=True, slots=True)
class Member:
    """`offset_ms` is the member's own nudge: where it should be, relative to the timeline.

    `hand_ms`: since when its hand is up. `ready`: whether its player can play at once; None if it never said, and
    then nobody waits for it. `calling`: it can be seen and heard: it has a meeting connection, or lost it just now.
    `away`: the breakout room that it is in. `said_ms`: when it last said something in the chat.
    `proof`: what its browser can prove itself with; never shown to anybody.
    """

    id: MemberId
    name: str
    role: Role
    joined_at_ms: float
    offset_ms: float = 0.0
    hand_ms: float | None = None
    ready: bool | None = None
    calling: bool = False
    muted: bool = False
    kind: Kind = Kind.PERSON
    away: RoomId | None = None
    proof: str | None = None
    said_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """The room stands still until these are ready, or until `until_ms`. `by`: whose wish it will be when it plays."""

    members: tuple[MemberId, ...]
    until_ms: float
    by: MemberId


@dataclass(frozen=True, slots=True)
class Breakout:
    """A room of its own, for some of a meeting's people."""

    id: RoomId
    name: str


@dataclass(frozen=True, slots=True)
class Breakouts:
    """Open until room time `until_ms`; None: until somebody closes them."""

    rooms: tuple[Breakout, ...]
    until_ms: float | None


@dataclass(frozen=True, slots=True)
class Knock:
    """Somebody waits to be let in, since `at_ms`."""

    name: str
    at_ms: float
    proof: str | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """The host's seat is `member`'s again if it comes back by `until_ms`. `deputy`: the moderator who stands in."""

    member: MemberId
    until_ms: float
    deputy: MemberId | None = None
    proof: str | None = None


@dataclass(frozen=True, slots=True)
class Password:
    """Both in hexadecimal. What was hashed is known to nobody here."""

    salt: str
    digest: str


@dataclass(frozen=True, slots=True)
class Recording:
    """`by` None: whoever began it was the server itself."""

    id: str
    by: MemberId | None
    started_at_ms: float
