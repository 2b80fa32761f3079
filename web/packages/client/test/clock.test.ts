import { describe, expect, it } from "vitest";
import { observe, roomTime, type ClockEstimate, type Probe } from "../src/clock";

const AHEAD_MS = 3_600_000;

/** A probe over a link whose two ways take this long, of a server that is `ahead` of us. */
function probe(sentAt: number, thereMs: number, backMs: number, ahead = AHEAD_MS): Probe {
  return { sentAt, receivedAt: sentAt + thereMs + backMs, serverTime: sentAt + thereMs + ahead };
}

function estimateOf(probes: Probe[]): ClockEstimate {
  const estimate = probes.reduce<ClockEstimate | null>(observe, null);
  if (estimate === null) throw new Error("no probes");
  return estimate;
}

describe("the room's clock", () => {
  it("is exact over a symmetric link", () => {
    expect(estimateOf([probe(0, 40, 40)]).offsetMs).toBe(AHEAD_MS);
  });

  it("believes the quickest probe, whatever came after it", () => {
    const { offsetMs, boundMs } = estimateOf([probe(0, 90, 10), probe(1000, 5, 5), probe(2000, 10, 200)]);
    expect(offsetMs).toBe(AHEAD_MS);
    expect(boundMs).toBe(5);
  });

  it("holds the truth within its bound on any asymmetric link", () => {
    for (const [there, back] of [
      [0, 100],
      [100, 0],
      [30, 70],
    ] as const) {
      const { offsetMs, boundMs } = estimateOf([probe(0, there, back)]);
      expect(Math.abs(offsetMs - AHEAD_MS)).toBeLessThanOrEqual(boundMs);
    }
  });

  it("starts over when a clock was set", () => {
    const stepped = probe(2000, 50, 50, AHEAD_MS + 60_000);
    expect(estimateOf([probe(0, 5, 5), probe(1000, 5, 5), stepped]).offsetMs).toBe(AHEAD_MS + 60_000);
  });

  it("forgets a quick probe that is too old to say where a drifting clock is now", () => {
    const { boundMs } = estimateOf([probe(0, 1, 1), probe(200_000, 20, 20)]);
    expect(boundMs).toBe(20);
  });

  it("is the local clock until it was probed", () => {
    expect(roomTime(null, 42)).toBe(42);
    expect(roomTime(estimateOf([probe(0, 1, 1)]), 42)).toBe(42 + AHEAD_MS);
  });
});
