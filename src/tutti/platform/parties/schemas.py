"""What goes into parties and what comes out of them: plain values, of which no dialect's wire knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Final, Literal

import msgspec

from tutti.platform.people.somebody import Somebody

Status = Literal["scheduled", "live", "paused", "ended", "cancelled"]
Visibility = Literal["public", "friends", "private"]
Role = Literal["participant", "moderator", "host"]
Standing = Literal["pending", "approved", "rejected", "kicked", "left"]

STATUSES: Final[tuple[Status, ...]] = ("scheduled", "live", "paused", "ended", "cancelled")
VISIBILITIES: Final[tuple[Visibility, ...]] = ("public", "friends", "private")
OPEN: Final = ("scheduled", "live", "paused")
STARTED: Final = ("live", "paused")
OVER: Final = ("ended", "cancelled")
MOST_PEOPLE: Final = 1_000
USUAL_PEOPLE: Final = 50


class Wrong(Enum):
    """Why not. Value: (name, sentence for a person). What must not be known to exist is `NOT_FOUND`."""

    NOT_FOUND = ("not_found", "Not found.")
    NOT_ALLOWED = ("permission_denied", "You do not have permission to perform this action.")
    KICKED = ("kicked", "You were removed from this party.")
    REJECTED = ("rejected", "The host did not let you in.")
    PRIVATE = ("invitation_required", "This party is for those who are invited.")
    OVER = ("party_over", "This party is over.")
    NOT_STARTED = ("not_started", "This party has not started.")
    FULL = ("party_full", "This party is full.")
    HOST_STAYS = ("host_stays", "The host ends a party rather than leaving it.")
    NOT_PENDING = ("not_pending", "This person is not waiting to be let in.")
    NOT_IN = ("not_a_participant", "This person is not in the party.")
    NOBODY = ("no_account", "There is no account of this token.")
    EXPIRED = ("invitation_expired", "This invitation has expired.")
    PAST = ("in_the_past", "This time is in the past.")
    FIXED = ("started_already", "This cannot be changed any more.")
    TOO_MANY = ("too_many", "There are too many open invitations to this party.")

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Problem:
    """Understood, declined, nothing changed. `field`: what of a body it is about."""

    wrong: Wrong
    field: str | None = None

    @property
    def sentence(self) -> str:
        return self.wrong.sentence


class Rules(msgspec.Struct, frozen=True):
    """A party's settings, as they are kept."""

    allow_chat: bool = True
    allow_participant_control: bool = False
    require_approval: bool = False


class Video(msgspec.Struct, frozen=True):
    """What is watched: something that has an address, or an id that means something to `provider`."""

    id: str
    title: str | None = None
    url: str | None = None
    provider: str | None = None
    duration: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewParty:
    title: str
    description: str = ""
    visibility: Visibility = "private"
    scheduled_for_ms: int | None = None
    max_participants: int = USUAL_PEOPLE
    rules: Rules = Rules()  # noqa: RUF009 - a frozen value
    video: Video | None = None


class Facts(msgspec.Struct, frozen=True):
    """A party's row. `settings` and `video` as the JSON that they are kept as: most who read it hand it on."""

    id: str
    title: str
    description: str
    room_code: str
    visibility: Visibility
    status: Status
    scheduled_for_ms: int | None
    started_at_ms: int | None
    ended_at_ms: int | None
    created_at_ms: int
    updated_at_ms: int
    max_participants: int
    participant_count: int
    settings: str
    video: str | None
    position_ms: int
    playing: bool
    synced_at_ms: int | None
    host_id: str

    @property
    def rules(self) -> Rules:
        return _rules(self.settings)

    @property
    def film(self) -> Video | None:
        return None if self.video is None else _film(self.video)


_film = msgspec.json.Decoder(Video).decode
_rules = lru_cache(maxsize=64)(msgspec.json.Decoder(Rules).decode)
"""There are few different ones."""


class Listed(msgspec.Struct, frozen=True):
    """A party in somebody's list. `role` and `standing`: their own; None: they have nothing to do with it yet."""

    party: Facts
    host: Somebody
    role: Role | None
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class Taking:
    """Somebody who takes part, or wanted to."""

    who: Somebody
    role: Role
    standing: Standing
    since_ms: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A party as one of those who may see it sees it. Who waits is for those who may let them in."""

    listed: Listed
    people: tuple[Taking, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    party: Facts
    role: Role
    standing: Standing


@dataclass(frozen=True, slots=True)
class Invited:
    """How many were invited now; those who were in already, or cannot be invited, are not told apart."""

    sent: int
    emails: tuple[str, ...]
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    token: str = field(repr=False)
    expires_at_ms: int


@dataclass(frozen=True, slots=True)
class Letter:
    """An invitation on its way to somebody's mailbox."""

    to: str
    inviter: str
    title: str
    message: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class House:
    """How a party's room has to be: who may come in, and as what. `waiting`: they have asked to."""

    party: Facts
    host: Somebody
    people: Mapping[str, Role]
    barred: frozenset[str]
    waiting: frozenset[str]

    @property
    def invited_only(self) -> bool:
        return self.party.visibility != "public" or self.party.rules.require_approval
