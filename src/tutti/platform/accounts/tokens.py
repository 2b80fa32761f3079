"""Access tokens: JSON Web Tokens that we sign and read (RFC 7519), HS256 and nothing else; and opaque refresh tokens.

A token must say what it is, or it is none: `exp iss aud sub jti` are there, the issuer and the audience are ours, and
`typ` is `access`. The ticket between a password and a second factor is signed with the same key for another audience,
so that neither can stand for the other. A refresh token is no JSON Web Token at all, and so opens nothing.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import jwt

from tutti.platform.rows import RandomBytes, WallMs

ALGORITHM = "HS256"
ISSUER = "tutti"
AUDIENCE = "tutti"
TICKET_AUDIENCE = "tutti:2fa"
ACCESS, TICKET = "access", "2fa"
LONGEST_TOKEN = 8192
USUAL_TOKEN, KNOWN = 1024, 4096
"""Of tokens up to this size, so many signatures are remembered: whoever has one shows it for a quarter of an hour."""
LONGEST_SUBJECT = 255
LONGEST_ID = 128
MIN_KEY_BYTES = 32
TICKET_S = 300.0
REFRESH_BYTES = 32

_SIGNATURE_ONLY: Any = {
    "verify_exp": False,  # PyJWT asks the operating system for the time; we ask our clock
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


@dataclass(frozen=True, slots=True)
class Previous:
    """A key that is being replaced: what it signed counts until then, milliseconds since 1970."""

    secret: bytes
    until_ms: float


@dataclass(frozen=True, slots=True)
class Claims:
    """A token that is valid now. `session`: the login that it belongs to; None: it was made by hand."""

    user: str
    name: str | None
    session: str | None
    expires_ms: float


class AccessTokens:
    def __init__(
        self, secret: bytes, wall_ms: WallMs, random: RandomBytes, *, previous: Previous | None = None
    ) -> None:
        if not secret or (previous is not None and not previous.secret):
            raise ValueError("an empty secret lets everybody sign")
        self._key = _padded(secret)
        self._known = lru_cache(maxsize=KNOWN)(partial(_decoded, key=self._key))
        self._previous = previous
        self._wall_ms = wall_ms
        self._random = random

    def issue(self, user: str, name: str | None, session: str | None, ttl_s: float) -> str:
        claims: dict[str, Any] = {"typ": ACCESS}
        if session is not None:
            claims["sid"] = session
        if name is not None:
            claims["name"] = name
        return self._sign(user, AUDIENCE, ttl_s, claims)

    def read(self, token: str) -> Claims | None:
        """What an access token says; None if it is not one, or not now."""
        signed = self._signed(token)
        if signed is None:
            return None
        claims, until_ms = signed
        user = self._subject(claims, AUDIENCE, ACCESS)
        session, name = claims.get("sid"), claims.get("name")
        if user is None or not (session is None or _is_id(session)):
            return None
        expires_ms = min(until_ms, claims["exp"] * 1000)
        return Claims(user, name if isinstance(name, str) and name else None, session, expires_ms)

    def ticket(self, user: str) -> str:
        """For whoever has shown the password of an account that wants a code as well."""
        return self._sign(user, TICKET_AUDIENCE, TICKET_S, {"typ": TICKET})

    def ticket_owner(self, ticket: str) -> str | None:
        signed = self._signed(ticket)
        return None if signed is None else self._subject(signed[0], TICKET_AUDIENCE, TICKET)

    def _sign(self, user: str, audience: str, ttl_s: float, further: Mapping[str, Any]) -> str:
        now_s = self._wall_ms() / 1000
        claims = {
            "iss": ISSUER,
            "aud": audience,
            "sub": user,
            "iat": int(now_s),
            "exp": math.ceil(now_s + ttl_s),
            "jti": self._random(16).hex(),
            **further,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)

    def _signed(self, token: str) -> tuple[Mapping[str, Any], float] | None:
        """The claims, and until when the key that signed them counts."""
        claims = self._known(token) if len(token) <= USUAL_TOKEN else _decoded(token, self._key)
        if claims is not None:
            return claims, math.inf
        previous = self._previous
        if previous is None or previous.until_ms <= self._wall_ms():
            return None
        claims = _decoded(token, _padded(previous.secret))
        return None if claims is None else (claims, previous.until_ms)

    def _subject(self, claims: Mapping[str, Any], audience: str, kind: str) -> str | None:
        """Whose it is, if it has all that it must have and none of that has passed."""
        now_s = self._wall_ms() / 1000
        user, expires_s = claims.get("sub"), _seconds(claims.get("exp"))
        if not isinstance(user, str) or not 0 < len(user) <= LONGEST_SUBJECT:
            return None
        if expires_s is None or expires_s <= now_s:
            return None
        if "nbf" in claims and ((begins_s := _seconds(claims["nbf"])) is None or begins_s > now_s):
            return None
        if claims.get("iss") != ISSUER or claims.get("aud") not in (audience, [audience]):
            return None
        return user if claims.get("typ") == kind and _is_id(claims.get("jti")) else None


def is_of_our_kind(token: str) -> bool:
    """Whether it is shaped like a token of this server, valid or not: such a token is nobody else's to see."""
    try:
        return jwt.get_unverified_header(token).get("alg") == ALGORITHM
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        return False


def new_refresh(random: RandomBytes) -> str:
    return random(REFRESH_BYTES).hex()


def recognised(token: str) -> str:
    """What is kept of a refresh token. It has 256 random bits, so that one round of SHA-256 hides it."""
    return hashlib.sha256(b"refresh:" + token.encode("utf-8", "surrogatepass")).hexdigest()


def sealed(successor: str, token: str) -> str:
    """The successor, so that only whoever holds `token` can read it. Sealing twice opens."""
    pad = hashlib.sha256(b"successor:" + token.encode()).digest()
    return bytes(a ^ b for a, b in zip(bytes.fromhex(successor), pad, strict=True)).hex()


def _decoded(token: str, key: bytes) -> Mapping[str, Any] | None:
    if len(token) > LONGEST_TOKEN:
        return None
    try:
        return jwt.decode(token, key, algorithms=[ALGORITHM], options=_SIGNATURE_ONLY)
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        return None  # ValueError: not Unicode, a million digits; RecursionError: a header nested too deep


def _padded(secret: bytes) -> bytes:
    """HMAC pads a short key with zeros (RFC 2104 section 2): the signatures are the same, and PyJWT need not warn."""
    return secret.ljust(MIN_KEY_BYTES, b"\0")


def _is_id(claim: object) -> bool:
    return isinstance(claim, str) and 0 < len(claim) <= LONGEST_ID


def _seconds(claim: object) -> float | None:
    """A NumericDate of RFC 7519 section 2."""
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        return None
    try:
        seconds = float(claim)
    except OverflowError:
        return None
    return seconds if math.isfinite(seconds) else None
