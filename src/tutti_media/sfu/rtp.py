"""RTP as it is on the wire (RFC 3550), as far as forwarding reads and writes it."""

from __future__ import annotations

from struct import Struct

HEADER = Struct("!BBHII")
_EXTENSION = Struct("!HH")
ONE_BYTE = 0xBEDE  # RFC 8285 section 4.2

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
ORIENTATION = "urn:3gpp:video-orientation"
CARRIED = (LEVEL, ORIENTATION)
"""Extensions that go on to whoever is forwarded to; all others are between us and the sender."""

Numbers = tuple[tuple[str, int], ...]
"""Which extension has which number on one connection, of those that are carried."""


class Packet:
    """One packet as it came. `elements`: its header extensions by number. `at_s`: when it came."""

    __slots__ = (
        "_tails", "at_s", "elements", "marker", "payload", "payload_type", "sequence", "ssrc", "timestamp",
    )  # fmt: skip

    def __init__(
        self,
        sequence: int,
        timestamp: int,
        ssrc: int,
        payload_type: int,
        payload: bytes,
        *,
        marker: bool = False,
        elements: dict[int, bytes] | None = None,
        at_s: float = 0.0,
    ) -> None:
        self.sequence = sequence
        self.timestamp = timestamp
        self.ssrc = ssrc
        self.payload_type = payload_type
        self.payload = payload
        self.marker = marker
        self.elements = elements
        self.at_s = at_s
        self._tails: dict[tuple[Numbers, Numbers], tuple[int, bytes]] = {}

    def tail(self, here: Numbers, there: Numbers) -> tuple[int, bytes]:
        """The header's first byte, and all that follows its twelve, for a connection that numbers extensions so."""
        known = self._tails.get((here, there))
        if known is None:
            known = self._tails[here, there] = self._tail(here, there)
        return known

    def _tail(self, here: Numbers, there: Numbers) -> tuple[int, bytes]:
        if not self.elements:
            return 0x80, self.payload
        outside = dict(there)
        block = b""
        for name, number in here:
            value, told = self.elements.get(number), outside.get(name)
            if value and told is not None and len(value) <= 16:
                block += bytes((told << 4 | len(value) - 1,)) + value
        if not block:
            return 0x80, self.payload
        block += bytes(-len(block) % 4)
        return 0x90, _EXTENSION.pack(ONE_BYTE, len(block) // 4) + block + self.payload


def parse(data: bytes, at_s: float) -> Packet | None:
    """None if it is no RTP. Padding and contributing sources are left out."""
    if len(data) < 12:
        return None
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    if first >> 6 != 2:
        return None
    at = 12 + 4 * (first & 0x0F)
    elements = None
    if first & 0x10:
        if len(data) < at + 4:
            return None
        profile, words = _EXTENSION.unpack_from(data, at)
        at += 4
        elements = _elements(profile, data[at : at + 4 * words])
        at += 4 * words
    end = len(data)
    if first & 0x20:
        end -= data[-1]
    if at > end:
        return None
    return Packet(
        sequence, timestamp, ssrc, second & 0x7F, data[at:end],
        marker=second >= 0x80, elements=elements, at_s=at_s,
    )  # fmt: skip


def is_rtcp(data: bytes) -> bool:
    """By the second byte: RFC 5761 section 4."""
    return len(data) >= 8 and 192 <= data[1] <= 223


def sent_before(repair: Packet, ssrc: int, payload_type: int) -> Packet | None:
    """The packet that this one sends again (RTX, RFC 4588 section 4); None for mere padding."""
    if len(repair.payload) < 2:
        return None
    return Packet(
        int.from_bytes(repair.payload[:2], "big"), repair.timestamp, ssrc, payload_type, repair.payload[2:],
        marker=repair.marker, elements=repair.elements, at_s=repair.at_s,
    )  # fmt: skip


def begins_key_frame(payload: bytes) -> bool:
    """Of VP8: RFC 7741 section 4.2 and 4.3."""
    if not payload or not payload[0] & 0x10 or payload[0] & 0x07:
        return False
    at = 1
    if payload[0] & 0x80:
        if len(payload) < 2:
            return False
        has = payload[1]
        at = 2
        if has & 0x80:
            at += 2 if len(payload) > at and payload[at] & 0x80 else 1
        at += (has >> 6 & 1) + (1 if has & 0x30 else 0)
    return len(payload) > at and not payload[at] & 1


def _elements(profile: int, value: bytes) -> dict[int, bytes]:
    """RFC 8285, both forms."""
    found: dict[int, bytes] = {}
    at = 0
    one_byte = profile == ONE_BYTE
    while at < len(value):
        if value[at] == 0:  # padding
            at += 1
            continue
        if one_byte:
            number, length, at = value[at] >> 4, (value[at] & 0x0F) + 1, at + 1
        elif at + 1 < len(value):
            number, length, at = value[at], value[at + 1], at + 2
        else:
            break
        found[number] = value[at : at + length]
        at += length
    return found
