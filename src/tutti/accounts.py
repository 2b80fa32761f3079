"""The accounts of a node, put together: the database, what hashes, what signs, and the logins that are live."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from secrets import token_bytes

import structlog

from tutti.config import BadSettings, Mode, Settings
from tutti.infra import sql
from tutti.infra.mail import FolderMail, Sender, SmtpMail, smtp_server
from tutti.infra.tokens import JwtIdentity, Previous
from tutti.platform.accounts.accounts import Accounts
from tutti.platform.accounts.codes import Codes
from tutti.platform.accounts.letters import AccountLetters
from tutti.platform.accounts.logins import Lifetimes
from tutti.platform.accounts.passwords import Cost, Passwords
from tutti.platform.accounts.throttles import Throttles
from tutti.platform.jobs.jobs import Jobs
from tutti.platform.mail.letters import Links
from tutti.platform.mail.mail import Mail, Post
from tutti.platform.spotify.vault import Vault
from tutti.service.logins import Logins
from tutti.service.ports import Unavailable

log = structlog.get_logger("tutti.accounts")

TIDY_EVERY_S = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class AccountDesk:
    """`database`, `jobs`, `mail` and `post` are every feature's; `jobs` wait for whoever has the last feature.

    `identity` knows our own tokens; `logins` is the hall's.
    """

    database: sql.Database
    jobs: Jobs
    mail: Mail
    post: Post
    links: Links
    accounts: Accounts
    identity: JwtIdentity
    logins: Logins

    async def readiness(self) -> str:
        """Few words for whoever asks; what the database says is for the log."""
        return (
            "ok" if await self.database.trouble() is None else "the database of accounts cannot be read now"
        )

    async def tidy(self) -> None:
        """Now and then. What cannot be deleted now is deleted next time."""
        try:
            await self.accounts.forget()
            await self.accounts.seal_secrets()
            await self.jobs.forget()
        except Unavailable as problem:
            log.warning("accounts.not_tidied", problem=str(problem))


@asynccontextmanager
async def account_desk(
    settings: Settings, secret: bytes, *, now_ms: Callable[[], float], wall_ms: Callable[[], float]
) -> AsyncIterator[AccountDesk]:
    """`now_ms` never goes back; `wall_ms` is what tokens are compared with. Raises `BadSettings`.

    `secret` outlives the process: what has to be kept is sealed with it.
    """
    logins = Logins()
    identity = JwtIdentity(settings.jwt_secret, wall_ms, previous=_previous(settings), ended=logins.has_ended)
    database = await _opened(settings)
    jobs, mail, links = Jobs(database, wall_ms, token_bytes), _mail(settings), _links(settings)
    codes = Codes(wall_ms, token_bytes)
    passwords = Passwords(Cost(settings.password_memory_kib, settings.password_passes))
    accounts = Accounts(
        database,
        passwords,
        identity.tokens,
        Throttles.of(now_ms, on=settings.limits),
        vault=Vault(secret, wall_ms, previous=_previous(settings)),
        wall_ms=wall_ms,
        random=token_bytes,
        lifetimes=Lifetimes(settings.access_token_minutes * 60.0, settings.refresh_token_days * 86_400.0),
        codes=codes,
        letters=AccountLetters(database, jobs, mail, links, codes),
        ended=logins.end,
    )
    try:
        for login in await accounts.ended_lately():
            logins.remember(login)
        post = Post(jobs, mail, wall_ms, token_bytes)
        yield AccountDesk(database, jobs, mail, post, links, accounts, identity, logins)
    finally:
        passwords.close()
        await database.aclose()


async def _opened(settings: Settings) -> sql.Database:
    named = "TUTTI_DATA" if settings.database_url is None else "DATABASE_URL"
    try:
        database = sql.Database(settings.database_url or settings.data / "accounts.db")
        await database.open()
    except sql.CannotOpen as problem:
        raise BadSettings(f"{named}: the database of accounts cannot be opened: {problem}") from None
    return database


def _mail(settings: Settings) -> Mail:
    sender = Sender.of(settings.mail_from)
    if settings.smtp_url is not None:
        return SmtpMail(smtp_server(settings.smtp_url), sender)
    if settings.mode is Mode.CLOSED:
        log.warning("mail.stays_here", meaning="SMTP_URL is not set: letters are files, under TUTTI_DATA")
    return FolderMail(settings.data / "mail", sender)


def _links(settings: Settings) -> Links:
    if settings.mode is Mode.CLOSED and settings.frontend_url is None:
        meaning = "FRONTEND_URL is not set: links in letters work on this machine only"
        log.warning("mail.links_lead_here", meaning=meaning)
    return Links(settings.frontend_url, f"http://localhost:{settings.ports[0]}")


def _previous(settings: Settings) -> Previous | None:
    if settings.jwt_secret_previous is None:
        return None
    return Previous(settings.jwt_secret_previous, settings.jwt_secret_previous_until_ms)
