"""What people say of themselves, and how they stand to one another: plain values, of which no wire knows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.people.somebody import Somebody


class Visibility(Enum):
    """Who sees more of a profile than the name and the picture that everybody sees who meets this person."""

    PUBLIC = "public"
    FRIENDS = "friends"
    PRIVATE = "private"


class Standing(Enum):
    """How somebody stands to whoever looks."""

    NONE = "none"
    ASKED = "request_sent"
    ASKS = "request_received"
    FRIENDS = "friends"
    SELF = "self"


class Amiss(Enum):
    """Why not. Value: a sentence for a person."""

    NO_SUCH = "Not found."
    YOURSELF = "This is you."
    NOT_A_PICTURE = "Upload a valid image: JPEG, PNG, WebP or GIF."
    TOO_LARGE = "This picture has too many pixels."

    @property
    def sentence(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    profile_visibility: Visibility = Visibility.PUBLIC
    allow_friend_requests: bool = True
    show_online_status: bool = True
    searchable: bool = True


@dataclass(frozen=True, slots=True)
class Own:
    """What somebody says of themselves, as they see it; the rest is in their account."""

    who: Somebody
    bio: str = ""
    timezone: str = ""
    privacy: Privacy = field(default_factory=Privacy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """None: as it is."""

    display_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    bio: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyChanges:
    """None: as it is."""

    profile_visibility: Visibility | None = None
    allow_friend_requests: bool | None = None
    show_online_status: bool | None = None
    searchable: bool | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What whoever may see it learns of a profile. `online` None: this person does not tell."""

    bio: str
    timezone: str
    joined_at_ms: int
    online: bool | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A profile as somebody else sees it. `friendship`: its id, if there is one or a request. `said` None: hidden."""

    who: Somebody
    standing: Standing
    friendship: str | None
    said: Said | None


@dataclass(frozen=True, slots=True)
class Tie:
    """A friendship, or a request for one, as one of the two sees it."""

    id: str
    who: Somebody
    standing: Standing
    at_ms: int


@dataclass(frozen=True, slots=True)
class Blocked:
    who: Somebody
    at_ms: int


class Tell(Protocol):
    """How people hear of it, in the transaction in which it happens."""

    async def __call__(  # noqa: PLR0917 - notifications are told in this order
        self,
        db: AsyncSession,
        user: str,
        type: str,  # noqa: A002 - the wire's word
        title: str,
        message: str,
        data: Mapping[str, object],
        *,
        actor: str | None = None,
        key: str | None = None,
    ) -> object: ...


IsOnline = Callable[[str], bool]
Part = Callable[[AsyncSession, str, str], Awaitable[None]]
Parted = Callable[[str, str], None]
"""These two have nothing to do with one another any more."""
