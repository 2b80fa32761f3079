/**
 * The room's clock as known from here: its offset and drift against the local monotonic clock, with a bound.
 *
 * A probe proves two things. When it was sent the room's clock showed no more than what the server answered, and
 * when the answer came no less. So the offset, drawn over local time, is nearly a straight line that runs below a
 * point for each probe sent and above a point for each answer received. The lines that pass all of them are a convex
 * polygon in (offset, drift), and its corners bound the offset at any time: true by construction, however lopsided
 * the link. When no line passes, a clock was set or slept, and the probes from before that are dropped.
 *
 * Pure: local time is an argument, everything is milliseconds. The estimate inside the bound is a line fitted through
 * the probes, where those that came back quickly count for more. `tests/vectors/clock.json` holds the Python client's
 * clock to the same answers.
 */

export interface Probe {
  sentAt: number;
  receivedAt: number;
  serverTime: number;
}

export interface ClockEstimate {
  /** Those that hold together, the newest last. */
  probes: readonly Probe[];
  /** Probes since the last burst began. */
  burst: number;
  /** The local time of the newest answer. */
  atMs: number;
  /** Room time less local time at `atMs`. */
  offsetMs: number;
  /** The same in two parts: offsets can be large, and their differences matter. */
  baseMs: number;
  restMs: number;
  /** How much the offset grows in a millisecond. */
  drift: number;
  region: readonly Corner[];
  /** 1 or -1 when the newest probe lies oddly far above or below the line before it. */
  odd: -1 | 0 | 1;
}

/** Offset (less `baseMs`) and drift, as of `atMs`. */
type Corner = readonly [offset: number, drift: number];

const KEPT = 48;
const KEPT_FOR_MS = 600_000;
/** Two crystals that are each 125 ppm off. */
const MOST_DRIFT = 250e-6;
const LIKELY_DRIFT = 60e-6;
/** Drift itself changes, with temperature: by 0.02 ppm a second at most. */
const WANDER_PER_MS = 0.02e-6 / 1000;
/** Clocks are read in steps: a browser's in tenths of a millisecond. */
const READING_MS = 0.1;

const BURST = 8;
const BURST_EVERY_MS = 60;
const RARER_BY = 1.3;
const RAREST_MS = 12_000;
const SILENCE_MS = 30_000;

export function observe(estimate: ClockEstimate | null, probe: Probe): ClockEstimate;
export function observe(estimate: ClockEstimate | null, probe: Probe): ClockEstimate | null {
  if (!possible(probe)) return estimate;
  const side = estimate === null ? 0 : oddSide(estimate, probe);
  const stepped = side !== 0 && side === estimate?.odd;
  const known = estimate?.probes.slice(stepped ? -1 : 0) ?? [];
  const recent = known.filter((kept) => stillTells(kept, probe)).slice(1 - KEPT);
  const [probes, region] = agreeing([...recent, probe]);
  const rested = estimate !== null && probe.sentAt - estimate.atMs > SILENCE_MS;
  const burst = Math.min(rested ? 0 : (estimate?.burst ?? 0), probes.length - 1) + 1;
  const [restMs, drift] = line(probes, region);
  const baseMs = base(probe);
  const offsetMs = baseMs + restMs;
  return { probes, burst, atMs: probe.receivedAt, offsetMs, baseMs, restMs, drift, region, odd: side };
}

/** Before the first probe the local clock is all there is. */
export function roomTime(estimate: ClockEstimate | null, localTime: number): number {
  if (estimate === null) return localTime;
  return localTime + estimate.baseMs + offset(estimate, localTime);
}

/** `roomTime` is wrong by at most this; infinite before the first probe. */
export function boundAt(estimate: ClockEstimate | null, localTime: number): number {
  if (estimate === null) return Infinity;
  const age = localTime - estimate.atMs;
  const offsets = estimate.region.map(([corner, drift]) => corner + drift * age);
  const believed = offset(estimate, localTime);
  return Math.max(Math.max(...offsets) - believed, believed - Math.min(...offsets)) + wander(age);
}

/** The quickest round trip that is remembered; infinite before the first. */
export function quickestMs(estimate: ClockEstimate | null): number {
  return Math.min(...(estimate?.probes ?? []).map(roundTrip));
}

/** How much faster the room's clock runs than the local one. */
export function driftPpm(estimate: ClockEstimate | null): number {
  return (estimate?.drift ?? 0) * 1e6;
}

/** Ask after an answer came, or was given up; a probe under way does not count. */
export function nextProbeInMs(estimate: ClockEstimate | null, localTime: number): number {
  if (estimate === null) return 0;
  const silent = localTime - estimate.atMs;
  if (!(silent >= 0 && silent <= SILENCE_MS)) return 0;
  const rarer = estimate.odd !== 0 ? 1 : RARER_BY ** Math.max(0, estimate.burst - BURST);
  return Math.max(0, Math.min(BURST_EVERY_MS * rarer, RAREST_MS) - silent);
}

function offset(estimate: ClockEstimate, localTime: number): number {
  return estimate.restMs + estimate.drift * (localTime - estimate.atMs);
}

/**
 * A step smaller than the round trip may contradict nothing; but two probes in a row, on the same side and farther out
 * than their delay explains, are one.
 */
