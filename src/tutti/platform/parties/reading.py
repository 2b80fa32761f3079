"""Reading parties: lists, one party, and who may see it. Works in the caller's look at the database.

Somebody sees a party that is public, that a friend of theirs hosts for friends, that they take part in or wait for, or
that they are invited to; and none whose host they block or who blocks them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, partial
from typing import Any, Literal

from sqlalchemy import BindParameter, String, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from tutti.platform.accounts.models import User
from tutti.platform.paging import Columns, Found, Offset, Page, Wanted, bounded_by, page, page_of
from tutti.platform.parties.models import Invitation, Participant, Party
from tutti.platform.parties.schemas import Facts, House, Listed, Problem, Role, Seen, Status, Taking, Wrong
from tutti.platform.people.models import Profile
from tutti.platform.people.relations import are_friends, blocked_between, blocked_with, not_blocked_with
from tutti.platform.people.somebody import Somebody

Part = Literal["hosting", "attending"]

COLUMNS: tuple[InstrumentedAttribute[Any], ...] = (
    Party.id,
    Party.title,
    Party.description,
    Party.room_code,
    Party.visibility,
    Party.status,
    Party.scheduled_for_ms,
    Party.started_at_ms,
    Party.ended_at_ms,
    Party.created_at_ms,
    Party.updated_at_ms,
    Party.max_participants,
    Party.participant_count,
    Party.settings,
    Party.video,
    Party.position_ms,
    Party.playing,
    Party.synced_at_ms,
    Party.host_id,
)
_HOST: tuple[InstrumentedAttribute[Any], ...] = (User.username, User.display_name, Profile.avatar)
_FACTS, _HOSTED = len(COLUMNS), len(COLUMNS) + len(_HOST)


async def listed(
    db: AsyncSession,
    user: str,
    *,
    part: Part | None = None,
    statuses: tuple[Status, ...] = (),
    wanted: Wanted,
    size: int,
) -> Page[Listed]:
    """What somebody hosts or takes part in, the newest first."""
    if isinstance(wanted, Offset):
        query = _of_status(_mine(user, part), statuses)
        at, key = Participant.party_at_ms, Participant.party_id
        found = await page(db, query, at=at, id=key, wanted=wanted, size=size)
    else:
        shape = partial(_mine_shaped, part, statuses)
        found = await page_of(db, shape, {"_user": user}, wanted=wanted, size=size)
    return found.of(_listed)


@lru_cache(maxsize=256)
def _mine_shaped(part: Part | None, statuses: tuple[Status, ...], back: bool | None, size: int) -> Columns:
    """To make it costs as much as to ask it."""
    query = _of_status(_mine(bindparam("_user", type_=String), part), statuses)
    return bounded_by(query, Participant.party_at_ms, Participant.party_id, size, back)


def _mine(user: str | BindParameter[str], part: Part | None) -> Columns:
    query = (
        select(*COLUMNS, *_HOST, Participant.role, Participant.status)
        .join(Party, Party.id == Participant.party_id)
        .join(User, User.id == Party.host_id)
        .outerjoin(Profile, Profile.user_id == User.id)
        .where(Participant.user_id == user, Participant.status.in_(("approved", "pending")))
        .where(not_blocked_with(user, Party.host_id))
    )
    if part is None:
        return query
    return query.where(Participant.role == "host" if part == "hosting" else Participant.role != "host")


async def public(
    db: AsyncSession, user: str, *, statuses: tuple[Status, ...] = (), wanted: Wanted, size: int
) -> Page[Listed]:
    """What anybody may come to, the newest first."""
    found = await page(
        db,
        _of_status(_seen_by(user).where(Party.visibility == "public"), statuses).where(
            not_blocked_with(user, Party.host_id)
        ),
        at=Party.created_at_ms,
        id=Party.id,
        wanted=wanted,
        size=size,
    )
    return found.of(_listed)


async def seen(db: AsyncSession, user: str, party_id: str, now_ms: float) -> Seen | Problem:
    """One party, with its people."""
    row = await visible(db, user, party_id, now_ms)
    if isinstance(row, Problem):
        return row
    may_approve = row.standing == "approved" and row.role in ("host", "moderator")
    standings = ("approved", "pending") if may_approve else ("approved",)
    return Seen(row, await people(db, party_id, standings))


async def visible(db: AsyncSession, user: str, party_id: str, now_ms: float) -> Listed | Problem:
    """`party_id` may be the room's code."""
    known_by = Party.room_code == party_id.upper() if len(party_id) <= 8 else Party.id == party_id
    row = (await db.execute(_seen_by(user).where(known_by))).one_or_none()
    if row is None:
        return Problem(Wrong.NOT_FOUND)
    party = _listed(row)
    return party if await _may_see(db, user, party, now_ms) else Problem(Wrong.NOT_FOUND)


