"""Passwords: Argon2id (RFC 9106), a few at a time beside the event loop, and the same work whoever is asked for.

Hashing costs what the operator pays for it, in memory and time. So there are few threads, and whoever comes when many
wait already is told that it cannot be done now.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tutti.service.ports import Unavailable

T = TypeVar("T")

SHORTEST = 8
LONGEST = 128
# fmt: off
COMMON = frozenset({
    "password", "password1", "password123", "passw0rd", "123456789", "1234567890", "12345678",
    "qwertyuiop", "qwerty123", "iloveyou", "sunshine", "princess", "football", "baseball", "superman",
    "trustno1", "letmein1", "welcome1", "starwars", "computer", "michelle", "jennifer",
})
# fmt: on


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one hash: OWASP's second choice for Argon2id."""

    memory_kib: int = 19_456
    passes: int = 2


class Passwords:
    """`close` when nobody asks any more."""

    def __init__(self, cost: Cost, *, threads: int = 2, most_waiting: int = 64) -> None:
        self._hasher = PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=1)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._most = threads + most_waiting
        self._under_way = 0
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """Raises `Unavailable` if too many wait."""
        return await self._beside(lambda: self._hasher.hash(_same(password)))

    async def matches(self, hashed: str | None, password: str) -> bool:
        """Whether it is that one. None: no such account, or none with a password, which takes as long to find out."""
        return await self._beside(lambda: self._matches(hashed, password))

    def is_outdated(self, hashed: str) -> bool:
        """Whether it was made at another cost than today's."""
        return self._hasher.check_needs_rehash(hashed)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _matches(self, hashed: str | None, password: str) -> bool:
        if hashed is None:
            if self._nobodys is None:
                self._nobodys = self._hasher.hash("nobody's password")
            hashed, impossible = self._nobodys, True
        else:
            impossible = False
        try:
            self._hasher.verify(hashed, _same(password))
        except (VerificationError, InvalidHashError):
            return False
        return not impossible

    async def _beside(self, work: Callable[[], T]) -> T:
        if self._under_way >= self._most:
            raise Unavailable("too many passwords are being checked")
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._under_way -= 1


def weakness(password: str, *others: str | None) -> str | None:
    """What is wrong with a new password, for a person; None: nothing. `others`: what must not stand for it."""
    plain = _same(password).lower()
    if len(plain) < SHORTEST:
        return f"This password is too short. It must contain at least {SHORTEST} characters."
    if len(plain) > LONGEST:
        return f"This password is too long. It must contain at most {LONGEST} characters."
    if plain.isdigit():
        return "This password is entirely numeric."
    if plain in COMMON or len(set(plain)) < 3:
        return "This password is too common."
    for other in others:
        if other and plain in (other.lower(), other.lower().partition("@")[0]):
            return "The password is too similar to the rest of the account."
    return None


def _same(password: str) -> str:
    """One spelling of what looks the same, however a keyboard composes it (NIST SP 800-63B section 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
