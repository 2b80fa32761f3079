"""The server's own tokens: JSON Web Tokens signed with the operator's secret (RFC 7519, HS256 and nothing else).

A claim that narrows what a token is for counts against it: an audience that does not name us, a type that is not access.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import jwt

from tutti.core.ids import MemberId
from tutti.service.ports import Identity, Principal, Unavailable

ALGORITHM = "HS256"
AUDIENCE = "tutti"
LONGEST_TOKEN = 8192
LONGEST_SUBJECT = 255
ACCESS_TYPES = ("access", "bearer", "jwt", "at+jwt")
MIN_KEY_BYTES = 32

_SIGNATURE_ONLY: Any = {
    "verify_exp": False,  # PyJWT asks the operating system for the time; we ask our clock
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


class JwtIdentity:
    """`wall_ms`: milliseconds since 1970, which is what a token's `exp` is compared with."""

    def __init__(self, secret: bytes, wall_ms: Callable[[], float]) -> None:
        if not secret:
            raise ValueError("an empty secret lets everybody sign")
        # HMAC pads a short key with zeros (RFC 2104 section 2): the signatures are the same, and PyJWT need not warn.
        self._key = secret.ljust(MIN_KEY_BYTES, b"\0")
        self._wall_ms = wall_ms

    async def verify(self, token: str) -> Principal | None:
        claims = self._signed_claims(token)
        return None if claims is None else self._owner(claims)

    def issue(self, user: str, name: str | None, ttl_s: float) -> str:
        """An access token for tools, tests and the command line."""
        now_s = self._wall_ms() / 1000
        claims: dict[str, Any] = {
            "sub": user,
            "iss": AUDIENCE,
            "iat": int(now_s),
            "exp": math.ceil(now_s + ttl_s),
        }
        if name is not None:
            claims["name"] = name
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)

    def _signed_claims(self, token: str) -> Mapping[str, Any] | None:
        if len(token) > LONGEST_TOKEN:
            return None
        try:
            return jwt.decode(token, self._key, algorithms=[ALGORITHM], options=_SIGNATURE_ONLY)
        except (jwt.InvalidTokenError, ValueError, RecursionError):
            return None  # ValueError: not Unicode, a million digits; RecursionError: a header nested too deep

    def _owner(self, claims: Mapping[str, Any]) -> Principal | None:
        user, expires_s, not_before_s = claims.get("sub"), _seconds(claims.get("exp")), claims.get("nbf")
        now_s = self._wall_ms() / 1000
        if not isinstance(user, str) or not 0 < len(user) <= LONGEST_SUBJECT:
            return None
        if expires_s is None or expires_s <= now_s:
            return None
        if not_before_s is not None and ((begins_s := _seconds(not_before_s)) is None or begins_s > now_s):
            return None
        if not _is_access(claims) or not _is_for_us(claims):
            return None
        name = claims.get("name")
        return Principal(MemberId(user), name if isinstance(name, str) and name else None, expires_s * 1000)


class ChainIdentity:
    """The first that knows the token's owner. Not knowing now weighs less than a yes and more than a no."""

    def __init__(self, *identities: Identity) -> None:
        self._identities = identities

    async def verify(self, token: str) -> Principal | None:
        unsure: Unavailable | None = None
        for identity in self._identities:
            try:
                owner = await identity.verify(token)
            except Unavailable as problem:
                unsure = problem
                continue
            if owner is not None:
                return owner
        if unsure is not None:
            raise unsure
        return None


def is_of_our_kind(token: str) -> bool:
    """Whether it is shaped like a token of this server, valid or not: such a token is nobody else's to see."""
    try:
        return jwt.get_unverified_header(token).get("alg") == ALGORITHM
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        return False


def _seconds(claim: object) -> float | None:
    """A NumericDate of RFC 7519 section 2."""
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        return None
    try:
        seconds = float(claim)
    except OverflowError:
        return None
    return seconds if math.isfinite(seconds) else None


def _is_access(claims: Mapping[str, Any]) -> bool:
    if claims.get("type") == "refresh":  # elsewhere it may be a type of person
        return False
    types = (claims[name] for name in ("typ", "token_type", "token_use") if name in claims)
    return all(isinstance(kind, str) and kind.lower() in ACCESS_TYPES for kind in types)


def _is_for_us(claims: Mapping[str, Any]) -> bool:
    audience = claims.get("aud")
    return audience is None or audience == AUDIENCE or (isinstance(audience, list) and AUDIENCE in audience)
