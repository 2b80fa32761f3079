"""The sentences of guide 000 over Socket.IO, as they are on the wire. What a client may say knows its own meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from tutti.core.commands import Report
from tutti.core.ids import MemberId, RoomId
from tutti.core.media import Media
from tutti.core.playback import MAX_POSITION_MS
from tutti.service.dialect import Ask, Enter, Resync, Sentence

PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f]*$"

SessionCode = Annotated[str, Meta(min_length=1, max_length=128, pattern=PRINTABLE)]
UserId = Annotated[str, Meta(min_length=1, max_length=128, pattern=PRINTABLE)]
TrackUri = Annotated[str, Meta(max_length=512, pattern=PRINTABLE)]
Position = Annotated[
    float, Meta(ge=0, le=MAX_POSITION_MS, description="Milliseconds from the track's beginning")
]
WallClock = Annotated[float, Meta(ge=-1e15, le=1e15, description="Milliseconds since 1970")]

Action = Literal["play", "pause", "seek", "switch_track"]
EndReason = Literal["host_disconnected", "session_expired", "host_ended"]


class JoinSession(msgspec.Struct, frozen=True, rename="camel"):
    """Hear this session from now on. Without `userId`, the token tells who it is."""

    session_id: SessionCode
    role: Literal["host", "client"] = "client"
    user_id: UserId | None = None

    def meaning(self, received_ms: float) -> Sentence:  # noqa: ARG002 - every sentence is asked alike
        who = MemberId(self.user_id) if self.user_id is not None else None
        return Enter(RoomId(self.session_id), who, None, as_host=self.role == "host")


class PlaybackState(msgspec.Struct, frozen=True, rename="camel"):
    """Where the sender's player is. The host's moves the session; a client's says how far off it is."""

    session_id: SessionCode
    position: Position
    is_playing: bool
    track_uri: TrackUri | None = None
    timestamp: WallClock | None = None

    def meaning(self, received_ms: float) -> Sentence:
        media = Media(self.track_uri, "spotify", "track") if self.track_uri else None
        report = Report(self.position, received_ms, self.is_playing, media)
        return Ask(RoomId(self.session_id), None, report, self.timestamp)


class RequestSync(msgspec.Struct, frozen=True, rename="camel"):
    """Tell me again where I should be."""

    session_id: SessionCode

    def meaning(self, received_ms: float) -> Sentence:  # noqa: ARG002 - every sentence is asked alike
        return Resync(RoomId(self.session_id), None)


class SyncCommand(msgspec.Struct, frozen=True, rename="camel"):
    """Do this on arrival. `position` already has the way to you and your offset in it."""

    action: Action
    track_uri: str
    position: int
    timestamp: int


class SyncStatus(msgspec.Struct, frozen=True, rename="camel"):
    """How far ahead (+) or behind (−) you are, in milliseconds."""

    drift: int
    last_sync: str
    quality: Literal["excellent", "good", "fair", "poor"]


class SessionEnded(msgspec.Struct, frozen=True, rename="camel"):
    session_id: str
    reason: EndReason


class Error(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """`code` is for programs, `error` for people. `retryAfter`: seconds."""

    error: str
    code: str
    retry_after: float | None = None


class Acknowledgement(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What an event is acknowledged with, if the client asks for that."""

    ok: bool
    session_id: str | None = None
    error: str | None = None
    code: str | None = None
    retry_after: float | None = None


Said = JoinSession | PlaybackState | RequestSync

HEARD: Final[Mapping[str, type[Said]]] = {
    "join_session": JoinSession,
    "playback_state": PlaybackState,
    "request_sync": RequestSync,
}
SPOKEN: Final[Mapping[str, type[msgspec.Struct]]] = {
    "sync_command": SyncCommand,
    "sync_status": SyncStatus,
    "session_ended": SessionEnded,
    "error": Error,
}
"""Every event there is, by its name: what `/asyncapi.json` is made of."""
