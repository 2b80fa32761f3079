"""Which origins a browser may reach us from, and the headers that tell it so.

The same rule holds for every door: HTTP requests, and WebSocket upgrades, which browsers do not check themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

METHODS: Final = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
PREFLIGHT_AGE_S: Final = 600


@dataclass(frozen=True, slots=True)
class Cors:
    """`origins`: as browsers send them (`https://example.org`); None means any. `credentials`: cookies may come."""

    origins: frozenset[str] | None = None
    credentials: bool = False

    @classmethod
    def parse(cls, setting: str, *, credentials: bool = False) -> Cors:
        """From a setting: `*`, or origins between commas."""
        named = frozenset(origin for part in setting.split(",") if (origin := part.strip().rstrip("/")))
        return cls(None if "*" in named else named, credentials)

    def allows(self, origin: str | None, host: str | None) -> bool:
        """Whether a request may come in. No origin: not from a page. Our own host: a page of ours."""
        if origin is None or self.origins is None or origin in self.origins:
            return True
        return host is not None and origin.partition("://")[2] == host

    def headers(self, origin: str | None) -> list[tuple[str, str]]:
        """For the answer to an allowed request."""
        if origin is None:
            return []
        if self.origins is None and not self.credentials:
            return [("Access-Control-Allow-Origin", "*")]
        allowed = [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]
        if self.credentials:
            allowed.append(("Access-Control-Allow-Credentials", "true"))
        return allowed

    def preflight(self, requested_headers: str | None) -> list[tuple[str, str]]:
        """Beside `headers`, for the answer to an allowed OPTIONS request, which asks for these headers."""
        allowed = [
            ("Access-Control-Allow-Methods", METHODS),
            ("Access-Control-Max-Age", str(PREFLIGHT_AGE_S)),
        ]
        if requested_headers:
            allowed.append(("Access-Control-Allow-Headers", requested_headers))
        return allowed
