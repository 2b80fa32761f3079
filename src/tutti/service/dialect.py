"""The port between a wire language and the rooms. A dialect translates; it decides nothing.

`encode` makes the same frames for every viewer and runs once per event, not per member. What differs per viewer is
`welcome` (a full picture) and `tell` (guide 000 commands each player to its own position; see ADR 0011).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

from tutti.core.commands import Command, Open
from tutti.core.events import Event, Recorded
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Refused
from tutti.core.relays import Relay
from tutti.core.room import Room
from tutti.service.frames import Frame
from tutti.service.ports import Position
from tutti.service.standing import Standing

Afresh = Literal["unknown_epoch", "too_old"]
"""Why somebody who came back hears the whole picture: its place is of another life of the room, or no longer kept."""


class Malformed(Exception):
    """Not a sentence of this dialect. `str()` says what is wrong with it, for the person who wrote the client."""


class Declined(Exception):
    """Understood, but refused before any room is asked: the dialect itself knows why."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.sentence)
        self.refused = refused


class Found(msgspec.Struct, frozen=True, gc=False):
    """Make a room and enter it."""

    who: MemberId | None
    command: Open


class Doorway(Protocol):
    """What is said to somebody who waits to be let in."""

    def waiting(self, position: int) -> Frame:
        """How many are let in before, and oneself: 1 is next."""
        ...

    def turned_away(self) -> Frame: ...


class Proposal(msgspec.Struct, frozen=True, gc=False):
    """`id`: what somebody would like to be called here; None: anything. `proof`: of the browser that it is."""

    id: MemberId | None
    proof: str | None = None


class Enter(msgspec.Struct, frozen=True, gc=False):
    """Join, or come back, and be told from now on. `as_host`: only if the host's seat is this person's.

    `resume`: the last that was heard of this room; only what was missed since has to be told. `opens`: how to open it
    if it is not there. `calling`: to be seen and heard. `named`: where who is not known must not be taken for
    anybody: under the id that it proposes if nobody has that, or if its browser proves that it had it itself (`proof`).
    `door`: what it is told while it waits to be let in; None: it cannot wait.
    """

    room: RoomId
    who: MemberId | None
    name: str | None
    as_host: bool = False
    resume: Position | None = None
    opens: Open | None = None
    calling: bool = False
    named: Proposal | None = None
    password: str | None = None
    door: Doorway | None = None


class Exit(msgspec.Struct, frozen=True, gc=False):
    room: RoomId
    who: MemberId | None


class Ask(msgspec.Struct, frozen=True, gc=False):
    """A command to a room that this connection has entered. `stamped_ms`: when, by the sender's own clock."""

    room: RoomId
    who: MemberId | None
    command: Command
    stamped_ms: float | None = None


class Renew(msgspec.Struct, frozen=True, gc=False):
    """A sign of life."""

    room: RoomId
    who: MemberId | None


class Resync(msgspec.Struct, frozen=True, gc=False):
    """Tell me again where everybody should be."""

    room: RoomId
    who: MemberId | None


class Protect(msgspec.Struct, frozen=True, gc=False):
    """Newcomers have to know this from now on; None: nothing."""

    room: RoomId
    who: MemberId | None
    password: str | None


class SignIn(msgspec.Struct, frozen=True, gc=False):
    """A token given after connecting."""

    token: str


Sentence = Found | Enter | Exit | Ask | Renew | Resync | Protect | SignIn


class Viewer(msgspec.Struct, frozen=True, gc=False):
    """`half_rtt_ms`: how long a frame takes to this viewer, half its smallest round trip; 0 while unknown."""

    member: MemberId
    half_rtt_ms: float


@dataclass(frozen=True, slots=True)
class Steering:
    """When a viewer that cannot steer itself is told where it should be.

    Checked every `every_s`; told if its drift is over `over_ms`, then not again for `hold_s`. `modelled`: it need not
    report, so that it is taken to do as it was told, at its own speed: to play and seek where it was told, to pause
    where it stands. Media that change at less than `restarts_under_ms` it plays from 0.
    """

    every_s: float
    over_ms: float
    hold_s: float
    modelled: bool
    restarts_under_ms: float = 0.0


class Dialect(Protocol):
    """`unspoken`: events it cannot express. `unheard`: commands nobody can give in it. Both are proven by a test.

    `personal`: events that go through `tell`. `coalesced`: events of which, in a room of more than
    `coalesce_above` members, only the newest of each quarter of a second is sent.

    `schedules`: its players do what they are told at the time that the timeline names, which may be a little ahead.
    Players of other dialects do it at once, and so are told positions extrapolated back from there.
    `echoes`: its players may say back what they were told.
    `meets`: its connections are meeting connections: who has one is in the call and has one only, is missed for a
    while when it is lost, and shows by itself what it says.
    """

    name: str
    unspoken: frozenset[type[Event]]
    unheard: frozenset[type[Command]]
    personal: frozenset[type[Event]]
    coalesced: frozenset[type[Event]]
    coalesce_above: int
    steering: Steering
    one_socket_per_member: bool
    meets: bool
    schedules: bool
    echoes: bool

    def hear(self, name: str, args: Sequence[msgspec.Raw], received_ms: float) -> Sentence:
        """What this event asks for. Raises `Malformed` or `Declined`."""
        ...

    def encode(self, recorded: Recorded, room: Room, now_ms: float) -> tuple[Frame, ...]:
        """Frames for every viewer; `room` is the state after the event."""
        ...

    def tell(self, recorded: Recorded, room: Room, viewer: Viewer, now_ms: float) -> tuple[Frame, ...]:
        """Frames for this viewer, for a `personal` event."""
        ...

    def relay(self, relayed: Relay, room: Room, now_ms: float) -> tuple[Frame, ...]:
        """Frames for every viewer, of what is not kept; () if it has no word for it."""
        ...

    def welcome(
        self, room: Room, viewer: Viewer, now_ms: float, *, reason: Afresh | None = None
    ) -> tuple[Frame, ...]:
        """The whole picture, for somebody who has just entered. `reason`: why, if less was asked for."""
        ...

    def replay(
        self, events: Sequence[Recorded], room: Room, viewer: Viewer, now_ms: float
    ) -> tuple[Frame, ...]:
        """For somebody who came back: the events that were missed, in order. `room` is the state after it."""
        ...

    def founded(self, room: Room, viewer: Viewer, now_ms: float) -> tuple[Frame, ...]:
        """For somebody who has just made this room."""
        ...

    def resync(self, room: Room, viewer: Viewer, now_ms: float) -> tuple[Frame, ...]:
        """The answer to `Resync`."""
        ...

    def steer(
        self, room: Room, viewer: Viewer, drift_ms: float | None, now_ms: float, correct: bool
    ) -> tuple[Frame, ...]:
        """For this viewer: how far off it is (None: unknown) and, if `correct`, where it should be now."""
        ...

    def status(self, room: Room, standings: Mapping[MemberId, Standing], now_ms: float) -> tuple[Frame, ...]:
        """For everybody: how far each member is from the timeline. At most one a second; () if it has no word for it."""
        ...

    def refuse(self, refused: Refused) -> Frame:
        """An error that stands for itself."""
        ...

    def malformed(self, problem: str) -> Frame:
        """The same for a sentence that was none."""
        ...

    def answer(self, outcome: Room | Refused | Malformed | None) -> bytes:
        """The JSON of an acknowledgement, where the client asked for one; an error then needs no event besides."""
        ...
