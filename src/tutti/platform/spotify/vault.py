"""Keeps what Spotify trusted us with unreadable to whoever only has the database.

The key is derived from JWT_SECRET (HKDF, RFC 5869). While the secret is being replaced, what the previous one sealed
can still be opened, and everything that is sealed anew is sealed with the current one.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tutti.platform.accounts.tokens import Previous
from tutti.platform.rows import WallMs

PURPOSE = b"tutti: what Spotify trusted us with, v1"


class Unreadable(Exception):
    """It was sealed with a key that does not count any more, for somebody else, or not by us."""


class Vault:
    def __init__(self, secret: bytes, wall_ms: WallMs, *, previous: Previous | None = None) -> None:
        self._current = _lock(secret)
        self._previous = None if previous is None else (_lock(previous.secret), previous.until_ms)
        self._wall_ms = wall_ms

    def seal(self, owner: str, *secrets: str) -> str:
        """`owner`: who it is opened for; nobody else's row opens with it."""
        said = msgspec.json.encode((owner, *secrets))
        return self._current.encrypt_at_time(said, int(self._wall_ms() / 1000)).decode()

    def open(self, owner: str, sealed: str) -> tuple[str, ...]:
        """Raises `Unreadable`."""
        try:
            said = msgspec.json.decode(self._locks().decrypt(sealed.encode()), type=tuple[str, ...])
        except (InvalidToken, msgspec.DecodeError, UnicodeError):
            raise Unreadable from None
        if not said or said[0] != owner:
            raise Unreadable
        return said[1:]

    def is_current(self, sealed: str) -> bool:
        """Whether the current key sealed it."""
        try:
            self._current.decrypt(sealed.encode())
        except (InvalidToken, UnicodeError):
            return False
        return True

    def _locks(self) -> MultiFernet:
        if self._previous is None or self._previous[1] <= self._wall_ms():
            return MultiFernet([self._current])
        return MultiFernet([self._current, self._previous[0]])


def _lock(secret: bytes) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret)
    return Fernet(urlsafe_b64encode(derived))
