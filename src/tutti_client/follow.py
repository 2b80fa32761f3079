"""Decides how a player gets to where the room is, and stays there: a pure controller, samples in, actions out.

An error is position less target. Small ones are worked off by playing a little faster or slower: up to 0.5 % all the
time, which nobody hears, and up to `Limits.most` from the moment an error reached 40 ms until it is under 5 ms. Larger
ones are jumped over: the player is held, sought to a place that the room will reach in a moment, and let go when the
room gets there. So a jump ends on the spot whatever it cost, if only the lead was long enough; the lead is learned.
A player that is ahead is held without a jump.

Two rules keep a struggling player from being sought for ever. What it says while it seeks, stalls or is hidden is
thrown away, and a seek in which it stalled teaches nothing. And corrective seeks wait: three in 30 s at most,
each after a longer pause than the one before.

Positions and times are milliseconds. A rate of 1 is the media's own speed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, isfinite
from typing import Literal

State = Literal["playing", "paused", "seeking", "buffering", "background"]


@dataclass(frozen=True, slots=True)
class Limits:
    """`most`: how far from the room's speed a player may run to catch up. `jump_ms`: errors over this are jumped.
    `lag_ms`: how long media already on its way to the loudspeaker goes on at the old speed. `start_ms`: what it takes
    to start after a seek, as long as that has not been learned."""

    most: float
    jump_ms: float
    lag_ms: float
    start_ms: float = 0.0


MUSIC = Limits(most=0.03, jump_ms=80.0, lag_ms=380.0)
VIDEO = Limits(most=0.08, jump_ms=150.0, lag_ms=380.0)


@dataclass(frozen=True, slots=True)
class Sample:
    """`target_ms`, `playing` and `rate` are the room's; `position_ms` and `state` the player's, as of `now_ms`.
    `bound_ms` is how far off the target may be."""

    now_ms: float
    position_ms: float
    target_ms: float
    playing: bool
    rate: float
    state: State
    bound_ms: float


@dataclass(frozen=True, slots=True)
class Action:
    """Set this speed, then pause or run (`hold`), then seek if a place is given. `look_in_ms`: when the next sample is
    wanted, if that is sooner than usual; a held player starts on time only if this is kept."""

    rate: float
    seek_to_ms: float | None = None
    hold: bool = False
    look_in_ms: float | None = None


TRIM = 0.005
CATCH_OVER_MS = 40.0
CAUGHT_UNDER_MS = 5.0
TRIM_GAIN = 0.7 / 1000
CATCH_GAIN = 1.5 / 1000
PACE_GAIN = 0.05 / 1_000_000
MOST_PACE = 0.0005
LEAST_CHANGE = 0.0001
SMOOTH_OVER_MS = 300.0
ODD_MS = 25.0

HOLD_UP_TO_MS = 1_500.0
ON_THE_SPOT_MS = 1.0
NEAR_MS = 150.0
SEEK_SEEN_AFTER_MS = 30.0
LANDING_LOOK_MS = 20.0
SEEK_FAILED_AFTER_MS = 1_500.0
LEAD_MARGIN_MS = 20.0
LIKELY_DEVIATION_MS = 60.0
STALL_MS = 2_500.0
MOST_START_MS = 300.0
STARTED_AFTER_MS = 150.0
START_FAILED_AFTER_MS = 1_000.0
MOST_BOUND_MS = 500.0

MOST_CORRECTIONS = 3
CORRECTIONS_WITHIN_MS = 30_000.0
FIRST_HOLD_OFF_MS = 1_000.0
HOLD_OFF_GROWS = 2.0


@dataclass(frozen=True, slots=True)
class Costs:
    """What this player's seeks take, what it takes to start after one, and to go on after a mere pause, as learned."""

    seek_ms: float = 330.0
    deviation_ms: float = 85.0
    start_ms: float | None = None
    resume_ms: float | None = None
    known: bool = False

    @property
    def lead_ms(self) -> float:
        return self.seek_ms + 2 * self.deviation_ms + LEAD_MARGIN_MS

    def after_seek(self, took_ms: float) -> Costs:
        """A seek that took longer than any seek does was a stall: what was learned may be as wrong."""
        if took_ms > STALL_MS:
            return Costs(start_ms=self.start_ms, resume_ms=self.resume_ms)
        if not self.known:
            deviation = max(LIKELY_DEVIATION_MS, took_ms / 4)
            return replace(self, seek_ms=took_ms, deviation_ms=deviation, known=True)
        over = took_ms - self.seek_ms
        deviation = max(self.deviation_ms + 0.3 * (abs(over) - self.deviation_ms), over / 2)
        return replace(self, seek_ms=self.seek_ms + 0.3 * over, deviation_ms=deviation)

    def after_start(self, took_ms: float, *, landed: bool) -> Costs:
        if took_ms > MOST_START_MS:
            return self
        known = self.start_ms if landed else self.resume_ms
        learned = max(0.0, took_ms if known is None else (known + took_ms) / 2)
        return replace(self, start_ms=learned) if landed else replace(self, resume_ms=learned)


