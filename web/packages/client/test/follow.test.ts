import { describe, expect, it } from "vitest";
import { follow, forgive, STILL, type Correction, type Follower, type Sample } from "../src/follow";

const STEP_MS = 100;

function sample(over: Partial<Sample>): Sample {
  return { nowMs: 0, position: 0, target: 0, playing: true, rate: 1, settled: true, ...over };
}

function correction(over: Partial<Sample>, follower: Follower = STILL): Correction {
  return follow(follower, sample(over))[1];
}

interface Run {
  errors: number[];
  rates: number[];
  seeks: number;
}

/** A player that starts `behindS` behind, takes `seekCostMs` to seek and otherwise does as it is told. */
function run(behindS: number, seekCostMs: number, seconds: number, follower: Follower = STILL): Run {
  const result: Run = { errors: [], rates: [], seeks: 0 };
  let position = 100 - behindS;
  let busyUntil = -1;
  for (let nowMs = 0; nowMs < seconds * 1000; nowMs += STEP_MS) {
    const target = 100 + nowMs / 1000;
    const settled = nowMs >= busyUntil;
    result.errors.push(Math.abs(target - position));
    const [next, told] = follow(follower, sample({ nowMs, position, target, settled }));
    follower = next;
    if (told.do === "seek") {
      position = told.to;
      busyUntil = nowMs + seekCostMs;
      result.seeks += 1;
    } else if (settled) {
      position += (STEP_MS / 1000) * told.rate;
    }
    result.rates.push(told.rate);
  }
  return result;
}

describe("following the room", () => {
  it("leaves a player alone that is near enough", () => {
    expect(correction({ position: 10, target: 10.014 })).toEqual({ do: "run", rate: 1 });
  });

  it("plays faster when behind and slower when ahead, by five per cent at most", () => {
    expect(correction({ position: 10, target: 10.4 })).toEqual({ do: "run", rate: 1.05 });
    expect(correction({ position: 10.4, target: 10 })).toEqual({ do: "run", rate: 0.95 });
  });

  it("nudges relative to the room's own speed", () => {
    expect(correction({ position: 10, target: 10.4, rate: 2 })).toEqual({ do: "run", rate: 2.1 });
  });

  it("jumps when more than half a second off", () => {
    expect(correction({ position: 10, target: 10.6 })).toEqual({ do: "seek", to: 10.6, rate: 1 });
  });

  it("works off 400 ms by speed alone, and stays under 30 ms", () => {
    const { errors, rates, seeks } = run(0.4, 0, 30);
    expect(seeks).toBe(0);
    expect(Math.max(...errors.slice(-100))).toBeLessThan(0.03);
    expect(Math.max(...rates)).toBeLessThanOrEqual(1.05);
    expect(rates.at(-1)).toBe(1);
  });

  it("reaches a room far away with one jump, though the jump takes time", () => {
    const { errors, seeks } = run(60, 300, 20);
    expect(seeks).toBe(1);
    expect(errors.at(-1)).toBeLessThan(0.03);
  });

  it("knows at the second jump what the first one cost", () => {
    let [follower] = follow(STILL, sample({ position: 0, target: 60 }));
    [follower] = follow(follower, sample({ nowMs: 300, position: 60, target: 60.3 }));
    const again = correction({ nowMs: 40_000, position: 0, target: 90 }, follower);
    expect(again).toEqual({ do: "seek", to: expect.closeTo(90.3), rate: 1 });
  });

  it("forgets a cost that was a stall", () => {
    let [follower] = follow(STILL, sample({ position: 0, target: 60 }));
    [follower] = follow(follower, sample({ nowMs: 3000, position: 60, target: 63 }));
    expect(follower.seekLeadS).toBe(0);
  });

  it("does not seek for ever when every jump stalls", () => {
    expect(run(60, 2000, 60).seeks).toBeLessThan(10);
  });

  it("ignores what a seeking or starved player says", () => {
    expect(correction({ position: 0, target: 60, settled: false })).toEqual({ do: "run", rate: 1 });
  });

  it("puts a paused player on the very spot, once", () => {
    const [rested, first] = follow(STILL, sample({ playing: false, position: 10, target: 10.2 }));
    expect(first).toEqual({ do: "seek", to: 10.2, rate: 1 });
    const landedBeside = sample({ playing: false, position: 10.16, target: 10.2 });
    expect(follow(rested, landedBeside)[1]).toEqual({ do: "run", rate: 1 });
  });

  it("obeys a person's seek at once, even just after a jump of its own", () => {
    const [follower] = follow(STILL, sample({ position: 0, target: 60 }));
    const afterwards = { nowMs: 200, position: 60, target: 5 };
    expect(correction(afterwards, follower).do).toBe("run");
    expect(correction(afterwards, forgive(follower)).do).toBe("seek");
  });
});
