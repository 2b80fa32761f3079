import { describe, expect, it } from "vitest";
import vectors from "../../../../tests/vectors/follow.json" with { type: "json" };
import { Follower, MUSIC, VIDEO, type Action, type PlayerState, type Sample } from "../src/follow";
import { BROWSER, SimulatedPlayer, SLUGGISH, type Nature } from "./simulated-player";

const TICKS_PER_S = 200;

describe("the vectors shared with the Python client", () => {
  it.each(vectors)("$name", ({ limits, steps }) => {
    let follower = new Follower(limits);
    for (const step of steps) {
      let action: Action;
      if (step.forgiven) follower = follower.forgiven();
      [follower, action] = follower.step(heard(step.sample));
      const [rate, seekToMs, hold, lookInMs] = step.action as [number, number | null, boolean, number | null];
      expect(action.rate).toBeCloseTo(rate, 6);
      expect(action.hold).toBe(hold);
      expect(action.seekToMs).toEqual(seekToMs === null ? null : expect.closeTo(seekToMs, 6));
      expect(action.lookInMs).toEqual(lookInMs === null ? null : expect.closeTo(lookInMs, 6));
    }
  });
});

describe.each([
  ["a browser's video", BROWSER, VIDEO],
  ["a sluggish music player", SLUGGISH, MUSIC],
] as const)("%s", (_, nature: Nature, limits) => {
  const SEEDS = Array.from({ length: 30 }, (__, seed) => seed);

  it("joins late and is within 40 ms after 2.5 s", () => {
    for (const seed of SEEDS) {
      const player = new SimulatedPlayer(seed, nature, limits);
      player.run(2_500);
      expect(Math.abs(player.error)).toBeLessThan(40);
    }
  });

  it("then stays within 5 ms, at a speed that nobody hears, without a seek", () => {
    for (const seed of SEEDS.slice(0, 5)) {
      const player = new SimulatedPlayer(seed, nature, limits);
      player.run(10_000);
      const before = player.seeks.length;
      player.run(60_000);
      const [errors, rates] = [player.errors.slice(-60 * TICKS_PER_S), player.rates.slice(-60 * TICKS_PER_S)];
      expect(percentile(errors.map(Math.abs), 0.95)).toBeLessThan(5);
      expect(percentile(rates.map(offOne), 0.95)).toBeLessThan(0.005);
      expect(player.seeks.length).toBe(before);
    }
  });

  it("follows the room's own seek within 1.5 s", () => {
    const late = SEEDS.filter((seed) => {
      const player = new SimulatedPlayer(seed, nature, limits);
      player.run(10_000);
      player.roomMoves(200_000);
      player.run(1_500);
      return Math.abs(player.error) > 40;
    });
    expect(late.length).toBeLessThanOrEqual(1);
  });

  it("is back within 6 s of every stall, and was sought three times at most", () => {
    for (const seed of SEEDS) {
      const player = new SimulatedPlayer(seed, nature, limits);
      player.run(10_000);
      const before = player.seeks.length;
      player.stall(3_000);
      player.run(9_000);
      expect(Math.abs(player.error)).toBeLessThan(40);
      expect(player.seeks.length - before).toBeLessThanOrEqual(3);
    }
  });

  it("is not sought for ever though it stalls at every turn", () => {
    const player = new SimulatedPlayer(1, nature, limits);
    player.run(10_000);
    for (let n = 0; n < 60; n += 1) {
      player.stall(1_500);
      player.run(2_500);
    }
    const corrections = player.seeks.filter((at) => at > 10_000);
    expect(corrections.length).toBeGreaterThan(3);
    for (const [n, at] of corrections.slice(3).entries()) {
      expect(at - corrections[n]!).toBeGreaterThanOrEqual(30_000);
    }
  });
});

function offOne(rate: number): number {
  return Math.abs(rate - 1);
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((one, other) => one - other)[Math.floor(share * values.length)]!;
}

function heard(told: readonly (number | boolean | string)[]): Sample {
  const [nowMs, positionMs, targetMs, playing, rate, state, boundMs] = told as [
    number,
    number,
    number,
    boolean,
    number,
    PlayerState,
    number,
  ];
  return { nowMs, positionMs, targetMs, playing, rate, state, boundMs };
}
