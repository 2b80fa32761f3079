"""What somebody has not read for a while, in one letter. A job, one for each person who has something unread.

A letter is put into the post in the transaction that marks what stands in it, so that nothing is sent twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, Protocol

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.accounts.models import User
from tutti.platform.mail.letters import Letter, Link, Links, compose, one_line
from tutti.platform.notifications.models import Notification
from tutti.platform.rows import Sql, WallMs

KIND: Final = "notifications_digest"
AFTER_MS: Final = 3_600_000.0
MOST_LINES: Final = 20
PAGE: Final = "/notifications"


class Jobs(Protocol):
    def handle(self, kind: str, work: Any) -> None: ...

    async def add(
        self,
        db: AsyncSession,
        kind: str,
        payload: Mapping[str, Any],
        *,
        at_ms: float | None = None,
        key: str | None = None,
    ) -> object: ...


class Post(Protocol):
    async def put(self, db: AsyncSession, to: str, letter: Letter) -> None: ...


class Digest:
    def __init__(self, sql: Sql, jobs: Jobs, post: Post, links: Links, wall_ms: WallMs) -> None:
        self._sql = sql
        self._jobs = jobs
        self._post = post
        self._links = links
        self._wall_ms = wall_ms
        jobs.handle(KIND, self._send)

    async def expect(self, db: AsyncSession, users: Collection[str]) -> None:
        """They have something to be written about, and had nothing before."""
        for user in users:
            await self._jobs.add(db, KIND, {"user_id": user}, at_ms=self._wall_ms() + AFTER_MS, key=user)

    async def _send(self, payload: Mapping[str, Any]) -> None:
        user: str = payload["user_id"]
        theirs = Notification.user_id == user, Notification.to_mail
        async with self._sql.writing() as db:
            person = await db.get(User, user)
            waiting = select(Notification).where(*theirs).order_by(Notification.at_ms, Notification.id)
            unread = [row for row in await db.scalars(waiting.with_for_update()) if row.read_at_ms is None]
            await db.execute(update(Notification).where(*theirs).values(to_mail=False))
            # To an address that nobody has proven to be theirs, what others wrote is not sent.
            if (
                person is None
                or not person.active
                or not person.email
                or not person.email_verified
                or not unread
            ):
                return
            await self._post.put(db, person.email, self._letter(unread))

    def _letter(self, unread: list[Notification]) -> Letter:
        count = len(unread)
        lines = [_line(row) for row in unread[:MOST_LINES]]
        if count > MOST_LINES:
            lines.append(f"… and {count - MOST_LINES} more.")
        subject = _line(unread[0]) if count == 1 else f"{count} things you have not seen yet"
        return compose(
            subject,
            *lines,
            Link("Read them", self._links.to(PAGE)),
            "You choose on that page what you are written about.",
        )


def _line(row: Notification) -> str:
    return one_line(f"{row.title}: {row.message}" if row.message else row.title, 300)
