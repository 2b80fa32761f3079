"""Letters about an account. Whether there is one shows in the letter only, to whoever reads mail at that address.

What is asked for is kept and answered before anybody looks whether the address is known: the look, and the code, are a
job's. So an answer says nothing, and takes as long, whoever it is about; and no code waits in the database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.accounts import emails
from tutti.platform.accounts.codes import Codes, Purpose
from tutti.platform.accounts.models import User
from tutti.platform.jobs.jobs import Jobs
from tutti.platform.mail.letters import Letter, Link, Links, compose
from tutti.platform.mail.mail import Mail, hand_over
from tutti.platform.rows import Sql

KIND = "account_letter"
VERIFY_PAGE, RESET_PAGE, FORGOT_PAGE = "/verify-email", "/reset-password", "/forgot-password"
NOT_YOU = "If this was not you, nothing has to be done: without the link above nobody gets in."


class AccountLetters:
    def __init__(self, sql: Sql, jobs: Jobs, mail: Mail, links: Links, codes: Codes) -> None:
        self._sql = sql
        self._jobs = jobs
        self._mail = mail
        self._links = links
        self._codes = codes
        jobs.handle(KIND, self._write)

    async def ask(self, db: AsyncSession, purpose: Purpose, email: str, user: str | None = None) -> None:
        """To this address, if anybody is known there. `user`: only if it is theirs, or they claim it."""
        key = hashlib.sha256(f"{purpose.word}:{user}:{email}".encode("utf-8", "surrogatepass")).hexdigest()
        payload = {"purpose": purpose.name, "email": email, "user": user}
        await self._jobs.add(db, KIND, payload, key=key)

    async def _write(self, payload: Mapping[str, Any]) -> None:
        purpose, email = Purpose[payload["purpose"]], str(payload["email"])
        async with self._sql.writing() as db:
            match purpose:
                case Purpose.VERIFY:
                    letter = await self._verifying(db, email, payload["user"])
                case Purpose.RESET:
                    letter = await self._resetting(db, email)
        if letter is not None:
            await hand_over(self._mail, email, subject=letter.subject, text=letter.text, html=letter.html)

    async def _verifying(self, db: AsyncSession, email: str, user: str | None) -> Letter | None:
        claiming = [one for one in await emails.claimants(db, email) if user in (None, one.id)]
        if user is not None and not claiming:  # one of many who claim it
            one = await db.get(User, user)
            claiming = [one] if one is not None and one.email == email and not one.email_verified else []
        if not claiming:
            return None
        owner = await emails.owner(db, email)
        if owner is not None:
            return self._known_already(owner)
        return compose(
            "Confirm your email address",
            "Somebody, most likely you, made an account with this address. The link works once, within 24 hours.",
            *(
                Link(
                    f"Confirm this address for {one.username}",
                    self._to(VERIFY_PAGE, db, Purpose.VERIFY, one, email),
                )
                for one in claiming
            ),
            NOT_YOU,
        )

    def _known_already(self, owner: User) -> Letter:
        return compose(
            "You have an account already",
            f"Somebody, most likely you, made another account with this address. It belongs to {owner.username}"
            " already, and stays theirs: sign in with that name.",
            Link("Choose a new password for it", self._links.to(FORGOT_PAGE)),
            "If this was not you, nothing has to be done: the other account cannot use this address.",
        )

    async def _resetting(self, db: AsyncSession, email: str) -> Letter | None:
        owner = await emails.owner(db, email)
        people = await emails.claimants(db, email) if owner is None else (owner,)
        known = [one for one in people if one.active]
        if not known:
            return None
        return compose(
            "Choose a new password",
            "Somebody, most likely you, asked for a new password. The link works once, within an hour.",
            *(
                Link(
                    f"Choose a new password for {one.username}",
                    self._to(RESET_PAGE, db, Purpose.RESET, one, email),
                )
                for one in known
            ),
            NOT_YOU,
        )

    def _to(self, page: str, db: AsyncSession, purpose: Purpose, user: User, email: str) -> str:
        return self._links.to(page, token=self._codes.issue(db, purpose, user.id, email))
