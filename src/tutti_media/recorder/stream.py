"""One sound or picture of one person, from its packets to frames with the time of their capture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from aiortc.rtp import RtcpReceiverInfo

from tutti_media.recorder.feedback import Feedback, Reception, SenderReport
from tutti_media.recorder.ordering import Ordering
from tutti_media.recorder.rtp import Packet
from tutti_media.recorder.timing import PersonClock, StreamClock
from tutti_media.recorder.vp8 import Pictures

KEY_AGAIN_S = 0.5
KEY_EVERY_S = 10.0
"""So often a picture is whole, so that one can seek: browsers make no such picture by themselves."""
UNREPORTED_S = 3.5
"""Browsers send the first report of a sound after 2.5 s: libwebrtc's half of its interval of 5 s."""


class Frame(NamedTuple):
    """`taken`: the RTP timestamp, one that does not start again. `at_s`: when, by our clock, once that is fixed."""

    taken: int
    key: bool
    data: bytes
    size: tuple[int, int] | None
    at_s: float | None = None


@dataclass(slots=True)
class Tally:
    """What became of what was sent."""

    packets: int = 0
    frames: int = 0
    left_out: int = 0
    missing: int = 0


class Stream:
    """`waiting`: frames that are not written yet, in the order in which they were sent. `delay_s`: of the last one."""

    def __init__(self, kind: str, person: PersonClock, feedback: Feedback) -> None:
        self.kind = kind
        self.ssrc: int | None = None
        self.waiting: list[Frame] = []
        self.first_s: float | None = None
        self.frames = 0
        self.delay_s = 0.0
        self._person = person
        self._feedback = feedback
        self._rate = 48_000 if kind == "audio" else 90_000
        self._clock = StreamClock(self._rate)
        self._ordering = Ordering()
        self._pictures = Pictures() if kind == "video" else None
        self._reception = Reception()
        self._asked_key_s = float("-inf")
        self._key_s = float("-inf")

    @property
    def tally(self) -> Tally:
        ordering = self._ordering
        left_out = self._pictures.left_out if self._pictures else 0
        return Tally(ordering.received, self.frames, left_out, ordering.given_up)

    def packet(self, packet: Packet, now_s: float) -> None:
        if packet.ssrc != self.ssrc:
            self._another_sender(packet.ssrc)
        if self.first_s is None:
            self.first_s = now_s
        self._read(self._ordering.add(packet, now_s), now_s)

    def report(self, report: SenderReport, now_s: float) -> None:
        self._clock.report(report.ntp_s, report.timestamp)
        self._person.reported(report.ntp_s, now_s)
        self._reception.reported(report.ntp, now_s)

    def feedback(self, now_s: float) -> list[bytes]:
        """Many times a second: what to tell the sender now, having given up on what will not come."""
        if self.ssrc is None:
            return []
        self._read(self._ordering.give_up(now_s), now_s)
        said: list[bytes] = []
        if missing := self._ordering.to_ask_for(now_s):
            said.append(self._feedback.again(self.ssrc, missing))
        if self._wants_key(now_s):
            self._asked_key_s = now_s
            said.append(self._feedback.whole_picture(self.ssrc))
        return said

    def reception(self, now_s: float) -> RtcpReceiverInfo | None:
        ordering = self._ordering
        if self.ssrc is None or ordering.highest < 0:
            return None
        return self._reception.info(
            self.ssrc, expected=ordering.highest - ordering.first + 1, received=ordering.received,
            highest=ordering.highest, now_s=now_s,
        )  # fmt: skip

    def settled(self, now_s: float) -> bool:
        """Whether the times of what waits are known as well as they will be."""
        if not self.waiting or self._clock.known:
            return True
        if self.first_s is None or now_s - self.first_s < UNREPORTED_S:
            return False
        self._guess()
        return True

    def at_s(self, frame: Frame) -> float:
        """When it was captured, by our clock."""
        if frame.at_s is not None:
            return frame.at_s
        sent_s = self._clock.sent_s(frame.taken)
        return sent_s if self._clock.guessed else self._person.ours_s(sent_s)

    def _read(self, packets: list[tuple[Packet, bool]], now_s: float) -> None:
        for packet, after_gap in packets:
            frame = self._frame(packet, after_gap=after_gap)
            if frame is not None:
                self.frames += 1
                self.waiting.append(frame)
                if frame.key:
                    self._key_s = now_s
                if self._clock.known and not self._clock.guessed:
                    self.delay_s = now_s - self.at_s(frame)

    def _frame(self, packet: Packet, *, after_gap: bool) -> Frame | None:
        if self._pictures is None:
            taken = self._clock.unwrapped(packet.timestamp)
            return Frame(taken, True, packet.payload, None) if packet.payload else None
        picture = self._pictures.add(packet, after_gap=after_gap)
        if picture is None:
            return None
        return Frame(self._clock.unwrapped(picture.timestamp), picture.key, picture.data, picture.size)

    def _wants_key(self, now_s: float) -> bool:
        since_s = max(self._asked_key_s, self.first_s if self.first_s is not None else now_s)
        if self._pictures is None or now_s - since_s < KEY_AGAIN_S:
            return False
        return self._pictures.wants_key or now_s - self._key_s > KEY_EVERY_S

    def _guess(self) -> None:
        if self.first_s is not None and self.waiting:
            self._clock.guess(self.first_s, self.waiting[0].taken)

    def _another_sender(self, ssrc: int) -> None:
        """Its timestamps have nothing to do with those before. What waits keeps the times that it has by the old ones."""
        if self.ssrc is not None:
            if not self._clock.known:
                self._guess()
            self.waiting = [frame._replace(at_s=self.at_s(frame)) for frame in self.waiting]
            self._clock = StreamClock(self._rate)
            self._ordering = Ordering()
            self._reception = Reception()
            self.first_s = None
            if self._pictures is not None:
                self._pictures = Pictures()
        self.ssrc = ssrc