async def people(
    db: AsyncSession, party_id: str, standings: Iterable[str] = ("approved",)
) -> tuple[Taking, ...]:
    """In the order in which they came."""
    query = (
        select(
            User.id,
            User.username,
            User.display_name,
            Profile.avatar,
            Participant.role,
            Participant.status,
            Participant.since_ms,
        )
        .join(User, User.id == Participant.user_id)
        .outerjoin(Profile, Profile.user_id == User.id)
        .where(Participant.party_id == party_id, Participant.status.in_(tuple(standings)))
        .order_by(Participant.since_ms, Participant.user_id)
    )
    return tuple(
        Taking(Somebody(*row[:4]), row.role, row.status, row.since_ms) for row in await db.execute(query)
    )


async def house(db: AsyncSession, party_id: str) -> House | None:
    """How its room has to be."""
    query = (
        select(*COLUMNS, *_HOST)
        .join(User, User.id == Party.host_id)
        .outerjoin(Profile, Profile.user_id == User.id)
        .where(Party.id == party_id)
    )
    row = (await db.execute(query)).one_or_none()
    if row is None:
        return None
    party = Facts(*row[:_FACTS])
    rows = await db.execute(
        select(Participant.user_id, Participant.role, Participant.status).where(
            Participant.party_id == party_id, Participant.status.in_(("approved", "pending", "kicked"))
        )
    )
    standing: dict[str, tuple[Role, str]] = {row.user_id: (row.role, row.status) for row in rows}
    blocked = await blocked_with(db, party.host_id)
    kicked = {user for user, (_, status) in standing.items() if status == "kicked"}
    approved: dict[str, Role] = {
        user: role
        for user, (role, status) in standing.items()
        if status == "approved" and user not in blocked
    }
    waiting = frozenset(user for user, (_, status) in standing.items() if status == "pending") - blocked
    return House(party, Somebody(party.host_id, *row[_FACTS:_HOSTED]), approved, blocked | kicked, waiting)


async def _may_see(db: AsyncSession, user: str, found: Listed, now_ms: float) -> bool:
    party = found.party
    if party.host_id == user:
        return True
    if await blocked_between(db, user, party.host_id):
        return False
    if party.visibility == "public" or found.standing in ("approved", "pending"):
        return True
    if found.standing == "kicked":
        return False
    if party.visibility == "friends" and await are_friends(db, user, party.host_id):
        return True
    return await is_invited(db, user, party.id, now_ms)


async def is_invited(db: AsyncSession, user: str, party_id: str, now_ms: float) -> bool:
    """By an invitation that is theirs alone."""
    theirs = select(Invitation.id).where(
        Invitation.party_id == party_id,
        Invitation.user_id == user,
        Invitation.status == "pending",
        Invitation.expires_at_ms > now_ms,
    )
    return await db.scalar(theirs.limit(1)) is not None


def _seen_by(user: str) -> Columns:
    own = and_(Participant.party_id == Party.id, Participant.user_id == user)
    return (
        select(*COLUMNS, *_HOST, Participant.role, Participant.status)
        .join(User, User.id == Party.host_id)
        .outerjoin(Profile, Profile.user_id == User.id)
        .outerjoin(Participant, own)
    )


def _of_status(query: Columns, statuses: tuple[Status, ...]) -> Columns:
    return query.where(Party.status.in_(statuses)) if statuses else query


def _listed(row: Found) -> Listed:
    party = Facts(*row[:_FACTS])
    role, standing = row[_HOSTED : _HOSTED + 2]
    return Listed(party, Somebody(party.host_id, *row[_FACTS:_HOSTED]), role, standing)
