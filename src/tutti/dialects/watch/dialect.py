"""Guide 001's events, between the socket and the rooms.

The guide's player applies every `playback_updated` that is not its own user's, and nothing else after
`initial_state`. So a correction of one player is a `playback_updated` of nobody (`userId` empty).
"""

# ruff: noqa: ARG002 - the port hands every dialect the same things, and this one treats all viewers alike

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, assert_never

import msgspec
import structlog

from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.events import Change, Event, LeaveReason, Move, Recorded
from tutti.core.ids import MemberId
from tutti.core.media import Media
from tutti.core.refusals import Refused
from tutti.core.relays import Relay
from tutti.core.room import Room
from tutti.dialects.watch import errors, spoken
from tutti.dialects.watch.choices import House
from tutti.dialects.watch.defaults import NAME
from tutti.dialects.watch.fields import explained
from tutti.dialects.watch.heard import HEARD
from tutti.service.dialect import Afresh, Malformed, Sentence, Steering, Viewer
from tutti.service.frames import Frame
from tutti.service.ports import Clock
from tutti.service.standing import Standing

log = structlog.get_logger("tutti.watch")

EventFrame = Callable[[str, bytes], Frame]
"""A Socket.IO event: its name, and the JSON of its one argument."""

MOST_IN_STATUS = 50
"""Larger rooms are not told everybody's drift: that would be a message of n entries to n people each second."""

_decoders = {name: msgspec.json.Decoder(struct) for name, struct in HEARD.items()}
_json = msgspec.json.Encoder()


