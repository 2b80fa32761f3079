"""Secrets of authenticator apps as they lie in the database: sealed, and opened only for the person whose they are.

Rows of before secrets were sealed hold them in clear: they are sealed when they are next used, or tidied.
"""

from __future__ import annotations

from typing import Final

import structlog
from sqlalchemy import select

from tutti.platform.accounts.models import SecondFactor
from tutti.platform.rows import Sql
from tutti.platform.spotify.vault import Unreadable, Vault

log = structlog.get_logger("tutti.accounts")

LONGEST_CLEAR: Final = 64
"""What is sealed is longer than this; what is not is shorter."""
SEALED_AT_ONCE: Final = 200


class AppSecrets:
    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def sealed(self, user_id: str, secret: str) -> str:
        return self._vault.seal(_owner(user_id), secret)

    def opened(self, factor: SecondFactor) -> str | None:
        """Sealed with the current key if it is not yet. None: no key opens it; backup codes still count."""
        secret = self._in_clear(factor)
        if secret is None:
            log.warning("second_factor.unreadable", user=factor.user_id, meaning="JWT_SECRET has changed")
        elif not self._is_done(factor.secret):
            factor.secret = self.sealed(factor.user_id, secret)
        return secret

    async def seal_rest(self, sql: Sql) -> int:
        """Seal what is in clear or of the previous key. How many there were."""
        async with sql.reading() as db:
            rows = (await db.execute(select(SecondFactor.user_id, SecondFactor.secret))).all()
        todo = [user for user, kept in rows if not self._is_done(kept)]
        for first in range(0, len(todo), SEALED_AT_ONCE):
            async with sql.writing() as db:
                for user in todo[first : first + SEALED_AT_ONCE]:
                    factor = await db.get(SecondFactor, user, with_for_update=True)
                    if factor is not None:
                        self.opened(factor)
        return len(todo)

    def _is_done(self, kept: str) -> bool:
        return len(kept) > LONGEST_CLEAR and self._vault.is_current(kept)

    def _in_clear(self, factor: SecondFactor) -> str | None:
        if len(factor.secret) <= LONGEST_CLEAR:
            return factor.secret
        try:
            (secret,) = self._vault.open(_owner(factor.user_id), factor.secret)
        except (Unreadable, ValueError):
            return None
        return secret


def _owner(user_id: str) -> str:
    """What is sealed for one purpose does not open for another."""
    return f"second factor of {user_id}"
