import { describe, expect, it } from "vitest";
import vectors from "../../../../tests/vectors/clock.json" with { type: "json" };
import {
  boundAt,
  driftPpm,
  nextProbeInMs,
  observe,
  quickestMs,
  roomTime,
  type ClockEstimate,
  type Probe,
} from "../src/clock";

const AHEAD_MS = 3_600_000;

/** A probe over a link whose two ways take this long, of a server that is `ahead` of us. */
function probe(sentAt: number, thereMs: number, backMs: number, ahead = AHEAD_MS): Probe {
  return { sentAt, receivedAt: sentAt + thereMs + backMs, serverTime: sentAt + thereMs + ahead };
}

function estimateOf(probes: readonly Probe[]): ClockEstimate {
  const estimate = probes.reduce<ClockEstimate | null>(observe, null);
  if (estimate === null) throw new Error("no probes");
  return estimate;
}

function errorAt(estimate: ClockEstimate, at: number, ahead = AHEAD_MS): number {
  return roomTime(estimate, at) - (at + ahead);
}

function drifted(at: number): number {
  return AHEAD_MS + at * 80e-6;
}

function every(ms: number, count: number, make: (at: number) => Probe): Probe[] {
  return Array.from({ length: count }, (_, n) => make(n * ms));
}

describe("the room's clock", () => {
  it("is exact over a symmetric link", () => {
    expect(errorAt(estimateOf([probe(0, 40, 40)]), 80)).toBeCloseTo(0, 6);
  });

  it("believes quick probes over slow ones", () => {
    const estimate = estimateOf([probe(0, 90, 10), probe(1000, 5, 5), probe(2000, 10, 200)]);
    expect(Math.abs(errorAt(estimate, 2210))).toBeLessThan(3);
    expect(boundAt(estimate, 2210)).toBeLessThan(10);
  });

  it("holds the truth within its bound on any lopsided link", () => {
    for (const [there, back] of [
      [0, 100],
      [100, 0],
      [30, 70],
    ] as const) {
      const estimate = estimateOf(every(1000, 5, (at) => probe(at, there, back)));
      expect(Math.abs(errorAt(estimate, 4100))).toBeLessThanOrEqual(boundAt(estimate, 4100));
      expect(boundAt(estimate, 4100)).toBeLessThanOrEqual(102);
    }
  });

  it("learns a drift of 80 ppm, and is right long after", () => {
    const estimate = estimateOf(every(5000, 24, (at) => probe(at, 1, 1, drifted(at + 1))));
    expect(driftPpm(estimate)).toBeCloseTo(80, 0);
    expect(Math.abs(errorAt(estimate, 175_000, drifted(175_000)))).toBeLessThan(0.5);
    expect(boundAt(estimate, 175_000)).toBeLessThan(5);
  });

  it("starts over when a clock was set", () => {
    const stepped = probe(2000, 50, 50, AHEAD_MS + 60_000);
    const estimate = estimateOf([probe(0, 5, 5), probe(1000, 5, 5), stepped]);
    expect(errorAt(estimate, 2100, AHEAD_MS + 60_000)).toBeCloseTo(0, 6);
    expect(estimate.probes).toEqual([stepped]);
  });

  it("doubts itself more the longer it has not asked", () => {
    const estimate = estimateOf([probe(0, 1, 1)]);
    expect(boundAt(estimate, 60_002)).toBeGreaterThan(boundAt(estimate, 2) + 10);
  });

  it("asks in a burst first, then ever more rarely, and in a burst again after silence", () => {
    const waits: number[] = [];
    let estimate: ClockEstimate | null = null;
    for (let n = 0, at = 0; n < 60; n += 1) {
      estimate = observe(estimate, probe(at, 1, 1));
      waits.push(nextProbeInMs(estimate, at + 2));
      at += 2 + waits[n]!;
    }
    expect(nextProbeInMs(null, 0)).toBe(0);
    expect(waits.slice(0, 8)).toEqual(Array(8).fill(60));
    expect(waits).toEqual(waits.toSorted((one, other) => one - other));
    expect(waits.at(-1)).toBe(12_000);
    const later = estimate!.atMs + 40_000;
    expect(nextProbeInMs(estimate, later)).toBe(0);
    expect(nextProbeInMs(observe(estimate, probe(later, 1, 1)), later + 2)).toBe(60);
  });

  it("keeps a bounded number of probes, and a bounded polygon", () => {
    const estimate = estimateOf(every(1000, 500, (at) => probe(at, 20 + (at % 7), 20 + (at % 11))));
    expect(estimate.probes.length).toBeLessThanOrEqual(48);
    expect(estimate.region.length).toBeLessThanOrEqual(48);
  });

  it("is the local clock until it was probed", () => {
    expect(roomTime(null, 42)).toBe(42);
    expect(boundAt(null, 42)).toBe(Infinity);
    expect(quickestMs(null)).toBe(Infinity);
  });
});

describe("the vectors shared with the Python client", () => {
  it.each(vectors)("$name", ({ steps }) => {
    let estimate: ClockEstimate | null = null;
    for (const step of steps) {
      const [sentAt, receivedAt, serverTime] = step.probe as [number, number, number];
      estimate = observe(estimate, { sentAt, receivedAt, serverTime });
      expect(roomTime(estimate, step.at)).toBeCloseTo(step.room, 6);
      expect(boundAt(estimate, step.at)).toBeCloseTo(step.bound, 6);
      expect(quickestMs(estimate)).toBeCloseTo(step.rtt, 6);
      expect(driftPpm(estimate)).toBeCloseTo(step.driftPpm, 6);
      expect(nextProbeInMs(estimate, step.at)).toBeCloseTo(step.nextProbeIn, 6);
    }
  });
});