function oddSide(estimate: ClockEstimate, probe: Probe): -1 | 0 | 1 {
  if (estimate.probes.length < BURST) return 0;
  const middle = (probe.sentAt + probe.receivedAt) / 2;
  const off = probe.serverTime - middle - estimate.baseMs - offset(estimate, middle);
  const drifts = estimate.region.map((corner) => corner[1]);
  const unsure = (Math.max(...drifts) - Math.min(...drifts)) * Math.abs(middle - estimate.atMs);
  const excess = Math.max(0, roundTrip(probe) - quickestMs(estimate));
  if (Math.abs(off) <= (excess + usualExcess(estimate.probes)) / 2 + unsure + READING_MS) return 0;
  return off > 0 ? 1 : -1;
}

function roundTrip(probe: Probe): number {
  return probe.receivedAt - probe.sentAt;
}

function possible(probe: Probe): boolean {
  return Number.isFinite(probe.serverTime) && Number.isFinite(roundTrip(probe)) && roundTrip(probe) >= 0;
}

/** A probe from the future is from before the local clock was set back. */
function stillTells(kept: Probe, newest: Probe): boolean {
  const age = newest.receivedAt - kept.receivedAt;
  return age >= 0 && age <= KEPT_FOR_MS;
}

function base(probe: Probe): number {
  return probe.serverTime - probe.receivedAt;
}

function wander(ageMs: number): number {
  return (WANDER_PER_MS * ageMs * ageMs) / 2;
}

/** The newest probes that one line can pass, and the lines that do. */
function agreeing(probes: readonly Probe[]): [readonly Probe[], readonly Corner[]] {
  const newest = probes[probes.length - 1]!;
  const most = roundTrip(newest) + READING_MS;
  const rise = MOST_DRIFT * roundTrip(newest);
  let region: readonly Corner[] = [
    [-READING_MS, -MOST_DRIFT],
    [Math.max(most - rise, -READING_MS), -MOST_DRIFT],
    [most + rise, MOST_DRIFT],
    [-READING_MS, MOST_DRIFT],
  ];
  for (let agreed = 1; agreed < probes.length; agreed += 1) {
    const smaller = clipped(region, probes[probes.length - 1 - agreed]!, newest);
    if (smaller.length === 0) return [probes.slice(-agreed), region];
    region = smaller;
  }
  return [probes, region];
}

function clipped(region: readonly Corner[], probe: Probe, newest: Probe): readonly Corner[] {
  const at = newest.receivedAt;
  const slack = READING_MS + wander(at - probe.sentAt);
  const highest = probe.serverTime - probe.sentAt - base(newest) + slack;
  const lowest = probe.serverTime - probe.receivedAt - base(newest) - slack;
  const below = half(region, -1, at - probe.sentAt, highest);
  return half(below, 1, probe.receivedAt - at, -lowest);
}

/** The part of a convex polygon where byOffset · offset + byDrift · drift + constant ≥ 0. */
function half(
  region: readonly Corner[],
  byOffset: number,
  byDrift: number,
  constant: number,
): readonly Corner[] {
  const side = ([at, drift]: Corner): number => byOffset * at + byDrift * drift + constant;
  return region.flatMap((corner, i) => {
    const before = region.at(i - 1)!;
    const [here, there] = [side(corner), side(before)];
    const kept: Corner[] = here >= 0 ? [corner] : [];
    return here >= 0 === there >= 0 ? kept : [between(before, corner, there / (there - here)), ...kept];
  });
}

function between(one: Corner, other: Corner, share: number): Corner {
  return [one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1])];
}

/** Offset and drift by weighted least squares, with drift presumed small, and inside the region's extent. */
function line(probes: readonly Probe[], region: readonly Corner[]): [number, number] {
  const newest = probes[probes.length - 1]!;
  const quickest = Math.min(...probes.map(roundTrip));
  const usual = usualExcess(probes);
  let [w, wx, wxx, wy, wxy] = [0, 0, 0, 0, 0];
  for (const probe of probes) {
    const weight = 1 / variance(roundTrip(probe) - quickest, usual);
    const middle = (probe.sentAt + probe.receivedAt) / 2;
    const x = middle - newest.receivedAt;
    const y = probe.serverTime - middle - base(newest);
    w += weight;
    wx += weight * x;
    wxx += weight * x * x;
    wy += weight * y;
    wxy += weight * x * y;
  }
  wxx += 1 / LIKELY_DRIFT ** 2;
  const fitted = (w * wxy - wx * wy) / (w * wxx - wx * wx);
  const drift = within(
    fitted,
    region.map((corner) => corner[1]),
  );
  const rest = within(
    (wy - drift * wx) / w,
    region.map((corner) => corner[0]),
  );
  return [rest, drift];
}

function usualExcess(probes: readonly Probe[]): number {
  const trips = probes.map(roundTrip).toSorted((one, other) => one - other);
  return trips[Math.floor(trips.length / 2)]! - trips[0]!;
}

/** What a probe was slower than the quickest, it may have lost on one way alone, or on both. */
function variance(excessMs: number, usualMs: number): number {
  return READING_MS ** 2 + usualMs ** 2 / 16 + excessMs ** 2 / 12;
}

function within(value: number, values: readonly number[]): number {
  return Math.min(Math.max(value, Math.min(...values)), Math.max(...values));
}
