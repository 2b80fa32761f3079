"""VP8 frames out of RTP packets (RFC 7741). One that cannot be decoded, because one before it is missing, is left out."""

from __future__ import annotations

from typing import NamedTuple

from tutti_media.recorder.rtp import Packet


class Picture(NamedTuple):
    """One whole frame. `size` only if it is a key frame."""

    timestamp: int
    key: bool
    data: bytes
    size: tuple[int, int] | None


class Pictures:
    """Takes packets in order. `wants_key`: nothing can be shown until the sender makes a key frame."""

    def __init__(self) -> None:
        self.wants_key = True
        self.left_out = 0
        self._parts: list[bytes] = []
        self._timestamp = 0

    def add(self, packet: Packet, *, after_gap: bool) -> Picture | None:
        """The frame that this packet completes. `after_gap`: packets before this one never came."""
        if after_gap:
            self._miss()
        if not packet.payload:
            return None  # padding, to measure the path
        start, begins = descriptor(packet.payload)
        if start >= len(packet.payload):
            return None
        if begins:
            if self._parts:
                self._miss()
            self._timestamp = packet.timestamp
        elif not self._parts or packet.timestamp != self._timestamp:
            self._miss()
            return None
        self._parts.append(packet.payload[start:])
        return self._complete() if packet.marker else None

    def _complete(self) -> Picture | None:
        data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts = []
        size = key_size(data)
        if size is not None:
            self.wants_key = False
        elif self.wants_key:
            self.left_out += 1
            return None
        return Picture(self._timestamp, size is not None, data, size)

    def _miss(self) -> None:
        self._parts = []
        self.wants_key = True


def descriptor(payload: bytes) -> tuple[int, bool]:
    """Where the VP8 data begins, and whether a frame begins with it: RFC 7741 section 4.2."""
    first, at = payload[0], 1
    if first & 0x80 and len(payload) > 1:
        extended, at = payload[1], 2
        if extended & 0x80 and len(payload) > 2:
            at += 2 if payload[2] & 0x80 else 1
        if extended & 0x40:
            at += 1
        if extended & 0x30:
            at += 1
    return at, bool(first & 0x10) and first & 0x07 == 0


def key_size(data: bytes) -> tuple[int, int] | None:
    """Width and height if it is a key frame: RFC 6386 section 9.1."""
    if len(data) < 10 or data[0] & 1 or data[3:6] != b"\x9d\x01\x2a":
        return None
    return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF
