"""Who is here: leases on the timer wheel, never stored. A member without a connection has a grace, then departs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutti.core.commands import Depart
from tutti.core.defaults import HostLost
from tutti.core.events import Event, MemberJoined, RoomOpened
from tutti.core.ids import MemberId
from tutti.core.refusals import Refused
from tutti.core.room import Room
from tutti.service.fanout import Subscription
from tutti.service.timers import Timer, TimerWheel

if TYPE_CHECKING:
    from tutti.service.live_room import Accepted, LiveRoom

FIRST_VISIT_MS = 5 * 60_000.0
"""How long somebody who joined over HTTP may take to connect a socket."""

AFTER_RESTART_MS = 60_000.0
"""At least this long for everybody to come back after the server itself was away."""


RETRY_MS = 10_000.0


class Presence:
    def __init__(self, live: LiveRoom, wheel: TimerWheel) -> None:
        self._live = live
        self._wheel = wheel
        self._here: dict[MemberId, int] = {}
        self._leases: dict[MemberId, Timer] = {}

    @property
    def waiting(self) -> bool:
        """Somebody's grace is running."""
        return bool(self._leases)

    def is_here(self, member: MemberId) -> bool:
        return member in self._here

    def came(self, subscription: Subscription) -> None:
        member = subscription.member
        self._here[member] = self._here.get(member, 0) + 1
        self._cancel(member)

    def went(self, subscription: Subscription) -> None:
        """A connection was lost: if it was the member's last, its grace begins."""
        if self.dropped(subscription):
            self._lease(subscription.member, self.grace_ms(subscription.member))

    def missed(self, member: MemberId) -> None:
        """Its grace begins, if it has no connection."""
        if member not in self._here:
            self._lease(member, self.grace_ms(member))

    def elsewhere(self, member: MemberId) -> None:
        """It is in a breakout room: nobody misses it here."""
        self._cancel(member)

    def dropped(self, subscription: Subscription) -> bool:
        """A connection ended with nobody to miss it. Whether it was the member's last."""
        member = subscription.member
        left = self._here.get(member, 0) - 1
        if left > 0:
            self._here[member] = left
            return False
        return self._here.pop(member, None) is not None

    def renewed(self, member: MemberId) -> None:
        """A sign of life from somebody who may have no connection here."""
        if member not in self._here and member in self._leases:
            self._lease(member, max(self.grace_ms(member), AFTER_RESTART_MS))

    def left(self, member: MemberId) -> None:
        self._here.pop(member, None)
        self._cancel(member)

    def changed(self, event: Event, room: Room) -> None:
        match event:
            case MemberJoined(member) | RoomOpened(host=member):
                if member.id not in self._here and not _may_stay_away(room, member.id):
                    first_ms = 0.0 if member.calling else FIRST_VISIT_MS
                    self._lease(member.id, max(first_ms, room.defaults.grace_ms))
            case _:
                pass

    def restored(self, room: Room) -> None:
        """After a load: whoever is not connected has time to come."""
        for member in room.members:
            if member not in self._here and not _may_stay_away(room, member):
                self._lease(member, max(self.grace_ms(member), AFTER_RESTART_MS))

    def stop(self) -> None:
        for lease in self._leases.values():
            lease.cancel()
        self._leases.clear()

    def grace_ms(self, member: MemberId) -> float:
        """How long it may be unseen."""
        room = self._live.state
        if room is None:
            return 0.0
        return room.defaults.host_grace_ms if room.host == member else room.defaults.grace_ms

    def _lease(self, member: MemberId, for_ms: float) -> None:
        self._cancel(member)
        self._leases[member] = self._wheel.after(for_ms / 1000, lambda: self._over(member))

    def _cancel(self, member: MemberId) -> None:
        lease = self._leases.pop(member, None)
        if lease is not None:
            lease.cancel()

    def _over(self, member: MemberId) -> None:
        self._leases.pop(member, None)
        if member not in self._here:
            self._live.submit(Depart(member), None, lambda answer: self._departed(member, answer))

    def _departed(self, member: MemberId, answer: Accepted | Refused) -> None:
        """What could not be kept has to be tried again; a room that ended meanwhile needs no more."""
        refused = isinstance(answer, Refused) and answer.reason.may_retry
        if refused and member not in self._here:
            self._lease(member, RETRY_MS)


def _may_stay_away(room: Room, member: MemberId) -> bool:
    """A host without whom the room would end is lost only by going, not by having yet to come."""
    return room.host == member and room.defaults.host_lost is HostLost.CLOSES
