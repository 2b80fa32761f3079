"""Invitations to a party: by e-mail, to somebody, or by a link. Works in the caller's transaction.

Of an invitation only a hash is kept; what it is can be worked out again from its id by whoever has the key, so that no
letter that waits has to hold it. What a list of people to invite says of them is nothing: whether an address has an
account, or somebody blocks the host, cannot be learned by inviting them.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.accounts.models import User
from tutti.platform.accounts.names import email_key
from tutti.platform.parties.acting import MODERATORS, acting, participant
from tutti.platform.parties.membership import Membership
from tutti.platform.parties.models import Invitation, Party
from tutti.platform.parties.ports import Plans, Tells
from tutti.platform.parties.schemas import OVER, Invited, Joined, Letter, Link, Problem, Wrong
from tutti.platform.people.relations import blocked_with
from tutti.platform.rows import RandomBytes, WallMs, new_id

DAY_MS: Final = 86_400_000
LIVES_MS: Final = 7 * DAY_MS
MOST_OPEN: Final = 500
TOKEN_BYTES: Final = 24
LETTER: Final = "party.letter"


@dataclass(frozen=True, slots=True)
class Words:
    """What an invitation says, and for how long it holds."""

    message: str = ""
    lives_ms: int = LIVES_MS


@dataclass(frozen=True, slots=True)
class Invitations:
    """`key`: what invitations are made with; it outlives the process."""

    wall_ms: WallMs
    random: RandomBytes
    membership: Membership
    key: bytes
    tells: Tells | None = None
    plans: Plans | None = None

    def token(self, invitation_id: str) -> str:
        made = hmac.digest(self.key, f"invitation to a party:{invitation_id}".encode(), hashlib.sha256)
        return urlsafe_b64encode(made[:TOKEN_BYTES]).decode()

    async def letter(self, db: AsyncSession, invitation_id: str) -> Letter | None:
        """What to write to whoever is invited by mail. None: it is not to be sent any more."""
        found = await db.get(Invitation, invitation_id)
        if found is None or found.email is None or found.status != "pending":
            return None
        party, inviter = await db.get(Party, found.party_id), await db.get(User, found.inviter_id)
        if party is None or inviter is None or party.status in OVER:
            return None
        return Letter(
            found.email, inviter.display_name, party.title, found.message, self.token(invitation_id)
        )

    async def invite(
        self,
        db: AsyncSession,
        by: str,
        party_id: str,
        *,
        emails: tuple[str, ...] = (),
        users: tuple[str, ...] = (),
        words: Words = Words(),
    ) -> Invited | Problem:
        allowed = await acting(db, by, party_id, MODERATORS, self.wall_ms())
        if isinstance(allowed, Problem):
            return allowed
        party, inviter = allowed.party, await db.get_one(User, by)
        if await self._open(db, party.id) + len(emails) + len(users) > MOST_OPEN:
            return Problem(Wrong.TOO_MANY)
        addresses = tuple(dict.fromkeys(map(email_key, emails)))
        for address in addresses:
            await self._by_mail(db, party, inviter, address, words)
        blocked = await blocked_with(db, by) | await blocked_with(db, party.host_id)
        people = tuple(dict.fromkeys(users))
        for user in people:
            if user not in blocked and await db.get(User, user) is not None:
                await self._somebody(db, party, inviter, user, words)
        return Invited(len(addresses) + len(people), addresses, people)

    async def link(
        self, db: AsyncSession, by: str, party_id: str, lives_ms: int = LIVES_MS
    ) -> Link | Problem:
        """For whoever has it, until it expires."""
        allowed = await acting(db, by, party_id, MODERATORS, self.wall_ms())
        if isinstance(allowed, Problem):
            return allowed
        if await self._open(db, allowed.party.id) >= MOST_OPEN:
            return Problem(Wrong.TOO_MANY)
        row = self._new(allowed.party, by, Words(lives_ms=lives_ms))
        db.add(row)
        return Link(self.token(row.id), row.expires_at_ms)

    async def accept(self, db: AsyncSession, user: str, token: str) -> Joined | Problem:
        """A link lets in more than one; any other invitation the first who has it. Somebody's own is only theirs."""
        found = (
            await db.scalars(
                select(Invitation).where(Invitation.token_hash == _hashed(token)).with_for_update()
            )
        ).one_or_none()
        if found is None or (found.user_id is not None and found.user_id != user):
            return Problem(Wrong.NOT_FOUND)
        if found.expires_at_ms <= self.wall_ms() or found.status == "revoked":
            return Problem(Wrong.EXPIRED)
        party_id, is_link = found.party_id, found.email is None and found.user_id is None
        own = await participant(db, party_id, user)
        if found.status == "accepted" and (own is None or own.status != "approved"):
            return Problem(Wrong.EXPIRED)
        joined = await self.membership.join(db, user, party_id, "invitation")
        if isinstance(joined, Joined) and not is_link:
            found.status = "accepted"
        return joined

    async def _by_mail(
        self, db: AsyncSession, party: Party, inviter: User, address: str, words: Words
    ) -> None:
        open_ = select(Invitation).where(
            Invitation.party_id == party.id, Invitation.email == address, Invitation.status == "pending"
        )
        for earlier in await db.scalars(open_):
            earlier.status = "revoked"
        row = self._new(party, inviter.id, words)
        row.email = address
        db.add(row)
        if self.plans is not None:
            await self.plans.add(db, LETTER, {"invitation": row.id}, key=row.id)

    async def _somebody(self, db: AsyncSession, party: Party, inviter: User, user: str, words: Words) -> None:
        own = await participant(db, party.id, user)
        if own is not None and own.status in ("approved", "kicked"):
            return
        open_ = select(Invitation).where(
            Invitation.party_id == party.id, Invitation.user_id == user, Invitation.status == "pending"
        )
        for earlier in await db.scalars(open_):
            earlier.status = "revoked"
        row = self._new(party, inviter.id, words)
        row.user_id = user
        db.add(row)
        if self.tells is not None:
            said = words.message or f"{inviter.display_name} invites you to “{party.title}”."
            data = {"party_id": party.id, "room_code": party.room_code}
            key = f"party_invitation:{party.id}"
            await self.tells.tell(
                db, user, "party_invitation", party.title, said, data, actor=inviter.id, key=key
            )

    def _new(self, party: Party, by: str, words: Words) -> Invitation:
        now = int(self.wall_ms())
        id_ = new_id(now, self.random)
        return Invitation(
            id=id_,
            party_id=party.id,
            inviter_id=by,
            token_hash=_hashed(self.token(id_)),
            message=words.message,
            status="pending",
            created_at_ms=now,
            expires_at_ms=now + words.lives_ms,
        )

    async def _open(self, db: AsyncSession, party_id: str) -> int:
        open_ = select(func.count()).where(
            Invitation.party_id == party_id,
            Invitation.status == "pending",
            Invitation.expires_at_ms > self.wall_ms(),
        )
        return await db.scalar(open_) or 0


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
