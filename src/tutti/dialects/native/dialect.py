"""`tutti.v1` between the socket and the rooms. Every event is told, in order, with its own number."""

# ruff: noqa: ARG002 - the port hands every dialect the same things, and this one treats all viewers alike

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from tutti.core import commands as c
from tutti.core.events import Event, Recorded
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Refused
from tutti.core.relays import Everywhere, Relay, Rewired, Signalled
from tutti.core.room import Room
from tutti.dialects.native import errors, spoken, wire
from tutti.dialects.native.defaults import NAME
from tutti.dialects.native.fields import explained
from tutti.service.dialect import Afresh, Ask, Malformed, Sentence, SignIn, Steering, Viewer
from tutti.service.frames import Frame
from tutti.service.standing import Standing

SUBPROTOCOL = "tutti.v1"
MOST_IN_STATUS = 100
"""Larger rooms are not told how everybody is doing: that would be a message of n entries to n people each second."""

_said = msgspec.json.Decoder(wire.Hello | wire.SignIn | wire.Wish)
_room = msgspec.json.Decoder(str)
_json = msgspec.json.Encoder().encode


class Native:
    """A sentence comes as two arguments: the whole message, and the room that the connection is for, as JSON."""

    name = NAME
    events = frozenset(wire.HEARD)
    unspoken: frozenset[type[Event]] = frozenset()
    unheard: frozenset[type[c.Command]] = frozenset(
        (
            *(c.Report, c.Depart, c.EndWait, c.Expire),
            *(c.Whisper, c.LowerHands, c.SetLobby, c.Admit, c.Deny, c.SetPassword, c.Share, c.StopShare),
            *(c.SetSharePolicy, c.SetMuted, c.Mute, c.AskUnmute, c.StartRecording, c.StopRecording),
            *(c.HangUp, c.EndKnock, c.EndPoll, c.SetAccess),
            *(c.EnterCall, c.LeaveCall, c.SetSpeaking, c.Signal, c.Annotate, c.ClearAnnotations),
            *(c.OpenBreakouts, c.Assign, c.ExtendBreakouts, c.CloseBreakouts, c.TellBreakouts, c.AskHelp),
            c.EndBreakouts,
        )
    )
    personal: frozenset[type[Event]] = frozenset()
    coalesced: frozenset[type[Event]] = frozenset()
    coalesce_above = 0
    steering = Steering(every_s=1.0, over_ms=math.inf, hold_s=0.0, modelled=False)
    one_socket_per_member = False
    meets = False
    schedules = True
    echoes = False

    def hear(self, name: str, args: Sequence[msgspec.Raw], received_ms: float) -> Sentence:
        message, room = args
        try:
            said = _said.decode(message)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as problem:
            raise Malformed(explained(problem)) from None
        room_id = RoomId(_room.decode(room))
        if isinstance(said, wire.Hello):
            return said.entering(room_id)
        if isinstance(said, wire.SignIn):
            return SignIn(said.token)
        return Ask(room_id, None, said.meaning())

    def encode(self, recorded: Recorded, room: Room, now_ms: float) -> tuple[Frame, ...]:
        return _say(spoken.event(recorded, room))

    def tell(self, recorded: Recorded, room: Room, viewer: Viewer, now_ms: float) -> tuple[Frame, ...]:
        return ()

    def relay(self, relayed: Relay, room: Room, now_ms: float) -> tuple[Frame, ...]:
        return () if isinstance(relayed, Everywhere | Rewired | Signalled) else _say(spoken.relayed(relayed))

    def welcome(
        self, room: Room, viewer: Viewer, now_ms: float, reason: Afresh | None = None
    ) -> tuple[Frame, ...]:
        welcome = spoken.Welcome(
            you=spoken.you(room, viewer.member),
            epoch=room.epoch,
            seq=room.seq,
            now=now_ms,
            resumed=False,
            room=spoken.snapshot(room),
            reason=reason or msgspec.UNSET,
        )
        return _say(welcome)

    def replay(
        self, missed: Sequence[Recorded], room: Room, viewer: Viewer, now_ms: float
    ) -> tuple[Frame, ...]:
        welcome = spoken.Welcome(
            you=spoken.you(room, viewer.member),
            epoch=room.epoch,
            seq=room.seq - len(missed),
            now=now_ms,
            resumed=True,
            missed=len(missed),
        )
        return (*_say(welcome), *(Frame(_json(spoken.event(one, room))) for one in missed))

    def founded(self, room: Room, viewer: Viewer, now_ms: float) -> tuple[Frame, ...]:
        return self.welcome(room, viewer, now_ms)

    def resync(self, room: Room, viewer: Viewer, now_ms: float) -> tuple[Frame, ...]:
        return self.welcome(room, viewer, now_ms)

    def steer(
        self, room: Room, viewer: Viewer, drift_ms: float | None, now_ms: float, correct: bool
    ) -> tuple[Frame, ...]:
        """Nobody is steered: a client that knows the timeline and the clock steers itself."""
        return ()

    def status(self, room: Room, standings: Mapping[MemberId, Standing], now_ms: float) -> tuple[Frame, ...]:
        if not standings or len(room.members) > MOST_IN_STATUS:
            return ()
        members = [spoken.doing(member, standing) for member, standing in standings.items()]
        return _say(spoken.Status(members, now_ms))

    def refuse(self, refused: Refused) -> Frame:
        return Frame(_json(errors.refused(refused)))

    def malformed(self, problem: str) -> Frame:
        return Frame(_json(spoken.Malformed(message=problem)))

    def answer(self, outcome: Room | Refused | Malformed | None) -> bytes:
        """Without its `ref`: the connection knows that, and puts it in."""
        if isinstance(outcome, Refused):
            return _json(errors.refused(outcome))
        if isinstance(outcome, Malformed):
            return _json(spoken.Malformed(message=str(outcome)))
        return _json(spoken.Ack() if outcome is None else spoken.Ack(seq=outcome.seq))


def _say(told: spoken.Told) -> tuple[Frame, ...]:
    return (Frame(_json(told)),)
