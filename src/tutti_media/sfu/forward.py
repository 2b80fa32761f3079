"""One stream on one of its ways out: under a number of our own, which stays when what is beneath it changes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable

from tutti_media.sfu import rtcp
from tutti_media.sfu.rtp import HEADER, Numbers, Packet, begins_key_frame
from tutti_media.sfu.source import CACHED, RATES, Source, Track

GAP_S = 0.04
"""Between the last packet of one source and the first of the next."""
AGAIN_AFTER_S = 0.02
"""The same packet is not sent again sooner."""


class Forward:
    """`send_rtp`, `send_rtcp`: over the connection. It begins with a whole picture. Start it, and close it."""

    def __init__(
        self,
        track: Track,
        payload_type: int,
        numbers: Numbers,
        *,
        name: str,
        send_rtp: Callable[[bytes], None],
        send_rtcp: Callable[[bytes], None],
    ) -> None:
        self.track = track
        self.ssrc = secrets.randbits(32)
        self.payload_type = payload_type
        self.numbers = numbers
        self._name = name
        self._send_rtp = send_rtp
        self._send_rtcp = send_rtcp
        self._source: Source | None = None
        self._here: Numbers = ()
        self._begun = False
        self._first = 0
        self._young = 0
        self._sequence_step = 0
        self._time_step = 0
        self._last: tuple[int, int, float] | None = None
        self._packets = 0
        self._octets = 0
        self._sent_again: dict[int, float] = {}

    @property
    def waits_for_picture(self) -> bool:
        return self.track.kind == "video" and not self._begun and self._source is not None

    def start(self) -> None:
        """Whoever it is for knows of it."""
        if self not in self.track.forwards:
            self.track.forwards.add(self)
            self.track.wants_picture()
            if self.track.source is not None:
                self.switched(self.track.source)

    def close(self) -> None:
        self.track.forwards.discard(self)

    def switched(self, source: Source) -> None:
        self._source, self._here = source, source.numbers
        self._begun = False

    def send(self, packet: Packet) -> None:
        if not self._begun:
            if self.track.kind == "video" and not begins_key_frame(packet.payload):
                return
            self._begin(packet)
        elif self._young:
            self._young -= 1
            if (packet.sequence - self._first) & 0xFFFF >= 0x8000:
                return  # from before the picture that it began with
        sequence = (packet.sequence + self._sequence_step) & 0xFFFF
        timestamp = (packet.timestamp + self._time_step) & 0xFFFFFFFF
        if self._last is None or (sequence - self._last[0]) & 0xFFFF < 0x8000:
            self._last = sequence, timestamp, packet.at_s
        self._packets += 1
        self._octets += len(packet.payload)
        self._put(packet, sequence, timestamp)

    def wanted_again(self, sequences: Iterable[int], now_s: float) -> None:
        """By whoever gets it, who has lost these."""
        if self._source is None:
            return
        for sequence in sequences:
            packet = self._source.cached((sequence - self._sequence_step) & 0xFFFF)
            if packet is None or now_s - self._sent_again.get(sequence, 0.0) < AGAIN_AFTER_S:
                continue
            if len(self._sent_again) > 1_000:
                self._sent_again.clear()
            self._sent_again[sequence] = now_s
            self._put(packet, sequence, (packet.timestamp + self._time_step) & 0xFFFFFFFF)

    def reported(self, ntp: int, timestamp: int) -> None:
        """What time it is in the sender's words."""
        if self._begun:
            ours = (timestamp + self._time_step) & 0xFFFFFFFF
            self._send_rtcp(rtcp.clock(self.ssrc, self._name, (ntp, ours), (self._packets, self._octets)))

    def _begin(self, packet: Packet) -> None:
        """Go on where the source before ended."""
        self._begun = True
        self._first, self._young = packet.sequence, CACHED
        if self._last is None:
            return
        sequence, timestamp, at_s = self._last
        passed_s = max(GAP_S, packet.at_s - at_s)
        self._sequence_step = (sequence + 1 - packet.sequence) & 0xFFFF
        self._time_step = (timestamp + int(passed_s * RATES[self.track.kind]) - packet.timestamp) & 0xFFFFFFFF

    def _put(self, packet: Packet, sequence: int, timestamp: int) -> None:
        first, tail = packet.tail(self._here, self.numbers)
        second = self.payload_type | 0x80 if packet.marker else self.payload_type
        self._send_rtp(HEADER.pack(first, second, sequence, timestamp, self.ssrc) + tail)
