"""Whose an email is. Works in the caller's transaction.

Anybody can write any address into a form. So an address belongs to the account that has proven that it reads its mail;
before that several may claim it, none of which learns of the others.
"""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.accounts.models import User

MOST_CLAIMANTS = 3
"""So many of an address are looked at, the first ones."""


async def owner(db: AsyncSession, email: str) -> User | None:
    return await db.scalar(select(User).where(User.email == email, User.email_verified))


async def claimants(db: AsyncSession, email: str) -> tuple[User, ...]:
    """Accounts that say that it is theirs, of which nobody knows."""
    asked = select(User).where(User.email == email, ~User.email_verified, User.active)
    return tuple((await db.scalars(asked.order_by(User.id).limit(MOST_CLAIMANTS))).all())


async def hold(db: AsyncSession, email: str) -> None:
    """Whoever wants to prove it as well waits. Before any of these accounts is locked by itself."""
    await db.execute(select(User.id).where(User.email == email).order_by(User.id).with_for_update())


async def proven(db: AsyncSession, user: User, email: str) -> bool:
    """It is theirs now, and nobody else's claim counts. False: it is not the one they claim, or is another's.

    The address is held, and `user` was read since.
    """
    if user.email != email:
        return False
    if user.email_verified:
        return True
    if await owner(db, email) is not None:
        return False
    await db.execute(update(User).where(User.email == email, User.id != user.id).values(email=None))
    user.email_verified = True
    await db.flush()
    return True
