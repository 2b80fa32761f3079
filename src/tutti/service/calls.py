"""Who in a room has a meeting connection here, who lost theirs a moment ago, and what waits for those.

What is told to everybody is in the log, and is replayed to whoever comes back; what is for one person alone is not,
and so it waits in a box, which is bounded, until its owner is back or gone.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from tutti.core.commands import HangUp
from tutti.core.ids import MemberId
from tutti.core.refusals import Refused
from tutti.core.relays import Back, Lost, Relay
from tutti.core.room import Room
from tutti.service.fanout import Subscription
from tutti.service.frames import Frame
from tutti.service.ports import Clock
from tutti.service.signalling import Signalling
from tutti.service.timers import Timer, TimerWheel

if TYPE_CHECKING:
    from tutti.service.live_room import Accepted, LiveRoom

MOST_WAITING = 256
"""Letters of one person; the oldest is lost first."""
RETRY_S = 10.0
AFTER_RESTART_S = 60.0
"""At least this long for everybody to come back after the server itself was away."""

Frames = tuple[Frame, ...]


class Calls:
    def __init__(self, live: LiveRoom, wheel: TimerWheel, clock: Clock) -> None:
        self._live = live
        self._wheel = wheel
        self._clock = clock
        self._connections: dict[MemberId, Subscription] = {}
        self._missed: dict[MemberId, Timer] = {}
        self._boxes: dict[MemberId, deque[Frames]] = {}
        self.signalling = Signalling(self.send, self._joined_at, wheel=wheel, clock=clock)

    def connected(self, member: MemberId) -> bool:
        """Whether it has a meeting connection at this moment."""
        return member in self._connections

    def came(self, subscription: Subscription) -> None:
        """It listens from now on, and has not been told anything yet."""
        self._connections[subscription.member] = subscription

    def entered(self, subscription: Subscription, *, resumed: bool, offers: bool, anew: bool) -> None:
        """It has been told where everything is: now what waited for it, and who else is missed.

        `resumed`: it missed nothing. `offers`: to everybody whom it was told of, as newcomers do. `anew`: its page was
        loaded again, and knows nothing of its connections.
        """
        member = subscription.member
        if anew:
            self.signalling.gone(member)
        if member in self._missed:
            self._no_longer_missed(member)
            self._live.relay(Back(member, resumed), self._clock.now_ms())
        room = self._live.state
        for other in self._missed:
            if room is not None:
                subscription.send(subscription.dialect.relay(Lost(other), room, self._clock.now_ms()))
        for frames in self._boxes.pop(member, ()):
            subscription.send(frames)
        self.signalling.back(member)
        self._live.topology.entered(member, offers=offers)

    def went(self, subscription: Subscription) -> None:
        """The line is lost: it may come back within its grace."""
        member, room = subscription.member, self._live.state
        if self._connections.get(member) is not subscription:
            return
        del self._connections[member]
        if room is None or room.closed is not None or member not in room.members:
            return
        self._wait_for(member)
        self._live.relay(Lost(member), self._clock.now_ms())

    def left(self, member: MemberId) -> None:
        self._connections.pop(member, None)
        self._no_longer_missed(member)
        self._boxes.pop(member, None)
        self.signalling.gone(member)

    def restored(self, room: Room) -> None:
        """After a load: everybody who was in the call is missed."""
        for member in room.members.values():
            if member.calling and member.away is None and member.id not in self._connections:
                self._wait_for(member.id, AFTER_RESTART_S)

    def post(self, member: MemberId, frames: Frames) -> None:
        """For this person alone: now, or when it is back."""
        there = self._connections.get(member)
        if there is not None and member not in self._missed:
            there.send(frames)
        elif frames and self._is_calling(member):
            self._boxes.setdefault(member, deque(maxlen=MOST_WAITING)).append(frames)

    def tell(self, member: MemberId, relayed: Relay) -> bool:
        """This person alone; False if it has no connection now, and then it is not told later either."""
        there, room = self._connections.get(member), self._live.state
        if there is None or member in self._missed or room is None:
            return False
        there.send(there.dialect.relay(relayed, room, self._clock.now_ms()))
        return True

    def stop(self) -> None:
        for member in tuple(self._missed):
            self._no_longer_missed(member)
        self._boxes.clear()
        self.signalling.stop()

    def send(self, member: MemberId, text: bytes) -> bool:
        """False if it has no connection now."""
        there = self._connections.get(member)
        if there is None or member in self._missed:
            return False
        there.peer.send(Frame(text))
        return True

    def _joined_at(self, member: MemberId) -> float | None:
        room = self._live.state
        here = None if room is None else room.members.get(member)
        present = here is not None and here.calling and here.away is None
        return here.joined_at_ms if here is not None and present else None

    def _is_calling(self, member: MemberId) -> bool:
        room = self._live.state
        return room is not None and member in room.members and room.members[member].calling

    def _wait_for(self, member: MemberId, at_least_s: float = 0.0) -> None:
        self._no_longer_missed(member)
        wait_s = max(self._live.presence.grace_ms(member) / 1000, at_least_s)
        self._missed[member] = self._wheel.after(wait_s, lambda: self._over(member))

    def _no_longer_missed(self, member: MemberId) -> None:
        timer = self._missed.pop(member, None)
        if timer is not None:
            timer.cancel()

    def _over(self, member: MemberId) -> None:
        """Whoever has no connection of any kind leaves as everybody does; the others only leave the call."""
        if member in self._missed and self._live.presence.is_here(member):
            self._live.submit(HangUp(member), None, lambda answer: self._hung_up(member, answer))

    def _hung_up(self, member: MemberId, answer: Accepted | Refused) -> None:
        if isinstance(answer, Refused) and answer.reason.may_retry and member in self._missed:
            self._missed[member] = self._wheel.after(RETRY_S, lambda: self._over(member))
