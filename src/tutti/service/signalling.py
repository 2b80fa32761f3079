"""Offers, answers and candidates between the members of one room: each ordered pair has its own order, which is kept.

* A candidate never overtakes the offer or answer it belongs to: until one has been sent it is held.
* Offers that cross end with exactly one of them answered. The earlier joiner's wins. If the other's has been delivered
  already, the earlier joiner's browser may have taken its own back (implicit rollback), which only its answer tells:
  so its offer is held for `YIELD_S`, and goes out unless it answers first. Of the offer that lost nothing more is
  passed on: not its candidates, not an answer to it.
* What is for a member whose connection is away waits in its mailbox, in order, until it is `back` or `gone`.

Whoever reloads the page has lost its connections to the others: that is `gone`, and then a newcomer.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from enum import Enum, auto
from typing import Final, Literal, TypeAlias

from tutti.core.ids import MemberId
from tutti.service.ports import Clock
from tutti.service.timers import Timer, TimerWheel

Kind: TypeAlias = Literal["offer", "answer", "candidate"]

YIELD_S: Final = 3.0
"""A page that is busy takes its own offer back late: somebody who goes on too early has both talk past each other."""
CROSSING_MS: Final = 5_000.0
"""An offer that nobody has answered for so long does not stand in the way of another one."""

MOST_HELD, MOST_HELD_BYTES = 64, 128 * 1024
"""Of one ordered pair: before its offer, or with one."""
MOST_WAITING, MOST_WAITING_BYTES = 1_024, 1024 * 1024
"""Of one mailbox."""
MOST_FROM_ONE: Final = 128
"""Messages of one sender in one mailbox: nobody fills it for the others."""


class Outcome(Enum):
    SENT = auto()
    WAITS = auto()
    """It goes out in its turn: its target is away, or its offer is still to come."""
    DROPPED = auto()
    """It belongs to an offer that lost, or that has been answered: nobody needs to be told."""
    UNKNOWN = auto()
    """No such member."""
    TOO_MANY = auto()
    """More waits already than may."""


class _Offer(Enum):
    NONE = auto()
    OPEN = auto()
    """It has been sent, and nobody has answered it."""
    HELD = auto()
    """It waits for the other side to answer its own, or not."""
    LOST = auto()
    DONE = auto()


class _Way:
    """One ordered pair. `held`: in their order, what goes out with its next offer or answer."""

    __slots__ = ("_offer", "described", "flows", "held", "held_bytes", "offered_ms", "timer")

    def __init__(self) -> None:
        self._offer = _Offer.NONE
        self.flows = False
        """Candidates go on as they come."""
        self.offered_ms = 0.0
        self.described = False
        self.held: list[bytes] = []
        self.held_bytes = 0
        self.timer: Timer | None = None

    @property
    def offer(self) -> _Offer:
        return self._offer

    def stands(self, offer: _Offer) -> None:
        self._offer = offer
        self.flows = self.described and offer not in (_Offer.HELD, _Offer.LOST)

    def hold(self, frame: bytes) -> bool:
        if len(self.held) >= MOST_HELD or self.held_bytes + len(frame) > MOST_HELD_BYTES:
            return False
        self.held.append(frame)
        self.held_bytes += len(frame)
        return True

    def let_go(self) -> list[bytes]:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        held, self.held, self.held_bytes = self.held, [], 0
        return held


class _Mailbox:
    __slots__ = ("bytes", "letters", "senders")

    def __init__(self) -> None:
        self.letters: deque[tuple[MemberId, bytes]] = deque()
        self.senders: Counter[MemberId] = Counter()
        self.bytes = 0

    def put(self, sender: MemberId, frame: bytes) -> bool:
        too_many = len(self.letters) >= MOST_WAITING or self.bytes + len(frame) > MOST_WAITING_BYTES
        if too_many or self.senders[sender] >= MOST_FROM_ONE:
            return False
        self.letters.append((sender, frame))
        self.senders[sender] += 1
        self.bytes += len(frame)
        return True

    def taken(self) -> None:
        """The first has been delivered."""
        sender, frame = self.letters.popleft()
        self.senders[sender] -= 1
        self.bytes -= len(frame)

    def forget(self, sender: MemberId) -> None:
        if self.senders.pop(sender, 0):
            self.letters = deque(letter for letter in self.letters if letter[0] != sender)
            self.bytes = sum(len(frame) for _, frame in self.letters)


class Signalling:
    """One for each live room.

    `send`: text to that member's meeting connection; False if it has none now. `joined_at`: None if it is not in the
    call, neither here nor in its grace.
    """

    def __init__(
        self,
        send: Callable[[MemberId, bytes], bool],
        joined_at: Callable[[MemberId], float | None],
        *,
        wheel: TimerWheel,
        clock: Clock,
    ) -> None:
        self._send = send
        self._joined_at = joined_at
        self._wheel = wheel
        self._clock = clock
        self._ways: dict[MemberId, dict[MemberId, _Way]] = {}
        """By sender, then by target."""
        self._mailboxes: dict[MemberId, _Mailbox] = {}

    def signal(self, kind: Kind, sender: MemberId, target: MemberId, frame: bytes) -> Outcome:
        """Pass `frame` on, now or in its turn, or not at all."""
        if target == sender or self._joined_at(target) is None:
            return Outcome.UNKNOWN
        way = self._way(sender, target)
        if kind == "candidate":
            if way.flows and target not in self._mailboxes and self._send(target, frame):
                return Outcome.SENT
            return self._candidate(way, sender, target, frame)
        if kind == "offer":
            return self._offer(way, sender, target, frame)
        return self._answer(way, sender, target, frame)

    def back(self, member: MemberId) -> None:
        """Its connection is there again: deliver what waited, in order. Without a mailbox nothing happens."""
        box = self._mailboxes.get(member)
        if box is None:
            return
        while box.letters:
            if not self._send(member, box.letters[0][1]):
                return
            box.taken()
        del self._mailboxes[member]
        self._heard_now(member)

    def gone(self, member: MemberId) -> None:
        """It left, or its page did: forget its pairs, and what waits for it and from it."""
        for way in self._ways.pop(member, {}).values():
            way.let_go()
        for ways in self._ways.values():
            way_there = ways.pop(member, None)
            if way_there is not None:
                way_there.let_go()
        self._mailboxes.pop(member, None)
        for box in self._mailboxes.values():
            box.forget(member)

    def stop(self) -> None:
        """The room is no longer here."""
        for member in tuple(self._ways):
            self.gone(member)
        self._mailboxes.clear()

    # -- the three kinds

    def _candidate(self, way: _Way, sender: MemberId, target: MemberId, frame: bytes) -> Outcome:
        if way.offer is _Offer.LOST:
            return Outcome.DROPPED
        if way.flows:
            return self._pass_on(sender, target, frame)
        return Outcome.WAITS if way.hold(frame) else Outcome.TOO_MANY

    def _offer(self, way: _Way, sender: MemberId, target: MemberId, frame: bytes) -> Outcome:
        theirs = self._way(target, sender)
        if theirs.offer is _Offer.HELD:  # who offers again does not answer
            self._insist(target, sender)
        if theirs.offer is _Offer.OPEN and self._clock.now_ms() - theirs.offered_ms < CROSSING_MS:
            if self._is_earlier(sender, target):
                return self._wait_for_answer(way, sender, target, frame)
            way.let_go()
            way.stands(_Offer.LOST)
            return Outcome.DROPPED
        return self._send_offer(way, theirs, sender, target, frame)

    def _answer(self, way: _Way, sender: MemberId, target: MemberId, frame: bytes) -> Outcome:
        theirs = self._way(target, sender)
        if theirs.offer not in (_Offer.OPEN, _Offer.NONE):  # none: it was sent before this process began
            return Outcome.DROPPED
        if way.offer is _Offer.HELD:  # it took its own offer back
            way.let_go()
        outcome = self._describe(way, sender, target, frame)
        if outcome is not Outcome.TOO_MANY:
            theirs.stands(_Offer.DONE)
            way.stands(_Offer.DONE)
        return outcome

    # -- offers that cross

    def _wait_for_answer(self, way: _Way, sender: MemberId, target: MemberId, frame: bytes) -> Outcome:
        way.let_go()
        way.hold(frame)
        way.stands(_Offer.HELD)
        way.timer = self._wheel.after(YIELD_S, lambda: self._insist(sender, target))
        return Outcome.WAITS

    def _insist(self, sender: MemberId, target: MemberId) -> None:
        """The earlier joiner does not answer the other's offer: its own is the one that counts."""
        way = self._way(sender, target)
        offer, *candidates = way.let_go()
        self._send_offer(way, self._way(target, sender), sender, target, offer)
        for candidate in candidates:
            self._pass_on(sender, target, candidate)

    def _send_offer(
        self, way: _Way, theirs: _Way, sender: MemberId, target: MemberId, frame: bytes
    ) -> Outcome:
        outcome = self._describe(way, sender, target, frame)
        if outcome is not Outcome.TOO_MANY:
            way.offered_ms = self._clock.now_ms()
            way.stands(_Offer.OPEN)
            if theirs.offer is _Offer.OPEN:
                theirs.stands(_Offer.LOST)
        return outcome

    def _is_earlier(self, one: MemberId, other: MemberId) -> bool:
        one_ms, other_ms = self._joined_at(one), self._joined_at(other)
        if one_ms is None or other_ms is None:
            return other_ms is None
        return (one_ms, one) < (other_ms, other)

    # -- on their way

    def _describe(self, way: _Way, sender: MemberId, target: MemberId, frame: bytes) -> Outcome:
        """An offer or answer, and behind it the candidates that came before it."""
        outcome = self._pass_on(sender, target, frame)
        if outcome is not Outcome.TOO_MANY:
            way.described = True
            for candidate in way.let_go():
                self._pass_on(sender, target, candidate)
        return outcome

    def _pass_on(self, sender: MemberId, target: MemberId, frame: bytes) -> Outcome:
        box = self._mailboxes.get(target)
        if box is None:
            if self._send(target, frame):
                return Outcome.SENT
            box = self._mailboxes[target] = _Mailbox()
        return Outcome.WAITS if box.put(sender, frame) else Outcome.TOO_MANY

    def _heard_now(self, member: MemberId) -> None:
        """The offers that waited for it have been delivered only now."""
        now_ms = self._clock.now_ms()
        for ways in self._ways.values():
            way = ways.get(member)
            if way is not None and way.offer is _Offer.OPEN:
                way.offered_ms = now_ms

    def _way(self, sender: MemberId, target: MemberId) -> _Way:
        ways = self._ways.get(sender)
        if ways is None:
            ways = self._ways[sender] = {}
        way = ways.get(target)
        if way is None:
            way = ways[target] = _Way()
        return way
