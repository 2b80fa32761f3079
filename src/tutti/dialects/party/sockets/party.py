"""`/ws/party/{id}/`: who is there, what plays and where, reactions, and what is said."""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.events import Move, Recorded
from tutti.core.ids import MemberId
from tutti.core.permissions import Needs, holds
from tutti.core.relays import Reacted, Relay, Typing
from tutti.core.room import Room
from tutti.dialects.party.auth_bodies import iso
from tutti.dialects.party.sockets import company
from tutti.dialects.party.sockets import fields as f
from tutti.dialects.party.sockets.company import ChatMessage, SetTyping, TypingNow, UserJoined, UserLeft
from tutti.dialects.party.sockets.dialect import About, Scene, Structs, Words
from tutti.dialects.party.sockets.shapes import Message, Participant, User, Video
from tutti.platform.chat_archive.schemas import key
from tutti.service.dialect import Malformed
from tutti.service.ports import Clock

NAME: Final = "party"

Action = Literal["play", "pause", "seek"]


class VideoControl(msgspec.Struct, frozen=True, gc=False):
    """Move everybody's video; who may, the party says. `video_time` in seconds; left out: from where it stands."""

    action: Action
    video_time: f.Seconds | None = None
    current_time: f.Seconds | None = None
    position: f.Seconds | None = None

    def meaning(self, _: About) -> c.Command:
        to_ms = f.ms(_first(self.video_time, self.current_time, self.position))
        match self.action:
            case "play":
                return c.Play(to_ms)
            case "pause":
                return c.Pause(to_ms)
            case "seek" if to_ms is not None:
                return c.Seek(to_ms)
            case _:
                raise Malformed("video_control: seek needs video_time")


class SyncRequest(msgspec.Struct, frozen=True, gc=False):
    """Answered with `sync_response`."""

    def meaning(self, _: About) -> None:
        return None


class Reaction(msgspec.Struct, frozen=True, gc=False):
    """An emoji that everybody sees now and nobody keeps. `video_timestamp`: in seconds; left out: where the video is."""

    emoji: f.Emoji
    video_timestamp: f.Seconds | None = None

    def meaning(self, _: About) -> c.Command:
        return c.React(self.emoji, f.ms(self.video_timestamp))


class You(msgspec.Struct, frozen=True, gc=False):
    """`can_control`: whether `video_control` of this person moves the video."""

    id: str
    role: str
    can_control: bool


class PartyState(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="party_state"):
    """Everything, told first of all. `video_time` in seconds, at `timestamp`."""

    room_code: str
    title: str
    host_id: str | None
    you: You
    participants: list[Participant]
    participant_count: int
    max_participants: int
    video: Video | None
    video_time: float
    current_timestamp: float
    is_playing: bool
    playback_rate: float
    chat_enabled: bool
    slow_mode_seconds: float
    locked: bool
    timestamp: str


class VideoMoved(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="video_control"):
    """Be there, and do this, now. `video_time` in seconds, at `timestamp`. `rate`: the speed alone has changed."""

    action: Literal["play", "pause", "seek", "rate"]
    video_time: float
    is_playing: bool
    playback_rate: float
    user: User
    timestamp: str


class SyncResponse(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="sync_response"):
    """Where the video is. `video_time` in seconds, at `timestamp`."""

    video: Video | None
    video_time: float
    is_playing: bool
    playback_rate: float
    timestamp: str


class Reacting(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="reaction"):
    """Somebody shows this at that place of the video, in seconds."""

    emoji: str
    video_timestamp: float
    user: User
    timestamp: str


class Edited(msgspec.Struct, frozen=True, gc=False):
    """A message has other words now."""

    id: str
    message: str


class PartyUpdate(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="party_update"):
    """Whatever else is different now: only what has changed is there."""

    host_id: str | UnsetType | None = UNSET
    participant: Participant | UnsetType = UNSET
    max_participants: int | UnsetType = UNSET
    locked: bool | UnsetType = UNSET
    chat_enabled: bool | UnsetType = UNSET
    slow_mode_seconds: float | UnsetType = UNSET
    edited_message: Edited | UnsetType = UNSET
    removed_message: str | UnsetType = UNSET
    video: Video | UnsetType | None = UNSET
    video_time: float | UnsetType = UNSET
    is_playing: bool | UnsetType = UNSET
    status: Literal["ended"] | UnsetType = UNSET
    reason: str | UnsetType = UNSET


def _told(recorded: Recorded, room: Room, now_ms: float, clock: Clock) -> Structs:
    match recorded.event:
        case e.TimelineMoved(_, move, by):
            return (_moved(move, room, by, now_ms, clock),)
        case e.MemberJoined() | e.MemberLeft() | e.ChatSaid():
            return company.told(recorded, room, clock)
        case _:
            updated = _updated(recorded, room, now_ms)
            return () if updated is None else (updated,)


