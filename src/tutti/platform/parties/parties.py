"""The parties of this server: what somebody may do with them, whatever language asks for it.

Methods answer a `Problem` where they decline, and raise `Unavailable` if the database is not there. Those that take a
transaction work in it; whoever opened it tells the party's room (`changed`) once it is kept.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import delete, select

from tutti.platform.once.once import Transaction
from tutti.platform.paging import Page, Wanted
from tutti.platform.parties import reading
from tutti.platform.parties.course import Course
from tutti.platform.parties.invitations import DAY_MS, Invitations
from tutti.platform.parties.membership import Membership
from tutti.platform.parties.models import Invitation, Party
from tutti.platform.parties.ports import Plans, Tells
from tutti.platform.parties.reading import Part
from tutti.platform.parties.schemas import OPEN, Facts, House, Listed, Problem, Role, Seen, Status, Wrong
from tutti.platform.rows import RandomBytes, Sql, WallMs

T = TypeVar("T")

FORGOTTEN_AFTER_MS = 30 * DAY_MS


@dataclass(frozen=True, slots=True)
class Entrance:
    """Somebody may enter the party's room, as this."""

    party: Facts
    room_id: str
    role: Role


class Parties:
    """`secret` outlives the process."""

    def __init__(
        self,
        sql: Sql,
        wall_ms: WallMs,
        random: RandomBytes,
        *,
        secret: bytes,
        plans: Plans | None = None,
        tells: Tells | None = None,
    ) -> None:
        self._sql = sql
        self._wall_ms = wall_ms
        self.course = Course(wall_ms, random, plans, tells)
        self.membership = Membership(wall_ms, tells)
        self.invitations = Invitations(wall_ms, random, self.membership, secret, tells, plans)

    async def writing(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """One transaction of its own."""
        async with self._sql.writing() as db:
            return await work(db)

    async def looking(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """At one moment, without changing anything."""
        async with self._sql.reading() as db:
            return await work(db)

    async def listed(
        self,
        user: str,
        *,
        part: Part | None = None,
        statuses: tuple[Status, ...] = (),
        wanted: Wanted = None,
        size: int = 20,
    ) -> Page[Listed]:
        """What somebody hosts or takes part in."""
        async with self._sql.reading() as db:
            return await reading.listed(db, user, part=part, statuses=statuses, wanted=wanted, size=size)

    async def public(
        self, user: str, *, statuses: tuple[Status, ...] = (), wanted: Wanted = None, size: int = 20
    ) -> Page[Listed]:
        async with self._sql.reading() as db:
            return await reading.public(db, user, statuses=statuses, wanted=wanted, size=size)

    async def seen(self, user: str, party_id: str) -> Seen | Problem:
        async with self._sql.reading() as db:
            return await reading.seen(db, user, party_id, self._wall_ms())

    async def visible(self, user: str, party_id: str) -> Listed | Problem:
        async with self._sql.reading() as db:
            return await reading.visible(db, user, party_id, self._wall_ms())

    async def visible_in(self, db: Transaction, user: str, party_id: str) -> Listed | Problem:
        return await reading.visible(db, user, party_id, self._wall_ms())

    async def may_control(self, user: str, party_id: str) -> Facts | Problem:
        async with self._sql.reading() as db:
            return await self.course.may_control(db, user, party_id)

    async def entrance(self, party_id: str, user: str) -> Entrance | Problem:
        """Whether they may enter its room, and as what. Whoever may come to a public party is in it from then on."""
        async with self._sql.reading() as db:
            found = await reading.visible(db, user, party_id, self._wall_ms())
        if isinstance(found, Listed) and found.standing == "approved" and found.role is not None:
            if found.party.status not in OPEN:
                return Problem(Wrong.OVER)
            return Entrance(found.party, found.party.room_code, found.role)
        if isinstance(found, Listed) and found.standing == "pending":
            return Problem(Wrong.PRIVATE)
        joined = await self.writing(lambda db: self.membership.join(db, user, party_id))
        if isinstance(joined, Problem):
            return joined
        if joined.standing != "approved":
            return Problem(Wrong.PRIVATE)
        return Entrance(joined.party, joined.party.room_code, joined.role)

    async def house(self, party_id: str) -> House | None:
        """How its room has to be."""
        async with self._sql.reading() as db:
            return await reading.house(db, party_id)

    async def forget(self) -> None:
        """Delete invitations that nobody could take for long; now and then."""
        async with self._sql.writing() as db:
            await db.execute(
                delete(Invitation).where(Invitation.expires_at_ms < self._wall_ms() - FORGOTTEN_AFTER_MS)
            )

    async def open_ids(self) -> tuple[str, ...]:
        """All that are not over."""
        async with self._sql.reading() as db:
            return tuple(await db.scalars(select(Party.id).where(Party.status.in_(OPEN)).order_by(Party.id)))

    async def between(self, a: str, b: str) -> tuple[str, ...]:
        """The open parties that one of them hosts: what a block between the two may change."""
        async with self._sql.reading() as db:
            hosted = select(Party.id).where(Party.status.in_(OPEN), Party.host_id.in_((a, b)))
            return tuple(await db.scalars(hosted))
