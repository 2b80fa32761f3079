"""Who is asking. Open mode believes claims; closed mode believes verified tokens only (DESIGN D8)."""

from __future__ import annotations

from hashlib import sha256

from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.service.ports import Identity, Principal, Unavailable

MAX_ID = 128


class Gate:
    """`closed`: nobody without a valid token. `strict`: dialects whose provider tells who people are, in any mode."""

    def __init__(self, identity: Identity, *, closed: bool, strict: frozenset[str] = frozenset()) -> None:
        self._identity = identity
        self.closed = closed
        self._strict = strict

    def verifies(self, dialect: str) -> bool:
        return self.closed or dialect in self._strict

    async def verify(self, token: str | None) -> Principal | Refused:
        """The token's owner."""
        if not token:
            return Refused(Reason.UNAUTHENTICATED)
        try:
            principal = await self._identity.verify(token)
        except Unavailable:
            return Refused(Reason.UNAVAILABLE, "Your token cannot be checked right now; try again")
        return principal or Refused(Reason.UNAUTHENTICATED, "This token is not valid")

    async def admit(self, dialect: str, token: str | None, claimed: MemberId | None) -> Principal | Refused:
        """Who this request is from: by its token where tokens are verified, else as it claims."""
        if not self.verifies(dialect):
            return believed(token, claimed)
        principal = await self.verify(token)
        return principal if isinstance(principal, Refused) else matched(principal, claimed)


def believed(token: str | None, claimed: MemberId | None) -> Principal | Refused:
    """Open mode: the claim, else a guest's name that stays the same with the same token."""
    if claimed is not None:
        return Principal(claimed)
    if token:
        return Principal(guest(token))
    return Refused(Reason.UNAUTHENTICATED, "Say who you are: a userId or a token")


def matched(principal: Principal, claimed: MemberId | None) -> Principal | Refused:
    return principal if claimed in (None, principal.id) else Refused(Reason.NOT_YOURSELF)


def guest(token: str) -> MemberId:
    return MemberId("guest-" + sha256(token.encode()).hexdigest()[:12])
