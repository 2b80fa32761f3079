"""When something was captured, on one clock for a whole meeting, from RTP timestamps and RTCP sender reports.

RTP timestamps of two streams cannot be compared; a sender report (RFC 3550 section 6.4.1) says what moment of the
sender's own clock a timestamp stands for. That clock is compared with ours by the report that came the fastest. Both
streams of a person go through the same comparison, so that whatever is wrong with it, sound and picture stay together.
"""

from __future__ import annotations

from tutti_media.recorder.rtp import Unwrapped

JUMP_S = 0.1
"""A report that far from the last ones is believed at once: the sender's timestamps jumped (it was muted)."""
SMOOTHING = 0.25
WINDOW_S = 10.0
MOST_SLEW_S = 0.005  # a window: 500 ppm, more than two clocks ever differ


class StreamClock:
    """The sender's clock, in seconds, for the timestamps of one of its streams. `guessed`: it is our clock instead."""

    def __init__(self, rate: int) -> None:
        self.known = False
        self.guessed = False
        self._rate = rate
        self._unwrap = Unwrapped(32)
        self._offset_s = 0.0

    def unwrapped(self, timestamp: int) -> int:
        """The same timestamp, one that does not start again."""
        return self._unwrap(timestamp)

    def report(self, ntp_s: float, timestamp: int) -> None:
        """A sender report said that this timestamp is that moment."""
        offset_s = ntp_s - self._unwrap(timestamp) / self._rate
        wrong_s = offset_s - self._offset_s
        if not self.known or self.guessed or abs(wrong_s) > JUMP_S:
            self._offset_s = offset_s
        else:
            self._offset_s += SMOOTHING * wrong_s
        self.known, self.guessed = True, False

    def guess(self, ours_s: float, unwrapped: int) -> None:
        """No report came: take the moment of its arrival, on our clock."""
        self._offset_s = ours_s - unwrapped / self._rate
        self.known = self.guessed = True

    def sent_s(self, unwrapped: int) -> float:
        return unwrapped / self._rate + self._offset_s


class PersonClock:
    """From a sender's clock to ours: the fastest report's way is taken for no way at all."""

    def __init__(self) -> None:
        self._offset_s: float | None = None
        self._window_ends_s = 0.0
        self._best_s = float("inf")

    def reported(self, ntp_s: float, now_s: float) -> None:
        """A report that was sent at `ntp_s`, by their clock, is here."""
        way_s = now_s - ntp_s
        if self._offset_s is None:
            self._offset_s, self._window_ends_s = way_s, now_s + WINDOW_S
        self._best_s = min(self._best_s, way_s)
        if now_s >= self._window_ends_s:
            self._end_window(now_s)

    def settle(self) -> None:
        """Before anything is written, a better report may still change everything at once."""
        if self._best_s < float("inf"):
            self._offset_s = self._best_s

    def ours_s(self, sent_s: float) -> float:
        return sent_s + (self._offset_s or 0.0)

    def _end_window(self, now_s: float) -> None:
        assert self._offset_s is not None
        wrong_s = self._best_s - self._offset_s
        self._offset_s += max(-MOST_SLEW_S, min(MOST_SLEW_S, wrong_s))
        self._best_s, self._window_ends_s = float("inf"), now_s + WINDOW_S
