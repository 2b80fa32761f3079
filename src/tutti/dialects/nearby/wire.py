"""What guide 002's clients say, as it is on the wire, and the shape of what goes wrong.

A place is a geohash and nothing else: there is no field that a coordinate would fit in, and of the geohash only the
cell is kept that it lies in (`core/geo.py`), before anything else sees it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from tutti.service.nearby.values import MAX_RADIUS_KM

_PRINTABLE = r"\A[^\x00-\x1f\x7f-\x9f]+\Z"
_GEOHASH = r"\A[0-9b-hjkmnp-zB-HJKMNP-Z]+\Z"
_REGEX = re.compile(r"Expected `str` matching regex '[^`]*'")
NO_GEOHASH: Final = (
    "geohash: a geohash is needed (digits, and letters without a, i, l and o), never coordinates"
)
MOST_ARTISTS: Final = 10
MOST_TAGS: Final = 10

UserId = Annotated[str, Meta(min_length=1, max_length=128, pattern=_PRINTABLE, examples=["user123"])]
SessionId = Annotated[str, Meta(min_length=1, max_length=128, pattern=_PRINTABLE)]
TrackId = Annotated[str, Meta(min_length=1, max_length=512, pattern=_PRINTABLE)]
TrackText = Annotated[str, Meta(max_length=300, pattern=r"\A[^\x00-\x1f\x7f-\x9f]*\Z")]
Word = Annotated[str, Meta(min_length=1, max_length=100, pattern=_PRINTABLE)]
RadiusKm = Annotated[float, Meta(gt=0.0, le=MAX_RADIUS_KM, examples=[2])]
Geohash = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=32,
        pattern=_GEOHASH,
        examples=["u09tvw"],
        description="At most 6 characters of it are read",
    ),
]


class GoOffline(msgspec.Struct, frozen=True, gc=False):
    """The kill switch. Nothing needs to be said."""


class Heartbeat(msgspec.Struct, frozen=True, gc=False):
    """Still here. Nothing needs to be said."""


class Settings(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """What is left out stays as it is."""

    share_track: bool | None = None
    allow_find: bool | None = None
    radius_km: RadiusKm | None = None


class Track(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """What plays; `trackId` null: nothing. `artist`: one, or several with commas between. `tags` are additive."""

    track_id: TrackId | None
    track_name: TrackText | None = None
    artist: TrackText | None = None
    tags: Annotated[tuple[Word, ...], Meta(max_length=MOST_TAGS)] = ()

    @property
    def artists(self) -> tuple[str, ...]:
        names = (name.strip() for name in (self.artist or "").split(","))
        return tuple(name for name in names if name)[:MOST_ARTISTS]


class Location(msgspec.Struct, frozen=True, gc=False):
    geohash: Geohash


class Target(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Whom to find."""

    target_id: UserId


class FindLocation(msgspec.Struct, frozen=True, rename="camel", gc=False):
    session_id: SessionId
    geohash: Geohash


class FindAccept(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """The target's consent to be found."""

    session_id: SessionId


class FindDecline(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """The target's no."""

    session_id: SessionId


class FindEnd(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """`completed`: they have found one another; else it is called off."""

    session_id: SessionId
    completed: bool = False


class Authenticate(msgspec.Struct, frozen=True, gc=False):
    """A fresh token for a socket that stays."""

    token: Annotated[str, Meta(min_length=1, max_length=8192)]


class Problem(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """What went wrong, in guide 002's shape. `error`: the status in words; `message`: a sentence for people."""

    status_code: int
    timestamp: str
    path: str
    method: str
    error: str
    message: str


def explained(problem: Exception) -> str:
    """What was wrong with the JSON, for the person who wrote the client."""
    if isinstance(problem, RecursionError):
        return "The JSON is nested too deeply"
    if isinstance(problem, msgspec.ValidationError):
        return plain(str(problem))
    return f"This is no JSON ({problem})"


def plain(message: str) -> str:
    """A validation message without the pattern that was not matched."""
    if "`$.geohash`" in message or "field `geohash`" in message:
        return NO_GEOHASH
    return _REGEX.sub("Expected text without control characters", message)


Quick = GoOffline | Heartbeat | Track | Location | Target | FindAccept | FindDecline | FindLocation | FindEnd
"""What is heeded without waiting for anything."""
Said = Settings | Quick

HEARD: Final[Mapping[str, type[Said]]] = {
    "user:go_live": Settings,
    "user:go_offline": GoOffline,
    "user:update_track": Track,
    "user:update_location": Location,
    "user:heartbeat": Heartbeat,
    "find:start": Target,
    "find:accept": FindAccept,
    "find:decline": FindDecline,
    "find:update_location": FindLocation,
    "find:end": FindEnd,
}
"""Every event that a client may send, by its name."""
