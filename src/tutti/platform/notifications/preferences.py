"""Who wants to be told of what, and how."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.accounts.models import User
from tutti.platform.notifications.models import NotificationPreference
from tutti.platform.notifications.schemas import DEFAULTS, SYSTEM, Choice
from tutti.platform.rows import Sql


def kind(type_: str) -> str:
    """The one that is chosen for."""
    return type_ if type_ in DEFAULTS else SYSTEM


async def choices(db: AsyncSession, users: Collection[str], type_: str) -> dict[str, Choice]:
    """Of each who is there, in one query."""
    own, default = NotificationPreference, DEFAULTS[kind(type_)]
    asked = (
        select(User.id, func.coalesce(own.in_app, default.in_app), func.coalesce(own.email, default.email))
        .outerjoin(own, (own.user_id == User.id) & (own.type == kind(type_)))
        .where(User.id.in_(users), User.active)
    )
    return {id_: Choice(in_app=in_app, email=email) for id_, in_app, email in await db.execute(asked)}


class Preferences:
    """All raise `Unavailable`."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def of(self, user: str) -> dict[str, Choice]:
        async with self._sql.reading() as db:
            return await self._of(db, user)

    async def change(
        self, user: str, wanted: Mapping[str, tuple[bool | None, bool | None]]
    ) -> dict[str, Choice]:
        """By type, in the app and by e-mail; None: as it was."""
        async with self._sql.writing() as db:
            await db.scalar(select(User.id).where(User.id == user).with_for_update(key_share=True))
            now = await self._of(db, user)
            for type_, (in_app, email) in wanted.items():
                before = now[type_]
                chosen = Choice(
                    in_app=before.in_app if in_app is None else in_app,
                    email=before.email if email is None else email,
                )
                now[type_] = chosen
                await db.merge(
                    NotificationPreference(user_id=user, type=type_, in_app=chosen.in_app, email=chosen.email)
                )
            return now

    async def _of(self, db: AsyncSession, user: str) -> dict[str, Choice]:
        own = select(NotificationPreference).where(NotificationPreference.user_id == user)
        chosen = {row.type: Choice(in_app=row.in_app, email=row.email) for row in await db.scalars(own)}
        return {type_: chosen.get(type_, default) for type_, default in DEFAULTS.items()}
