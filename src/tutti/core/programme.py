"""Changing what a room plays: another film, another episode, or the same one from elsewhere."""

from __future__ import annotations

from dataclasses import replace

from tutti.core import events as e
from tutti.core import patience
from tutti.core.commands import ChangeEpisode, ChangeMedia, ChangeProvider
from tutti.core.events import Change
from tutti.core.media import MAX_EPISODE, Media, unsound
from tutti.core.refusals import Reason, Refused
from tutti.core.room import Room
from tutti.core.roster import Member

Decision = tuple[e.Event, ...] | Refused


def change(
    room: Room,
    who: Member,
    command: ChangeMedia | ChangeProvider | ChangeEpisode,
    now_ms: float,
    at_ms: float,
) -> Decision:
    """What is new begins at 0, playing or paused as before; another provider goes on where it was. From `at_ms` on."""
    after = _changed(room, command)
    if isinstance(after, Refused) or after == room.media:
        return after if isinstance(after, Refused) else ()
    timeline = room.timeline.anchored(at_ms, room.duration_ms)
    if isinstance(command, ChangeProvider):
        changed = e.MediaChanged(after, timeline, Change.PROVIDER, who.id)
    else:
        about = Change.MEDIA if isinstance(command, ChangeMedia) else Change.EPISODE
        changed = e.MediaChanged(after, timeline.seek(0.0, at_ms), about, who.id)
    return patience.plays_on(room, changed, now_ms, anew=True)


def _changed(room: Room, command: ChangeMedia | ChangeProvider | ChangeEpisode) -> Media | Refused:
    if isinstance(command, ChangeMedia):
        return _chosen(room.media, command)
    if room.media is None:
        return Refused(Reason.NOTHING_PLAYS)
    if isinstance(command, ChangeProvider):
        return replace(room.media, provider=command.provider)
    if not 0 <= command.episode <= MAX_EPISODE:
        return Refused(Reason.OUT_OF_RANGE, f"The episode must be 0 to {MAX_EPISODE}")
    if command.episode == room.media.episode:
        return room.media
    return replace(room.media, episode=command.episode, duration_ms=None)


def _chosen(before: Media | None, command: ChangeMedia) -> Media | Refused:
    """Nothing is kept of the old media but how to find and show the new one, where the command does not say."""
    provider = command.provider or (before.provider if before else None)
    kind = command.kind or (before.kind if before else None)
    if provider is None or kind is None:
        return Refused(
            Reason.NOTHING_PLAYS, "Nothing plays yet, so the provider and the kind of media are needed"
        )
    if before is not None and _is_the_same(before, command, provider, kind):
        return before
    media = Media(
        command.id,
        provider,
        kind,
        episode=command.episode,
        title=command.title,
        artist=command.artist,
        duration_ms=command.duration_ms,
    )
    return unsound(media) or media


def _is_the_same(before: Media, command: ChangeMedia, provider: str, kind: str) -> bool:
    """What the command does not say about the media that is on anyway is no change."""
    return (
        (before.id, before.provider, before.kind) == (command.id, provider, kind)
        and command.episode in (None, before.episode)
        and command.title in (None, before.title)
        and command.artist in (None, before.artist)
        and command.duration_ms in (None, before.duration_ms)
    )
