"""How somebody proves who they are, and how they change that: the password and the second factor."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.accounts.checks import Checks
from tutti.platform.accounts.logins import Logins
from tutti.platform.accounts.models import User
from tutti.platform.accounts.passwords import weakness
from tutti.platform.accounts.schemas import FactorSetUp, Problem, Wrong
from tutti.platform.accounts.second_factor import SecondFactors
from tutti.platform.accounts.throttles import Scope
from tutti.platform.rows import Sql


class Security:
    """`ended` hears of the logins that a change has ended, after it was kept."""

    def __init__(
        self,
        sql: Sql,
        checks: Checks,
        logins: Logins,
        factors: SecondFactors,
        ended: Callable[[Iterable[str]], None],
    ) -> None:
        self._sql = sql
        self._checks = checks
        self._logins = logins
        self._factors = factors
        self._ended = ended

    async def change_password(self, user: str, login: str | None, old: str, new: str) -> Problem | None:
        """All other logins end: one of them may be why."""
        async with self._sql.reading() as db:
            row = await db.get(User, user)
        if row is None:
            return Problem(Wrong.TOKEN)
        problem = await self._checks.password(user, row.password_hash, old, Wrong.PASSWORD)
        if problem is not None:
            return problem
        weak = weakness(new, row.email, row.username)
        if weak is not None:
            return Problem(Wrong.WEAK, weak)
        fresh = await self._checks.passwords.hash(new)
        async with self._sql.writing() as db:
            now = await locked(db, user)
            if now is None or now.password_hash != row.password_hash:  # changed meanwhile
                return Problem(Wrong.PASSWORD)
            now.password_hash = fresh
            ended = await self._logins.end(db, "password", user=user, keep=login)
        self._ended(ended)
        return None

    async def set_up_second_factor(self, user: str) -> FactorSetUp | Problem:
        """For an app to learn; it is asked for once `confirm_second_factor` has seen a code."""
        async with self._sql.writing() as db:
            row = await locked(db, user)
            return Problem(Wrong.TOKEN) if row is None else await self._factors.set_up(db, row)

    async def confirm_second_factor(self, user: str, code: str) -> tuple[str, ...] | Problem:
        """On, with backup codes that are shown this once."""
        slow = self._checks.slow(Scope.WRONG_CODE_BY_ACCOUNT, user)
        if slow is not None:
            return slow
        async with self._sql.writing() as db:
            outcome = await self._factors.confirm(db, user, code)
        if not isinstance(outcome, Problem):
            self._checks.throttles.forgive(Scope.WRONG_CODE_BY_ACCOUNT, user)
        return outcome

    async def new_backup_codes(self, user: str, code: str) -> tuple[str, ...] | Problem:
        """Instead of those that were there, for a code of the app's or a backup code."""
        slow = self._checks.slow(Scope.WRONG_CODE_BY_ACCOUNT, user)
        if slow is not None:
            return slow
        async with self._sql.writing() as db:
            if not await self._factors.is_on(db, user):
                return Problem(Wrong.FACTOR_IS_OFF)
            if not await self._factors.accepts(db, user, code):
                return Problem(Wrong.CODE)
            codes = await self._factors.new_backup_codes(db, user)
        self._checks.throttles.forgive(Scope.WRONG_CODE_BY_ACCOUNT, user)
        return codes

    async def disable_second_factor(self, user: str, password: str, code: str) -> Problem | None:
        """Needs both: whoever found an open browser has neither."""
        async with self._sql.reading() as db:
            row = await db.get(User, user)
            if row is None or not await self._factors.is_on(db, user):
                return Problem(Wrong.FACTOR_IS_OFF)
        problem = await self._checks.password(user, row.password_hash, password, Wrong.PASSWORD)
        problem = problem or self._checks.slow(Scope.WRONG_CODE_BY_ACCOUNT, user)
        if problem is not None:
            return problem
        async with self._sql.writing() as db:
            if not await self._factors.accepts(db, user, code):
                return Problem(Wrong.CODE)
            await self._factors.turn_off(db, user)
        self._checks.throttles.forgive(Scope.WRONG_CODE_BY_ACCOUNT, user)
        return None


async def locked(db: AsyncSession, user: str) -> User | None:
    """To be changed: whoever wants to change it as well waits."""
    return await db.scalar(select(User).where(User.id == user, User.active).with_for_update())
