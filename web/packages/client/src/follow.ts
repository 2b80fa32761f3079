/**
 * Decides how a player gets to where the room is, and stays there: a pure controller, samples in, actions out.
 *
 * An error is position less target. Small ones are worked off by playing a little faster or slower: up to 0.5 % all
 * the time, which nobody hears, and up to `Limits.most` from the moment an error reached 40 ms until it is under 5 ms.
 * Larger ones are jumped over: the player is held, sought to a place that the room will reach in a moment, and let go
 * when the room gets there. So a jump ends on the spot whatever it cost, if only the lead was long enough; the lead
 * is learned. A player that is ahead is held without a jump.
 *
 * Two rules keep a struggling player from being sought for ever. What it says while it seeks, stalls or is hidden is
 * thrown away, and a seek in which it stalled teaches nothing. And corrective seeks wait: three in 30 s at most,
 * each after a longer pause than the one before.
 *
 * Positions and times are milliseconds. A rate of 1 is the media's own speed. `tests/vectors/follow.json` holds the
 * Python client's controller to the same actions.
 */

export type PlayerState = "playing" | "paused" | "seeking" | "buffering" | "background";

export interface Limits {
  /** How far from the room's speed a player may run to catch up. */
  most: number;
  /** Errors over this are jumped. */
  jumpMs: number;
  /** How long media already on its way to the loudspeaker goes on at the old speed. */
  lagMs: number;
  /** What it takes to start after a seek, as long as that has not been learned. */
  startMs: number;
}

export const MUSIC: Limits = { most: 0.03, jumpMs: 80, lagMs: 75, startMs: 70 };
export const VIDEO: Limits = { most: 0.08, jumpMs: 150, lagMs: 75, startMs: 70 };

/** `targetMs`, `playing` and `rate` are the room's; `positionMs` and `state` the player's, as of `nowMs`. */
export interface Sample {
  nowMs: number;
  positionMs: number;
  targetMs: number;
  playing: boolean;
  rate: number;
  state: PlayerState;
  /** How far off the target may be. */
  boundMs: number;
}

/** Set this speed, then pause or run, then seek if a place is given. */
export interface Action {
  rate: number;
  seekToMs: number | null;
  hold: boolean;
  /** When the next sample is wanted, if sooner than usual; a held player starts on time only if this is kept. */
  lookInMs: number | null;
}

const TRIM = 0.005;
const CATCH_OVER_MS = 40;
const CAUGHT_UNDER_MS = 5;
const TRIM_GAIN = 0.7 / 1000;
const CATCH_GAIN = 1.5 / 1000;
const PACE_GAIN = 0.05 / 1_000_000;
const MOST_PACE = 0.0005;
const LEAST_CHANGE = 0.0001;
const SMOOTH_OVER_MS = 300;
const ODD_MS = 25;

const HOLD_UP_TO_MS = 1_500;
const ON_THE_SPOT_MS = 1;
const NEAR_MS = 150;
const SEEK_SEEN_AFTER_MS = 30;
const LANDING_LOOK_MS = 20;
const SEEK_FAILED_AFTER_MS = 1_500;
const LEAD_MARGIN_MS = 20;
const LIKELY_DEVIATION_MS = 60;
const STALL_MS = 2_500;
const MOST_START_MS = 300;
const STARTED_AFTER_MS = 150;
const START_FAILED_AFTER_MS = 1_000;
const MOST_BOUND_MS = 500;

const MOST_CORRECTIONS = 3;
const CORRECTIONS_WITHIN_MS = 30_000;
const FIRST_HOLD_OFF_MS = 1_000;
const HOLD_OFF_GROWS = 2;

/** What this player's seeks take, what it takes to start after one, and to go on after a mere pause, as learned. */
interface Costs {
  seekMs: number;
  deviationMs: number;
  startMs: number | null;
  resumeMs?: number;
  known: boolean;
}

