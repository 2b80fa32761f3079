"""What somebody is told, and how they want to be told of what: plain values, of which no wire knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tutti.platform.people.somebody import Somebody


@dataclass(frozen=True, slots=True)
class Choice:
    """`in_app`: listed, and told live. `email`: in the next letter, unless they have read it by then."""

    in_app: bool = True
    email: bool = False


SYSTEM: Final = "system"
DEFAULTS: Final[Mapping[str, Choice]] = {
    "party_invitation": Choice(email=True),
    "party_reminder": Choice(email=True),
    "party_started": Choice(),
    "party_approved": Choice(),
    "party_join_request": Choice(),
    "party_joined": Choice(),
    "friend_request": Choice(email=True),
    "friend_request_accepted": Choice(),
    "message": Choice(email=True),
    "mention": Choice(email=True),
    SYSTEM: Choice(),
}
"""What there is to be told, and what holds for those who chose nothing. Any other type counts as the last."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One that is listed. `data`: what it is about, by name."""

    id: str
    type: str
    title: str
    message: str
    data: Mapping[str, Any]
    actor: Somebody | None
    at_ms: int
    read_at_ms: int | None


Told = Callable[[Notice, int], Mapping[str, Any]]
"""What a socket is told of a new one, and of how many are unread now."""
ReadToo = Callable[[tuple[str, ...], int], Mapping[str, Any]]
"""What their other sockets are told of these ids, read or deleted, and of how many are unread now. No ids: of all."""
