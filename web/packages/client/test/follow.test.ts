import { describe, expect, it } from "vitest";
import vectors from "../../../../tests/vectors/follow.json" with { type: "json" };
import { Follower, type Action, type PlayerState, type Sample } from "../src/follow";

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

function heard(told: (number | boolean | string)[]): Sample {
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
