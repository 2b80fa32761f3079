"""Whether those in a call are connected with each other, or each with a relay that forwards: and the way from one to
the other, which a front end that knows nothing of it can follow.

To such a front end it looks as if everybody else had left and come again (`Rewired`): whoever is told so drops those
connections, and then waits for offers, or makes them, as with any newcomer. Whoever is away is told when they are back.

* Above `relay.above` people everybody's connections end at the relay, and stay there until nobody else is in the call.
* If the relay is lost, everybody is connected with everybody again; if it cannot reach somebody, that one is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

import structlog

from tutti.core.ids import MemberId
from tutti.core.relays import Rewired
from tutti.core.room import Room
from tutti.service.calls import Calls
from tutti.service.ports import MediaRelay
from tutti.service.signalling import Kind, Outcome

if TYPE_CHECKING:
    from tutti.service.live_room import LiveRoom

log = structlog.get_logger("tutti.meetings")

MOST_WAITING: Final = 256
"""Messages of the relay for somebody who is away; the oldest is lost first."""


class Topology:
    """One for each live room. `relay` None: always a mesh."""

    def __init__(self, live: LiveRoom, calls: Calls, relay: MediaRelay | None) -> None:
        self._live = live
        self._calls = calls
        self._relay = relay
        self._on = False
        self._open = False
        self._callers: tuple[MemberId, ...] = ()
        self._relayed: set[MemberId] = set()
        """Whose connections end at the relay."""
        self._direct: set[MemberId] = set()
        """Whom the relay could not reach."""
        self._stale: set[MemberId] = set()
        """They are away, and do not know of the change."""
        self._waiting: dict[MemberId, deque[bytes]] = {}

    @property
    def name(self) -> Literal["mesh", "sfu"]:
        return "sfu" if self._on else "mesh"

    def signal(self, kind: Kind, sender: MemberId, target: MemberId, frame: bytes) -> Outcome:
        """As `Signalling.signal`: to the relay, if the connections of both end there."""
        relay = self._relay
        if relay is None or sender not in self._relayed or target not in self._relayed:
            return self._calls.signalling.signal(kind, sender, target, frame)
        if sender == target:
            return Outcome.UNKNOWN
        relay.signal(self._live.id, sender, target, frame)
        return Outcome.SENT

    def changed(self, room: Room) -> None:
        """After every event."""
        relay = self._relay
        if relay is None:
            return
        callers = tuple(m.id for m in room.members.values() if m.calling and m.away is None)
        if callers == self._callers:
            return
        came = [member for member in callers if member not in self._callers]
        for member in self._callers:
            if member not in callers:
                self._left(relay, member)
        self._callers = callers
        if self._on and len(callers) < 2:
            self._end()
        elif self._on:
            for member in came:
                self._enter(relay, member, offers=True)
        elif len(callers) >= relay.above:
            self._want(relay)
            if len(callers) > relay.above and relay.ready:
                self._switch(relay, came)

    def restored(self, room: Room) -> None:
        """After a load: what was connected to a relay of the process before is connected with nothing now."""
        if self._relay is not None:
            self._callers = tuple(m.id for m in room.members.values() if m.calling and m.away is None)
            self._stale = {member for member in self._callers if not self._calls.connected(member)}
            if len(self._callers) >= self._relay.above:
                self._want(self._relay)

    def entered(self, member: MemberId, *, offers: bool) -> None:
        """It is told everything from now on. `offers`: to everybody, as newcomers do; its page may be another one."""
        relay = self._relay
        if relay is None:
            return
        waiting = self._waiting.pop(member, ())
        if member in self._stale:
            self._stale.discard(member)
            self._catches_up(relay, member, offers=offers)
        elif offers and member in self._relayed:
            self._enter(relay, member, offers=True)
        else:
            for frame in waiting:
                self._calls.send(member, frame)

    def stop(self) -> None:
        """The room is no longer here."""
        if self._relay is not None and self._open:
            self._relay.close(self._live.id)
        self._on = self._open = False
        self._relayed.clear()
        self._waiting.clear()

    # -- for the relay

    def available(self) -> None:
        relay = self._relay
        if relay is not None and not self._on and len(self._callers) > relay.above:
            self._switch(relay, ())

    def signalled(self, to: MemberId, frame: bytes) -> None:
        if to not in self._relayed:
            return
        if to in self._waiting or not self._calls.send(to, frame):
            self._waiting.setdefault(to, deque(maxlen=MOST_WAITING)).append(frame)

    def unreachable(self, member: MemberId) -> None:
        """Between this one and all others there is no relay any more: it offers to them, as a newcomer."""
        relay = self._relay
        if relay is None or member not in self._relayed:
            return
        log.warning("meeting.relay_unreachable", room=self._live.id, member=member)
        relay.leave(self._live.id, member)
        self._relayed.discard(member)
        self._direct.add(member)
        others = tuple(one for one in self._callers if one != member)
        for other in others:
            self._rewire(other, (member,))
        self._rewire(member, others, offers=others)

    def lost(self) -> None:
        """The relay has died: whoever came later offers to those who were there, as they once did."""
        self._open = False
        if not self._on:
            return
        log.warning("meeting.relay_lost", room=self._live.id, members=len(self._callers))
        self._on = False
        self._relayed.clear()
        self._direct.clear()
        self._waiting.clear()
        earlier: list[MemberId] = []
        for member in self._callers:
            self._calls.signalling.gone(member)
        for member in self._callers:
            self._rewire(member, self._all_but(member), offers=tuple(earlier))
            if member not in self._stale:
                earlier.append(member)

    # -- within

    def _switch(self, relay: MediaRelay, came: Sequence[MemberId]) -> None:
        """`came`: those who have just come, and offer to everybody anyway."""
        log.info("meeting.relayed", room=self._live.id, members=len(self._callers))
        self._on = True
        before = tuple(member for member in self._callers if member not in came)
        for member in self._callers:
            self._calls.signalling.gone(member)
        for member in before:
            self._rewire(member, tuple(one for one in before if one != member))
            if member not in self._stale:
                self._enter(relay, member, offers=False)
        for member in came:
            self._enter(relay, member, offers=True)

    def _catches_up(self, relay: MediaRelay, member: MemberId, *, offers: bool) -> None:
        others = self._all_but(member)
        if self._on:
            if not offers:
                self._rewire(member, others)
            self._enter(relay, member, offers=offers)
        elif not offers:
            self._rewire(member, others, offers=tuple(one for one in others if one not in self._stale))

    def _enter(self, relay: MediaRelay, member: MemberId, *, offers: bool) -> None:
        room = self._live.state
        if room is not None and member in room.members and member not in self._direct:
            self._relayed.add(member)
            self._waiting.pop(member, None)
            relay.enter(self._live.id, member, room.members[member].name, offers=offers)

    def _left(self, relay: MediaRelay, member: MemberId) -> None:
        if member in self._relayed:
            relay.leave(self._live.id, member)
        for known in (self._relayed, self._direct, self._stale):
            known.discard(member)
        self._waiting.pop(member, None)

    def _want(self, relay: MediaRelay) -> None:
        if not self._open:
            self._open = True
            relay.open(self._live.id, self)

    def _end(self) -> None:
        """Nobody is connected with anybody."""
        self.stop()
        for member in self._callers:
            self._rewire(member, ())

    def _rewire(
        self, member: MemberId, peers: tuple[MemberId, ...], offers: tuple[MemberId, ...] = ()
    ) -> None:
        """Whoever is away now, or has not been told what went before, is told when it is back."""
        told = self._calls.tell(member, Rewired(member, peers, offers, self.name))
        if not told:
            self._stale.add(member)

    def _all_but(self, member: MemberId) -> tuple[MemberId, ...]:
        return tuple(one for one in self._callers if one != member)
