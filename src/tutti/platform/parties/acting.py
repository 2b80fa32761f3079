"""Who may do what in a party: its row, locked for a change, or why not. Works in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tutti.platform.parties import reading
from tutti.platform.parties.models import CODE_LENGTH, Participant, Party
from tutti.platform.parties.schemas import OVER, Facts, Problem, Wrong

HOSTS = ("host",)
MODERATORS = ("host", "moderator")
ANYBODY = ("host", "moderator", "participant")


@dataclass(frozen=True, slots=True)
class Acting:
    """Somebody in a party, who may do what they are about to do."""

    party: Party
    own: Participant


async def acting(
    db: AsyncSession, user: str, party_id: str, roles: Sequence[str], now_ms: float, *, over: bool = False
) -> Acting | Problem:
    """`over`: also when the party has ended."""
    party = await locked(db, party_id)
    if party is None:
        return Problem(Wrong.NOT_FOUND)
    found = await reading.visible(db, user, party.id, now_ms)
    if isinstance(found, Problem):
        return found
    own = await participant(db, party.id, user)
    if own is None or own.status != "approved" or own.role not in roles:
        return Problem(Wrong.NOT_ALLOWED)
    if party.status in OVER and not over:
        return Problem(Wrong.OVER)
    return Acting(party, own)


async def locked(db: AsyncSession, party_id: str) -> Party | None:
    """By id or room code. Nobody else changes the party or its people until this transaction is over."""
    known_by = Party.room_code == party_id.upper() if len(party_id) <= CODE_LENGTH else Party.id == party_id
    return (await db.scalars(select(Party).where(known_by).with_for_update())).one_or_none()


async def participant(db: AsyncSession, party_id: str, user: str) -> Participant | None:
    return await db.get(Participant, (party_id, user))


def facts(party: Party) -> Facts:
    return Facts(*(getattr(party, column.key) for column in reading.COLUMNS))
