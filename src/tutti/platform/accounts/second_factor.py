"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and ten backup codes, each good for once.

A code counts for half a minute before and after its own, because clocks differ, and never twice: whoever reads one
over a shoulder comes too late.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode
from hmac import compare_digest

import pyotp
import segno
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.accounts.models import BackupCode, SecondFactor, User
from tutti.platform.accounts.schemas import FactorSetUp, Problem, Wrong
from tutti.platform.accounts.sealing import AppSecrets
from tutti.platform.rows import RandomBytes, WallMs

ISSUER = "Tutti"
STEP_S = 30
SECRET_BYTES = 20
BACKUP_CODES = 10
BACKUP_BYTES = 10
DIGITS = 6


class SecondFactors:
    """Works in the caller's transaction."""

    def __init__(self, wall_ms: WallMs, random: RandomBytes, secrets: AppSecrets) -> None:
        self._secrets = secrets
        self._wall_ms = wall_ms
        self._random = random

    async def is_on(self, db: AsyncSession, user_id: str) -> bool:
        factor = await db.get(SecondFactor, user_id)
        return factor is not None and factor.confirmed_at_ms is not None

    async def set_up(self, db: AsyncSession, user: User) -> FactorSetUp | Problem:
        """A new secret, which counts once a code of it was shown. Setting up again forgets the one before."""
        factor = await _factor(db, user.id)
        if factor is not None and factor.confirmed_at_ms is not None:
            return Problem(Wrong.FACTOR_IS_ON)
        secret = b32encode(self._random(SECRET_BYTES)).decode()
        sealed = self._secrets.sealed(user.id, secret)
        if factor is None:
            db.add(SecondFactor(user_id=user.id, secret=sealed, confirmed_at_ms=None, last_step=0))
        else:
            factor.secret = sealed
        url = pyotp.TOTP(secret).provisioning_uri(name=user.email or user.username, issuer_name=ISSUER)
        return FactorSetUp(secret, url, segno.make(url, error="m").png_data_uri(scale=5))

    async def confirm(self, db: AsyncSession, user_id: str, code: str) -> tuple[str, ...] | Problem:
        """Turn it on with a first code; the backup codes, which nobody can read again."""
        factor = await _factor(db, user_id)
        if factor is None:
            return Problem(Wrong.FACTOR_IS_OFF)
        if factor.confirmed_at_ms is not None:
            return Problem(Wrong.FACTOR_IS_ON)
        if not self._is_current(factor, _plain(code)):
            return Problem(Wrong.CODE)
        factor.confirmed_at_ms = int(self._wall_ms())
        return await self.new_backup_codes(db, user_id)

    async def new_backup_codes(self, db: AsyncSession, user_id: str) -> tuple[str, ...]:
        """Ten, instead of those that were there."""
        codes = tuple(_spelled(self._random(BACKUP_BYTES)) for _ in range(BACKUP_CODES))
        await db.execute(delete(BackupCode).where(BackupCode.user_id == user_id))
        db.add_all(BackupCode(user_id=user_id, hash=_hash(code), used_at_ms=None) for code in codes)
        return codes

    async def accepts(self, db: AsyncSession, user_id: str, code: str) -> bool:
        """Whether it is a code of the app's, or a backup code; it does not count again."""
        factor = await _factor(db, user_id)
        if factor is None or factor.confirmed_at_ms is None:
            return False
        return self._is_current(factor, _plain(code)) or await self._use_backup(db, user_id, code)

    async def turn_off(self, db: AsyncSession, user_id: str) -> None:
        await db.execute(delete(BackupCode).where(BackupCode.user_id == user_id))
        await db.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))

    def _is_current(self, factor: SecondFactor, code: str) -> bool:
        if len(code) != DIGITS or not (code.isascii() and code.isdigit()):
            return False
        secret = self._secrets.opened(factor)
        if secret is None:
            return False
        now_step = int(self._wall_ms() / 1000) // STEP_S
        app = pyotp.TOTP(secret)
        for step in (now_step - 1, now_step, now_step + 1):
            if step > factor.last_step and compare_digest(app.generate_otp(step), code):
                factor.last_step = step
                return True
        return False

    async def _use_backup(self, db: AsyncSession, user_id: str, code: str) -> bool:
        backup = await db.get(BackupCode, (user_id, _hash(code)))
        if backup is None or backup.used_at_ms is not None:
            return False
        backup.used_at_ms = int(self._wall_ms())
        return True


async def _factor(db: AsyncSession, user_id: str) -> SecondFactor | None:
    """To be changed: whoever comes at the same time waits, and then sees what was used."""
    return await db.scalar(select(SecondFactor).where(SecondFactor.user_id == user_id).with_for_update())


def _spelled(raw: bytes) -> str:
    """16 letters and digits in fours."""
    letters = b32encode(raw).decode().lower()
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def _plain(code: str) -> str:
    """As people type them: with spaces, dashes and capitals."""
    return "".join(code.split()).replace("-", "").lower()


def _hash(code: str) -> str:
    """Backup codes have 80 random bits, so that one round of SHA-256 hides them."""
    return hashlib.sha256(b"backup:" + _plain(code).encode("utf-8", "surrogatepass")).hexdigest()
