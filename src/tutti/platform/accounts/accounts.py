"""The accounts of this server: what somebody may do about their own, whatever language asks for it.

Nothing here waits for a password hash inside a transaction. `ended` hears of every login that has ended, after that
was kept, so that whatever is live on it can be closed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.accounts import emails, names
from tutti.platform.accounts.checks import Checks
from tutti.platform.accounts.codes import Codes
from tutti.platform.accounts.letters import AccountLetters
from tutti.platform.accounts.logins import Lifetimes, Logins, Stolen
from tutti.platform.accounts.models import User
from tutti.platform.accounts.passwords import Passwords, weakness
from tutti.platform.accounts.recovery import Recovery
from tutti.platform.accounts.schemas import (
    LoggedIn,
    Login,
    NewAccount,
    OnDevice,
    Person,
    Problem,
    SecondFactorNeeded,
    Tokens,
    Wrong,
)
from tutti.platform.accounts.sealing import AppSecrets
from tutti.platform.accounts.second_factor import SecondFactors
from tutti.platform.accounts.security import Security, locked
from tutti.platform.accounts.throttles import Scope, Throttles
from tutti.platform.accounts.tokens import AccessTokens
from tutti.platform.rows import RandomBytes, Sql, WallMs, new_id
from tutti.platform.spotify.vault import Vault

log = structlog.get_logger("tutti.accounts")

T = TypeVar("T")

MOST_TRIES = 5


class Accounts:
    """Methods answer a `Problem` where they decline. All raise `Unavailable` if the database, or time, is not there."""

    def __init__(
        self,
        sql: Sql,
        passwords: Passwords,
        tokens: AccessTokens,
        throttles: Throttles,
        *,
        vault: Vault,
        wall_ms: WallMs,
        random: RandomBytes,
        lifetimes: Lifetimes,
        codes: Codes,
        letters: AccountLetters,
        ended: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.throttles = throttles
        self._sql = sql
        self._passwords = passwords
        self._tokens = tokens
        self._wall_ms = wall_ms
        self._random = random
        self._checks = Checks(passwords, throttles)
        self._logins = Logins(tokens, wall_ms, random, lifetimes)
        self._secrets = AppSecrets(vault)
        self._factors = SecondFactors(wall_ms, random, self._secrets)
        self._codes = codes
        self._ended = ended
        self.security = Security(sql, self._checks, self._logins, self._factors, self._tell)
        self.recovery = Recovery(
            sql, self._checks, self._logins, codes=codes, letters=letters, ended=self._tell
        )

    # -- coming in

    async def register(self, new: NewAccount, on: OnDevice) -> LoggedIn | Problem:
        """A new account, logged in. It claims its email: whether somebody has that already is told only by mail there."""
        email = names.email_key(new.email)
        weak = weakness(new.password, email, new.username)
        if weak is not None:
            return Problem(Wrong.WEAK, weak)
        hashed = await self._passwords.hash(new.password)

        async def make(db: AsyncSession) -> LoggedIn | Problem:
            if new.username is not None and not await _is_free(db, new.username):
                return Problem(Wrong.USERNAME_TAKEN)
            username = new.username or await self._free_name(
                db, names.proposed(new), numbered=not (new.first_name or new.last_name)
            )
            user = self._new_user(username, new.first_name, new.last_name)
            user.email, user.password_hash = email, hashed
            db.add(user)
            await db.flush()
            sent = await self.recovery.welcome(db, user.id, email)
            return replace(await self._enter(db, user, on), letter_sent=sent)

        return await self._seeing_others(make)

    async def log_in(
        self, known_by: str, password: str, on: OnDevice
    ) -> LoggedIn | SecondFactorNeeded | Problem:
        """By email or name. It takes as long to find out that there is no such account as that the password is wrong."""
        async with self._sql.reading() as db:
            known = await _known_by(db, known_by)
        hashes = [user.password_hash if user is not None and user.active else None for user in known.tried]
        found = await self._checks.one_of(known.counted_as, hashes, password)
        if isinstance(found, Problem):
            return found
        user, hashed = known.tried[found], hashes[found]
        assert user is not None and hashed is not None
        fresh = await self._passwords.hash(password) if self._passwords.is_outdated(hashed) else hashed
        async with self._sql.writing() as db:
            now = await locked(db, user.id)
            if now is None or now.password_hash != hashed:  # changed meanwhile
                return Problem(Wrong.CREDENTIALS)
            now.password_hash = fresh
            if await self._factors.is_on(db, now.id):
                return SecondFactorNeeded(self._tokens.ticket(now.id))
            return await self._enter(db, now, on)

    async def verify_second_factor(self, ticket: str, code: str, on: OnDevice) -> LoggedIn | Problem:
        """The second half of a login."""
        who = self._tokens.ticket_owner(ticket)
        if who is None:
            return Problem(Wrong.TICKET)
        slow = self._checks.slow(Scope.WRONG_CODE_BY_ACCOUNT, who)
        if slow is not None:
            return slow
        async with self._sql.writing() as db:
            user = await db.get(User, who)
            if user is None or not user.active:
                return Problem(Wrong.TICKET)
            if not await self._factors.accepts(db, who, code):
                return Problem(Wrong.CODE)
            self.throttles.forgive(Scope.WRONG_CODE_BY_ACCOUNT, who)
            return await self._enter(db, user, on)

    async def from_spotify(self, spotify_id: str, name: str, on: OnDevice) -> LoggedIn | Problem:
        """Whoever Spotify says this is: their account, made now if there is none yet."""

        async def find_or_make(db: AsyncSession) -> LoggedIn | Problem:
            user = await db.scalar(select(User).where(User.spotify_id == spotify_id))
            if user is None:
                shown = names.printable(name) or "listener"
                user = self._new_user(await self._free_name(db, shown), "", "")
                user.display_name, user.spotify_id = shown, spotify_id
                db.add(user)
                await db.flush()
            if not user.active:
                return Problem(Wrong.CREDENTIALS)
            return await self._enter(db, user, on)

        return await self._seeing_others(find_or_make)

    async def refresh(self, token: str) -> Tokens | Problem:
        async with self._sql.writing() as db:
            outcome = await self._logins.refresh(db, token)
        if not isinstance(outcome, Stolen):
            return outcome
        log.warning("accounts.refresh_token_reused", login=outcome.session)
        self._tell((outcome.session,))
        return Problem(Wrong.TOKEN)

    # -- going out

    async def log_out(
        self, *, user: str | None = None, login: str | None = None, refresh: str | None = None
    ) -> None:
        """End this login of theirs, and the one of this refresh token: whoever holds it may always throw it away."""
        async with self._sql.writing() as db:
            ended: list[str] = []
            if user is not None and login is not None:
                ended += await self._logins.end(db, "logout", user=user, only=login)
            if refresh is not None and (its := await self._logins.of(db, refresh)) is not None:
                ended += await self._logins.end(db, "logout", only=its)
        self._tell(ended)

    async def logins(self, user: str) -> tuple[Login, ...]:
        async with self._sql.reading() as db:
            return await self._logins.listed(db, user)

    async def end_login(self, user: str, login: str) -> Problem | None:
        """Somebody else's is not found."""
        async with self._sql.writing() as db:
            ended = await self._logins.end(db, "ended", user=user, only=login)
        self._tell(ended)
        return None if ended else Problem(Wrong.NO_SUCH_LOGIN)

    async def end_other_logins(self, user: str, keep: str | None) -> None:
        async with self._sql.writing() as db:
            ended = await self._logins.end(db, "ended", user=user, keep=keep)
        self._tell(ended)

    async def ended_lately(self) -> tuple[str, ...]:
        """After a restart: logins that have ended, whose access tokens may look alive."""
        async with self._sql.reading() as db:
            return await self._logins.ended_lately(db)

    async def forget(self) -> None:
        """Delete tokens and logins that are long over; now and then."""
        async with self._sql.writing() as db:
            await self._logins.forget(db)
            await self._codes.forget(db)

    async def seal_secrets(self) -> None:
        """What is in clear, or sealed with the key that is being replaced; now and then."""
        await self._secrets.seal_rest(self._sql)

    async def person(self, user: str) -> Person | None:
        async with self._sql.reading() as db:
            row = await db.get(User, user)
            return None if row is None or not row.active else await self._person(db, row)

    async def _seeing_others(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """In a transaction. If somebody else took a name in the same moment, again: now it is seen to be taken."""
        for _ in range(MOST_TRIES - 1):
            try:
                async with self._sql.writing() as db:
                    return await work(db)
            except IntegrityError:
                log.info("accounts.tried_again")
        async with self._sql.writing() as db:
            return await work(db)

    async def _enter(self, db: AsyncSession, user: User, on: OnDevice) -> LoggedIn:
        return LoggedIn(await self._person(db, user), await self._logins.open(db, user, on))

    async def _person(self, db: AsyncSession, user: User) -> Person:
        return Person(
            id=user.id,
            email=user.email,
            username=user.username,
            display_name=user.display_name,
            first_name=user.first_name,
            last_name=user.last_name,
            email_verified=user.email_verified,
            second_factor=await self._factors.is_on(db, user.id),
            created_at_ms=user.created_at_ms,
        )

    def _new_user(self, username: str, first_name: str, last_name: str) -> User:
        now = int(self._wall_ms())
        return User(
            id=new_id(now, self._random),
            username=username,
            username_key=names.name_key(username),
            display_name=f"{first_name} {last_name}".strip()[: names.LONGEST_NAME] or username,
            first_name=first_name,
            last_name=last_name,
            email_verified=False,
            active=True,
            created_at_ms=now,
        )

    async def _free_name(self, db: AsyncSession, wanted: str, *, numbered: bool = False) -> str:
        """As it is, else with a number behind it. `numbered`: it is made of an email, and must not say if it was free."""
        name = self._numbered(wanted) if numbered else wanted
        while not await _is_free(db, name):
            name = self._numbered(wanted)
        return name

    def _numbered(self, wanted: str) -> str:
        return f"{wanted[: names.LONGEST_NAME - 7]}-{int.from_bytes(self._random(4)) % 1_000_000:06d}"

    def _tell(self, ended: Iterable[str]) -> None:
        for login in ended:
            self._ended(login)


@dataclass(frozen=True, slots=True)
class _Known:
    """Whose password it may be, in the order in which it is tried. `counted_as`: who is tried too often, if it is."""

    counted_as: str
    tried: tuple[User | None, ...]


async def _known_by(db: AsyncSession, known_by: str) -> _Known:
    """Of an email: those who claim it, then whoever has it, or nobody: no claimant can tell whether anybody has."""
    if "@" in known_by:
        email = names.email_key(known_by)
        return _Known(email, (*await emails.claimants(db, email), await emails.owner(db, email)))
    name = names.name_key(known_by)
    return _Known(name, (await db.scalar(select(User).where(User.username_key == name)),))


async def _is_free(db: AsyncSession, username: str) -> bool:
    key = names.name_key(username)
    return await db.scalar(select(User.id).where(User.username_key == key)) is None
