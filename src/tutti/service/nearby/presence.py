"""Who is live: a lease of 45 s for each device, renewed by heartbeats; gone is gone 10 s after the last one ended.

Renewing stores a number. Everybody has one turn in the rota, at the end of the lease that was the last when it was put
there, so nobody ever looks through all leases.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from zlib import crc32

from tutti.core.ids import MemberId
from tutti.core.refusals import Reason, Refused
from tutti.service.nearby.person import Person
from tutti.service.nearby.rota import Ticks, ticks
from tutti.service.nearby.values import Live

LEASE_S: Final = 45.0
GRACE_S: Final = 10.0
HEARTBEAT_S: Final = 15
HEARTBEAT_SPREAD_S: Final = 6
MOST_DEVICES: Final = 8

_LEASE: Final = ticks(LEASE_S)
_GRACE: Final = ticks(GRACE_S)
_TOO_MANY: Final = Refused(Reason.NOT_ALLOWED, f"You are live on {MOST_DEVICES} devices already")


class Presence:
    """`gone` is called once for everybody whose leases have ended and who did not leave before."""

    def __init__(self, time: Ticks, gone: Callable[[Person], None]) -> None:
        self._time = time
        self._gone = gone
        self._rota = time.rota(self._due)
        self._now = 0
        self._until = _LEASE

    def began(self, person: Person, device: str) -> None:
        person.device = _short(device)
        person.until = until = self._lease()
        self._rota.put(until + _GRACE, person)

    def renewed(self, person: Person, device: str) -> Refused | None:
        """Of this device, which may be a further one."""
        known = _short(device)
        if known == person.device:
            person.until = self._lease()
            return None
        more = person.more or {}
        if known not in more and len(more) + 1 >= MOST_DEVICES:
            return _TOO_MANY
        more[known] = self._lease()
        person.more = more
        return None

    def _lease(self) -> int:
        """The same number for all who ask in one tick: it is kept once."""
        now = self._time.now()
        if now != self._now:
            self._now, self._until = now, now + _LEASE
        return self._until

    def _due(self, person: Person) -> None:
        if not person.live:
            return
        now = self._time.now()
        if person.more:
            self._drop_ended(person, now)
        last = max(person.until, *person.more.values()) if person.more else person.until
        if last + _GRACE > now:
            self._rota.put(last + _GRACE, person)
        else:
            self._gone(person)

    def _drop_ended(self, person: Person, now: int) -> None:
        running = {device: until for device, until in (person.more or {}).items() if until > now}
        if person.until <= now and running:
            person.device, person.until = running.popitem()
        person.more = running or None


def terms(user: MemberId) -> Live:
    """When to send heartbeats: every 15 to 20 s, not everybody in step."""
    return Live(HEARTBEAT_S + crc32(user.encode()) % HEARTBEAT_SPREAD_S, LEASE_S, GRACE_S)


def _short(device: str) -> int:
    """Stands for it in this process, in 60 bits: one more and it would take half as much memory again."""
    return hash(device) & (1 << 60) - 1
