"""Who speaks on a connection: known by a token that was verified, by a pass, or believed."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.service import dialect as d
from tutti.service.hall import Hall
from tutti.service.identity import believed, matched
from tutti.service.passes import is_pass
from tutti.service.ports import Principal
from tutti.service.rooms import canonical

EXPIRED = Refused(Reason.UNAUTHENTICATED, "Your token has expired; sign in again")

Spoken = d.Found | d.Enter | d.Exit | d.Ask | d.Renew | d.Resync
"""Every sentence that somebody must have said."""


class Speaker:
    """`guest`: what to tell a nameless one by. `client`: the address that it comes from."""

    __slots__ = ("_client", "_expires_ms", "_guest", "_hall", "principal", "token")

    def __init__(
        self, hall: Hall, *, guest: str, client: str, token: str | None, principal: Principal | None
    ) -> None:
        self.token = token
        self.principal: Principal | None = None
        """Who it is, once verified; None while only claimed."""
        self._hall = hall
        self._guest = guest
        self._client = client
        self._expires_ms = inf
        if principal is not None:
            self._is(principal)

    def of(
        self, sentence: Spoken, dialect: str, now_ms: float, entered_as: Callable[[Spoken], MemberId | None]
    ) -> Principal | Refused | None:
        """Who says this; None: the token has to be verified first. `entered_as`: who entered that room here."""
        if self.principal is not None:
            return matched(self.principal, sentence.who) if now_ms < self._expires_ms else EXPIRED
        token = self.token
        if is_pass(token) and not isinstance(sentence, d.Found):
            holder = self._hall.passes.holder(canonical(sentence.room), token)
            if holder is not None:
                return matched(Principal(holder), sentence.who)
        if self._hall.gate.verifies(dialect):
            return None
        claimed = sentence.who or entered_as(sentence) or self._remembered(sentence)
        return believed(token or self._guest, claimed)

    async def verified(self) -> Principal | Refused:
        """Who the token that it came with belongs to; known from now on."""
        principal = await self._hall.verify(self.token, self._client)
        if isinstance(principal, Principal):
            self._is(principal)
        return principal

    async def sign_in(self, token: str, dialect: str) -> Refused | None:
        """With another token, or a fresh one. One that is not valid changes nothing."""
        if self._hall.gate.verifies(dialect):
            principal = await self._hall.verify(token, self._client)
            if isinstance(principal, Refused):
                return principal
            self._is(principal)
        self.token = token
        return None

    def _is(self, principal: Principal) -> None:
        self.principal = principal
        self._expires_ms = inf
        if principal.expires_ms is not None:
            clock = self._hall.rooms.clock
            now_ms = clock.now_ms()
            self._expires_ms = now_ms + principal.expires_ms - clock.wall_ms(now_ms)

    def _remembered(self, sentence: Spoken) -> MemberId | None:
        if isinstance(sentence, d.Found):
            return None
        as_host = isinstance(sentence, d.Enter) and sentence.as_host
        return self._hall.bearers.holder(canonical(sentence.room), self.token, as_host=as_host)
