"""How a letter leaves: the port, and the job through which every feature sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.jobs.jobs import Failed, Jobs
from tutti.platform.mail.letters import Letter
from tutti.platform.rows import RandomBytes, WallMs, new_id

KIND = "mail"


class Undeliverable(Exception):
    """Nobody can be written to at this address, now or later. The text is for a person."""


class Mail(Protocol):
    async def send(
        self, to: str, subject: str, text: str, html: str, *, letter_id: str | None = None
    ) -> None:
        """Hand it over. `letter_id`: the same when it is sent again, so that it can be recognised.

        Raises `Undeliverable`, or `Unavailable` if it may work later: it may have been handed over all the same.
        """
        ...


class Post:
    """Letters that leave after the transaction in which they were written, once, and again if that fails.

    What stands in a letter is in the database until it has left: no secret may stand in one.
    """

    def __init__(self, jobs: Jobs, mail: Mail, wall_ms: WallMs, random: RandomBytes) -> None:
        self._jobs = jobs
        self._mail = mail
        self._wall_ms = wall_ms
        self._random = random
        jobs.handle(KIND, self._send)

    async def put(
        self, db: AsyncSession, to: str, letter: Letter, *, at_ms: float | None = None, key: str | None = None
    ) -> None:
        """`key`: instead of the one of this key that has not left yet."""
        payload = {
            "to": to,
            "subject": letter.subject,
            "text": letter.text,
            "html": letter.html,
            "letter_id": new_id(self._wall_ms(), self._random),
        }
        await self._jobs.add(db, KIND, payload, at_ms=at_ms, key=key)

    async def _send(self, payload: Mapping[str, Any]) -> None:
        await hand_over(self._mail, **payload)


async def hand_over(
    mail: Mail, to: str, *, subject: str, text: str, html: str, letter_id: str | None = None
) -> None:
    """In a job: what cannot be delivered fails, with the reason."""
    try:
        await mail.send(to, subject, text, html, letter_id=letter_id)
    except Undeliverable as problem:
        raise Failed(str(problem)) from None
