"""How somebody proves that an address is theirs, and comes back in when the password is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.accounts import emails, names
from tutti.platform.accounts.checks import Checks
from tutti.platform.accounts.codes import Codes, Purpose
from tutti.platform.accounts.letters import AccountLetters
from tutti.platform.accounts.logins import Logins
from tutti.platform.accounts.models import User
from tutti.platform.accounts.passwords import weakness
from tutti.platform.accounts.schemas import Problem, Wrong
from tutti.platform.accounts.security import locked
from tutti.platform.accounts.throttles import Scope
from tutti.platform.rows import Sql


class Recovery:
    """`ended` hears of the logins that a new password has ended, after it was kept."""

    def __init__(
        self,
        sql: Sql,
        checks: Checks,
        logins: Logins,
        *,
        codes: Codes,
        letters: AccountLetters,
        ended: Callable[[Iterable[str]], None],
    ) -> None:
        self._sql = sql
        self._checks = checks
        self._logins = logins
        self._codes = codes
        self._letters = letters
        self._ended = ended

    async def ask(self, purpose: Purpose, email: str) -> Problem | None:
        """A letter, if there is anybody to write to. The answer, and how long it takes, do not say whether."""
        key = names.email_key(email)
        slow = self._checks.slow(Scope.LETTER_BY_EMAIL, key)
        if slow is None:
            async with self._sql.writing() as db:
                await self._letters.ask(db, purpose, key)
        return slow

    async def ask_own(self, user: str) -> Problem | None:
        """Another letter to prove this account's address."""
        async with self._sql.writing() as db:
            row = await db.get(User, user)
            if row is None or row.email is None or row.email_verified:
                return None
            slow = self._checks.slow(Scope.LETTER_BY_EMAIL, row.email)
            if slow is None:
                await self._letters.ask(db, Purpose.VERIFY, row.email, user)
            return slow

    async def welcome(self, db: AsyncSession, user: str, email: str) -> bool:
        """To a new account's address, in the transaction that makes it. False: that address has had enough letters."""
        if self._checks.slow(Scope.LETTER_BY_EMAIL, email) is not None:
            return False
        await self._letters.ask(db, Purpose.VERIFY, email, user)
        return True

    async def verify_email(self, code: str) -> Problem | None:
        async with self._sql.writing() as db:
            return None if await self._prover(db, Purpose.VERIFY, code) is not None else Problem(Wrong.LINK)

    async def reset_password(self, code: str, new: str) -> Problem | None:
        """All logins end: whoever has them may be why. The address is proven by that, too."""
        async with self._sql.reading() as db:
            shown = await self._codes.look(db, Purpose.RESET, code)
            user = None if shown is None else await db.get(User, shown.user_id)
        if user is None:
            return Problem(Wrong.LINK)
        weak = weakness(new, user.email, user.username)
        if weak is not None:
            return Problem(Wrong.WEAK, weak)
        fresh = await self._checks.passwords.hash(new)
        async with self._sql.writing() as db:
            now = await self._prover(db, Purpose.RESET, code)
            if now is None:
                return Problem(Wrong.LINK)
            now.password_hash = fresh
            ended = await self._logins.end(db, "password", user=now.id)
        self._ended(ended)
        return None

    async def _prover(self, db: AsyncSession, purpose: Purpose, code: str) -> User | None:
        """Whose code it is; it is used, and the address is theirs."""
        shown = await self._codes.look(db, purpose, code)
        if shown is None:
            return None
        await emails.hold(db, shown.email)
        used = await self._codes.use(db, purpose, code)
        user = None if used is None else await locked(db, used.user_id)
        if used is None or user is None or not await emails.proven(db, user, used.email):
            return None
        return user
