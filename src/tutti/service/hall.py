"""What every connection of this node shares: the rooms, the gate, and the counts of who asks too often."""

from __future__ import annotations

from collections.abc import Callable
from secrets import token_bytes

from tutti.core.ids import RoomId
from tutti.core.refusals import Reason, Refused
from tutti.service.identity import Gate
from tutti.service.limits import Buckets
from tutti.service.logins import Logins
from tutti.service.passes import Bearers, Passes
from tutti.service.passwords import Passwords
from tutti.service.ports import Principal
from tutti.service.rooms import Rooms


class Hall:
    def __init__(
        self,
        rooms: Rooms,
        gate: Gate,
        new_room_id: Callable[[str], RoomId],
        passes: Passes | None = None,
        logins: Logins | None = None,
    ) -> None:
        self.rooms = rooms
        self.gate = gate
        self.passes = passes or Passes(token_bytes(32), closed=gate.closed)
        self.bearers = Bearers()
        self.logins = logins or Logins()
        self.passwords = Passwords()
        self.new_room_id = new_room_id
        """A fresh id in the manner of this dialect."""
        limits = rooms.limits
        self.addresses = Buckets(limits.per_address) if limits else None
        """Requests over HTTP; what is said over sockets is counted by connection."""
        self.people = Buckets(limits.per_person) if limits else None
        self.failed_joins = Buckets(limits.failed_joins) if limits else None
        self.failed_asks = Buckets(limits.failed_joins) if limits else None
        """Apart from joins: a page left open that talks to a room long gone keeps nobody beside it from joining."""
        self.failed_tokens = Buckets(limits.failed_tokens) if limits else None
        self.failed_passwords = Buckets(limits.failed_joins) if limits else None
        self.founding = Buckets(limits.rooms_per_address) if limits else None

    def log_out(self, login: str) -> None:
        """This login (the `sid` of its tokens) is over: whatever is live on it is closed, and nothing opens by it."""
        self.logins.end(login)

    def taken(self, buckets: Buckets | None, key: str) -> Refused | None:
        """One more; or how long to wait."""
        wait_s = buckets.take(key, self.rooms.clock.now_ms()) if buckets is not None else 0.0
        return _wait(wait_s) if wait_s else None

    def dry(self, buckets: Buckets | None, key: str) -> Refused | None:
        """As `taken`, without taking: for things that cost only when they fail."""
        wait_s = buckets.is_dry(key, self.rooms.clock.now_ms()) if buckets is not None else 0.0
        return _wait(wait_s) if wait_s else None

    async def verify(self, token: str | None, client: str) -> Principal | Refused:
        """As the gate does; an address that keeps sending tokens that are none has to wait."""
        slow = self.dry(self.failed_tokens, client)
        if slow is not None:
            return slow
        principal = await self.gate.verify(token)
        if token and isinstance(principal, Refused) and principal.reason is Reason.UNAUTHENTICATED:
            self.taken(self.failed_tokens, client)
        return principal


def _wait(wait_s: float) -> Refused:
    return Refused(Reason.RATE_LIMITED, retry_after_s=wait_s)
