"""What a recorder tells a sender (RTCP): what it got, what to send again, when it needs a whole picture."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    pack_remb_fci,
)

SECOND = 1 << 32
"""NTP timestamps count in these parts of a second: RFC 3550 section 4."""
LEAST_BPS, MOST_BPS, FIRST_BPS = 150_000, 2_000_000, 1_000_000
LATE_S = 0.15
GROWTH, BACK_OFF = 1.08, 0.85


@dataclass(frozen=True, slots=True)
class SenderReport:
    """A moment of the sender's clock and the RTP timestamp that it has in this stream. `ntp`: as it was on the wire."""

    ssrc: int
    ntp: int
    timestamp: int

    @property
    def ntp_s(self) -> float:
        return self.ntp / SECOND


def sender_reports(data: bytes) -> list[SenderReport]:
    """Those in a compound packet; none if it is not RTCP."""
    try:
        packets = RtcpPacket.parse(data)
    except ValueError:
        return []
    return [
        SenderReport(packet.ssrc, packet.sender_info.ntp_timestamp, packet.sender_info.rtp_timestamp)
        for packet in packets
        if isinstance(packet, RtcpSrPacket)
    ]


class Feedback:
    """Packets to send; `ssrc` is only our name in them."""

    def __init__(self) -> None:
        self.ssrc = secrets.randbits(32)

    def again(self, ssrc: int, sequences: Sequence[int]) -> bytes:
        """In any order: numbers begin anew after 65 535, and what is written here has to ascend."""
        return bytes(RtcpRtpfbPacket(RTCP_RTPFB_NACK, self.ssrc, ssrc, sorted(set(sequences))))

    def whole_picture(self, ssrc: int) -> bytes:
        return bytes(RtcpPsfbPacket(RTCP_PSFB_PLI, self.ssrc, ssrc))

    def got(self, receptions: Sequence[RtcpReceiverInfo]) -> bytes:
        return bytes(RtcpRrPacket(self.ssrc, list(receptions)))

    def at_most(self, bits_per_s: int, ssrcs: Sequence[int]) -> bytes:
        """REMB (draft-alvestrand-rmcat-remb): all these streams together."""
        return bytes(RtcpPsfbPacket(RTCP_PSFB_APP, self.ssrc, 0, pack_remb_fci(bits_per_s, list(ssrcs))))


class Reception:
    """What a receiver report says of one stream: RFC 3550 section 6.4.2."""

    def __init__(self) -> None:
        self._expected = 0
        self._received = 0
        self._report: tuple[int, float] | None = None

    def reported(self, ntp: int, now_s: float) -> None:
        self._report = (ntp >> 16) & 0xFFFFFFFF, now_s

    def info(
        self, ssrc: int, *, expected: int, received: int, highest: int, now_s: float
    ) -> RtcpReceiverInfo:
        """Jitter is not measured: nobody adapts to that of a recorder, which waits for everything."""
        lost_now = max(0, (expected - self._expected) - (received - self._received))
        expected_now = max(1, expected - self._expected)
        self._expected, self._received = expected, received
        seen, at_s = self._report or (0, now_s)
        return RtcpReceiverInfo(
            ssrc=ssrc, fraction_lost=min(255, (lost_now << 8) // expected_now),
            packets_lost=max(0, min(0x7FFFFF, expected - received)), highest_sequence=highest & 0xFFFFFFFF,
            jitter=0, lsr=seen, dlsr=min(0xFFFFFFFF, int((now_s - at_s) * 65_536)) if seen else 0,
        )  # fmt: skip


class Pace:
    """How fast one person may send: slower when what they send comes later and later, else a little faster."""

    def __init__(self) -> None:
        self.bits_per_s = FIRST_BPS
        self._bytes = 0
        self._since_s: float | None = None

    def got(self, octets: int) -> None:
        self._bytes += octets

    def decide(self, now_s: float, delays_s: Sequence[float]) -> int:
        """Once a second or so; `delays_s`: how old the newest frame of each stream was when it came."""
        if self._since_s is not None and now_s > self._since_s:
            got = int(8 * self._bytes / (now_s - self._since_s))
            if max(delays_s, default=0.0) > LATE_S:
                self.bits_per_s = max(LEAST_BPS, int(BACK_OFF * got))
            else:
                self.bits_per_s = min(MOST_BPS * max(1, len(delays_s)), int(GROWTH * self.bits_per_s))
        self._since_s, self._bytes = now_s, 0
        return self.bits_per_s
