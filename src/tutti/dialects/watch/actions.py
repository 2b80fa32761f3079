"""Playback actions, as the socket and the REST endpoint both carry them: `{type, data}`.

Guide 001, "Playback Control"; `fastForward` and `rewind` are what other clients of the same contract send.
"""

# ruff: noqa: ARG002 - every action is asked for its meaning alike, whether it needs the house and the time or not

from __future__ import annotations

from typing import TypeAlias

import msgspec

from tutti.core import commands as c
from tutti.dialects.watch.choices import House
from tutti.dialects.watch.fields import (
    Duration,
    Episode,
    MediaId,
    MediaType,
    PlaybackRate,
    ProviderId,
    Seconds,
    Step,
)

STEP_S = 10.0


class Moment(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """Where in the film: seconds."""

    current_time: Seconds


class MaybeMoment(msgspec.Struct, rename="camel", frozen=True, gc=False):
    current_time: Seconds | None = None

    def ms(self) -> float | None:
        return None if self.current_time is None else self.current_time * 1000


class Rate(msgspec.Struct, rename="camel", frozen=True, gc=False):
    rate: PlaybackRate


class EpisodeChoice(msgspec.Struct, rename="camel", frozen=True, gc=False):
    episode: Episode


class ProviderChoice(msgspec.Struct, rename="camel", frozen=True, gc=False):
    provider: ProviderId


class MediaChoice(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """`provider` and `mediaType` left out: the room's own."""

    media_id: MediaId
    media_type: MediaType | None = None
    provider: ProviderId | None = None
    episode: Episode | None = None
    duration: Duration | None = None


class Distance(msgspec.Struct, rename="camel", frozen=True, gc=False):
    seconds: Step | None = None
    amount: Step | None = None

    def ms(self) -> float:
        return (self.seconds or self.amount or STEP_S) * 1000


class Play(msgspec.Struct, tag_field="type", tag="play", frozen=True, gc=False):
    data: MaybeMoment | None = None

    def meaning(self, house: House, received_ms: float) -> c.Command:
        return c.Play(self.data.ms() if self.data else None)


class Pause(msgspec.Struct, tag_field="type", tag="pause", frozen=True, gc=False):
    data: MaybeMoment | None = None

    def meaning(self, house: House, received_ms: float) -> c.Command:
        return c.Pause(self.data.ms() if self.data else None)


class Seek(msgspec.Struct, tag_field="type", tag="seek", frozen=True, gc=False):
    data: Moment

    def meaning(self, house: House, received_ms: float) -> c.Command:
        return c.Seek(self.data.current_time * 1000)


class SetPlaybackRate(msgspec.Struct, tag_field="type", tag="setPlaybackRate", frozen=True, gc=False):
    data: Rate

    def meaning(self, house: House, received_ms: float) -> c.Command:
        return c.SetRate(self.data.rate)


class UpdateTime(msgspec.Struct, tag_field="type", tag="updateTime", frozen=True, gc=False):
    """Where this player is; it says nothing of whether it plays."""

    data: Moment

    def meaning(self, house: House, received_ms: float) -> c.Command:
        return c.Report(self.data.current_time * 1000, received_ms)


class FastForward(msgspec.Struct, tag_field="type", tag="fastForward", frozen=True, gc=False):
    data: Distance | None = None

    def meaning(self, house: House, received_ms: float) -> c.Command:
        return c.SeekBy((self.data or Distance()).ms())


class Rewind(msgspec.Struct, tag_field="type", tag="rewind", frozen=True, gc=False):
    data: Distance | None = None

    def meaning(self, house: House, received_ms: float) -> c.Command:
        return c.SeekBy(-(self.data or Distance()).ms())


class ChangeEpisode(msgspec.Struct, tag_field="type", tag="changeEpisode", frozen=True, gc=False):
    data: EpisodeChoice

    def meaning(self, house: House, received_ms: float) -> c.Command:
        return c.ChangeEpisode(self.data.episode)


class ChangeProvider(msgspec.Struct, tag_field="type", tag="changeProvider", frozen=True, gc=False):
    data: ProviderChoice

    def meaning(self, house: House, received_ms: float) -> c.Command:
        return house.change_provider(self.data.provider)


class ChangeMedia(msgspec.Struct, tag_field="type", tag="changeMedia", frozen=True, gc=False):
    data: MediaChoice

    def meaning(self, house: House, received_ms: float) -> c.Command:
        chosen = self.data
        return house.change_media(
            chosen.media_id, chosen.media_type, chosen.provider, chosen.episode, chosen.duration
        )


Action: TypeAlias = (
    Play
    | Pause
    | Seek
    | SetPlaybackRate
    | UpdateTime
    | FastForward
    | Rewind
    | ChangeEpisode
    | ChangeProvider
    | ChangeMedia
)
