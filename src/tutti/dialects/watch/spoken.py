"""What the server says in this dialect: guide 001's server events, and the room as REST and socket both show it.

Times on the wire are seconds of film and epoch milliseconds (`timestamp`) or ISO 8601 (`…At`); inside they are room
milliseconds. `members`, `room`, `maxParticipants`, `room_closed` and `sync_status` go beyond the guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import msgspec

from tutti.core.drift import quality
from tutti.core.ids import MemberId
from tutti.core.room import Room
from tutti.dialects.watch.errors import Error
from tutti.service.ports import Clock
from tutti.service.standing import Standing


class State(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """Where the film is. `currentTime` and `duration` in seconds; a duration that nobody has told is 0."""

    is_playing: bool
    current_time: float
    duration: float
    playback_rate: float
    episode: int | None


class Participant(msgspec.Struct, rename="camel", frozen=True, gc=False):
    user_id: str
    user_name: str
    is_admin: bool
    joined_at: str


class RoomInfo(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """A room. What it plays may be unknown if it was made by another kind of client."""

    id: str
    name: str
    admin_id: str | None
    media_id: str | None
    media_type: str | None
    provider_id: str | None
    participants: list[str]
    current_state: State
    created_at: str
    updated_at: str
    members: list[Participant]
    max_participants: int


class UserJoined(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """Somebody came."""

    user_id: str
    participants: list[str]
    members: list[Participant]


class UserLeft(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """Somebody left, or was not seen for a minute."""

    user_id: str
    participants: list[str]
    members: list[Participant]


class UserKicked(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """The admin removed somebody, who hears this as well."""

    kicked_user_id: str
    participants: list[str]
    members: list[Participant]


class AdminChanged(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """Another admin; `newAdmin` is null when the last person has gone, `oldAdmin` when the room was empty."""

    new_admin: str | None
    old_admin: str | None
    participants: list[str]
    members: list[Participant]


class Done(msgspec.Struct, frozen=True, gc=False):
    """The action that moved the room: `data` as in the action that a client sends."""

    type: str
    data: Mapping[str, Any]


class PlaybackUpdated(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """The room was moved. `userId` is empty when the server corrects one player; `timestamp`: when `state` holds."""

    action: Done
    state: State
    user_id: str
    timestamp: int


class EpisodeChanged(PlaybackUpdated, rename="camel", frozen=True, gc=False):
    """Another episode."""


class ProviderChanged(PlaybackUpdated, rename="camel", frozen=True, gc=False):
    """The same film from elsewhere."""


class MediaChanged(PlaybackUpdated, rename="camel", frozen=True, gc=False):
    """Another film."""


class InitialState(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """The answer to `join_room`: where the film is now, and who is here."""

    current_state: State
    participants: list[str]
    members: list[Participant]
    timestamp: int
    room: RoomInfo
    admin_id: str | None


class SyncResponse(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """The answer to `sync_request`."""

    current_state: State
    timestamp: int
    admin_id: str | None
    room: RoomInfo


class MemberSync(msgspec.Struct, rename="camel", frozen=True, gc=False, omit_defaults=True):
    """`driftMs`: ahead of the room (+) or behind (−); `quality`: excellent, good, fair or poor.

    Of players that say so themselves also `errorMs`, the same more exactly, and how far off that may be, `boundMs`;
    `state`: playing, paused, seeking, buffering, background or ended.
    """

    user_id: str
    drift_ms: int
    quality: str
    error_ms: float | None = None
    bound_ms: float | None = None
    state: str | None = None


class SyncStatus(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """How far each player is from the room's timeline; at most once a second, while players say where they are."""

    members: list[MemberSync]
    timestamp: int


class RoomClosed(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """The room has ended: `host_ended`, `host_lost` or `expired`."""

    room_id: str
    reason: str


def state_of(room: Room, now_ms: float) -> State:
    timeline, media = room.timeline, room.media
    return State(
        timeline.playing,
        round(room.extrapolated_at(now_ms)) / 1000,
        (room.duration_ms or 0.0) / 1000,
        timeline.rate,
        media.episode if media else None,
    )


def participants_of(room: Room) -> list[str]:
    return list(room.members)


def members_of(room: Room, clock: Clock) -> list[Participant]:
    ahead_ms = clock.wall_ms(0.0)  # of room time: one look at the clocks for everybody
    return [
        Participant(m.id, m.name, m.id == room.host, _iso(round(m.joined_at_ms + ahead_ms)))
        for m in room.members.values()
    ]


def room_info(room: Room, clock: Clock, now_ms: float) -> RoomInfo:
    media = room.media
    return RoomInfo(
        id=room.id,
        name=room.name,
        admin_id=room.host,
        media_id=media.id if media else None,
        media_type=media.kind if media else None,
        provider_id=media.provider if media else None,
        participants=participants_of(room),
        current_state=state_of(room, now_ms),
        created_at=iso(clock, room.opened_at_ms),
        updated_at=iso(clock, room.active_at_ms),
        members=members_of(room, clock),
        max_participants=room.capacity,
    )


def member_syncs(standings: Mapping[MemberId, Standing]) -> list[MemberSync]:
    """Those of whom it is known how far off they are."""
    return [
        _member_sync(member, standing, standing.error_ms)
        for member, standing in standings.items()
        if standing.error_ms is not None
    ]


def _member_sync(member: MemberId, standing: Standing, error_ms: float) -> MemberSync:
    sync = MemberSync(member, round(error_ms), quality(error_ms).value)
    if standing.bound_ms is None:
        return sync
    return msgspec.structs.replace(
        sync,
        error_ms=round(error_ms, 1),
        bound_ms=round(standing.bound_ms, 1),
        state=standing.doing.value if standing.doing else None,
    )


def epoch_ms(clock: Clock, room_ms: float) -> int:
    return round(clock.wall_ms(room_ms))


def iso(clock: Clock, room_ms: float) -> str:
    return _iso(round(clock.wall_ms(room_ms)))


@lru_cache(maxsize=8192)  # the same people's times stand in every roster
def _iso(wall_ms: int) -> str:
    at = datetime.fromtimestamp(wall_ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


SPOKEN: Final[Mapping[str, type[msgspec.Struct]]] = {
    "room_created": RoomInfo,
    "initial_state": InitialState,
    "user_joined": UserJoined,
    "user_left": UserLeft,
    "user_kicked": UserKicked,
    "admin_changed": AdminChanged,
    "playback_updated": PlaybackUpdated,
    "episode_changed": EpisodeChanged,
    "provider_changed": ProviderChanged,
    "media_changed": MediaChanged,
    "sync_response": SyncResponse,
    "sync_status": SyncStatus,
    "room_closed": RoomClosed,
    "error": Error,
}
"""Every event there is, by its name: what `/asyncapi.json` is made of."""