interface State {
  limits: Limits;
  /** Smoothed, and as it will be when the media on its way has been heard. */
  errorMs: number | null;
  odd: boolean;
  atMs: number;
  trim: number;
  /** The part of the trim that makes up for a sound card that runs fast or slow. */
  pace: number;
  catching: boolean;
  seek: { atMs: number; toMs: number; stalled: boolean } | null;
  /** It was opened or sought, and has not run since. */
  landed: boolean;
  waiting: boolean;
  /** When a held player was let go, how far ahead it was, and whether it had been sought and not just held. */
  release: { atMs: number; gapMs: number; landed: boolean } | null;
  costs: Costs;
  corrections: readonly number[];
  holdOffMs: number;
  /** The next seek is the room's doing, not a correction. */
  free: boolean;
  restedAtMs: number | null;
}

const UNKNOWN_SEEKS = { seekMs: 330, deviationMs: 85, known: false } as const;
const UNKNOWN: Costs = { ...UNKNOWN_SEEKS, startMs: null };

/** A value: `step` and `forgiven` answer the follower that comes next. */
export class Follower {
  private readonly state: State;

  constructor(limits: Limits, state: Partial<State> = {}) {
    this.state = { ...FRESH, ...state, limits };
  }

  /** How far ahead of the room a seek goes. */
  get leadMs(): number {
    const { seekMs, deviationMs } = this.state.costs;
    return seekMs + 2 * deviationMs + LEAD_MARGIN_MS;
  }

  private startMs(landed: boolean): number {
    const { limits, costs } = this.state;
    return landed ? (costs.startMs ?? limits.startMs) : (costs.resumeMs ?? 0);
  }

  /** Whether a seek was ordered and has not landed. */
  get seeking(): boolean {
    return this.state.seek !== null;
  }

  step(sample: Sample): [Follower, Action] {
    const { seek, waiting, atMs } = this.state;
    if (!Number.isFinite(sample.positionMs)) return this.unsettled(sample);
    if (!sample.playing || sample.rate <= 0) return this.rest(sample);
    if (sample.state !== "playing" && sample.state !== "paused") return this.unsettled(sample);
    if (seek !== null) return this.landing(seek, sample);
    if (waiting) return this.wait(sample);
    if (sample.state === "paused") return this.begin(sample);
    return this.measured(sample).run(sample, Math.max(0, sample.nowMs - atMs));
  }

  /** The room moved on purpose: the next seek is no correction, and need not wait. */
  forgiven(): Follower {
    return this.with({ ...BLANK, ...STANDING, free: true, holdOffMs: 0, restedAtMs: null });
  }

  private with(change: Partial<State>): Follower {
    return new Follower(this.state.limits, { ...this.state, ...change });
  }

  /** Seek to the spot once: many players land a little beside it, and would do so again. */
  private rest(sample: Sample): [Follower, Action] {
    const still = this.with({ ...BLANK, ...STANDING });
    const held = action(sample.rate, { hold: true });
    if (sample.state !== "paused" || this.state.restedAtMs === sample.targetMs) return [still, held];
    const rested = still.with({ restedAtMs: sample.targetMs });
    if (Math.abs(gapOf(sample)) <= ON_THE_SPOT_MS) return [rested, held];
    return [rested.with({ landed: true }), { ...held, seekToMs: sample.targetMs }];
  }

  private unsettled(sample: Sample): [Follower, Action] {
    const { seek: sought, waiting } = this.state;
    const seek = sought && { ...sought, stalled: sought.stalled || sample.state === "buffering" };
    const hold = seek !== null || waiting || !sample.playing;
    const lookInMs = seek === null ? null : LANDING_LOOK_MS;
    return [this.with({ ...BLANK, seek }), action(sample.rate, { hold, lookInMs })];
  }

