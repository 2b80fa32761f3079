"""What we ask of Spotify, phrased by us, and the ways in which it does not answer.

Every method ends within seconds and raises nothing but what stands here: `Refused`, or `Unavailable` (with `Resting`
for a provider that is not asked at all for a while).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from tutti.service.nearby.players import Playing


class Refused(Exception):
    """Understood and declined; asking the same again changes nothing."""


class TokenExpired(Refused):
    """The access token is not valid (any more)."""


class ConsentGone(Refused):
    """`invalid_grant`: the code or the refresh token is used up, too old or revoked."""


class NotAllowed(Refused):
    """The app may not ask this for this person, or is not known."""


@dataclass(frozen=True, slots=True)
class Grant:
    """`refresh` None: the one that was shown stays the one. `lives_s`: of `access`."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    lives_s: float


@dataclass(frozen=True, slots=True)
class Identity:
    """All that is asked about a person."""

    id: str
    name: str | None


class Provider(Protocol):
    """Spotify, for one app."""

    async def redeem(self, code: str, verifier: str, callback_url: str) -> Grant:
        """Tokens for the code that a browser came back with. Raises `ConsentGone` if it is none."""
        ...

    async def refresh(self, refresh_token: str) -> Grant:
        """Fresh tokens. Raises `ConsentGone` if that token is worth nothing any more."""
        ...

    async def me(self, access: str) -> Identity:
        """Whose token it is. Raises `TokenExpired`."""
        ...

    async def playing(self, access: str) -> Playing | None:
        """What their player plays; None: nothing. Raises `TokenExpired`."""
        ...
