"""What guide 002's clients are answered, as it is on the wire. What the guide does not name is additive.

Of where somebody is there is only the cell that is published of them; nothing here has a field for more.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from tutti.core.ids import MemberId, RoomId
from tutti.service.nearby import values

BucketName = Literal["far", "warm", "close", "found"]
Status = Literal["offered", "accepted", "completed", "cancelled", "declined", "expired"]


class Presence(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """What you share. `heartbeatSeconds`: how often to say that you are still here; null while you are not live."""

    is_live: bool
    share_track: bool
    allow_find: bool
    radius_km: int | float
    heartbeat_seconds: int | float | None


class Done(msgspec.Struct, frozen=True, gc=False):
    success: bool = True


class Alive(msgspec.Struct, frozen=True, gc=False):
    status: str = "ok"


class Place(msgspec.Struct, frozen=True, gc=False):
    """`geohash`: the cell that others see; null: none. `settled`: it is where you said you are now, or next to it."""

    geohash: str | None
    settled: bool


class Track(msgspec.Struct, frozen=True, rename="camel", gc=False):
    track_id: str
    track_name: str | None
    artist: str


class Listener(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Somebody live. `geohash`: the published cell. `distance`: the whole kilometres between your two cells."""

    user_id: str
    display_name: str
    avatar_url: str | None
    geohash: str
    distance: int
    track: Track | None


class Listeners(msgspec.Struct, frozen=True, gc=False):
    """Nearest ring first."""

    users: tuple[Listener, ...]


class Find(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """A find session; both see the same. `answersLeft`: how many buckets may be told before consent is asked anew."""

    session_id: str
    seeker_id: str
    target_id: str
    status: Status
    bucket: BucketName | None
    answers_left: int
    expires_in: int
    """Seconds."""
    confirmed: tuple[str, ...]
    """Who has said that they have found the other."""


class ActiveFind(msgspec.Struct, frozen=True, gc=False):
    """`session`: the one that you are in, if any."""

    session: Find | None


class Match(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Somebody near who likes what you like: in words, never as a number."""

    user_id: str
    display_name: str
    avatar_url: str | None
    words: str
    shared: tuple[str, ...]


class Matches(msgspec.Struct, frozen=True, gc=False):
    """The best first."""

    matches: tuple[Match, ...]


class Together(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """A listening session for two: `page` is its address in a browser."""

    room_id: str
    page: str


class Playing(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """`track` null: nothing plays, as far as this server knows."""

    is_playing: bool
    track: Track | None


def track(known: values.Track | None) -> Track | None:
    return None if known is None else Track(known.id, known.name, known.artist)


def listeners(near: tuple[values.Near, ...]) -> Listeners:
    return Listeners(
        tuple(
            Listener(
                one.user, shown(one.user, one.name), one.avatar_url, one.geohash, one.ring, track(one.track)
            )
            for one in near
        )
    )


def matches(found: tuple[values.Match, ...]) -> Matches:
    return Matches(
        tuple(
            Match(one.user, shown(one.user, one.name), one.avatar_url, one.words, one.shared) for one in found
        )
    )


def find(view: values.FindView) -> Find:
    return Find(
        session_id=view.id,
        seeker_id=view.seeker,
        target_id=view.target,
        status=status(view),
        bucket=view.bucket.value if view.bucket is not None else None,
        answers_left=view.answers_left,
        expires_in=round(view.expires_in_s),
        confirmed=view.confirmed,
    )


def status(view: values.FindView) -> Status:
    if view.ending is not None:
        return view.ending.value
    return "offered" if view.stage is values.FindStage.OFFERED else "accepted"


def together(room: RoomId) -> Together:
    return Together(room, page(room))


def page(room: RoomId) -> str:
    return f"/r/{room}"


def shown(user: MemberId, name: str | None) -> str:
    return name or user
