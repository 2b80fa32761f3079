"""Guide 003's lines between a socket and the rooms: what all of them share. What each says is its `Words`.

A person has several lines to one room, as one member. The transport enters the room for it: no client asks for that.
"""

# ruff: noqa: ARG002 - the port hands every dialect the same things

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import msgspec

from tutti.core import commands as c
from tutti.core.events import EVENTS, Event, Recorded
from tutti.core.ids import Epoch, MemberId, RoomId
from tutti.core.refusals import Refused
from tutti.core.relays import Relay
from tutti.core.room import Room
from tutti.dialects.party.sockets import errors
from tutti.dialects.party.sockets.fields import Token, explained
from tutti.service.dialect import Afresh, Ask, Enter, Malformed, Resync, Sentence, SignIn, Steering, Viewer
from tutti.service.frames import Frame
from tutti.service.ports import Clock
from tutti.service.standing import Standing

ENTER: Final = "enter"
"""Said by the transport alone, of an empty message: no client's is."""
UNSTEERED: Final = Steering(every_s=1.0, over_ms=math.inf, hold_s=0.0, modelled=False)

Frames = tuple[Frame, ...]
Structs = tuple[msgspec.Struct, ...]

_context: Final = msgspec.json.Decoder(tuple[RoomId, Epoch | None])
_json: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class About:
    """What a sentence need not say. `epoch`: of the room's present life, if it is known. `received_ms`: room time."""

    room: RoomId
    epoch: Epoch | None
    received_ms: float
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Scene:
    """What is shown depends on it. `may_meet`: whether neither of two people blocks the other."""

    clock: Clock
    may_meet: Callable[[MemberId, MemberId], bool]


class Said(Protocol):
    """A sentence that knows its own meaning: a wish of the room, or to be told again where everybody is (None)."""

    def meaning(self, about: About) -> c.Command | None: ...


class Authenticate(msgspec.Struct, frozen=True, gc=False):
    """A fresh access token, before the one that the socket was opened with expires."""

    token: Token


class Ping(msgspec.Struct, frozen=True, gc=False):
    """Answered with `pong` at once."""


class Authenticated(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="authenticated"):
    """The fresh token counts from now on."""


class Pong(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="pong"):
    """`timestamp`: the server's clock."""

    timestamp: str


Ref = str | int


class Ack(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="ack"):
    """What was asked with this `ref` is done and kept."""

    ref: Ref


BY_THE_TRANSPORT: Final[Mapping[str, type]] = {"authenticate": Authenticate, "ping": Ping}
TO_ONE: Final[Mapping[str, type]] = {
    "authenticated": Authenticated,
    "pong": Pong,
    "ack": Ack,
    "error": errors.Error,
}
"""What is said to one socket alone, on each of the lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One line's language. `told` and `relayed`: what everybody is told; nothing: there is no word for it.

    `heard`: what clients send, by its `type`. `welcome`: the whole picture, for one who has just come in; `again`:
    where everybody is, for one who asks. `corrected`: where one player should be, which is so far off (ms), then.
    `by_somebody`: who said it, of what is kept from people who have nothing to do with each other.
    `says`: the events there are words for, and `asks`: the commands that can be given; both are proven by a test.
    """

    name: str
    description: str
    heard: Mapping[str, type[Said]]
    spoken: Mapping[str, type]
    says: frozenset[type[Event]]
    asks: frozenset[type[c.Command]]
    told: Callable[[Recorded, Room, float, Clock], Structs]
    relayed: Callable[[Relay, Room, float, Clock], Structs]
    welcome: Callable[[Room, MemberId, float, Scene], msgspec.Struct]
    again: Callable[[Room, MemberId, float, Scene], msgspec.Struct]
    corrected: Callable[[Room, MemberId, float, float, Clock], msgspec.Struct] | None = None
    by_somebody: Mapping[type[Event], Callable[[Any], MemberId]] = field(default_factory=dict)
    steering: Steering = UNSTEERED
    coalesced: frozenset[type[Event]] = frozenset()
    echoes: bool = False

    @property
    def everything_heard(self) -> Mapping[str, type]:
        return {**self.heard, **BY_THE_TRANSPORT}

    @property
    def everything_spoken(self) -> Mapping[str, type]:
        return {**self.spoken, **TO_ONE}


