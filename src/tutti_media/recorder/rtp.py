"""RTP as it is on the wire (RFC 3550), only as far as a recorder reads it."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

_FIXED = Struct("!BBHII")
_EXTENSION = Struct("!HH")
ONE_BYTE = 0xBEDE  # RFC 8285 section 4.2
MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"


class Packet(NamedTuple):
    """One RTP packet. `extensions`: profile and value of the header extension, not looked into."""

    sequence: int
    timestamp: int
    payload_type: int
    marker: bool
    ssrc: int
    payload: bytes
    extensions: tuple[int, bytes] | None = None


def parse(data: bytes) -> Packet | None:
    """None if it is no RTP."""
    if len(data) < 12:
        return None
    first, second, sequence, timestamp, ssrc = _FIXED.unpack_from(data)
    if first >> 6 != 2:
        return None
    at = 12 + 4 * (first & 0x0F)
    extensions = None
    if first & 0x10:
        if len(data) < at + 4:
            return None
        profile, words = _EXTENSION.unpack_from(data, at)
        at += 4
        extensions = profile, data[at : at + 4 * words]
        at += 4 * words
    end = len(data)
    if first & 0x20:
        end -= data[-1]
    if at > end:
        return None
    return Packet(
        sequence, timestamp, second & 0x7F, second >= 0x80, ssrc, data[at:end], extensions
    )  # fmt: skip


def is_rtcp(data: bytes) -> bool:
    """By the second byte: RFC 5761 section 4."""
    return len(data) >= 8 and 192 <= data[1] <= 223


def extension(packet: Packet, number: int) -> bytes | None:
    """The header extension with this number: RFC 8285, both forms."""
    if packet.extensions is None:
        return None
    profile, value = packet.extensions
    one_byte = profile == ONE_BYTE
    at = 0
    while at < len(value):
        if value[at] == 0:  # padding
            at += 1
            continue
        if one_byte:
            found, length, at = value[at] >> 4, (value[at] & 0x0F) + 1, at + 1
        elif at + 1 < len(value):
            found, length, at = value[at], value[at + 1], at + 2
        else:
            return None
        if found == number:
            return value[at : at + length]
        at += length
    return None


def unwrapped(packet: Packet, payload_type: int, ssrc: int) -> Packet | None:
    """The packet that this one sends again (RTX, RFC 4588 section 4); None for mere padding."""
    if len(packet.payload) < 2:
        return None
    return packet._replace(
        sequence=int.from_bytes(packet.payload[:2], "big"),
        payload_type=payload_type,
        ssrc=ssrc,
        payload=packet.payload[2:],
    )


class Unwrapped:
    """A counter of so many bits that starts again at 0, as one that does not."""

    def __init__(self, bits: int) -> None:
        self._size = 1 << bits
        self._last: int | None = None

    def __call__(self, value: int) -> int:
        if self._last is None:
            self._last = value
            return value
        half = self._size >> 1
        step = (value - self._last + half) % self._size - half
        found = self._last + step
        if step > 0:
            self._last = found
        return found
