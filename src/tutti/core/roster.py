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
    """`offset_ms` is the member's own nudge: where it should be, relative to the timeline."""

    id: MemberId
    name: str
    role: Role
    joined_at_ms: float
    offset_ms: float = 0.0
