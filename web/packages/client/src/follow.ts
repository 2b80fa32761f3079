/**
 * Decides how a player gets to where the room is: a pure controller, samples in, corrections out.
 *
 * A small error is worked off by playing up to 5 % faster or slower, which is hard to notice; a large one is
 * jumped over. Jumps cost time of their own, so what a jump cost is learned and added to the next one,
 * and jumps in quick succession wait longer each time: a player that stalls must not be sought for ever.
 */

export interface Sample {
  nowMs: number;
  /** Where the player is and where the room is, in seconds of media. */
  position: number;
  target: number;
  playing: boolean;
  /** The room's own speed; corrections are relative to it. */
  rate: number;
  /** False while the player seeks or waits for data: what it says about its position then is worth nothing. */
  settled: boolean;
}

export type Correction = { do: "seek"; to: number; rate: number } | { do: "run"; rate: number };

export interface Follower {
  nudging: boolean;
  seekLeadS: number;
  sought: { atMs: number; learned: boolean } | null;
  holdOffMs: number;
  /** Where a resting player was last put: some land a little beside it, and once is enough. */
  restedAt: number | null;
}

export const STILL: Follower = { nudging: false, seekLeadS: 0, sought: null, holdOffMs: 0, restedAt: null };

const SEEK_OVER_S = 0.5;
const START_OVER_S = 0.015;
const STOP_UNDER_S = 0.005;
const PAUSED_WITHIN_S = 0.001;
const MOST_NUDGE = 0.05;
const WORK_OFF_IN_S = 1.5;
const MOST_LEAD_S = 0.4;
const FIRST_HOLD_OFF_MS = 1_000;
const LONGEST_HOLD_OFF_MS = 15_000;
const CALM_AFTER_MS = 30_000;

export function follow(follower: Follower, sample: Sample): [Follower, Correction] {
  const asRoom: Correction = { do: "run", rate: sample.rate };
  if (!sample.settled) return [follower, asRoom];
  const error = sample.target - sample.position;
  if (!sample.playing) return rest(follower, sample, error);

  const learned = learnLead(follower, error);
  if (Math.abs(error) > SEEK_OVER_S) {
    if (held(learned, sample.nowMs)) return [learned, nudge(sample.rate, error)];
    return jump(learned, sample);
  }
  const nudging = Math.abs(error) > (learned.nudging ? STOP_UNDER_S : START_OVER_S);
  return [{ ...learned, nudging }, nudging ? nudge(sample.rate, error) : asRoom];
}

/** The room moved on purpose, so the next jump is not a correction and need not wait. */
export function forgive(follower: Follower): Follower {
  return { ...follower, nudging: false, sought: null, holdOffMs: 0, restedAt: null };
}

function rest(follower: Follower, sample: Sample, error: number): [Follower, Correction] {
  const still = { ...follower, nudging: false, sought: null, restedAt: sample.target };
  const there = Math.abs(error) <= PAUSED_WITHIN_S || follower.restedAt === sample.target;
  if (there) return [still, { do: "run", rate: sample.rate }];
  return [still, { do: "seek", to: sample.target, rate: sample.rate }];
}

function jump(follower: Follower, sample: Sample): [Follower, Correction] {
  const calm = follower.sought === null || sample.nowMs - follower.sought.atMs > CALM_AFTER_MS;
  const holdOffMs = calm ? FIRST_HOLD_OFF_MS : Math.min(follower.holdOffMs * 2, LONGEST_HOLD_OFF_MS);
  const next = { ...follower, nudging: true, sought: { atMs: sample.nowMs, learned: false }, holdOffMs };
  return [next, { do: "seek", to: sample.target + follower.seekLeadS * sample.rate, rate: sample.rate }];
}

function held(follower: Follower, nowMs: number): boolean {
  return follower.sought !== null && nowMs - follower.sought.atMs < follower.holdOffMs;
}

/** The first settled sample after a jump tells what the jump cost; a cost beyond reason was a stall: forget it all. */
function learnLead(follower: Follower, error: number): Follower {
  if (follower.sought === null || follower.sought.learned) return follower;
  const lead = follower.seekLeadS + error;
  const seekLeadS = lead > MOST_LEAD_S ? 0 : Math.max(0, lead);
  return { ...follower, seekLeadS, sought: { ...follower.sought, learned: true } };
}

function nudge(rate: number, error: number): Correction {
  const by = Math.max(-MOST_NUDGE, Math.min(MOST_NUDGE, error / WORK_OFF_IN_S));
  return { do: "run", rate: rate * (1 + by) };
}
