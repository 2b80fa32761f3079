"""From one event to many connections: encoded once per dialect, handed to each connection as the same frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tutti.core.commands import Told
from tutti.core.events import Event, MediaChanged, PollClosed, PollVoted, Recorded, TimelineMoved
from tutti.core.ids import MemberId
from tutti.core.relays import Back, Directed, Lost, Reacted, Relay, Typing
from tutti.core.room import Room
from tutti.service.dialect import Dialect, Viewer
from tutti.service.echoes import Repeated, Tellings, Wish, telling, tellings
from tutti.service.frames import Frame, Peer
from tutti.service.metrics import Metrics
from tutti.service.timers import Timer, TimerWheel

COALESCE_S = 0.25

MayMeet = Callable[[MemberId, MemberId], bool]


class Hearer(Peer, Protocol):
    """A connection that knows how far away it is."""

    @property
    def half_rtt_ms(self) -> float:
        """Half the smallest round trip seen; 0 while unknown."""
        ...

    @property
    def rtt_ms(self) -> float:
        """The worst round trip of late; 0 while unknown."""
        ...


class Subscription:
    """One connection that listens to one room as one member, in one dialect."""

    __slots__ = (
        "_entered_ms",
        "_repeated",
        "_told",
        "corrected_ms",
        "dialect",
        "lost",
        "member",
        "peer",
    )

    def __init__(self, peer: Hearer, member: MemberId, dialect: Dialect, lost: Callable[[], None]) -> None:
        self.peer = peer
        self.member = member
        self.dialect = dialect
        self.lost = lost
        """Called when the room lets go of this subscription, so that its connection forgets it."""
        self.corrected_ms = 0.0
        self._told: Tellings | None = None
        self._entered_ms = 0.0
        """When it was first told where everybody is: what the others were told before, it never heard."""
        self._repeated = Repeated()

    @property
    def half_rtt_ms(self) -> float:
        return self.peer.half_rtt_ms

    @property
    def rtt_ms(self) -> float:
        return self.peer.rtt_ms

    @property
    def viewer(self) -> Viewer:
        return Viewer(self.member, self.half_rtt_ms)

    def send(self, frames: tuple[Frame, ...]) -> None:
        for frame in frames:
            self.peer.send(frame)

    def was_told(self, room: Room, now_ms: float) -> None:
        """It alone was told where everybody is."""
        if not self.dialect.echoes:
            return
        if self._told is None:
            self._told = tellings()
            self._entered_ms = now_ms
        self._told.append(telling(room, now_ms))

    def repeats(self, command: Wish, told_all: Tellings, now_ms: float) -> Told | None:
        """What `command` says back of all it was told, alone or with the others; None: it is a wish."""
        entered_ms = self._entered_ms
        heard = [told for told in told_all if told.at_ms >= entered_ms]
        if self._told:
            heard += self._told
        return self._repeated.find(command, self.member, heard, now_ms)


class Audience:
    """Everybody who hears a room in one dialect. `told`: what they were told together.

    `may_meet`: whether neither of two people blocks the other.
    """

    __slots__ = (
        "_counting",
        "_may_meet",
        "_pending",
        "_timer",
        "_wheel",
        "dialect",
        "metrics",
        "subscriptions",
        "told",
    )

    def __init__(self, dialect: Dialect, wheel: TimerWheel, metrics: Metrics, may_meet: MayMeet) -> None:
        self.dialect = dialect
        self.metrics = metrics
        self.subscriptions: dict[Subscription, Peer] = {}
        self.told = tellings()
        self._wheel = wheel
        self._may_meet = may_meet
        self._pending: dict[type[Event], Callable[[], tuple[Frame, ...]]] = {}
        self._timer: Timer | None = None
        self._counting: dict[str, Callable[[], tuple[Frame, ...]] | None] = {}
        """Polls whose count was told a moment ago, and what is to be told next; None: nothing yet."""

    def publish(self, recorded: Recorded, room: Room, now_ms: float) -> None:
        """Tell everybody of one event; `room` is the state after it."""
        dialect, kind = self.dialect, type(recorded.event)
        if kind in dialect.unspoken or not self.subscriptions:
            return
        if kind in dialect.personal:
            self._release()
            for subscription in tuple(self.subscriptions):
                subscription.send(dialect.tell(recorded, room, subscription.viewer, now_ms))
        elif kind is PollVoted and kind in dialect.coalesced:
            self._count(recorded, room, now_ms)
        elif kind in dialect.coalesced and len(self.subscriptions) > dialect.coalesce_above:
            self._coalesce(kind, recorded, room, now_ms)
            return
        else:
            if isinstance(recorded.event, PollClosed):
                self._told_by_closing(recorded.event.poll)
            self._release()
            self.send(dialect.encode(recorded, room, now_ms))
        if dialect.echoes and isinstance(recorded.event, TimelineMoved | MediaChanged):
            self.told.append(telling(room, now_ms, recorded.event.by))
        self.metrics.events_out[dialect.name] += 1

    def relay(self, relayed: Relay, room: Room, now_ms: float) -> None:
        """Tell those who are here now of something that is not kept."""
        frames = self.dialect.relay(relayed, room, now_ms) if self.subscriptions else ()
        if not frames:
            return
        if isinstance(relayed, Directed):
            self._send_if(frames, lambda who: who == relayed.to)
        elif isinstance(relayed, Typing):
            self._send_if(frames, lambda who: self._may_meet(who, relayed.member))
        elif self.dialect.meets and isinstance(relayed, Reacted | Lost | Back):
            self._send_if(frames, lambda who: who != relayed.member)
        else:
            self.send(frames)

    def send(self, frames: tuple[Frame, ...]) -> None:
        peers = tuple(self.subscriptions.values())  # a peer that closes leaves while we send
        for frame in frames:
            for peer in peers:
                peer.send(frame)
        self.metrics.deliveries[self.dialect.name] += len(frames) * len(self.subscriptions)

    def _send_if(self, frames: tuple[Frame, ...], meant: Callable[[MemberId], bool]) -> None:
        for subscription in tuple(self.subscriptions):
            if meant(subscription.member):
                subscription.send(frames)
                self.metrics.deliveries[self.dialect.name] += len(frames)

    def _coalesce(self, kind: type[Event], recorded: Recorded, room: Room, now_ms: float) -> None:
        """In a large room the newest roster speaks for those before it. The first goes out at once."""
        if self._timer is None:
            self.send(self.dialect.encode(recorded, room, now_ms))
            self._timer = self._wheel.after(COALESCE_S, self._elapsed)
            return
        self._pending.pop(kind, None)
        self._pending[kind] = lambda: self.dialect.encode(recorded, room, now_ms)

    def _count(self, recorded: Recorded, room: Room, now_ms: float) -> None:
        """The first vote is told at once, and the count after that no more often than the eye follows. Other events
        are not held up by it, nor does any of them hurry it.
        """
        assert isinstance(recorded.event, PollVoted)
        poll = recorded.event.poll
        if poll in self._counting:
            self._counting[poll] = lambda: self.dialect.encode(recorded, room, now_ms)
            return
        self._counting[poll] = None
        self.send(self.dialect.encode(recorded, room, now_ms))
        self._wheel.after(COALESCE_S, lambda: self._counted(poll))

    def _counted(self, poll: str) -> None:
        encode = self._counting[poll]
        if encode is None:
            del self._counting[poll]
            return
        self._counting[poll] = None
        self.send(encode())
        self._wheel.after(COALESCE_S, lambda: self._counted(poll))

    def _told_by_closing(self, poll: str) -> None:
        if poll in self._counting:
            self._counting[poll] = None

    def _elapsed(self) -> None:
        self._timer = None
        if self._pending:
            self._release()
            self._timer = self._wheel.after(COALESCE_S, self._elapsed)

    def _release(self) -> None:
        """Send what waited, so that nothing overtakes it."""
        pending, self._pending = self._pending, {}
        for encode in pending.values():
            self.send(encode())
