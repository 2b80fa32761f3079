"""Who is in a room, and as what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tutti.core.ids import MemberId


class Role(Enum):
    """Every dialect's roles map onto these: listen's host and client, watch's admin and participant."""

    HOST = "host"
    MODERATOR = "moderator"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Member:
    """`offset_ms` is the member's own nudge: where it should be, relative to the timeline.

    `hand_ms`: since when its hand is up. `ready`: whether its player can play at once; None if it never said, and
    then nobody waits for it.
    """

    id: MemberId
    name: str
    role: Role
    joined_at_ms: float
    offset_ms: float = 0.0
    hand_ms: float | None = None
    ready: bool | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """The room stands still until these are ready, or until `until_ms`. `by`: whose wish it will be when it plays."""

    members: tuple[MemberId, ...]
    until_ms: float
    by: MemberId