  private landing(seek: NonNullable<State["seek"]>, sample: Sample): [Follower, Action] {
    const took = sample.nowMs >= seek.atMs ? sample.nowMs - seek.atMs : Infinity;
    const beyond = sample.state === "playing" ? took * sample.rate : 0;
    const off = sample.positionMs - seek.toMs;
    const there = off >= -NEAR_MS && off <= beyond + NEAR_MS;
    if (took < SEEK_SEEN_AFTER_MS || !(there || took > SEEK_FAILED_AFTER_MS)) {
      return [this, action(sample.rate, { hold: true, lookInMs: LANDING_LOOK_MS })];
    }
    const costs = seek.stalled || !there ? this.state.costs : afterSeek(this.state.costs, took);
    return this.with({ seek: null, landed: true, waiting: true, costs }).wait(sample);
  }

  /** Held ahead of the room until it comes. */
  private wait(sample: Sample): [Follower, Action] {
    const { landed } = this.state;
    const gapMs = gapOf(sample);
    const left = gapMs / sample.rate - this.startMs(landed);
    if (gapMs <= HOLD_UP_TO_MS + this.leadMs && left > ON_THE_SPOT_MS) {
      return [this.with({ waiting: true }), action(sample.rate, { hold: true, lookInMs: left })];
    }
    if (-gapMs > this.jumpOver(sample) && this.maySeek(sample.nowMs)) return this.jump(sample);
    const release = { atMs: sample.nowMs, gapMs, landed };
    return [this.with({ ...BLANK, landed: false, waiting: false, release }), action(sample.rate)];
  }

  /** The room plays and the player stands, so a hold costs nothing. */
  private begin(sample: Sample): [Follower, Action] {
    if (gapOf(sample) > HOLD_UP_TO_MS && this.maySeek(sample.nowMs)) return this.jump(sample);
    const since = sample.nowMs - (this.state.release?.atMs ?? -Infinity);
    if (since >= 0 && since <= START_FAILED_AFTER_MS) return [this, action(sample.rate)];
    return this.wait(sample);
  }

  /** Follow the error by what the present trim does to it, corrected a little by each reading. */
  private measured(sample: Sample): Follower {
    const { limits, trim, pace, errorMs, odd } = this.state;
    const atMs = sample.nowMs;
    const reading = gapOf(sample) + trim * limits.lagMs * sample.rate;
    const learned = this.started(sample);
    if (errorMs === null) return learned.with({ errorMs: reading, atMs, odd: false });
    const elapsed = Math.max(0, atMs - this.state.atMs);
    const expected = errorMs + (trim - pace) * elapsed * sample.rate;
    const off = reading - expected;
    if (Math.abs(off) > ODD_MS && !odd) return learned.with({ errorMs: expected, atMs, odd: true });
    const share = Math.abs(off) > ODD_MS ? 1 : elapsed / (SMOOTH_OVER_MS + elapsed);
    return learned.with({ errorMs: expected + share * off, atMs, odd: false });
  }

  /** What was lost between letting go and running is what a start takes. */
  private started(sample: Sample): Follower {
    const { release, costs } = this.state;
    if (release === null) return this;
    const since = sample.nowMs - release.atMs;
    if (since >= 0 && since < STARTED_AFTER_MS) return this;
    const lostMs = release.gapMs - gapOf(sample);
    return this.with({ release: null, costs: afterStart(costs, lostMs / sample.rate, release.landed) });
  }

  private run(sample: Sample, elapsedMs: number): [Follower, Action] {
    const { limits, odd, release } = this.state;
    const error = this.state.errorMs ?? 0;
    const running = !odd && release === null;
    if (running && Math.abs(error) > this.jumpOver(sample) && this.maySeek(sample.nowMs)) {
      if (error < 0 || error > HOLD_UP_TO_MS) return this.jump(sample);
      return this.with({ ...BLANK, ...this.counted(sample.nowMs), waiting: true }).wait(sample);
    }
    const over = Math.max(CATCH_OVER_MS, Math.min(sample.boundMs, limits.jumpMs));
    const catching = Math.abs(error) > (this.state.catching ? CAUGHT_UNDER_MS : over);
    const [most, gain] = catching ? [limits.most, CATCH_GAIN] : [TRIM, TRIM_GAIN];
    const small = Math.abs(error) <= CAUGHT_UNDER_MS;
    const pace = small ? this.paced(error / sample.rate, elapsedMs) : this.state.pace;
    const wanted = clamp(pace - (gain * error) / sample.rate, most);
    const trim = Math.abs(wanted - this.state.trim) < LEAST_CHANGE ? this.state.trim : wanted;
    const free = this.state.free && catching;
    return [this.with({ catching, free, trim, pace }), action(sample.rate * (1 + trim))];
  }