def _updated(recorded: Recorded, room: Room, now_ms: float) -> PartyUpdate | None:
    match recorded.event:
        case e.HostChanged(host, _, _):
            return PartyUpdate(host_id=host)
        case e.RoleChanged(who, _) if who in room.members:
            return PartyUpdate(participant=Participant.of(room.members[who]))
        case e.LockChanged(locked):
            return PartyUpdate(locked=locked)
        case e.CapacityChanged(capacity):
            return PartyUpdate(max_participants=capacity)
        case e.ChatSwitched(on):
            return PartyUpdate(chat_enabled=on)
        case e.SlowModeChanged(seconds):
            return PartyUpdate(slow_mode_seconds=seconds)
        case e.ChatEdited(line, text, _):
            return PartyUpdate(edited_message=Edited(key(room.epoch, line), text))
        case e.ChatRemoved(line, _):
            return PartyUpdate(removed_message=key(room.epoch, line))
        case e.MediaChanged(media, timeline, _, _):
            video_time = f.s(room.extrapolated_at(now_ms))
            return PartyUpdate(video=Video.of(media), video_time=video_time, is_playing=timeline.playing)
        case e.RoomClosed(reason):
            return PartyUpdate(status="ended", reason=reason.value)
        case _:
            return None


def _relayed(relayed: Relay, room: Room, now_ms: float, clock: Clock) -> Structs:
    match relayed:
        case Reacted(who, emoji, position_ms):
            stamp = iso(clock.wall_ms(now_ms))
            return (Reacting(emoji, f.s(position_ms), User.of(room, who), stamp),)
        case Typing():
            return (company.typing(relayed),)
        case _:
            return ()


def _welcome(room: Room, me: MemberId, now_ms: float, scene: Scene) -> PartyState:
    video_time = f.s(room.extrapolated_at(now_ms))
    return PartyState(
        room_code=room.id,
        title=room.name,
        host_id=room.host,
        you=you(room, me),
        participants=[Participant.of(member) for member in room.members.values()],
        participant_count=len(room.members),
        max_participants=room.capacity,
        video=Video.of(room.media),
        video_time=video_time,
        current_timestamp=video_time,
        is_playing=room.timeline.playing,
        playback_rate=room.timeline.rate,
        chat_enabled=room.chat_on,
        slow_mode_seconds=room.slow_mode_s,
        locked=room.locked,
        timestamp=iso(scene.clock.wall_ms(now_ms)),
    )


def _again(room: Room, _: MemberId, now_ms: float, scene: Scene) -> SyncResponse:
    return _where(room, now_ms, scene.clock)


def _where(room: Room, now_ms: float, clock: Clock) -> SyncResponse:
    return SyncResponse(
        Video.of(room.media),
        f.s(room.extrapolated_at(now_ms)),
        room.timeline.playing,
        room.timeline.rate,
        iso(clock.wall_ms(now_ms)),
    )


def _corrected(room: Room, _: MemberId, __: float, at_ms: float, clock: Clock) -> SyncResponse:
    """A player that repeated what does not hold any more."""
    return _where(room, at_ms, clock)


def you(room: Room, me: MemberId) -> You:
    member = room.members[me]
    control = holds(Needs.CONTROL, member, room.defaults.control)
    return You(me, Participant.of(member).role, control)


def action(move: Move) -> Literal["play", "pause", "seek", "rate"]:
    match move:
        case Move.PLAY:
            return "play"
        case Move.PAUSE:
            return "pause"
        case Move.RATE:
            return "rate"
        case Move.SEEK | Move.CORRECTION | Move.MEDIA:
            return "seek"


def _moved(move: Move, room: Room, by: MemberId, now_ms: float, clock: Clock) -> VideoMoved:
    return VideoMoved(
        action(move),
        f.s(room.extrapolated_at(now_ms)),
        room.timeline.playing,
        room.timeline.rate,
        User.of(room, by),
        iso(clock.wall_ms(now_ms)),
    )


def _first(*given: float | None) -> float | None:
    return next((one for one in given if one is not None), None)


WORDS: Final = Words(
    name=NAME,
    description="A party: who is there, what plays and where, reactions, and what is said.",
    heard={
        "video_control": VideoControl,
        "sync_request": SyncRequest,
        "reaction": Reaction,
        "chat_message": ChatMessage,
        "typing": SetTyping,
    },
    spoken={
        "party_state": PartyState,
        "video_control": VideoMoved,
        "sync_response": SyncResponse,
        "reaction": Reacting,
        "chat_message": Message,
        "typing": TypingNow,
        "user_joined": UserJoined,
        "user_left": UserLeft,
        "party_update": PartyUpdate,
    },
    says=frozenset(
        (
            *(e.MemberJoined, e.MemberLeft, e.HostChanged, e.RoleChanged, e.LockChanged, e.CapacityChanged),
            *(e.ChatSwitched, e.ChatSaid, e.ChatEdited, e.ChatRemoved, e.SlowModeChanged),
            *(e.TimelineMoved, e.MediaChanged, e.RoomClosed),
        )
    ),
    asks=frozenset((c.Play, c.Pause, c.Seek, c.React, c.Chat, c.SetTyping)),
    told=_told,
    relayed=_relayed,
    welcome=_welcome,
    again=_again,
    corrected=_corrected,
    by_somebody=company.SAID_BY,
    echoes=True,
)
