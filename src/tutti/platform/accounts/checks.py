"""Whether a password is right, counted by account so that nobody can try for long."""

from __future__ import annotations

from collections.abc import Sequence

from tutti.platform.accounts.passwords import Passwords
from tutti.platform.accounts.schemas import Problem, Wrong
from tutti.platform.accounts.throttles import Scope, Throttles


class Checks:
    """What is tried is counted before it is tried, and forgiven when it was right."""

    def __init__(self, passwords: Passwords, throttles: Throttles) -> None:
        self.passwords = passwords
        self.throttles = throttles

    async def password(self, who: str, hashed: str | None, password: str, wrong: Wrong) -> Problem | None:
        """`hashed` None: it has none, which takes as long to find out and is called `wrong` as well."""
        slow = self.slow(Scope.WRONG_PASSWORD_BY_ACCOUNT, who)
        if slow is not None:
            return slow
        if not await self.passwords.matches(hashed, password):
            return Problem(wrong)
        self.throttles.forgive(Scope.WRONG_PASSWORD_BY_ACCOUNT, who)
        return None

    async def one_of(self, who: str, hashes: Sequence[str | None], password: str) -> int | Problem:
        """Which of these it is. None among them: nobody, which takes as long to try."""
        slow = self.slow(Scope.WRONG_PASSWORD_BY_ACCOUNT, who)
        if slow is not None:
            return slow
        for place, hashed in enumerate(hashes):
            if await self.passwords.matches(hashed, password):
                self.throttles.forgive(Scope.WRONG_PASSWORD_BY_ACCOUNT, who)
                return place
        return Problem(Wrong.CREDENTIALS)

    def slow(self, scope: Scope, who: str) -> Problem | None:
        wait_s = self.throttles.take(scope, who)
        return Problem(Wrong.TOO_OFTEN, retry_after_s=wait_s) if wait_s else None
