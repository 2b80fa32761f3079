"""`/ws/party/{id}/sync/`: where the video is, for players that say where they are and are told when they are off.

Times of the video are seconds; `drift` is how far ahead (+) or behind (−) a player is.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from tutti.core import commands as c
from tutti.core import events as e
from tutti.core.events import Move, Recorded
from tutti.core.ids import MemberId
from tutti.core.relays import Relay
from tutti.core.room import Room
from tutti.dialects.party.auth_bodies import iso
from tutti.dialects.party.sockets import fields as f
from tutti.dialects.party.sockets.dialect import About, Scene, Structs, Words
from tutti.dialects.party.sockets.party import action
from tutti.service.dialect import Malformed, Steering
from tutti.service.ports import Clock

NAME: Final = "party-sync"
OVER_MS: Final = 2_000.0
"""Guide 003 corrects what is further off than this."""


class SyncUpdate(msgspec.Struct, frozen=True, gc=False):
    """Where your player is. The host's moves everybody's; of the others it is looked at whether they are off."""

    video_time: f.Seconds
    is_playing: bool | None = None

    def meaning(self, about: About) -> c.Command:
        return c.Report(self.video_time * 1000, about.received_ms, self.is_playing)


class Play(msgspec.Struct, frozen=True, gc=False):
    """`video_time`: from there; left out: from where it stands."""

    video_time: f.Seconds | None = None

    def meaning(self, _: About) -> c.Command:
        return c.Play(f.ms(self.video_time))


class Pause(msgspec.Struct, frozen=True, gc=False):
    """`video_time`: there; left out: where it stands at that moment."""

    video_time: f.Seconds | None = None

    def meaning(self, _: About) -> c.Command:
        return c.Pause(f.ms(self.video_time))


class Seek(msgspec.Struct, frozen=True, gc=False):
    """Go to another place."""

    seek_time: f.Seconds

    def meaning(self, _: About) -> c.Command:
        return c.Seek(self.seek_time * 1000)


class PlaybackRate(msgspec.Struct, frozen=True, gc=False):
    """How fast the video goes for everybody."""

    playback_rate: float | None = None
    rate: float | None = None

    def meaning(self, _: About) -> c.Command:
        rate = self.playback_rate if self.playback_rate is not None else self.rate
        if rate is None:
            raise Malformed("playback_rate: playback_rate is needed")
        return c.SetRate(rate)


class Heartbeat(msgspec.Struct, frozen=True, gc=False):
    """With `video_time`: where your player is. Without: answered with `sync_state`, which tells the server's time."""

    client_time: float | str | None = None
    video_time: f.Seconds | None = None

    def meaning(self, about: About) -> c.Command | None:
        return None if self.video_time is None else c.Report(self.video_time * 1000, about.received_ms)


class RequestSync(msgspec.Struct, frozen=True, gc=False):
    """Answered with `sync_state`."""

    def meaning(self, _: About) -> None:
        return None


class SyncState(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="sync_state"):
    """Be there, and do this, now. `server_time`: milliseconds since 1970. `by`: who moved it last; null: nobody has.

    `action`: what has just happened; `state` if nothing has.
    """

    action: Literal["play", "pause", "seek", "rate", "state"]
    video_time: float
    is_playing: bool
    playback_rate: float
    by: str | None
    server_time: int
    timestamp: str


class SyncCorrection(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="sync_correction"):
    """Your player is so far off: go there."""

    correct_time: float
    drift: float
    is_playing: bool
    playback_rate: float


def _told(recorded: Recorded, room: Room, now_ms: float, clock: Clock) -> Structs:
    match recorded.event:
        case e.TimelineMoved(_, move, _):
            return (_state(room, now_ms, clock, move),)
        case e.MediaChanged():
            return (_state(room, now_ms, clock, Move.SEEK),)
        case _:
            return ()


def _relayed(_: Relay, __: Room, ___: float, ____: Clock) -> Structs:
    return ()


def _welcome(room: Room, _: MemberId, now_ms: float, scene: Scene) -> SyncState:
    return _state(room, now_ms, scene.clock, None)


def _corrected(room: Room, me: MemberId, drift_ms: float, at_ms: float, _: Clock) -> SyncCorrection:
    offset_ms = room.members[me].offset_ms
    correct_ms = max(room.extrapolated_at(at_ms) + offset_ms, 0.0)
    return SyncCorrection(f.s(correct_ms), f.s(drift_ms), room.timeline.playing, room.timeline.rate)


def _state(room: Room, now_ms: float, clock: Clock, move: Move | None) -> SyncState:
    wall_ms = clock.wall_ms(now_ms)
    return SyncState(
        "state" if move is None else action(move),
        f.s(room.extrapolated_at(now_ms)),
        room.timeline.playing,
        room.timeline.rate,
        room.moved_by,
        round(wall_ms),
        iso(wall_ms),
    )


WORDS: Final = Words(
    name=NAME,
    description="A party's video, for players that say where they are and are told when they are off.",
    heard={
        "sync_update": SyncUpdate,
        "play": Play,
        "pause": Pause,
        "seek": Seek,
        "playback_rate": PlaybackRate,
        "heartbeat": Heartbeat,
        "request_sync": RequestSync,
    },
    spoken={"sync_state": SyncState, "sync_correction": SyncCorrection},
    says=frozenset((e.TimelineMoved, e.MediaChanged)),
    asks=frozenset((c.Report, c.Play, c.Pause, c.Seek, c.SetRate)),
    told=_told,
    relayed=_relayed,
    welcome=_welcome,
    again=_welcome,
    corrected=_corrected,
    steering=Steering(every_s=1.0, over_ms=OVER_MS, hold_s=3.0, modelled=False),
    echoes=True,
)
