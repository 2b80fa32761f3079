"""Guide 000 over Socket.IO: one player leads, and each of the others is told where it should be.

`sync_command` is for one viewer: its position has the viewer's half round trip and offset in it. The guide's client
plays and seeks on `play`, plays from 0 on `switch_track`, and only stops on `pause`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, assert_never

import msgspec
import structlog

from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.drift import quality, target_ms
from tutti.core.events import CloseReason, Event, LeaveReason, Move, Recorded
from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.core.relays import Relay
from tutti.core.room import Room
from tutti.dialects.listen import wire
from tutti.dialects.listen.errors import MALFORMED, fault
from tutti.service.dialect import Afresh, Malformed, Sentence, Steering, Viewer
from tutti.service.frames import Frame
from tutti.service.ports import Clock
from tutti.service.standing import Standing

log = structlog.get_logger("tutti.listen")

EventFrame = Callable[[str, bytes], Frame]
"""A Socket.IO event with this name and the JSON of its one argument."""

_encoder = msgspec.json.Encoder()
_decoders: Final[Mapping[str, msgspec.json.Decoder[wire.Said]]] = {
    name: msgspec.json.Decoder(said) for name, said in wire.HEARD.items()
}

Frames = tuple[Frame, ...]


class Listen:
    """Implements `service.dialect.Dialect`."""

    name = "listen"
    events = frozenset(_decoders)
    unspoken: frozenset[type[Event]] = frozenset(
        (
            e.RoomOpened,
            e.MemberJoined,
            e.HostChanged,
            e.RoleChanged,
            e.LockChanged,
            e.CapacityChanged,
            e.ChatSwitched,
            e.OffsetSet,
            e.QueueChanged,
            e.ChatSaid,
            e.HandChanged,
            e.ReadyChanged,
            e.WaitingSwitched,
            e.WaitBegan,
            e.WaitEnded,
            *(e.CallEntered, e.CallLeft, e.LobbySwitched, e.Knocked, e.KnockEnded, e.SharingChanged),
            *(e.SharePolicyChanged, e.MuteChanged, e.PasswordChanged, e.SeatKept),
            *(e.RecordingStarted, e.RecordingStopped),
            *(e.ChatEdited, e.ChatRemoved, e.SlowModeChanged, e.PollOpened, e.PollVoted, e.PollClosed),
            e.AccessChanged,
            *(e.BreakoutsOpened, e.Assigned, e.BreakoutsExtended, e.BreakoutsClosed),
        )
    )
    unheard: frozenset[type[c.Command]] = frozenset(
        (
            c.Leave,
            c.Expel,
            c.TransferHost,
            c.Appoint,
            c.SetLock,
            c.SetCapacity,
            c.SwitchChat,
            c.ChangeMedia,
            c.ChangeProvider,
            c.ChangeEpisode,
            c.Play,
            c.Pause,
            c.Seek,
            c.SeekBy,
            c.SetRate,
            c.Observe,
            c.AddToQueue,
            c.RemoveFromQueue,
            c.MoveInQueue,
            c.PlayNext,
            c.Chat,
            c.React,
            c.RaiseHand,
            c.SetReady,
            c.SetWaiting,
            *(c.Whisper, c.LowerHands, c.SetLobby, c.Admit, c.Deny, c.SetPassword, c.Share, c.StopShare),
            *(c.SetSharePolicy, c.SetMuted, c.Mute, c.AskUnmute, c.StartRecording, c.StopRecording),
            *(c.HangUp, c.EndKnock),
            *(c.EditChat, c.RemoveChat, c.SetSlowMode, c.SetTyping, c.OpenPoll, c.Vote, c.ClosePoll),
            *(c.EnterCall, c.LeaveCall, c.SetSpeaking, c.Signal, c.Annotate, c.ClearAnnotations),
            *(c.EndPoll, c.SetAccess),
            *(c.OpenBreakouts, c.Assign, c.ExtendBreakouts, c.CloseBreakouts, c.TellBreakouts, c.AskHelp),
            c.EndBreakouts,
            c.Depart,
            c.EndWait,
            c.Expire,
        )
    )
    personal: frozenset[type[Event]] = frozenset((e.TimelineMoved, e.MediaChanged, e.MemberLeft))
    coalesced: frozenset[type[Event]] = frozenset()
    coalesce_above = 0
    steering = Steering(every_s=120.0, over_ms=1_000.0, hold_s=10.0, modelled=True, restarts_under_ms=1_000.0)
    one_socket_per_member = True
    meets = False
    schedules = False
    echoes = True

    def __init__(self, event_frame: EventFrame, clock: Clock) -> None:
        self._event_frame = event_frame
        self._clock = clock

    def hear(self, name: str, args: Sequence[msgspec.Raw], received_ms: float) -> Sentence:
        decoder = _decoders.get(name)
        if decoder is None:
            raise Malformed(f"There is no event {name[:64]!r}")
        if not args:
            raise Malformed(f"{name} needs one argument, an object")
        try:
            return decoder.decode(args[0]).meaning(received_ms)
        except msgspec.MsgspecError as problem:
            raise Malformed(f"{name}: {problem}") from None
        except (UnicodeDecodeError, RecursionError):
            raise Malformed(f"{name}: this is no JSON that can be read") from None

    def encode(self, recorded: Recorded, room: Room, now_ms: float) -> Frames:  # noqa: ARG002 - the port's shape
        match recorded.event:
            case e.RoomClosed(reason):
                return (self._frame("session_ended", wire.SessionEnded(room.id, _end(reason))),)
            case _:
                return ()

    def tell(self, recorded: Recorded, room: Room, viewer: Viewer, now_ms: float) -> Frames:
        event = recorded.event
        match event:
            case e.MemberLeft(member, reason):
                lost = member == viewer.member and reason is LeaveReason.EXPELLED
                return (self.refuse(Refused(Reason.EXPELLED)),) if lost else ()
            case e.MediaChanged() | e.TimelineMoved() if event.by == viewer.member:
                return ()  # whoever moved it is there already
            case e.MediaChanged():
                return self._begin(room, viewer, now_ms)
            case e.TimelineMoved(move=move):
                return self._move(move, room, viewer, now_ms)
            case _:
                return ()

    def relay(self, relayed: Relay, room: Room, now_ms: float) -> Frames:  # noqa: ARG002 - no word for it
        return ()

    def welcome(
        self,
        room: Room,
        viewer: Viewer,
        now_ms: float,
        *,
        reason: Afresh | None = None,  # noqa: ARG002 - nobody asks for less here
    ) -> Frames:
        log.info("listen.joined", room=room.id, member=viewer.member, host=room.host == viewer.member)
        if room.host == viewer.member:
            return ()
        return (*self._begin(room, viewer, now_ms), *self._status(0.0, now_ms))

    def replay(self, events: Sequence[Recorded], room: Room, viewer: Viewer, now_ms: float) -> Frames:  # noqa: ARG002 - where everybody is now says it all
        return self.welcome(room, viewer, now_ms)

    def founded(self, room: Room, viewer: Viewer, now_ms: float) -> Frames:  # noqa: ARG002 - made over HTTP only
        return ()

    def resync(self, room: Room, viewer: Viewer, now_ms: float) -> Frames:
        if room.host == viewer.member:
            return ()
        if room.timeline.playing:
            commands = self._command("play", room, viewer, now_ms)
        else:
            commands = self._stop_there(room, viewer, now_ms)
        return (*commands, *self._status(0.0, now_ms))

    def steer(
        self, room: Room, viewer: Viewer, drift_ms: float | None, now_ms: float, correct: bool
    ) -> Frames:
        if room.host == viewer.member:
            return ()
        seek = self._command("seek", room, viewer, now_ms) if correct else ()
        return seek if drift_ms is None else (*seek, *self._status(drift_ms, now_ms))

    def status(self, room: Room, standings: Mapping[MemberId, Standing], now_ms: float) -> Frames:  # noqa: ARG002 - each hears its own
        return ()

    def refuse(self, refused: Refused) -> Frame:
        said = fault(refused)
        return self._frame("error", wire.Error(said.sentence, said.code, refused.retry_after_s))

    def malformed(self, problem: str) -> Frame:
        return self._frame("error", wire.Error(problem, MALFORMED))

    def answer(self, outcome: Room | Refused | Malformed | None) -> bytes:
        if isinstance(outcome, Malformed):
            return _encoder.encode(wire.Acknowledgement(False, error=str(outcome), code=MALFORMED))
        if isinstance(outcome, Refused):
            said = fault(outcome)
            no = wire.Acknowledgement(
                False, error=said.sentence, code=said.code, retry_after=outcome.retry_after_s
            )
            return _encoder.encode(no)
        return _encoder.encode(wire.Acknowledgement(True, outcome.id if outcome else None))

    def _begin(self, room: Room, viewer: Viewer, now_ms: float) -> Frames:
        """Another track than the viewer has: from its beginning, or from where it is, and stopped if it is paused."""
        starts = _target_ms(room, viewer, now_ms) < self.steering.restarts_under_ms
        commands = self._command("switch_track" if starts else "play", room, viewer, now_ms)
        return (
            commands if room.timeline.playing else (*commands, *self._command("pause", room, viewer, now_ms))
        )

    def _move(self, move: Move, room: Room, viewer: Viewer, now_ms: float) -> Frames:
        match move:
            case Move.PLAY | Move.MEDIA:
                return self._command("play", room, viewer, now_ms)
            case Move.PAUSE:
                return self._command("pause", room, viewer, now_ms)
            case Move.SEEK:
                return self._command("seek", room, viewer, now_ms)
            case Move.RATE | Move.CORRECTION:
                return ()  # `steer` tells those who are too far off
            case _:
                assert_never(move)

    def _stop_there(self, room: Room, viewer: Viewer, now_ms: float) -> Frames:
        return (
            *self._command("pause", room, viewer, now_ms),
            *self._command("seek", room, viewer, now_ms),
        )

    def _command(self, action: wire.Action, room: Room, viewer: Viewer, now_ms: float) -> Frames:
        if room.media is None:
            return ()
        position = round(_target_ms(room, viewer, now_ms))
        said = wire.SyncCommand(action, room.media.id, position, round(self._clock.wall_ms(now_ms)))
        log.debug("listen.broadcast", room=room.id, member=viewer.member, action=action)
        return (self._frame("sync_command", said),)

    def _status(self, drift_ms: float, now_ms: float) -> Frames:
        at = iso(self._clock.wall_ms(now_ms))
        return (self._frame("sync_status", wire.SyncStatus(round(drift_ms), at, quality(drift_ms).value)),)

    def _frame(self, name: str, said: msgspec.Struct) -> Frame:
        return self._event_frame(name, _encoder.encode(said))


def iso(wall_ms: float) -> str:
    """As the guide writes a time: UTC, whole seconds, `Z`."""
    return _iso(int(wall_ms // 1000))


@lru_cache(4096)
def _iso(wall_s: int) -> str:
    return datetime.fromtimestamp(wall_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _target_ms(room: Room, viewer: Viewer, now_ms: float) -> float:
    """Where this viewer should be when what is sent now arrives."""
    member = room.members.get(viewer.member)
    offset_ms = member.offset_ms if member else 0.0
    return target_ms(room.timeline, offset_ms, now_ms + viewer.half_rtt_ms, room.duration_ms)


def _end(reason: CloseReason) -> wire.EndReason:
    match reason:
        case CloseReason.HOST_LOST:
            return "host_disconnected"
        case CloseReason.EXPIRED:
            return "session_expired"
        case CloseReason.HOST_ENDED:
            return "host_ended"
        case _:
            assert_never(reason)
