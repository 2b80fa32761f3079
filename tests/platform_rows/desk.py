"""Accounts to test with: a clock that is turned by hand, numbers that are drawn the same each time, cheap hashes."""

from __future__ import annotations

import random
import re
from collections.abc import Awaitable, Callable

import pyotp

from tutti.infra.tokens import JwtIdentity
from tutti.platform.accounts.accounts import Accounts
from tutti.platform.accounts.codes import Codes
from tutti.platform.accounts.letters import AccountLetters
from tutti.platform.accounts.logins import Lifetimes
from tutti.platform.accounts.passwords import Cost, Passwords
from tutti.platform.accounts.schemas import LoggedIn, NewAccount, OnDevice, Problem, Tokens, Wrong
from tutti.platform.accounts.throttles import Throttles
from tutti.platform.jobs.jobs import Jobs
from tutti.platform.mail.letters import Letter, Links
from tutti.platform.rows import Sql
from tutti.platform.spotify.vault import Vault
from tutti.service.logins import Logins
from tutti.service.ports import Principal

SECRET = b"a secret of more than thirty-two bytes"
CHEAP = Cost(memory_kib=8, passes=1)
PASSWORD = "correct horse battery"
LAPTOP = OnDevice("laptop-1", "Ann's laptop")
PHONE = OnDevice("phone-1", "Ann's phone")
NOON_MS = 1_760_956_200_000.0
DAY_MS = 86_400_000.0


class Hands:
    """A clock, in milliseconds since 1970."""

    def __init__(self, now_ms: float = NOON_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> float:
        return self.now_ms

    def turn(self, by_ms: float) -> None:
        self.now_ms += by_ms


class Postbox:
    """Mail that arrives at once. `letters`: to whom, and what."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, Letter]] = []
        self.problem: Exception | None = None

    async def send(
        self, to: str, subject: str, text: str, html: str, *, letter_id: str | None = None
    ) -> None:
        if self.problem is not None:
            raise self.problem
        self.letters.append((to, Letter(subject, text, html)))

    def codes(self) -> list[str]:
        """In the links of the newest letter."""
        return codes_in(self.letters[-1][1])


def codes_in(letter: Letter) -> list[str]:
    return re.findall(r"token=([\w-]+)$", letter.text, re.MULTILINE)


class CountedPasswords(Passwords):
    """`checked`: how many were compared. `meanwhile`: what happens while the next one is."""

    checked = 0
    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def matches(self, hashed: str | None, password: str) -> bool:
        self.checked += 1
        meanwhile, self.meanwhile = self.meanwhile, None
        found = await super().matches(hashed, password)
        if meanwhile is not None:
            await meanwhile()
        return found


class Desk:
    """`ended`: the logins that were said to have ended, in order. Letters arrive in `postbox` when `jobs` are run."""

    def __init__(self, sql: Sql, *, limits: bool = True, cost: Cost = CHEAP, seed: int = 1) -> None:
        self.clock = Hands()
        self.ended: list[str] = []
        self.random = random.Random(seed).randbytes
        self.passwords = CountedPasswords(cost)
        self.identity = JwtIdentity(SECRET, self.clock, ended=self.ended.__contains__, random=self.random)
        self.jobs = Jobs(sql, self.clock, self.random)
        self.postbox = Postbox()
        codes = Codes(self.clock, self.random)
        letters = AccountLetters(sql, self.jobs, self.postbox, Links(None, "https://tutti.test"), codes)
        self.accounts = Accounts(
            sql,
            self.passwords,
            self.identity.tokens,
            Throttles.of(self.clock, on=limits),
            vault=Vault(SECRET, self.clock),
            wall_ms=self.clock,
            random=self.random,
            lifetimes=Lifetimes(),
            codes=codes,
            letters=letters,
            ended=self._hear_ended,
        )
        self._logins: Logins | None = None

    def hears(self, logins: Logins) -> None:
        """Where live connections are."""
        self._logins = logins

    def _hear_ended(self, login: str) -> None:
        self.ended.append(login)
        if self._logins is not None:
            self._logins.end(login)

    def close(self) -> None:
        self.passwords.close()

    async def ann(self) -> LoggedIn:
        """Registered, on her laptop."""
        return entered(
            await self.accounts.register(
                NewAccount(email="Ann@Example.org", password=PASSWORD, username="Ann"), LAPTOP
            )
        )

    async def log_in(self, password: str = PASSWORD, on: OnDevice = PHONE) -> LoggedIn:
        return entered(await self.accounts.log_in("ann@example.org", password, on))

    async def with_app(self, user: str) -> tuple[pyotp.TOTP, tuple[str, ...]]:
        """A second factor, on; the app, and the backup codes."""
        set_up = await self.accounts.security.set_up_second_factor(user)
        assert not isinstance(set_up, Problem)
        app = pyotp.TOTP(set_up.secret)
        codes = await self.accounts.security.confirm_second_factor(user, self.code(app))
        assert not isinstance(codes, Problem)
        return app, codes

    def code(self, app: pyotp.TOTP, later_s: float = 0.0) -> str:
        return app.generate_otp(int(self.clock.now_ms / 1000 + later_s) // 30)

    async def owner(self, tokens: Tokens) -> Principal | None:
        return await self.identity.verify(tokens.access)


def entered(outcome: object) -> LoggedIn:
    assert isinstance(outcome, LoggedIn), outcome
    return outcome


def renewed(outcome: Tokens | Problem) -> Tokens:
    assert isinstance(outcome, Tokens), outcome
    return outcome


def wrong(outcome: object) -> Wrong:
    assert isinstance(outcome, Problem), outcome
    return outcome.wrong
