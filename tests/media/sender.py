"""A sender of RTP whose every timestamp is known: what a recorder has to find out again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tutti_media.recorder.feedback import SECOND, SenderReport
from tutti_media.recorder.rtp import Packet

KEY = bytes([0x10, 0, 0, 0x9D, 0x01, 0x2A, 0x80, 0x02, 0x68, 0x01])  # 640×360
DELTA = bytes([0x11, 0, 0])
FIRST, NEXT = b"\x10", b"\x00"
"""Payload descriptors: the first packet of a frame, and another one."""


@dataclass
class Sender:
    """`clock_s`: its clock when ours shows 0. `first_timestamp`: the RTP timestamp then."""

    ssrc: int
    rate: int
    clock_s: float = 3_900_000_000.0
    first_timestamp: int = 0xFFFF0000
    sequence: int = 65_530

    def timestamp(self, at_s: float) -> int:
        return (self.first_timestamp + round(at_s * self.rate)) & 0xFFFFFFFF

    def report(self, at_s: float) -> SenderReport:
        return SenderReport(self.ssrc, round((self.clock_s + at_s) * SECOND), self.timestamp(at_s))

    def sound(self, at_s: float) -> Packet:
        return self._packet(at_s, b"\xfc" + bytes(20), marker=False)

    def picture(self, at_s: float, *, key: bool, parts: int = 2) -> Iterator[Packet]:
        """Its packets; the data is the frame's head and then its number of parts, as bytes."""
        yield self._packet(at_s, FIRST + (KEY if key else DELTA), marker=parts == 1)
        for part in range(1, parts):
            yield self._packet(at_s, NEXT + bytes([part]) * 50, marker=part == parts - 1)

    def _packet(self, at_s: float, payload: bytes, *, marker: bool) -> Packet:
        self.sequence = (self.sequence + 1) & 0xFFFF
        return Packet(self.sequence, self.timestamp(at_s), 96, marker, self.ssrc, payload)
