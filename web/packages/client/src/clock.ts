/**
 * The room's clock as estimated from here: pure values, local time passed in, milliseconds throughout.
 *
 * A probe that came back quickly cannot be far wrong: the server read its clock somewhere between sending
 * and receiving, so the truth is within half the round trip. The quickest recent probe is believed.
 */

export interface Probe {
  sentAt: number;
  receivedAt: number;
  serverTime: number;
}

export interface ClockEstimate {
  /** Room time minus local time. */
  offsetMs: number;
  /** The offset is wrong by at most this much, as of its probe. */
  boundMs: number;
  kept: readonly Probe[];
}

const KEPT = 16;
const KEPT_FOR_MS = 120_000;

export function observe(estimate: ClockEstimate | null, probe: Probe): ClockEstimate {
  const stepped = estimate !== null && contradicts(estimate, probe);
  const recent = (stepped ? [] : (estimate?.kept ?? [])).filter(
    (kept) => probe.receivedAt - kept.receivedAt <= KEPT_FOR_MS,
  );
  const kept = [...recent, probe].slice(-KEPT);
  const quickest = kept.reduce((best, next) => (roundTrip(next) < roundTrip(best) ? next : best));
  return { offsetMs: offset(quickest), boundMs: roundTrip(quickest) / 2, kept };
}

export function roomTime(estimate: ClockEstimate | null, localTime: number): number {
  return localTime + (estimate?.offsetMs ?? 0);
}

const SLACK_MS = 50;

/** Two probes whose error bounds cannot both hold mean that one of the clocks was set. */
function contradicts(estimate: ClockEstimate, probe: Probe): boolean {
  return Math.abs(offset(probe) - estimate.offsetMs) > estimate.boundMs + roundTrip(probe) / 2 + SLACK_MS;
}

function roundTrip(probe: Probe): number {
  return Math.max(0, probe.receivedAt - probe.sentAt);
}

function offset(probe: Probe): number {
  return probe.serverTime - (probe.sentAt + probe.receivedAt) / 2;
}
