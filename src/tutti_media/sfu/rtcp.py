"""What is said about streams (RTCP): heard from browsers, and made for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    pack_remb_fci,
)

FULL_INTRA_REQUEST = 4  # RFC 5104 section 4.3.1
NAME = 1  # SDES CNAME


@dataclass(slots=True)
class Heard:
    """A compound packet. `clocks`: by stream, the sender's NTP time and the RTP timestamp of that moment."""

    clocks: list[tuple[int, int, int]] = field(default_factory=list)
    receptions: list[RtcpReceiverInfo] = field(default_factory=list)
    lost: list[tuple[int, list[int]]] = field(default_factory=list)
    pictures: list[int] = field(default_factory=list)
    """Streams of which a whole picture is wanted."""


def heard(data: bytes) -> Heard:
    """Nothing of what is no RTCP."""
    found = Heard()
    try:
        packets = RtcpPacket.parse(data)
    except ValueError:
        return found
    for packet in packets:
        match packet:
            case RtcpSrPacket(ssrc=ssrc, sender_info=info, reports=reports):
                found.clocks.append((ssrc, info.ntp_timestamp, info.rtp_timestamp))
                found.receptions += reports
            case RtcpRrPacket(reports=reports):
                found.receptions += reports
            case RtcpRtpfbPacket(fmt=fmt, media_ssrc=ssrc, lost=lost) if fmt == RTCP_RTPFB_NACK:
                found.lost.append((ssrc, lost))
            case RtcpPsfbPacket(fmt=fmt, media_ssrc=ssrc) if fmt == RTCP_PSFB_PLI:
                found.pictures.append(ssrc)
            case RtcpPsfbPacket(fmt=fmt, fci=fci) if fmt == FULL_INTRA_REQUEST:
                found.pictures += [
                    int.from_bytes(fci[at : at + 4], "big") for at in range(0, len(fci) - 7, 8)
                ]
            case _:
                pass
    return found


def again(us: int, ssrc: int, sequences: Sequence[int]) -> bytes:
    return bytes(
        RtcpRtpfbPacket(RTCP_RTPFB_NACK, us, ssrc, sorted(set(sequences)))
    )  # ascending: numbers wrap


def whole_picture(us: int, ssrc: int) -> bytes:
    return bytes(RtcpPsfbPacket(RTCP_PSFB_PLI, us, ssrc))


def got(us: int, receptions: Sequence[RtcpReceiverInfo]) -> bytes:
    return bytes(RtcpRrPacket(us, list(receptions)))


def at_most(us: int, bits_per_s: int, ssrcs: Sequence[int]) -> bytes:
    """REMB (draft-alvestrand-rmcat-remb): all these streams together."""
    return bytes(RtcpPsfbPacket(RTCP_PSFB_APP, us, 0, pack_remb_fci(bits_per_s, list(ssrcs))))


def clock(ssrc: int, name: str, at: tuple[int, int], sent: tuple[int, int]) -> bytes:
    """A sender report, and whose it is. `at`: NTP time and RTP timestamp; `sent`: packets and octets."""
    packets, octets = sent
    info = RtcpSenderInfo(*at, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF)
    whose = RtcpSdesPacket([RtcpSourceInfo(ssrc, [(NAME, name.encode())])])
    return bytes(RtcpSrPacket(ssrc, info)) + bytes(whose)
