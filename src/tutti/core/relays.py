"""What is told to those who are there now, and never kept: no number, no place in the log, no second chance.

Only what is for one person alone (`to`) waits for somebody whose connection was lost a moment ago.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from tutti.core.ids import MemberId, RoomId


@dataclass(frozen=True, slots=True)
class Reacted:
    """Somebody showed what they feel at `position_ms` of what plays."""

    member: MemberId
    emoji: str
    position_ms: float


@dataclass(frozen=True, slots=True)
class Typing:
    """Whether somebody is about to say something."""

    member: MemberId
    name: str
    on: bool


@dataclass(frozen=True, slots=True)
class Speaking:
    """Whether somebody in the call can be heard right now."""

    member: MemberId
    on: bool


@dataclass(frozen=True, slots=True)
class Annotated:
    """Somebody drew over what plays. `shape`: JSON of the dialect's making."""

    member: MemberId
    name: str
    shape: str


@dataclass(frozen=True, slots=True)
class AnnotationsCleared:
    """By somebody who moderates."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class Signalled:
    """What one in the call says to another's browser. `data`: JSON of the dialect's making."""

    member: MemberId
    to: MemberId
    data: str


@dataclass(frozen=True, slots=True)
class Whispered:
    """Said to one person alone. `name`: of whoever says it. `id`: what it calls what it said."""

    member: MemberId
    name: str
    to: MemberId
    text: str
    at_ms: float
    id: str | None = None


@dataclass(frozen=True, slots=True)
class UnmuteAsked:
    """Somebody who moderates would like to hear this person: nobody but itself can turn its microphone on."""

    member: MemberId
    to: MemberId


@dataclass(frozen=True, slots=True)
class Lost:
    """The line to somebody in the call is lost, and it has a while to come back."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class Back:
    """It is there again. `resumed`: the same page, which has missed nothing; else it may be another."""

    member: MemberId
    resumed: bool = True


@dataclass(frozen=True, slots=True)
class RoomsTold:
    """Somebody who moderates says this to everybody, in whichever breakout room they are."""

    member: MemberId
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class HelpAsked:
    """Somebody in this breakout room would like one of those who moderate to come."""

    member: MemberId
    name: str
    room: RoomId


@dataclass(frozen=True, slots=True)
class ClosingSoon:
    """The breakout rooms close in so many seconds."""

    seconds: int


@dataclass(frozen=True, slots=True)
class BreakoutsShown:
    """Who is in which of them, as the room knows."""


@dataclass(frozen=True, slots=True)
class Moved:
    """To whoever is on a connection that is in `room` now: the breakout room `name`, or the main room (None).

    `former`: those in the call whom it was with until now.
    """

    member: MemberId
    room: RoomId
    name: str | None
    former: tuple[MemberId, ...]


@dataclass(frozen=True, slots=True)
class Rewired:
    """To one in the call: connections to `peers` are over; it offers anew to `offers`, and waits for the others' offers.

    `topology`: how those in the call are connected from now on, "mesh" or "sfu".
    """

    member: MemberId
    peers: tuple[MemberId, ...]
    offers: tuple[MemberId, ...]
    topology: str


Everywhere = RoomsTold | HelpAsked | ClosingSoon | BreakoutsShown | Moved
"""What concerns people in breakout rooms as well: told on each connection of a meeting, wherever it is."""
InParty = Typing | Speaking | Annotated | AnnotationsCleared | Signalled
Relay = Reacted | Whispered | UnmuteAsked | Lost | Back | Rewired | InParty | Everywhere
RELAYS: tuple[type[Relay], ...] = get_args(Relay)
Directed = Whispered | UnmuteAsked | Signalled
"""For `to` alone."""
