"""One stream on its way in: what came, what is missing and asked for again, and what its sender is told of it.

A `Track` is what somebody publishes, for as long as they do; the `Source` beneath it changes when their browser sends it
under another number, or over another connection.
"""

from __future__ import annotations

from typing import Protocol

from aiortc.rtp import RtcpReceiverInfo

from tutti_media.sfu.rtp import Numbers, Packet

CACHED = 512
"""Packets; a power of two. At 2 Mbit/s that is more than two seconds."""
MOST_MISSING = 128
ASK_AFTER_S, ASK_AGAIN_S, GIVE_UP_S = 0.01, 0.06, 1.0
PICTURE_EVERY_S = 0.4
RATES = {"audio": 48_000, "video": 90_000}
FORGIVEN_S = 0.001
"""A second, by how much the quickest packet so far is thought to be slower: clocks drift."""


class Forwards(Protocol):
    """Where a track goes."""

    def switched(self, source: Source) -> None: ...

    def send(self, packet: Packet) -> None: ...

    def reported(self, ntp: int, timestamp: int) -> None: ...

    @property
    def waits_for_picture(self) -> bool: ...


class Track:
    """`msid`: what all others know it as, which is what its sender called it first."""

    def __init__(self, kind: str, msid: str) -> None:
        self.kind = kind
        self.msid = msid
        self.said = msid
        """What it is called on the connection over which it comes now: the others go on under the name they know."""
        self.source: Source | None = None
        self.forwards: set[Forwards] = set()
        self._asked_s = -PICTURE_EVERY_S
        self._wanted = False

    def comes_from(self, source: Source) -> None:
        if self.source is not source:
            self.source = source
            for forward in self.forwards:
                forward.switched(source)
            self.wants_picture()

    def wants_picture(self) -> None:
        self._wanted = self.kind == "video"

    def asks_for_picture(self, now_s: float) -> bool:
        """Whether its sender is to be asked now: not too often, however many want it."""
        wanted = self._wanted or any(forward.waits_for_picture for forward in self.forwards)
        if not wanted or self.source is None or now_s - self._asked_s < PICTURE_EVERY_S:
            return False
        self._asked_s, self._wanted = now_s, False
        return True


class Source:
    """`numbers`: of the extensions on the connection that it comes over."""

    def __init__(self, kind: str, ssrc: int, payload_type: int, numbers: Numbers, track: Track) -> None:
        self.ssrc = ssrc
        self.kind = kind
        self.payload_type = payload_type
        self.numbers = numbers
        self.track = track
        self.received = 0
        self.octets = 0
        self.late_s = 0.0
        """How much longer the last packets took than the quickest did."""
        self._rate = RATES[kind]
        self._cache: list[Packet | None] = [None] * CACHED
        self._first = -1
        self._highest = -1
        self._missing: dict[int, tuple[float, float]] = {}
        self._clock: tuple[int, int, float] | None = None
        self._quickest_s: float | None = None
        self._jitter = 0.0
        self._transit: float | None = None
        self._told = (0, 0)

    def came(self, packet: Packet) -> None:
        """One of its packets, sent for the first time or again."""
        number = self._number(packet.sequence)
        slot = number & (CACHED - 1)
        known = self._cache[slot]
        if number <= self._highest - CACHED or (known is not None and known.sequence == packet.sequence):
            return
        self._cache[slot] = packet
        self.received += 1
        self.octets += len(packet.payload)
        if number > self._highest:
            self._skipped(number, packet.at_s)
            self._highest = number
            self._timed(packet)
        else:
            self._missing.pop(number, None)
        for forward in self.track.forwards:
            forward.send(packet)

    def cached(self, sequence: int) -> Packet | None:
        found = self._cache[sequence & (CACHED - 1)]
        return found if found is not None and found.sequence == sequence else None

    def missing(self, now_s: float) -> list[int]:
        """Sequence numbers to ask for now."""
        asked = []
        for number, (since_s, ask_at_s) in tuple(self._missing.items()):
            if now_s - since_s > GIVE_UP_S:
                del self._missing[number]
            elif now_s >= ask_at_s:
                self._missing[number] = since_s, now_s + ASK_AGAIN_S
                asked.append(number & 0xFFFF)
        return asked

    def reported(self, ntp: int, timestamp: int, now_s: float) -> None:
        """By its sender: what NTP time that RTP timestamp has."""
        self._clock = ntp, timestamp, now_s
        for forward in self.track.forwards:
            forward.reported(ntp, timestamp)

    def reception(self, now_s: float) -> RtcpReceiverInfo:
        """What a receiver report says: RFC 3550 section 6.4."""
        expected = self._highest - self._first + 1
        expected_before, received_before = self._told
        self._told = expected, self.received
        lost_now = (expected - expected_before) - (self.received - received_before)
        ntp, at_s = (self._clock[0], self._clock[2]) if self._clock else (0, now_s)
        return RtcpReceiverInfo(
            ssrc=self.ssrc,
            fraction_lost=min(255, max(0, (lost_now << 8) // max(1, expected - expected_before))),
            packets_lost=max(0, min(0x7FFFFF, expected - self.received)),
            highest_sequence=self._highest & 0xFFFFFFFF, jitter=int(self._jitter) & 0xFFFFFFFF,
            lsr=(ntp >> 16) & 0xFFFFFFFF, dlsr=min(0xFFFFFFFF, int((now_s - at_s) * 65_536)) if ntp else 0,
        )  # fmt: skip

    def _number(self, sequence: int) -> int:
        """As one that does not start again at 0."""
        if self._highest < 0:
            self._first = self._highest = sequence
            return sequence
        step = (sequence - self._highest + 0x8000) % 0x10000 - 0x8000
        return self._highest + step

    def _skipped(self, number: int, now_s: float) -> None:
        if number - self._highest > MOST_MISSING:  # no loss: it counts from somewhere else now
            self._missing.clear()
            self.track.wants_picture()
            return
        for missed in range(self._highest + 1, number):
            self._missing[missed] = now_s, now_s + ASK_AFTER_S

    def _timed(self, packet: Packet) -> None:
        transit = packet.at_s - packet.timestamp / self._rate
        if self._transit is not None:
            step = abs(transit - self._transit) * self._rate
            if step > 10 * self._rate:  # the timestamps began again
                self._quickest_s = None
            else:
                self._jitter += (step - self._jitter) / 16
        self._transit = transit
        quickest = self._quickest_s
        self._quickest_s = transit if quickest is None else min(quickest + FORGIVEN_S / 30, transit)
        self.late_s += (transit - self._quickest_s - self.late_s) / 8
