"""Packets of one stream in the order in which they were sent, and which ones to ask for again.

A recorder is in no hurry: it waits for a packet as long as the sender may still have it, and only then goes on without.
"""

from __future__ import annotations

from dataclasses import dataclass

from tutti_media.recorder.rtp import Packet, Unwrapped

ANOTHER_STREAM = 3_000
"""A jump of so many packets is no loss: the sender counts from somewhere else now."""
MOST_ASKED = 200
MOST_WAIT_S = 0.15
"""Between two questions about one packet: what is sent again gets lost as well, and its sender forgets it soon."""


@dataclass(slots=True)
class _Missing:
    since_s: float
    ask_at_s: float
    wait_s: float


class Ordering:
    """`patience_s`: how long a missing packet is waited for; asked for again after `ask_again_s`, then less often.

    `settle_s`: how long after the first packet one that was sent before it may still come.
    """

    def __init__(self, *, patience_s: float = 0.8, ask_again_s: float = 0.06, settle_s: float = 0.15) -> None:
        self.received = 0
        self.given_up = 0
        self.highest = -1
        self.first = 0
        self._patience_s = patience_s
        self._ask_again_s = ask_again_s
        self._unwrap = Unwrapped(16)
        self._settle_s = settle_s
        self._began_s: float | None = None
        self._next: int | None = None
        self._waiting: dict[int, Packet] = {}
        self._missing: dict[int, _Missing] = {}
        self._gap = False

    def add(self, packet: Packet, now_s: float) -> list[tuple[Packet, bool]]:
        """What can be read now, each with whether something is missing for good before it."""
        number = self._unwrap(packet.sequence)
        self.received += 1
        if self._next is None:
            self._waiting[number] = packet
            return self._begin(now_s)
        if abs(number - self.highest) > ANOTHER_STREAM:
            self._start_again(number)
        if number < self._next or number in self._waiting:
            return []
        self._note_missing(number, now_s)
        if number == self._next and not self._waiting:
            self._next += 1
            self._missing.pop(number, None)
            return [self._said(packet)]
        self._missing.pop(number, None)
        self._waiting[number] = packet
        return self._drain()

    def give_up(self, now_s: float) -> list[tuple[Packet, bool]]:
        """What can be read without what was waited for in vain."""
        found = self._begin(now_s)
        while self._waiting and self._next is not None:
            missing = self._missing.get(self._next)
            if missing is not None and now_s - missing.since_s < self._patience_s:
                break
            after = min(self._waiting)
            for number in range(self._next, after):
                self._missing.pop(number, None)
            self.given_up += after - self._next
            self._next, self._gap = after, True
            found += self._drain()
        return found

    def to_ask_for(self, now_s: float) -> list[int]:
        """Sequence numbers to ask the sender for now (NACK, RFC 4585 section 6.2.1)."""
        asked: list[int] = []
        for number, missing in self._missing.items():
            if missing.ask_at_s <= now_s and len(asked) < MOST_ASKED:
                missing.ask_at_s = now_s + missing.wait_s
                missing.wait_s = min(2 * missing.wait_s, MOST_WAIT_S)
                asked.append(number & 0xFFFF)
        return asked

    def _begin(self, now_s: float) -> list[tuple[Packet, bool]]:
        """Once it is clear which packet is the first."""
        if self._began_s is None:
            self._began_s = now_s
        if self._next is not None or not self._waiting or now_s - self._began_s < self._settle_s:
            return []
        numbers = sorted(self._waiting)
        self._next = self.first = self.highest = numbers[0]
        for number in numbers[1:]:
            self._note_missing(number, now_s)
        return self._drain()

    def _note_missing(self, number: int, now_s: float) -> None:
        for lost in range(self.highest + 1, number):
            self._missing[lost] = _Missing(now_s, now_s, self._ask_again_s)
        self.highest = max(self.highest, number)

    def _drain(self) -> list[tuple[Packet, bool]]:
        found: list[tuple[Packet, bool]] = []
        while self._next is not None and (packet := self._waiting.pop(self._next, None)) is not None:
            self._next += 1
            found.append(self._said(packet))
        return found

    def _said(self, packet: Packet) -> tuple[Packet, bool]:
        gap, self._gap = self._gap, False
        return packet, gap

    def _start_again(self, number: int) -> None:
        self._waiting.clear()
        self._missing.clear()
        self._next = self.highest = self.first = number
        self.received = 1
        self._gap = True
