"""Who is whose friend, and who blocks whom: what other features ask before they bring two people together.

A block counts for both: neither is there for the other, whoever of them wanted it.
"""

from __future__ import annotations

from sqlalchemy import BindParameter, ColumnElement, and_, or_, select, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from tutti.platform.people.models import Block, Friendship, pair_of

PENDING = "pending"
ACCEPTED = "accepted"


async def blocked_between(db: AsyncSession, a: str, b: str) -> bool:
    """Either of the other."""
    either = or_(
        and_(Block.blocker_id == a, Block.blocked_id == b),
        and_(Block.blocker_id == b, Block.blocked_id == a),
    )
    return await db.scalar(select(Block.at_ms).where(either).limit(1)) is not None


async def blocked_with(db: AsyncSession, user: str) -> frozenset[str]:
    """Whom they block and who blocks them."""
    theirs = select(Block.blocked_id).where(Block.blocker_id == user)
    of_them = select(Block.blocker_id).where(Block.blocked_id == user)
    return frozenset((await db.scalars(union(theirs, of_them))).all())


async def are_friends(db: AsyncSession, a: str, b: str) -> bool:
    """Nobody is a friend of their own."""
    known = select(Friendship.id).where(Friendship.pair == pair_of(a, b), Friendship.status == ACCEPTED)
    return await db.scalar(known) is not None


async def friends_of(db: AsyncSession, user: str) -> frozenset[str]:
    asked = select(Friendship.addressee_id).where(
        Friendship.requester_id == user, Friendship.status == ACCEPTED
    )
    were_asked = select(Friendship.requester_id).where(
        Friendship.addressee_id == user, Friendship.status == ACCEPTED
    )
    return frozenset((await db.scalars(union(asked, were_asked))).all())


def not_blocked_with(
    user: str | BindParameter[str], other: InstrumentedAttribute[str]
) -> ColumnElement[bool]:
    """For a query that lists people to `user`: a condition on the column that holds their ids."""
    theirs = select(Block.blocked_id).where(Block.blocker_id == user)
    of_them = select(Block.blocker_id).where(Block.blocked_id == user)
    return and_(other.not_in(theirs), other.not_in(of_them))
