"""What can be asked of a room: imperatives. The union is closed. Values are checked by `decide`, not here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from tutti.core.defaults import Defaults
from tutti.core.events import CloseReason
from tutti.core.ids import MemberId
from tutti.core.media import Media
from tutti.core.roster import Role


@dataclass(frozen=True, slots=True)
class Told:
    """What a player was told of the timeline, and when: it repeats that as if somebody had wished it.

    `playing` None: nothing was said of it. `by`: whose wish it was; whoever wished it has nothing to repeat.
    """

    position_ms: float
    at_ms: float
    playing: bool | None = None
    by: MemberId | None = None


@dataclass(frozen=True, slots=True)
class Open:
    name: str
    host_name: str
    defaults: Defaults
    media: Media | None = None


@dataclass(frozen=True, slots=True)
class Join:
    name: str


@dataclass(frozen=True, slots=True)
class Leave:
    pass


@dataclass(frozen=True, slots=True)
class Expel:
    member: MemberId


@dataclass(frozen=True, slots=True)
class TransferHost:
    to: MemberId


@dataclass(frozen=True, slots=True)
class Appoint:
    """Make somebody a moderator, or a plain member again. The host's seat changes by `TransferHost` only."""

    member: MemberId
    role: Role


@dataclass(frozen=True, slots=True)
class SetLock:
    locked: bool


@dataclass(frozen=True, slots=True)
class SetCapacity:
    capacity: int


@dataclass(frozen=True, slots=True)
class SwitchChat:
    on: bool


@dataclass(frozen=True, slots=True)
class SetOffset:
    offset_ms: float


@dataclass(frozen=True, slots=True)
class ChangeMedia:
    """Something else to play, from its beginning. `provider` and `kind` None: as before."""

    id: str
    provider: str | None = None
    kind: str | None = None
    episode: int | None = None
    title: str | None = None
    duration_ms: float | None = None


@dataclass(frozen=True, slots=True)
class ChangeProvider:
    """The same film from elsewhere: the position stays."""

    provider: str


@dataclass(frozen=True, slots=True)
class ChangeEpisode:
    """Another episode of the same series, from its beginning."""

    episode: int


@dataclass(frozen=True, slots=True)
class Play:
    """`position_ms` None: from where the timeline stands. `told`: what this may be an echo of."""

    position_ms: float | None = None
    told: Told | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    position_ms: float | None = None
    told: Told | None = None


@dataclass(frozen=True, slots=True)
class Seek:
    to_ms: float
    told: Told | None = None


@dataclass(frozen=True, slots=True)
class SeekBy:
    by_ms: float


@dataclass(frozen=True, slots=True)
class SetRate:
    rate: float


@dataclass(frozen=True, slots=True)
class Report:
    """An observation: the asker's player stood at `position_ms` at room time `sampled_at_ms`.

    `playing` and `media` are None where the report does not say. Only the host's report can move the timeline.
    """

    position_ms: float
    sampled_at_ms: float
    playing: bool | None = None
    media: Media | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """The host ends the room."""


@dataclass(frozen=True, slots=True)
class Depart:
    """From the server itself: this member was lost and its grace is over."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class Expire:
    """From the server itself: the room's time is up."""

    reason: CloseReason = CloseReason.EXPIRED


Command = (
    Open
    | Join
    | Leave
    | Expel
    | TransferHost
    | Appoint
    | SetLock
    | SetCapacity
    | SwitchChat
    | SetOffset
    | ChangeMedia
    | ChangeProvider
    | ChangeEpisode
    | Play
    | Pause
    | Seek
    | SeekBy
    | SetRate
    | Report
    | Close
    | Depart
    | Expire
)
COMMANDS: tuple[type[Command], ...] = get_args(Command)
