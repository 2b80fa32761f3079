"""What the service needs of the world, phrased by the service. Adapters live in `infra`; each port has one suite."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from tutti.core.events import Recorded
from tutti.core.ids import Epoch, MemberId, RoomId, Seq
from tutti.core.room import Room


class Conflict(Exception):
    """Somebody else appended first: read what they wrote, decide again."""


class Unavailable(Exception):
    """The world behind the port cannot do this now (disk full, network down). Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a room's log: after the event with this number, in this life of the room."""

    epoch: Epoch
    seq: Seq


@dataclass(frozen=True, slots=True)
class Past:
    """What is kept of a room: the newest snapshot, if any, and every event after it, in order."""

    snapshot: Room | None
    events: tuple[Recorded, ...]


Hear = Callable[[tuple[Recorded, ...]], None]


class RoomLog(Protocol):
    """The one place where a room is kept. An append that returned survives `kill -9` (memory: while the object lives)."""

    def append(
        self, room: RoomId, expected: Position | None, events: tuple[Recorded, ...]
    ) -> Awaitable[None]:
        """Keep these, in order, all or none. `expected` None: the room must not exist yet, or its life has ended.

        Raises `Conflict` if `expected` is not the room's last position any more, `Unavailable` if it cannot be kept.
        """
        ...

    async def read(self, room: RoomId) -> Past | None:
        """All that is needed to fold the room's current life, ended or not; None if there is no such room."""
        ...

    async def since(self, room: RoomId, after: Position) -> tuple[Recorded, ...] | None:
        """The events after that position; None if they are no longer all kept, or it is of another life.

        At least the last 512 events, and all of the last 30 s, are kept.
        """
        ...

    async def keep(self, snapshot: Room) -> None:
        """Remember this state, so that reading needs only what came after. Late or double: the newest wins.

        Raises `Unavailable` while nothing can be kept, also if this need not be.
        """
        ...

    def follow(self, room: RoomId, hear: Hear) -> Callable[[], None]:
        """Call `hear` with every append from now on, this node's own included, in order, until the result is called."""
        ...


class RoomIndex(Protocol):
    """Finding rooms without their ids."""

    async def listed(self, dialect: str, limit: int) -> tuple[RoomId, ...]:
        """Open rooms that this dialect made, newest first."""
        ...

    async def due(self, now_ms: float) -> tuple[RoomId, ...]:
        """Open rooms whose time was up by room time `now_ms`. May name a room that has become active since."""
        ...

    async def forget(self, ended_before_ms: float) -> int:
        """Delete the rooms that ended before room time `ended_before_ms`; how many there were."""
        ...


class Clock(Protocol):
    """Time is asked for. Room time is in milliseconds, monotonic, and goes on over a restart of the server."""

    def now_ms(self) -> float:
        """Room time."""
        ...

    def wall_ms(self, room_ms: float) -> float:
        """That room time as milliseconds since 1970 by the wall clock: for people to read, never to compute with."""
        ...


class Principal(msgspec.Struct, frozen=True, gc=False):
    """Somebody whose token was verified. `expires_ms`: when the token dies, milliseconds since 1970; None: unknown.

    `session`: the login that the token belongs to, which may be ended before that; None: it belongs to none.
    """

    id: MemberId
    name: str | None = None
    expires_ms: float | None = None
    session: str | None = None


class Identity(Protocol):
    """Who a token belongs to."""

    async def verify(self, token: str) -> Principal | None:
        """The owner of the token; None if it is not valid here. Raises `Unavailable` if that cannot be known now."""
        ...


class Relayed(Protocol):
    """A room whose connections a relay takes."""

    def available(self) -> None:
        """The relay is ready now."""
        ...

    def signalled(self, to: MemberId, frame: bytes) -> None:
        """An offer or answer for this one, as if from the peer that it names."""
        ...

    def unreachable(self, member: MemberId) -> None:
        """Its connections to the relay cannot be made, or not understood."""
        ...

    def lost(self) -> None:
        """The relay and every connection to it are gone. To have it again, open it again."""
        ...


class MediaRelay(Protocol):
    """Takes the connections of those in a call, each as the peer that they mean, and forwards what they send.

    What is said to it while it is not ready is lost. When it dies, every room that is open is told, and is closed.
    """

    @property
    def above(self) -> int:
        """So many people are still better off connected with each other."""
        ...

    @property
    def ready(self) -> bool: ...

    def open(self, room: RoomId, relayed: Relayed) -> None:
        """This room may need it soon. Twice: the later one counts."""
        ...

    def enter(self, room: RoomId, member: MemberId, name: str, *, offers: bool) -> None:
        """Somebody is in the call, and offers to all who are there, or waits for their offers. Twice: it is back."""
        ...

    def leave(self, room: RoomId, member: MemberId) -> None:
        """Everything of this one is over. Unknown: nothing happens."""
        ...

    def signal(self, room: RoomId, sender: MemberId, target: MemberId, frame: bytes) -> None:
        """What one browser says to another, both of whom have entered."""
        ...

    def close(self, room: RoomId) -> None:
        """It is not needed here any more."""
        ...


class Recorders(Protocol):
    """Who records what rooms say is recorded."""

    def changed(self, room: Room) -> None:
        """A room is now like this; told after every event of one that is recorded or was, and may be told twice."""
        ...


class RecordedFile(msgspec.Struct, frozen=True):
    """`unfinished`: it is still being written, or was when its recorder died."""

    name: str
    media_type: str
    size: int
    unfinished: bool


class RecordingKept(msgspec.Struct, frozen=True):
    """`combined`: waiting, running, done or failed; then `reason` says why. `progress`: of 1. Times: since 1970."""

    id: str
    started_at_ms: float
    ended_at_ms: float | None
    started_by: str | None
    combined: str
    progress: float | None
    reason: str | None
    files: tuple[RecordedFile, ...]


class Shelf(Protocol):
    """Where recordings are kept, and whose they are."""

    def of(self, room: RoomId) -> tuple[RecordingKept, ...]:
        """Those of this room, newest first."""
        ...

    def owners(self, room: RoomId, recording: str) -> frozenset[MemberId]:
        """Who may have it, whatever became of the room; nobody if there is no such recording."""
        ...

    def file(self, room: RoomId, recording: str, name: str) -> Path | None:
        """Where that file is; None if there is none."""
        ...
