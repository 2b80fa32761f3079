"""Friends: asked, agreed, ended. Two people who ask one another are friends.

Somebody who may not be asked, has blocked whoever asks, or does not exist is one answer. Both accounts are locked before
it is looked how the two stand, so that what crosses on the way finds what came first.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, case, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.accounts.models import User
from tutti.platform.accounts.names import name_key
from tutti.platform.paging import Page, Wanted, page
from tutti.platform.people.models import Friendship, Profile, pair_of
from tutti.platform.people.profiles import standing_of
from tutti.platform.people.relations import ACCEPTED, PENDING, blocked_between
from tutti.platform.people.schemas import Amiss, Tell, Tie
from tutti.platform.people.somebody import Somebody, somebodies
from tutti.platform.rows import RandomBytes, Sql, WallMs, new_id

FRIEND_REQUEST = "friend_request"
FRIEND_ACCEPTED = "friend_request_accepted"


class Friends:
    """`tell` None: nobody hears of it but whoever looks. All raise `Unavailable`."""

    def __init__(self, sql: Sql, *, wall_ms: WallMs, random: RandomBytes, tell: Tell | None = None) -> None:
        self._sql = sql
        self._wall_ms = wall_ms
        self._random = random
        self._tell = tell

    async def ask(self, user: str, other: str) -> Tie | Amiss:
        """Twice is once. Whoever was asked by the other agrees by this."""
        async with self._sql.writing() as db:
            return await self._ask(db, user, other)

    async def ask_by_name(self, user: str, username: str) -> Tie | Amiss:
        async with self._sql.writing() as db:
            named = select(User.id).where(User.username_key == name_key(username))
            return await self._ask(db, user, await db.scalar(named) or "")

    async def accept(self, user: str, which: str) -> Tie | Amiss:
        """`which`: the request's, or of whoever asked. Twice is once."""
        async with self._sql.writing() as db:
            tie = await _tie_to_change(db, user, which)
            if tie is None or (tie.status == PENDING and tie.addressee_id != user):
                return Amiss.NO_SUCH
            await self._agree(db, tie)
            return await _told(db, user, tie)

    async def decline(self, user: str, which: str) -> Amiss | None:
        """Whoever asked is not told, and may ask again."""
        async with self._sql.writing() as db:
            tie = await _tie_to_change(db, user, which)
            if tie is None or tie.status != PENDING or tie.addressee_id != user:
                return Amiss.NO_SUCH
            await db.delete(tie)
            return None

    async def end(self, user: str, which: str) -> Amiss | None:
        """No longer friends; or take a request back, or decline it."""
        async with self._sql.writing() as db:
            tie = await _tie_to_change(db, user, which)
            if tie is None:
                return Amiss.NO_SUCH
            await db.delete(tie)
            return None

    async def friends(self, user: str, wanted: Wanted, size: int) -> Page[Tie]:
        """The newest first."""
        return await self._listed(user, Friendship.status == ACCEPTED, wanted, size)

    async def requests(self, user: str, wanted: Wanted, size: int, *, sent: bool = False) -> Page[Tie]:
        """Those that wait for an answer: of theirs if `sent`, else of others."""
        mine = Friendship.requester_id == user if sent else Friendship.addressee_id == user
        return await self._listed(user, and_(Friendship.status == PENDING, mine), wanted, size)

    async def _ask(self, db: AsyncSession, user: str, other: str) -> Tie | Amiss:
        if user == other:
            return Amiss.YOURSELF
        if not await both_locked(db, user, other) or await blocked_between(db, user, other):
            return Amiss.NO_SUCH
        pair = select(Friendship).where(Friendship.pair == pair_of(user, other))
        tie = await db.scalar(pair.with_for_update())
        if tie is None:
            if not await _may_be_asked(db, other):
                return Amiss.NO_SUCH
            tie = await self._request(db, user, other)
        elif tie.addressee_id == user:
            await self._agree(db, tie)
        return await _told(db, user, tie)

    async def _request(self, db: AsyncSession, user: str, other: str) -> Friendship:
        now = int(self._wall_ms())
        tie = Friendship(
            id=new_id(now, self._random),
            pair=pair_of(user, other),
            requester_id=user,
            addressee_id=other,
            status=PENDING,
            at_ms=now,
        )
        db.add(tie)
        await db.flush()
        await self._hear(db, tie, FRIEND_REQUEST, "would like to be your friend")
        return tie

    async def _agree(self, db: AsyncSession, tie: Friendship) -> None:
        if tie.status == ACCEPTED:
            return
        tie.status, tie.at_ms = ACCEPTED, int(self._wall_ms())
        await self._hear(db, tie, FRIEND_ACCEPTED, "is your friend now")

    async def _hear(self, db: AsyncSession, tie: Friendship, what: str, says: str) -> None:
        """Whoever it is news to: who was asked, or whoever asked."""
        if self._tell is None:
            return
        ends = (tie.requester_id, tie.addressee_id)
        of, user = ends if what == FRIEND_REQUEST else ends[::-1]
        sentence = f"{(await somebodies(db, [of]))[of].display_name} {says}"
        data = {"friendship_id": tie.id, "user_id": of}
        await self._tell(db, user, what, sentence, "", data, actor=of, key=f"{what}:{tie.id}")

    async def _listed(self, user: str, which: ColumnElement[bool], wanted: Wanted, size: int) -> Page[Tie]:
        other = case(
            (Friendship.requester_id == user, Friendship.addressee_id), else_=Friendship.requester_id
        )
        listed = (
            select(Friendship, User.id, User.username, User.display_name, Profile.avatar)
            .join(User, User.id == other)
            .outerjoin(Profile, Profile.user_id == User.id)
            .where(_is_of(user), which, User.active)
        )
        async with self._sql.reading() as db:
            rows = await page(db, listed, at=Friendship.at_ms, id=Friendship.id, wanted=wanted, size=size)
        return rows.of(
            lambda row: Tie(row[0].id, Somebody(*row[1:5]), standing_of(row[0], user), row[0].at_ms)
        )


async def both_locked(db: AsyncSession, a: str, b: str) -> bool:
    """Both are there, and nobody else changes how they stand to one another meanwhile."""
    both = select(User.id).where(User.id.in_((a, b)), User.active).order_by(User.id)
    return len((await db.scalars(both.with_for_update(key_share=True))).all()) == len({a, b})


async def _tie_to_change(db: AsyncSession, user: str, which: str) -> Friendship | None:
    """By its own id, or by the other's."""
    known = or_(Friendship.id == which, Friendship.pair == pair_of(user, which))
    return await db.scalar(select(Friendship).where(_is_of(user), known).with_for_update())


async def _may_be_asked(db: AsyncSession, user: str) -> bool:
    profile = await db.get(Profile, user)
    return profile is None or profile.allow_friend_requests


async def _told(db: AsyncSession, user: str, tie: Friendship) -> Tie | Amiss:
    other = tie.addressee_id if tie.requester_id == user else tie.requester_id
    who = (await somebodies(db, [other])).get(other)
    return Amiss.NO_SUCH if who is None else Tie(tie.id, who, standing_of(tie, user), tie.at_ms)


def _is_of(user: str) -> ColumnElement[bool]:
    return or_(Friendship.requester_id == user, Friendship.addressee_id == user)
