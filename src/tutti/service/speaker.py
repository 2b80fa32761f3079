"""Who speaks on a connection: known by a token that was verified, by a pass, or believed."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from tutti.core.ids import MemberId, RoomId
from tutti.core.refusals import Reason, Refused
from tutti.service import dialect as d
from tutti.service.connection import Connection
from tutti.service.hall import Hall
from tutti.service.identity import believed, matched
from tutti.service.logins import Tenure
from tutti.service.passes import is_pass
from tutti.service.ports import Principal
from tutti.service.rooms import canonical

EXPIRED = Refused(Reason.UNAUTHENTICATED, "Your token has expired; sign in again")

Spoken = d.Found | d.Enter | d.Exit | d.Ask | d.Renew | d.Resync | d.Protect
"""Every sentence that somebody must have said."""


class Speaker:
    """`end` it when the connection has gone."""

    __slots__ = (
        "_connection",
        "_expires_ms",
        "_gone",
        "_hall",
        "_tenure",
        "principal",
        "token",
    )

    def __init__(
        self,
        hall: Hall,
        connection: Connection,
        *,
        token: str | None,
        principal: Principal | None,
    ) -> None:
        self.token = token
        self.principal: Principal | None = None
        """Who it is, once verified; None while only claimed."""
        self._hall = hall
        self._connection = connection
        self._tenure: Tenure | None = None
        self._expires_ms = inf
        self._gone = False
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
        return believed(token or self._connection.id, claimed)

    def proven(self, sentence: Spoken, dialect: str) -> bool:
        """Whether it is by more than a claim that it is known who says this."""
        if self.principal is not None or self._hall.gate.verifies(dialect):
            return True
        return not isinstance(sentence, d.Found) and self.shows_pass(sentence.room)

    def shows_pass(self, room: RoomId) -> bool:
        """Whether it has been here before, as somebody whom we gave a pass."""
        return self._hall.passes.holder(canonical(room), self.token) is not None

    async def verified(self) -> Principal | Refused:
        """Who the token that it came with belongs to; known from now on."""
        principal = await self._hall.verify(self.token, self._connection.client)
        if isinstance(principal, Principal):
            self._is(principal)
        return principal

    async def sign_in(self, token: str, dialect: str) -> Refused | None:
        """With another token, or a fresh one. One that is not valid changes nothing."""
        if self._hall.gate.verifies(dialect):
            principal = await self._hall.verify(token, self._connection.client)
            if isinstance(principal, Refused):
                return principal
            self._is(principal)
        self.token = token
        return None

    def end(self) -> None:
        """Nobody speaks here any more."""
        self._gone = True
        if self._tenure is not None:
            self._tenure.end()

    def _is(self, principal: Principal) -> None:
        self.principal = principal
        self._expires_ms = inf
        lives_s: float | None = None
        if principal.expires_ms is not None:
            clock = self._hall.rooms.clock
            now_ms = clock.now_ms()
            self._expires_ms = now_ms + principal.expires_ms - clock.wall_ms(now_ms)
            lives_s = (self._expires_ms - now_ms) / 1000
        if self._gone:
            return
        if self._tenure is None:
            self._tenure = Tenure(self._hall.logins, self._hall.rooms.wheel, self._connection)
        self._tenure.begin(principal.session, lives_s)

    def _remembered(self, sentence: Spoken) -> MemberId | None:
        if isinstance(sentence, d.Found):
            return None
        as_host = isinstance(sentence, d.Enter) and sentence.as_host
        return self._hall.bearers.holder(canonical(sentence.room), self.token, as_host=as_host)
