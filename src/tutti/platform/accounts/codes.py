"""Codes that are mailed: whoever shows one reads the mail of that address. Works in the caller's transaction.

A code has 256 random bits and works once. Only what recognises it is kept.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from enum import Enum

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.accounts.models import MailedCode
from tutti.platform.rows import RandomBytes, WallMs

CODE_BYTES = 32
LONGEST_CODE = 128
HOUR_MS = 3_600_000


class Purpose(Enum):
    """Value: (name, how long a code of it works)."""

    VERIFY = ("verify", 24 * HOUR_MS)
    RESET = ("reset", HOUR_MS)

    def __init__(self, word: str, lives_ms: int) -> None:
        self.word = word
        self.lives_ms = lives_ms


class Codes:
    def __init__(self, wall_ms: WallMs, random: RandomBytes) -> None:
        self._wall_ms = wall_ms
        self._random = random

    def issue(self, db: AsyncSession, purpose: Purpose, user: str, email: str) -> str:
        """Another one; those before it work too, until one of them is used."""
        code = urlsafe_b64encode(self._random(CODE_BYTES)).decode().rstrip("=")
        expires_at_ms = int(self._wall_ms()) + purpose.lives_ms
        db.add(
            MailedCode(
                hash=_recognised(purpose, code),
                user_id=user,
                purpose=purpose.word,
                email=email,
                expires_at_ms=expires_at_ms,
            )
        )
        return code

    async def look(self, db: AsyncSession, purpose: Purpose, code: str) -> MailedCode | None:
        """What it is for, if it works now; it still works afterwards."""
        if len(code) > LONGEST_CODE:
            return None
        found = await db.get(MailedCode, _recognised(purpose, code))
        return found if found is not None and found.expires_at_ms > self._wall_ms() else None

    async def use(self, db: AsyncSession, purpose: Purpose, code: str) -> MailedCode | None:
        """Of two who use it at once one does. All of this purpose and person are worth nothing then."""
        found = await self.look(db, purpose, code)
        if found is None:
            return None
        mine = delete(MailedCode).where(MailedCode.hash == found.hash).returning(MailedCode.hash)
        if not (await db.scalars(mine)).all():
            return None
        others = (MailedCode.user_id == found.user_id, MailedCode.purpose == purpose.word)
        await db.execute(delete(MailedCode).where(*others))
        return found

    async def forget(self, db: AsyncSession) -> None:
        await db.execute(delete(MailedCode).where(MailedCode.expires_at_ms <= self._wall_ms()))


def _recognised(purpose: Purpose, code: str) -> str:
    return hashlib.sha256(f"{purpose.word}:".encode() + code.encode("utf-8", "surrogatepass")).hexdigest()