class PartyLine:
    """A sentence comes as two arguments: the whole message, and `[room, epoch]` as the transport knows them."""

    coalesce_above = 0
    one_socket_per_member = False
    meets = False
    schedules = False

    def __init__(self, words: Words, scene: Scene, *, new_id: Callable[[], str]) -> None:
        self.words = words
        self.name = words.name
        self.unspoken = frozenset(EVENTS) - words.says
        self.unheard = frozenset(c.COMMANDS) - words.asks
        self.coalesced = words.coalesced
        self.steering = words.steering
        self.echoes = words.echoes
        self.events = frozenset(words.everything_heard)
        self.personal = frozenset(words.by_somebody)
        self._scene = scene
        self._clock = scene.clock
        self._new_id = new_id
        self._decoders: dict[str, msgspec.json.Decoder[Any]] = {
            name: msgspec.json.Decoder(said) for name, said in words.everything_heard.items()
        }
        self._last: tuple[Recorded, MemberId, Frames] | None = None
        """The newest of what somebody has said, who that is, and what everybody is told of it."""

    def hear(self, name: str, args: Sequence[msgspec.Raw], received_ms: float) -> Sentence:
        message, (room, epoch) = args[0], _context.decode(args[1])
        if name == ENTER and not message:
            return Enter(room, None, None)
        decoder = self._decoders.get(name)
        if decoder is None:
            raise Malformed(_unknown(name))
        try:
            said = decoder.decode(message)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as problem:
            raise Malformed(f"{name}: {explained(problem)}") from None
        if isinstance(said, Authenticate):
            return SignIn(said.token)
        command = said.meaning(About(room, epoch, received_ms, self._new_id))
        return Resync(room, None) if command is None else Ask(room, None, command)

    def encode(self, recorded: Recorded, room: Room, now_ms: float) -> Frames:
        return _say(*self.words.told(recorded, room, now_ms, self._clock))

    def tell(self, recorded: Recorded, room: Room, viewer: Viewer, now_ms: float) -> Frames:
        """The same frames for each who may hear them, encoded once."""
        last = self._last
        if last is None or last[0] is not recorded:
            by = self.words.by_somebody[type(recorded.event)](recorded.event)
            self._last = last = (recorded, by, self.encode(recorded, room, now_ms))
        _, by, frames = last
        return frames if by == viewer.member or self._scene.may_meet(viewer.member, by) else ()

    def relay(self, relayed: Relay, room: Room, now_ms: float) -> Frames:
        return _say(*self.words.relayed(relayed, room, now_ms, self._clock))

    def welcome(self, room: Room, viewer: Viewer, now_ms: float, *, reason: Afresh | None = None) -> Frames:
        return _say(self.words.welcome(room, viewer.member, now_ms, self._scene))

    def replay(self, events: Sequence[Recorded], room: Room, viewer: Viewer, now_ms: float) -> Frames:
        return self.welcome(room, viewer, now_ms)

    def founded(self, room: Room, viewer: Viewer, now_ms: float) -> Frames:
        return self.welcome(room, viewer, now_ms)

    def resync(self, room: Room, viewer: Viewer, now_ms: float) -> Frames:
        return _say(self.words.again(room, viewer.member, now_ms, self._scene))

    def steer(
        self, room: Room, viewer: Viewer, drift_ms: float | None, now_ms: float, correct: bool
    ) -> Frames:
        corrected = self.words.corrected
        if not correct or corrected is None:
            return ()
        at_ms = now_ms + viewer.half_rtt_ms
        return _say(corrected(room, viewer.member, drift_ms or 0.0, at_ms, self._clock))

    def status(self, room: Room, standings: Mapping[MemberId, Standing], now_ms: float) -> Frames:
        return ()

    def refuse(self, refused: Refused) -> Frame:
        return Frame(_json(errors.refused(refused)))

    def malformed(self, problem: str) -> Frame:
        return Frame(_json(errors.malformed(problem)))

    def answer(self, outcome: Room | Refused | Malformed | None) -> bytes:
        """An error; nothing where all is well, for the room has said so, and the transport says it to one who asked."""
        if isinstance(outcome, Refused):
            return _json(errors.refused(outcome))
        return _json(errors.malformed(str(outcome))) if isinstance(outcome, Malformed) else b""


def _unknown(name: str) -> str:
    if not name:
        return "Every message is a JSON object with a `type`"
    return f"There is no message of type {name[:64]!r} here"


def _say(*said: msgspec.Struct) -> Frames:
    return tuple(Frame(_json(one)) for one in said)
