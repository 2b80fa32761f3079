"""The bodies of guide 000's requests and answers over HTTP. What the guide does not print is said to be additive."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tutti.core.decide import MAX_OFFSET_MS
from tutti.dialects.listen.wire import PRINTABLE, UserId

UserName = Annotated[str, Meta(min_length=1, max_length=100, pattern=PRINTABLE)]
OffsetMs = Annotated[float, Meta(ge=-MAX_OFFSET_MS, le=MAX_OFFSET_MS)]


class Person(msgspec.Struct, frozen=True, rename="camel"):
    """Who creates or joins."""

    user_id: UserId
    user_name: UserName


class Created(msgspec.Struct, frozen=True, rename="camel"):
    """`hostToken` (additive) is accepted wherever this session asks for a bearer token."""

    session_id: str
    role: Literal["host", "client"]
    created_at: str
    expires_at: str
    host_token: str


class Joined(msgspec.Struct, frozen=True, rename="camel"):
    """`clientToken` (additive) is accepted wherever this session asks for a bearer token."""

    session_id: str
    role: Literal["host", "client"]
    host_name: str | None
    joined_at: str
    client_token: str


class NewOffset(msgspec.Struct, frozen=True, rename="camel"):
    """How much later (+) or earlier (−) than the host this client wants to be."""

    offset_ms: OffsetMs


class OffsetUpdated(msgspec.Struct, frozen=True, rename="camel"):
    session_id: str
    offset_ms: int | float
    updated_at: str


class Host(msgspec.Struct, frozen=True, rename="camel"):
    user_id: str
    user_name: str


class Client(msgspec.Struct, frozen=True, rename="camel"):
    user_id: str
    user_name: str
    offset_ms: int | float


class Track(msgspec.Struct, frozen=True, rename="camel"):
    """`position` is where the host is now. What nobody has told us is null."""

    uri: str
    name: str | None
    artist: str | None
    position: int
    duration: int | None
    is_playing: bool


class State(msgspec.Struct, frozen=True, rename="camel"):
    """`client` is the first of `clients` (additive: there may be many). `lastSync`: when the host was last heard."""

    session_id: str
    host: Host | None
    client: Client | None
    clients: tuple[Client, ...]
    current_track: Track | None
    last_sync: str | None


class Detail(msgspec.Struct, frozen=True):
    """What is wrong with which part of a request."""

    message: str
    key: str | None = None


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """`code` is for programs, `error` for people."""

    error: str
    code: str
    details: tuple[Detail, ...] | None = None
