"""Whoever is meant where people meet: a name and a picture, which everybody who meets them sees."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.accounts.models import User
from tutti.platform.people.models import Profile


class Somebody(msgspec.Struct, frozen=True):
    """`avatar`: what `/api/users/{id}/avatar/?v=` takes; None: they have no picture."""

    id: str
    username: str
    display_name: str
    avatar: str | None = None


async def somebodies(db: AsyncSession, ids: Iterable[str]) -> dict[str, Somebody]:
    """By id, in one query; those who are not there, or not any more, are left out."""
    wanted = set(ids)
    if not wanted:
        return {}
    query = (
        select(User.id, User.username, User.display_name, Profile.avatar)
        .outerjoin(Profile, Profile.user_id == User.id)
        .where(User.id.in_(wanted), User.active)
    )
    return {row.id: Somebody(*row) for row in await db.execute(query)}
