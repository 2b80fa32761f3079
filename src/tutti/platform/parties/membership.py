"""Coming to a party and going from it. Works in the caller's transaction, in which the party is locked.

Whoever may see a public party, or a friend of the host's, is let in at once unless the host wants to be asked. The code
of any other party lets one ask. An invitation lets in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.accounts.models import User
from tutti.platform.parties import reading
from tutti.platform.parties.acting import (
    ANYBODY,
    HOSTS,
    MODERATORS,
    Acting,
    acting,
    facts,
    locked,
    participant,
)
from tutti.platform.parties.models import Invitation, Participant, Party
from tutti.platform.parties.ports import Tells
from tutti.platform.parties.schemas import OVER, Facts, Joined, Problem, Role, Standing, Wrong
from tutti.platform.people.relations import are_friends, blocked_between
from tutti.platform.rows import WallMs

Way = Literal["seen", "code", "invitation"]


@dataclass(frozen=True, slots=True)
class Membership:
    wall_ms: WallMs
    tells: Tells | None = None

    async def join(self, db: AsyncSession, user: str, party_id: str, way: Way = "seen") -> Joined | Problem:
        """In already, or waiting already: nothing changes."""
        party = await locked(db, party_id)
        if party is None:
            return Problem(Wrong.NOT_FOUND)
        own = await participant(db, party.id, user)
        problem = await self._kept_out(db, user, party, own, way)
        if problem is not None:
            return problem
        if own is not None and own.status in ("approved", "pending") and way != "invitation":
            return _joined(party, own)
        if own is not None and own.status == "approved":
            return _joined(party, own)
        standing = await self._standing(db, user, party, way)
        if isinstance(standing, Problem):
            return standing
        if standing == "approved" and party.participant_count >= party.max_participants:
            return Problem(Wrong.FULL)
        if own is None:
            own = Participant(party_id=party.id, user_id=user, party_at_ms=party.created_at_ms)
            db.add(own)
        self._set(party, own, standing, "participant")
        await self._accept_own(db, user, party.id)
        await self._tell_host(db, user, party, standing)
        return _joined(party, own)

    async def leave(self, db: AsyncSession, user: str, party_id: str) -> Facts | Problem:
        party = await locked(db, party_id)
        own = None if party is None else await participant(db, party.id, user)
        if party is None or own is None or own.status in ("kicked", "rejected", "left"):
            return await self._not_in(db, user, party)
        if own.role == "host":
            return Problem(Wrong.HOST_STAYS)
        self._set(party, own, "left")
        return facts(party)

    async def approve(self, db: AsyncSession, by: str, party_id: str, user: str) -> Facts | Problem:
        allowed = await self._about(db, by, party_id, user, "pending")
        if isinstance(allowed, Problem):
            return allowed
        party = allowed.party
        if party.participant_count >= party.max_participants:
            return Problem(Wrong.FULL)
        self._set(party, allowed.own, "approved")
        if self.tells is not None:
            data = {"party_id": party.id, "room_code": party.room_code}
            said = f"You are in: “{party.title}”."
            await self.tells.tell(
                db,
                user,
                "party_approved",
                party.title,
                said,
                data,
                actor=by,
                key=f"party_approved:{party.id}",
            )
        return facts(party)

    async def reject(self, db: AsyncSession, by: str, party_id: str, user: str) -> Facts | Problem:
        allowed = await self._about(db, by, party_id, user, "pending")
        if isinstance(allowed, Problem):
            return allowed
        self._set(allowed.party, allowed.own, "rejected")
        return facts(allowed.party)

    async def kick(self, db: AsyncSession, by: str, party_id: str, user: str) -> Facts | Problem:
        """For good, also somebody who only looked in. A moderator cannot remove those who run the party."""
        allowed = await acting(db, by, party_id, MODERATORS, self.wall_ms())
        if isinstance(allowed, Problem):
            return allowed
        party, its = allowed.party, await participant(db, allowed.party.id, user)
        if its is None:
            if await db.get(User, user) is None:
                return Problem(Wrong.NOT_IN)
            its = Participant(
                party_id=party.id,
                user_id=user,
                role="participant",
                status="left",
                party_at_ms=party.created_at_ms,
            )
            db.add(its)
        if its.role == "host" or (its.role == "moderator" and allowed.own.role != "host"):
            return Problem(Wrong.NOT_ALLOWED)
        self._set(party, its, "kicked", "participant")
        return facts(party)

    async def promote(
        self, db: AsyncSession, by: str, party_id: str, user: str, role: Role
    ) -> Facts | Problem:
        """`host`: the party is theirs from now on, and whoever hosted it becomes a moderator."""
        allowed = await acting(db, by, party_id, HOSTS, self.wall_ms())
        if isinstance(allowed, Problem):
            return allowed
        party, its = allowed.party, await participant(db, allowed.party.id, user)
        if its is None or its.status != "approved":
            return Problem(Wrong.NOT_IN)
        if user == by:
            return facts(party) if role == "host" else Problem(Wrong.HOST_STAYS)
        if role == "host":
            allowed.own.role, party.host_id = "moderator", user
        its.role = role
        return facts(party)

    async def _kept_out(
        self, db: AsyncSession, user: str, party: Party, own: Participant | None, way: Way
    ) -> Problem | None:
        if await db.get(User, user) is None:
            return Problem(Wrong.NOBODY)
        if await blocked_between(db, user, party.host_id):
            return Problem(Wrong.NOT_FOUND)
        if own is not None and own.status == "kicked":
            return await self._hidden(db, user, party, way) or Problem(Wrong.KICKED)
        hidden = await self._hidden(db, user, party, way)
        if hidden is not None:
            return hidden
        rejected = own is not None and own.status == "rejected" and way != "invitation"
        if rejected and not await reading.is_invited(db, user, party.id, self.wall_ms()):
            return Problem(Wrong.REJECTED)
        return Problem(Wrong.OVER) if party.status in OVER else None

    async def _hidden(self, db: AsyncSession, user: str, party: Party, way: Way) -> Problem | None:
        if way != "seen":
            return None
        found = await reading.visible(db, user, party.id, self.wall_ms())
        return found if isinstance(found, Problem) else None

    async def _standing(self, db: AsyncSession, user: str, party: Party, way: Way) -> Standing | Problem:
        if way == "invitation" or await reading.is_invited(db, user, party.id, self.wall_ms()):
            return "approved"
        asks = facts(party).rules.require_approval
        if party.visibility == "public" or (
            party.visibility == "friends" and await are_friends(db, user, party.host_id)
        ):
            return "pending" if asks else "approved"
        return "pending" if way == "code" else Problem(Wrong.PRIVATE)

    async def _accept_own(self, db: AsyncSession, user: str, party_id: str) -> None:
        theirs = select(Invitation).where(
            Invitation.party_id == party_id, Invitation.user_id == user, Invitation.status == "pending"
        )
        for invitation in await db.scalars(theirs):
            invitation.status = "accepted"

    async def _tell_host(self, db: AsyncSession, user: str, party: Party, standing: Standing) -> None:
        if self.tells is None:
            return
        guest = await db.get_one(User, user)
        asks = standing == "pending"
        said = f"{guest.display_name} {'asks to come to' if asks else 'comes to'} “{party.title}”."
        data = {"party_id": party.id, "user_id": user}
        type_ = "party_join_request" if asks else "party_joined"
        await self.tells.tell(
            db, party.host_id, type_, party.title, said, data, actor=user, key=f"{type_}:{party.id}:{user}"
        )

    async def _about(
        self, db: AsyncSession, by: str, party_id: str, user: str, standing: Standing
    ) -> Acting | Problem:
        """Those who run the party, about somebody else: `own` is that one's."""
        allowed = await acting(db, by, party_id, MODERATORS, self.wall_ms())
        if isinstance(allowed, Problem):
            return allowed
        its = await participant(db, allowed.party.id, user)
        if its is None or its.status != standing:
            return Problem(Wrong.NOT_PENDING)
        return replace(allowed, own=its)

    async def _not_in(self, db: AsyncSession, user: str, party: Party | None) -> Problem:
        if party is None:
            return Problem(Wrong.NOT_FOUND)
        allowed = await acting(db, user, party.id, ANYBODY, self.wall_ms(), over=True)
        return allowed if isinstance(allowed, Problem) else Problem(Wrong.NOT_ALLOWED)

    def _set(self, party: Party, its: Participant, standing: Standing, role: Role | None = None) -> None:
        now = int(self.wall_ms())
        party.participant_count += (standing == "approved") - (its.status == "approved")
        its.status, its.since_ms = standing, now
        its.left_at_ms = now if standing in ("left", "kicked") else None
        if role is not None:
            its.role = role


def _joined(party: Party, own: Participant) -> Joined:
    role: Role = own.role  # type: ignore[assignment]  # the column holds nothing else
    standing: Standing = own.status  # type: ignore[assignment]  # the column holds nothing else
    return Joined(facts(party), role, standing)