@dataclass(frozen=True, slots=True)
class Seek:
    at_ms: float
    to_ms: float
    stalled: bool = False
    """The player ran out of data on the way."""


@dataclass(frozen=True, slots=True)
class Release:
    at_ms: float
    gap_ms: float
    """How far ahead the player was when it was let go."""
    landed: bool
    """It had been sought, and not just held."""


@dataclass(frozen=True, slots=True)
class Follower:
    """`error_ms` is smoothed, and as it will be when the media on its way has been heard."""

    limits: Limits
    error_ms: float | None = None
    odd: int = 0
    at_ms: float = 0.0
    trim: float = 0.0
    pace: float = 0.0
    """The part of the trim that makes up for a sound card that runs fast or slow."""
    catching: bool = True
    seek: Seek | None = None
    landed: bool = True
    """It was opened or sought, and has not run since."""
    waiting: bool = False
    release: Release | None = None
    costs: Costs = Costs()
    corrections: tuple[float, ...] = ()
    hold_off_ms: float = 0.0
    free: bool = True
    """The next seek is the room's doing, not a correction."""
    rested_at_ms: float | None = None

    def step(self, sample: Sample) -> tuple[Follower, Action]:
        if not isfinite(sample.position_ms):
            return self._unsettled(sample)
        if not sample.playing or sample.rate <= 0.0:
            return self._rest(sample)
        if sample.state in ("seeking", "buffering", "background"):
            return self._unsettled(sample)
        if self.seek is not None:
            return self._landing(self.seek, sample)
        if self.waiting:
            return self._wait(sample)
        if sample.state == "paused":
            return self._start(sample)
        elapsed = max(0.0, sample.now_ms - self.at_ms)
        return self._measured(sample)._run(sample, elapsed)

    def forgiven(self) -> Follower:
        """The room moved on purpose: the next seek is no correction, and need not wait."""
        return replace(
            self._blank(),
            seek=None,
            waiting=False,
            free=True,
            hold_off_ms=0.0,
            rested_at_ms=None,
        )

    def _blank(self) -> Follower:
        return replace(self, error_ms=None, odd=0, trim=0.0, catching=True, release=None)

    def _rest(self, sample: Sample) -> tuple[Follower, Action]:
        """Seek to the spot once: many players land a little beside it, and would do so again."""
        still = replace(self._blank(), seek=None, waiting=False)
        held = Action(sample.rate, hold=True)
        if sample.state != "paused" or self.rested_at_ms == sample.target_ms:
            return still, held
        still = replace(still, rested_at_ms=sample.target_ms)
        if abs(sample.position_ms - sample.target_ms) <= ON_THE_SPOT_MS:
            return still, held
        return replace(still, landed=True), replace(held, seek_to_ms=sample.target_ms)

    def _unsettled(self, sample: Sample) -> tuple[Follower, Action]:
        seek = self.seek
        if seek is not None and sample.state == "buffering":
            seek = replace(seek, stalled=True)
        held = seek is not None or self.waiting or not sample.playing
        look_in = None if seek is None else LANDING_LOOK_MS
        return replace(self._blank(), seek=seek), Action(sample.rate, hold=held, look_in_ms=look_in)

    def _landing(self, seek: Seek, sample: Sample) -> tuple[Follower, Action]:
        took = sample.now_ms - seek.at_ms if sample.now_ms >= seek.at_ms else inf
        beyond = took * sample.rate if sample.state == "playing" else 0.0
        there = -NEAR_MS <= sample.position_ms - seek.to_ms <= beyond + NEAR_MS
        if took < SEEK_SEEN_AFTER_MS or not (there or took > SEEK_FAILED_AFTER_MS):
            return self, Action(sample.rate, hold=True, look_in_ms=LANDING_LOOK_MS)
        costs = self.costs if seek.stalled or not there else self.costs.after_seek(took)
        return replace(self, seek=None, landed=True, waiting=True, costs=costs)._wait(sample)

    def _wait(self, sample: Sample) -> tuple[Follower, Action]:
        """Held ahead of the room until it comes."""
        gap = sample.position_ms - sample.target_ms
        left = gap / sample.rate - self._start_ms(landed=self.landed)
        if gap <= HOLD_UP_TO_MS + self.costs.lead_ms and left > ON_THE_SPOT_MS:
            return replace(self, waiting=True), Action(sample.rate, hold=True, look_in_ms=left)
        if -gap > self._jump_over(sample) and self._may_seek(sample.now_ms):
            return self._jump(sample)
        release = Release(sample.now_ms, gap, self.landed)
        started = replace(self._blank(), landed=False, waiting=False, release=release)
        return started, Action(sample.rate)

    def _start(self, sample: Sample) -> tuple[Follower, Action]:
        """The room plays and the player stands, so a hold costs nothing."""
        gap = sample.position_ms - sample.target_ms
        if gap > HOLD_UP_TO_MS and self._may_seek(sample.now_ms):
            return self._jump(sample)
        if self.release is not None and 0.0 <= sample.now_ms - self.release.at_ms <= START_FAILED_AFTER_MS:
            return self, Action(sample.rate)
        return self._wait(sample)

    def _measured(self, sample: Sample) -> Follower:
        """Follow the error by what the present trim does to it, corrected a little by each reading."""
        reading = sample.position_ms - sample.target_ms + self.trim * self.limits.lag_ms * sample.rate
        learned = self._started(sample)
        if self.error_ms is None:
            return replace(learned, error_ms=reading, at_ms=sample.now_ms, odd=0)
        elapsed = max(0.0, sample.now_ms - self.at_ms)
        expected = self.error_ms + (self.trim - self.pace) * elapsed * sample.rate
        off = reading - expected
        if abs(off) > ODD_MS and self.odd == 0:
            return replace(learned, error_ms=expected, at_ms=sample.now_ms, odd=1)
        share = 1.0 if abs(off) > ODD_MS else elapsed / (SMOOTH_OVER_MS + elapsed)
        return replace(learned, error_ms=expected + share * off, at_ms=sample.now_ms, odd=0)

    def _started(self, sample: Sample) -> Follower:
        """What was lost between letting go and running is what a start takes."""
        if self.release is None or 0.0 <= sample.now_ms - self.release.at_ms < STARTED_AFTER_MS:
            return self
        lost = self.release.gap_ms - (sample.position_ms - sample.target_ms)
        costs = self.costs.after_start(lost / sample.rate, landed=self.release.landed)
        return replace(self, release=None, costs=costs)

    def _run(self, sample: Sample, elapsed_ms: float) -> tuple[Follower, Action]:
        error = self.error_ms or 0.0
        running = self.odd == 0 and self.release is None
        if running and abs(error) > self._jump_over(sample) and self._may_seek(sample.now_ms):
            if 0.0 < error <= HOLD_UP_TO_MS:
                return replace(self._blank()._counted(sample.now_ms), waiting=True)._wait(sample)
            return self._jump(sample)
        size = abs(error)
        over = max(CATCH_OVER_MS, min(sample.bound_ms, self.limits.jump_ms))
        catching = size > (CAUGHT_UNDER_MS if self.catching else over)
        most, gain = (self.limits.most, CATCH_GAIN) if catching else (TRIM, TRIM_GAIN)
        pace = self.pace if size > CAUGHT_UNDER_MS else self._pace(error / sample.rate, elapsed_ms)
        wanted = min(max(pace - gain * error / sample.rate, -most), most)
        trim = self.trim if abs(wanted - self.trim) < LEAST_CHANGE else wanted
        followed = replace(self, catching=catching, free=self.free and catching, trim=trim, pace=pace)
        return followed, Action(sample.rate * (1 + trim))

    def _pace(self, error: float, elapsed_ms: float) -> float:
        pace = self.pace - PACE_GAIN * error * min(elapsed_ms, SMOOTH_OVER_MS)
        return min(max(pace, -MOST_PACE), MOST_PACE)

    def _jump_over(self, sample: Sample) -> float:
        """An error inside the clock's bound may be none: only a larger one is worth an interruption."""
        return max(self.limits.jump_ms, min(sample.bound_ms, MOST_BOUND_MS)) * sample.rate

    def _start_ms(self, *, landed: bool) -> float:
        known, likely = (self.costs.start_ms, self.limits.start_ms) if landed else (self.costs.resume_ms, 0.0)
        return likely if known is None else known

    def _may_seek(self, now_ms: float) -> bool:
        recent = self._recent(now_ms)
        if self.free or not recent:
            return True
        return len(recent) < MOST_CORRECTIONS and now_ms - recent[-1] >= self.hold_off_ms

    def _counted(self, now_ms: float) -> Follower:
        if self.free:
            return replace(self, free=False)
        recent = self._recent(now_ms)
        hold_off = max(self.hold_off_ms * HOLD_OFF_GROWS, FIRST_HOLD_OFF_MS) if recent else FIRST_HOLD_OFF_MS
        return replace(self, corrections=(*recent, now_ms), hold_off_ms=hold_off)

    def _recent(self, now_ms: float) -> tuple[float, ...]:
        return tuple(at for at in self.corrections if 0.0 <= now_ms - at <= CORRECTIONS_WITHIN_MS)

    def _jump(self, sample: Sample) -> tuple[Follower, Action]:
        to = max(0.0, sample.target_ms + (self.costs.lead_ms + self._start_ms(landed=True)) * sample.rate)
        jumped = replace(self._blank()._counted(sample.now_ms), waiting=False, seek=Seek(sample.now_ms, to))
        return jumped, Action(sample.rate, seek_to_ms=to, hold=True, look_in_ms=LANDING_LOOK_MS)
