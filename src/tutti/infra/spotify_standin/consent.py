"""What people agreed to: codes that work once and only with their PKCE verifier (RFC 7636), and tokens that end.

Pure: the time and the randomness are arguments.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple
from urllib.parse import unquote, urlencode, urlsplit

CODE_S = 600.0
ACCESS_S = 3600


class Owner(NamedTuple):
    user: str
    name: str | None


class InvalidGrant(Exception):
    """RFC 6749 section 5.2; the text is Spotify's `error_description`."""


class InvalidRequest(Exception):
    """The same section's other errors: name and description."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


class Lifetime(Enum):
    VALID = "valid"
    EXPIRED = "expired"
    SCOPELESS = "scopeless"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an app asks for on the consent page."""

    client_id: str
    redirect_uri: str
    scope: str
    state: str | None
    challenge: str | None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked | str:
        """From the address of the page; else what is wrong, as Spotify says it."""
        if query.get("response_type") != "code":
            return "response_type must be code"
        if not query.get("client_id"):
            return "INVALID_CLIENT: Invalid client"
        challenge = query.get("code_challenge")
        if challenge is not None and query.get("code_challenge_method") != "S256":
            return "code_challenge_method must be S256"
        redirect = query.get("redirect_uri", "")
        if not may_redirect(redirect):
            return "INVALID_CLIENT: Insecure redirect URI"
        return cls(query["client_id"], redirect, query.get("scope", ""), query.get("state"), challenge)

    def back(self, **said: str) -> str:
        state = {} if self.state is None else {"state": self.state}
        joint = "&" if urlsplit(self.redirect_uri).query else "?"
        return f"{self.redirect_uri}{joint}{urlencode({**said, **state})}"


@dataclass(slots=True)
class _Code:
    owner: Owner
    asked: Asked
    until_ms: float


@dataclass(slots=True)
class _Access:
    owner: Owner
    scope: str
    until_ms: float


@dataclass(slots=True)
class _Consent:
    owner: Owner
    scope: str
    client_id: str


class Consents:
    """`expires_in`: how long an access token lives, in seconds. `rotates`: a refresh token works once."""

    def __init__(self, now_ms: Callable[[], float], new_token: Callable[[], str]) -> None:
        self._now_ms = now_ms
        self._new_token = new_token
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, _Access] = {}
        self._refresh: dict[str, _Consent] = {}
        self.expires_in = ACCESS_S
        self.rotates = False

    def agree(self, asked: Asked, owner: Owner) -> str:
        """Where the browser goes back to."""
        code = self._new_token()
        self._codes[code] = _Code(owner, asked, self._now_ms() + CODE_S * 1000)
        return asked.back(code=code)

    def redeem(self, client_id: str, form: Mapping[str, str]) -> dict[str, Any]:
        """What the token endpoint answers."""
        match form.get("grant_type"):
            case "authorization_code":
                return self._by_code(client_id, form)
            case "refresh_token":
                return self._by_refresh(client_id, form.get("refresh_token", ""))
            case _:
                raise InvalidRequest(
                    "unsupported_grant_type",
                    "grant_type parameter must be client_credentials, authorization_code or refresh_token",
                )

    def owner(self, token: str, scope: str = "") -> Owner | Lifetime:
        """Whose access token it is. `standin:USER:Display%20Name` is one that never expires and may do all."""
        kind, _, rest = token.partition(":")
        user, _, name = rest.partition(":")
        if kind == "standin" and user:
            return Owner(user, unquote(name) or None)
        found = self._access.get(token)
        if found is None or found.until_ms <= self._now_ms():
            return Lifetime.EXPIRED
        return found.owner if not scope or scope in found.scope.split() else Lifetime.SCOPELESS

    def revoke(self, user: str) -> None:
        """As somebody does on their account's page."""
        self._refresh = {token: kept for token, kept in self._refresh.items() if kept.owner.user != user}
        self.expire(user)

    def expire(self, user: str) -> None:
        """Their access tokens, now."""
        self._access = {token: kept for token, kept in self._access.items() if kept.owner.user != user}

    def _by_code(self, client_id: str, form: Mapping[str, str]) -> dict[str, Any]:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.until_ms <= self._now_ms() or code.asked.client_id != client_id:
            raise InvalidGrant("Invalid authorization code")
        if code.asked.redirect_uri != form.get("redirect_uri"):
            raise InvalidGrant("Invalid redirect URI")
        verifier = form.get("code_verifier")
        if code.asked.challenge is not None and (
            verifier is None or challenge_of(verifier) != code.asked.challenge
        ):
            raise InvalidGrant("code_verifier was incorrect")
        refresh = self._new_token()
        self._refresh[refresh] = _Consent(code.owner, code.asked.scope, client_id)
        return self._granted(self._refresh[refresh], refresh)

    def _by_refresh(self, client_id: str, token: str) -> dict[str, Any]:
        kept = self._refresh.get(token)
        if kept is None:
            raise InvalidGrant("Refresh token revoked")
        if kept.client_id != client_id:
            raise InvalidGrant("Invalid refresh token")
        if not self.rotates:
            return self._granted(kept, None)
        del self._refresh[token]
        successor = self._new_token()
        self._refresh[successor] = kept
        return self._granted(kept, successor)

    def _granted(self, consent: _Consent, refresh: str | None) -> dict[str, Any]:
        access = self._new_token()
        until_ms = self._now_ms() + self.expires_in * 1000
        self._access[access] = _Access(consent.owner, consent.scope, until_ms)
        granted = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": self.expires_in,
            "scope": consent.scope,
        }
        return granted if refresh is None else {**granted, "refresh_token": refresh}


def may_redirect(address: str) -> bool:
    """HTTPS, or a loopback address as a number: not `localhost`."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    return parts.scheme == "http" and host in ("127.0.0.1", "::1")


def challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("utf-8", "surrogatepass")).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")
