"""Passwords of rooms: what is kept of one cannot be turned back into it, and no room waits while one is checked."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable
from hashlib import scrypt

from tutti.core.roster import Password

LONGEST = 128
"""Characters."""
AT_ONCE = 2
"""Each takes 16 MiB and some 50 ms of a core."""


Run = Callable[[Callable[[bytes, bytes], bytes], bytes, bytes], Awaitable[bytes]]


class Passwords:
    """One for the whole node. `run`: where it is computed; in a thread of its own, if nobody says otherwise."""

    def __init__(self, run: Run = asyncio.to_thread) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._run = run

    async def kept(self, text: str) -> Password:
        """What to keep of it."""
        salt = secrets.token_bytes(16)
        return Password(salt.hex(), (await self._digest(text, salt)).hex())

    async def matches(self, password: Password, text: str) -> bool:
        digest = await self._digest(text, bytes.fromhex(password.salt))
        return hmac.compare_digest(digest, bytes.fromhex(password.digest))

    async def _digest(self, text: str, salt: bytes) -> bytes:
        async with self._turns:
            return await self._run(_scrypt, text[:LONGEST].encode("utf-8", "surrogatepass"), salt)


def _scrypt(text: bytes, salt: bytes) -> bytes:
    return scrypt(text, salt=salt, n=2**14, r=8, p=1, dklen=32)
