"""What guide 002's clients hear over a socket. What the guide does not name is additive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, assert_never

import msgspec

from tutti.core.ids import MemberId
from tutti.dialects.nearby.bodies import (
    BucketName,
    Listeners,
    Status,
    page,
    shown,
    status,
)
from tutti.dialects.nearby.wire import Problem
from tutti.service.nearby import values as v


class Connected(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """You are known: as this person."""

    user_id: str


class UserJoined(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Somebody is live around you now."""

    user_id: str
    display_name: str
    avatar_url: str | None


class UserLeft(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Somebody is not live around you any more: offline or elsewhere, which of them is not told."""

    user_id: str


class TrackUpdate(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """What somebody around you listens to; all null: nothing, or they share it no more."""

    user_id: str
    track_id: str | None
    track_name: str | None
    artist: str | None


class WentOffline(msgspec.Struct, frozen=True, gc=False):
    """You are not live any more; all that you shared is gone."""


class ReauthRequired(msgspec.Struct, frozen=True, gc=False):
    """Spotify takes our token for you no more: what you listen to is not known before you sign in with it again."""


class RequestReceived(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Somebody asks to find you: accept within `expiresIn` seconds, or decline."""

    session_id: str
    seeker_id: str
    seeker_name: str
    expires_in: int


class FindAccepted(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """The target consents, or does so again: so many buckets may be told."""

    session_id: str
    answers_left: int


class BucketUpdated(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """How near you two are. With `answersLeft` 0, the target has to accept again before there is another."""

    session_id: str
    bucket: BucketName
    answers_left: int


class FoundClaimed(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """One of you says "found"; it is when the other says so too."""

    session_id: str
    confirmed: tuple[str, ...]


class SessionEnded(msgspec.Struct, frozen=True, rename="camel", gc=False):
    session_id: str
    status: Status


class TogetherOpened(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """A room to listen together in. `sessionId` null: it came of a vibe match."""

    session_id: str | None
    room_id: str
    page: str
    opened_by: str
    opened_for: str


SPOKEN: Final[Mapping[str, type[msgspec.Struct]]] = {
    "connected": Connected,
    "live:user_joined": UserJoined,
    "live:user_left": UserLeft,
    "live:track_update": TrackUpdate,
    "live:nearby_users": Listeners,
    "live:went_offline": WentOffline,
    "spotify:reauth_required": ReauthRequired,
    "find:request_received": RequestReceived,
    "find:accepted": FindAccepted,
    "find:bucket_update": BucketUpdated,
    "find:found_claimed": FoundClaimed,
    "find:session_ended": SessionEnded,
    "together:opened": TogetherOpened,
    "error": Problem,
}
"""Every event that a client may hear, by its name."""


def told(event: v.NearbyEvent) -> tuple[str, msgspec.Struct] | None:
    """What everybody who hears of it is told, in the same bytes; None: each is told in their own words."""
    match event:
        case v.UserJoined(user, name, avatar_url):
            return "live:user_joined", UserJoined(user, shown(user, name), avatar_url)
        case v.UserLeft(user):
            return "live:user_left", UserLeft(user)
        case v.TrackUpdate(user, track):
            return "live:track_update", _track_update(user, track)
        case v.PlaceChanged():
            return None
        case v.WentOffline() | v.PlayerLost():
            return _lost(event)
        case v.FindRequested(find, name):
            left_s = round(find.expires_in_s)
            return "find:request_received", RequestReceived(
                find.id, find.seeker, shown(find.seeker, name), left_s
            )
        case v.FindAccepted(find):
            return "find:accepted", FindAccepted(find.id, find.answers_left)
        case v.BucketUpdate(find):
            bucket: BucketName = find.bucket.value if find.bucket is not None else "far"
            return "find:bucket_update", BucketUpdated(find.id, bucket, find.answers_left)
        case v.FoundClaimed(find):
            return "find:found_claimed", FoundClaimed(find.id, find.confirmed)
        case v.FindEnded(find):
            return "find:session_ended", SessionEnded(find.id, status(find))
        case v.TogetherOpened(room, by, other, find_id):
            return "together:opened", TogetherOpened(find_id, room, page(room), by, other)
        case _:
            assert_never(event)


def _lost(event: v.WentOffline | v.PlayerLost) -> tuple[str, msgspec.Struct]:
    if isinstance(event, v.WentOffline):
        return "live:went_offline", WentOffline()
    return "spotify:reauth_required", ReauthRequired()


def _track_update(user: MemberId, track: v.Track | None) -> TrackUpdate:
    if track is None:
        return TrackUpdate(user, None, None, None)
    return TrackUpdate(user, track.id, track.name, track.artist)