  private paced(error: number, elapsedMs: number): number {
    return clamp(this.state.pace - PACE_GAIN * error * Math.min(elapsedMs, SMOOTH_OVER_MS), MOST_PACE);
  }

  /** An error inside the clock's bound may be none: only a larger one is worth an interruption. */
  private jumpOver(sample: Sample): number {
    return Math.max(this.state.limits.jumpMs, Math.min(sample.boundMs, MOST_BOUND_MS)) * sample.rate;
  }

  private maySeek(nowMs: number): boolean {
    const recent = this.recent(nowMs);
    const last = recent.at(-1);
    if (this.state.free || last === undefined) return true;
    return recent.length < MOST_CORRECTIONS && nowMs - last >= this.state.holdOffMs;
  }

  private counted(nowMs: number): Partial<State> {
    if (this.state.free) return { free: false };
    const recent = this.recent(nowMs);
    const longer = Math.max(this.state.holdOffMs * HOLD_OFF_GROWS, FIRST_HOLD_OFF_MS);
    return {
      corrections: [...recent, nowMs],
      holdOffMs: recent.length > 0 ? longer : FIRST_HOLD_OFF_MS,
    };
  }

  private recent(nowMs: number): readonly number[] {
    return this.state.corrections.filter((at) => nowMs >= at && nowMs - at <= CORRECTIONS_WITHIN_MS);
  }

  private jump(sample: Sample): [Follower, Action] {
    const lead = (this.leadMs + this.startMs(true)) * sample.rate;
    const toMs = Math.max(0, sample.targetMs + lead);
    const seek = { atMs: sample.nowMs, toMs, stalled: false };
    const jumped = this.with({ ...BLANK, ...this.counted(sample.nowMs), waiting: false, seek });
    return [jumped, action(sample.rate, { seekToMs: toMs, hold: true, lookInMs: LANDING_LOOK_MS })];
  }
}

const BLANK = { errorMs: null, odd: false, trim: 0, catching: true, release: null } as const;

const STANDING = { seek: null, waiting: false } as const;

const FRESH: Omit<State, "limits"> = {
  ...BLANK,
  ...STANDING,
  landed: true,
  atMs: 0,
  pace: 0,
  costs: UNKNOWN,
  corrections: [],
  holdOffMs: 0,
  free: true,
  restedAtMs: null,
};

function action(rate: number, change: Partial<Action> = {}): Action {
  return { rate, seekToMs: null, hold: false, lookInMs: null, ...change };
}

function gapOf(sample: Sample): number {
  return sample.positionMs - sample.targetMs;
}

function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, -most), most);
}

/** A seek that took longer than any seek does was a stall: what was learned may be as wrong. */
function afterSeek(costs: Costs, tookMs: number): Costs {
  if (tookMs > STALL_MS) return { ...costs, ...UNKNOWN_SEEKS };
  if (!costs.known) {
    return { ...costs, seekMs: tookMs, deviationMs: Math.max(LIKELY_DEVIATION_MS, tookMs / 4), known: true };
  }
  const over = tookMs - costs.seekMs;
  const smoothed = costs.deviationMs + 0.3 * (Math.abs(over) - costs.deviationMs);
  return { ...costs, seekMs: costs.seekMs + 0.3 * over, deviationMs: Math.max(smoothed, over / 2) };
}

function afterStart(costs: Costs, tookMs: number, landed: boolean): Costs {
  if (tookMs > MOST_START_MS) return costs;
  const known = (landed ? costs.startMs : costs.resumeMs) ?? tookMs;
  const learned = Math.max(0, (known + tookMs) / 2);
  return landed ? { ...costs, startMs: learned } : { ...costs, resumeMs: learned };
}
