"""What the nearby service answers and tells: values, without a position finer than a published cell.

Nothing here carries a score, a count of metres or a place that was not published.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, NewType

import msgspec

from tutti.core.find import Bucket
from tutti.core.find import Ending as FindEnding
from tutti.core.find import Stage as FindStage
from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Reason, Refused

FindId = NewType("FindId", str)

MAX_RADIUS_KM: Final = 10.0


class Settings(msgspec.Struct, frozen=True, gc=False):
    """What somebody lets others have. Everything is off until they say otherwise."""

    share_track: bool = False
    allow_find: bool = False
    radius_km: float = 2.0


class Track(msgspec.Struct, frozen=True, gc=False):
    """What somebody listens to. `artists` and `tags` are what vibe matches are made of."""

    id: str
    name: str | None = None
    artists: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def artist(self) -> str:
        """As guide 002 writes it: all of them, with commas between."""
        return ", ".join(self.artists)


class Live(NamedTuple):
    """You are live. Send a heartbeat every `heartbeat_s`; without one for `lease_s` you are not, `grace_s` later."""

    heartbeat_s: float
    lease_s: float
    grace_s: float


class Place(NamedTuple):
    """Where others believe you are: the geohash of your published cell; None until one is published.

    `settled`: it is where you said you are now, or next to it. It is for yourself only.
    """

    geohash: str | None
    settled: bool


class Near(NamedTuple):
    """Somebody live around your published cell. `ring`: whole kilometres between your two cells, at least 1.

    `track` is None unless they share it.
    """

    user: MemberId
    name: str | None
    avatar_url: str | None
    geohash: str
    ring: int
    track: Track | None


class Match(NamedTuple):
    """Somebody near who likes what you like, in words, with up to five shared artists or tags, strongest first."""

    user: MemberId
    name: str | None
    avatar_url: str | None
    words: str
    shared: tuple[str, ...]


class FindView(NamedTuple):
    """A find session as either of the two sees it; both see the same.

    `answers_left` without renewed consent: when it is 0, the target has to `accept` again.
    `bucket` is None before the first answer. `confirmed`: who has said "found".
    """

    id: FindId
    seeker: MemberId
    target: MemberId
    stage: FindStage
    bucket: Bucket | None
    answers_left: int
    expires_in_s: float
    confirmed: tuple[MemberId, ...]
    ending: FindEnding | None
    room: RoomId | None


# What a subscriber hears. `live:*`: of people around their own published cell; `find:*`: of their own sessions.


class UserJoined(NamedTuple):
    """Somebody is live around you now."""

    user: MemberId
    name: str | None
    avatar_url: str | None


class UserLeft(NamedTuple):
    """Somebody is not live around you any more: offline or elsewhere, which of them is not told."""

    user: MemberId


class TrackUpdate(NamedTuple):
    """Somebody around you listens to something else; None: to nothing, or they share it no more."""

    user: MemberId
    track: Track | None


class PlaceChanged(NamedTuple):
    """Your own published cell is another one (None: none), so it is other people who are near: ask again."""

    geohash: str | None


class WentOffline(NamedTuple):
    """You are not live any more: all that you shared is gone. Told to yourself."""


class PlayerLost(NamedTuple):
    """Your player cannot be asked any more before you have connected it again. Told to yourself."""


class FindRequested(NamedTuple):
    """To the target: somebody asks to find you. Accept within `expires_in_s`, or decline."""

    find: FindView
    seeker_name: str | None


class FindAccepted(NamedTuple):
    """To both. Also when consent is renewed (`find.answers_left` is whole again)."""

    find: FindView


class BucketUpdate(NamedTuple):
    """To both, the same. With `find.answers_left` 0 it was the last one that the consent reaches for."""

    find: FindView


class FoundClaimed(NamedTuple):
    """To both: one of them says "found"; it is when the other says so too (`find.confirmed`)."""

    find: FindView


class FindEnded(NamedTuple):
    """To both; `find.ending` says how."""

    find: FindView


class TogetherOpened(NamedTuple):
    """To both: a room to listen together in. `by` asked for it; `find` None: from a vibe match."""

    room: RoomId
    by: MemberId
    other: MemberId
    find: FindId | None


LiveEvent = UserJoined | UserLeft | TrackUpdate | PlaceChanged | WentOffline | PlayerLost
FindEvent = FindRequested | FindAccepted | BucketUpdate | FoundClaimed | FindEnded | TogetherOpened
NearbyEvent = LiveEvent | FindEvent

__all__ = [
    "Bucket",
    "BucketUpdate",
    "FindAccepted",
    "FindEnded",
    "FindEnding",
    "FindId",
    "FindRequested",
    "FindStage",
    "FindView",
    "FoundClaimed",
    "Hear",
    "Live",
    "LiveEvent",
    "Match",
    "Near",
    "NearbyEvent",
    "Place",
    "PlaceChanged",
    "PlayerLost",
    "Settings",
    "TogetherOpened",
    "Track",
    "TrackUpdate",
    "UserJoined",
    "UserLeft",
    "WentOffline",
]

Hear = Callable[[NearbyEvent], None]
"""Called in the middle of a change: it must neither raise nor wait. The same object goes to every subscriber, so that
whoever encodes it can do so once."""

NOT_LIVE: Final = Refused(Reason.NOT_ALLOWED, "Go live first")
NOBODY: Final = Refused(Reason.MEMBER_NOT_FOUND, "There is nobody by this id who can be found now")
"""Somebody who does not exist, is not live, forbids it, blocks you or is busy: one answer for all of them."""
NO_SUCH_FIND: Final = Refused(Reason.ROOM_NOT_FOUND, "There is no such find session")
"""Also to everybody who is not one of its two."""