class Watch:
    """`house`: which providers there are and what a new room is like."""

    name = NAME
    events = frozenset(HEARD)
    unspoken: frozenset[type[Event]] = frozenset(
        (
            *(e.RoomOpened, e.RoleChanged, e.LockChanged, e.CapacityChanged, e.ChatSwitched, e.OffsetSet),
            *(e.QueueChanged, e.ChatSaid, e.HandChanged),
            *(e.ReadyChanged, e.WaitingSwitched, e.WaitBegan, e.WaitEnded),
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
            *(c.Appoint, c.SetLock, c.SetCapacity, c.SwitchChat, c.SetOffset, c.Close, c.Depart, c.Expire),
            *(c.AddToQueue, c.RemoveFromQueue, c.MoveInQueue, c.PlayNext),
            *(c.Chat, c.React, c.RaiseHand, c.Observe, c.SetReady, c.SetWaiting, c.EndWait),
            *(c.Whisper, c.LowerHands, c.SetLobby, c.Admit, c.Deny, c.SetPassword, c.Share, c.StopShare),
            *(c.SetSharePolicy, c.SetMuted, c.Mute, c.AskUnmute, c.StartRecording, c.StopRecording),
            *(c.HangUp, c.EndKnock),
            *(c.EditChat, c.RemoveChat, c.SetSlowMode, c.SetTyping, c.OpenPoll, c.Vote, c.ClosePoll),
            *(c.EnterCall, c.LeaveCall, c.SetSpeaking, c.Signal, c.Annotate, c.ClearAnnotations),
            *(c.EndPoll, c.SetAccess),
            *(c.OpenBreakouts, c.Assign, c.ExtendBreakouts, c.CloseBreakouts, c.TellBreakouts, c.AskHelp),
            c.EndBreakouts,
        )
    )
    personal: frozenset[type[Event]] = frozenset()
    coalesced: frozenset[type[Event]] = frozenset((e.MemberJoined, e.MemberLeft))
    coalesce_above = 10
    steering = Steering(every_s=1.0, over_ms=750.0, hold_s=5.0, modelled=False)
    one_socket_per_member = False
    meets = False
    schedules = False
    echoes = True

    def __init__(self, event_frame: EventFrame, clock: Clock, house: House) -> None:
        self.house = house
        self.clock = clock
        self._event_frame = event_frame

    def hear(self, name: str, args: Sequence[msgspec.Raw], received_ms: float) -> Sentence:
        decoder = _decoders.get(name)
        if decoder is None:
            raise Malformed(f"There is no event {name[:64]!r} here")
        if not args:
            raise Malformed(f"{name} needs an object")
        try:
            said = decoder.decode(args[0])
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as problem:
            raise Malformed(f"{name}: {explained(problem)}") from None
        sentence: Sentence = said.meaning(self.house, received_ms)
        return sentence

    def encode(self, recorded: Recorded, room: Room, now_ms: float) -> tuple[Frame, ...]:
        log.debug("watch.broadcast", room=room.id, seq=recorded.seq, kind=type(recorded.event).__name__)
        match recorded.event:
            case e.MemberJoined(member):
                said = spoken.UserJoined(member.id, *self._roster(room))
                return self._say("user_joined", said)
            case e.MemberLeft(member_id, LeaveReason.EXPELLED):
                return self._say("user_kicked", spoken.UserKicked(member_id, *self._roster(room)))
            case e.MemberLeft(member_id, _):
                return self._say("user_left", spoken.UserLeft(member_id, *self._roster(room)))
            case e.HostChanged(host, was):
                return self._say("admin_changed", spoken.AdminChanged(host, was, *self._roster(room)))
            case e.TimelineMoved(_, move, by):
                return self._moved(_moving(move, room, now_ms), room, by, now_ms)
            case e.MediaChanged(media, _, change, by):
                return self._changed(change, media, room, by, now_ms)
            case e.RoomClosed(reason):
                return self._say("room_closed", spoken.RoomClosed(room.id, reason.value))
            case _:
                return ()

    def tell(self, recorded: Recorded, room: Room, viewer: Viewer, now_ms: float) -> tuple[Frame, ...]:
        return ()

    def relay(self, relayed: Relay, room: Room, now_ms: float) -> tuple[Frame, ...]:
        return ()

    def replay(
        self, events: Sequence[Recorded], room: Room, viewer: Viewer, now_ms: float
    ) -> tuple[Frame, ...]:
        return self.welcome(room, viewer, now_ms)

    def welcome(
        self, room: Room, viewer: Viewer, now_ms: float, *, reason: Afresh | None = None
    ) -> tuple[Frame, ...]:
        log.debug("watch.joined", room=room.id, user=viewer.member, members=len(room.members))
        info = spoken.room_info(room, self.clock, now_ms)
        said = spoken.InitialState(
            info.current_state,
            info.participants,
            info.members,
            spoken.epoch_ms(self.clock, now_ms),
            info,
            room.host,
        )
        return self._say("initial_state", said)

    def founded(self, room: Room, viewer: Viewer, now_ms: float) -> tuple[Frame, ...]:
        log.info("watch.created", room=room.id, user=viewer.member)
        return self._say("room_created", spoken.room_info(room, self.clock, now_ms))

    def resync(self, room: Room, viewer: Viewer, now_ms: float) -> tuple[Frame, ...]:
        return self._say("sync_response", self.sync(room, now_ms))

    def sync(self, room: Room, now_ms: float) -> spoken.SyncResponse:
        info = spoken.room_info(room, self.clock, now_ms)
        return spoken.SyncResponse(info.current_state, spoken.epoch_ms(self.clock, now_ms), room.host, info)

    def steer(
        self, room: Room, viewer: Viewer, drift_ms: float | None, now_ms: float, correct: bool
    ) -> tuple[Frame, ...]:
        """An admin that drifts is not told: its reports move the timeline instead."""
        if not correct or (drift_ms is not None and viewer.member == room.host):
            return ()
        return self._moved(_moving(Move.CORRECTION, room, now_ms), room, "", now_ms)

    def status(self, room: Room, standings: Mapping[MemberId, Standing], now_ms: float) -> tuple[Frame, ...]:
        if not standings or len(room.members) > MOST_IN_STATUS:
            return ()
        known = spoken.member_syncs(standings)
        if not known:
            return ()
        return self._say("sync_status", spoken.SyncStatus(known, spoken.epoch_ms(self.clock, now_ms)))

    def refuse(self, refused: Refused) -> Frame:
        return self._event_frame("error", _json.encode(errors.error(refused)))

    def malformed(self, problem: str) -> Frame:
        return self._event_frame("error", _json.encode(errors.bad_request(problem)))

    def answer(self, outcome: Room | Refused | Malformed | None) -> bytes:
        if outcome is None:
            return b'{"success":true}'
        if isinstance(outcome, Malformed):
            return _json.encode({"success": False, "error": errors.bad_request(str(outcome))})
        if isinstance(outcome, Refused):
            return _json.encode({"success": False, "error": errors.error(outcome)})
        return _json.encode(
            {"success": True, "data": spoken.room_info(outcome, self.clock, self.clock.now_ms())}
        )

    def _roster(self, room: Room) -> tuple[list[str], list[spoken.Participant]]:
        return spoken.participants_of(room), spoken.members_of(room, self.clock)

    def _say(self, name: str, said: msgspec.Struct) -> tuple[Frame, ...]:
        return (self._event_frame(name, _json.encode(said)),)

    def _moved(self, action: spoken.Done, room: Room, by: str, now_ms: float) -> tuple[Frame, ...]:
        timestamp = spoken.epoch_ms(self.clock, now_ms)
        said = spoken.PlaybackUpdated(action, spoken.state_of(room, now_ms), by, timestamp)
        return self._say("playback_updated", said)

    def _changed(self, change: Change, media: Media, room: Room, by: str, now_ms: float) -> tuple[Frame, ...]:
        state, timestamp = spoken.state_of(room, now_ms), spoken.epoch_ms(self.clock, now_ms)
        match change:
            case Change.EPISODE:
                action = spoken.Done("changeEpisode", {"episode": media.episode})
                return self._say("episode_changed", spoken.EpisodeChanged(action, state, by, timestamp))
            case Change.PROVIDER:
                action = spoken.Done("changeProvider", {"provider": media.provider})
                return self._say("provider_changed", spoken.ProviderChanged(action, state, by, timestamp))
            case Change.MEDIA:
                action = spoken.Done("changeMedia", _chosen(media))
                return self._say("media_changed", spoken.MediaChanged(action, state, by, timestamp))
            case _:
                assert_never(change)


def _moving(move: Move, room: Room, now_ms: float) -> spoken.Done:
    """The action that would have moved the room there, as a client would have sent it."""
    if move is Move.RATE:
        return spoken.Done("setPlaybackRate", {"rate": room.timeline.rate})
    return spoken.Done(_word(move), {"currentTime": round(room.extrapolated_at(now_ms)) / 1000})


def _word(move: Move) -> str:
    match move:
        case Move.PLAY:
            return "play"
        case Move.PAUSE:
            return "pause"
        case Move.SEEK:
            return "seek"
        case Move.RATE:
            return "setPlaybackRate"
        case Move.CORRECTION | Move.MEDIA:
            return "updateTime"
        case _:
            assert_never(move)


def _chosen(media: Media) -> dict[str, Any]:
    chosen: dict[str, Any] = {"mediaId": media.id, "mediaType": media.kind, "provider": media.provider}
    return chosen if media.episode is None else {**chosen, "episode": media.episode}
