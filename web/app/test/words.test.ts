import { describe, expect, it } from "vitest";
import {
  aheadOrBehind,
  boundMs,
  clock,
  inSeconds,
  namesOf,
  qualityOf,
  secondsLeft,
  signedMs,
} from "../src/words";

describe("numbers in words", () => {
  it("shows hours only where there are any", () => {
    expect([0, 59_900, 61_000, 3_725_000].map(clock)).toEqual(["0:00", "0:59", "1:01", "1:02:05"]);
    expect(clock(-5)).toBe("0:00");
  });

  it("says on which side of the room somebody is", () => {
    expect([12.4, -8, 0.2].map(signedMs)).toEqual(["+12 ms", "−8 ms", "±0 ms"]);
    expect(aheadOrBehind(-8)).toBe("8 milliseconds behind the room");
    expect(aheadOrBehind(12)).toBe("12 milliseconds ahead of the room");
    expect(aheadOrBehind(0.2)).toBe("exactly with the room");
  });

  it("says far away in seconds", () => {
    expect(signedMs(-61_240)).toBe("−61.2 s");
  });

  it("never says that a number is surer than it is", () => {
    expect([0.2, 3.1, 12_300].map(boundMs)).toEqual(["± 1 ms", "± 4 ms", "± 13 s"]);
  });

  it("counts down in whole seconds and reaches nothing only at the end", () => {
    expect([5_000, 4_001, 1, 0, -700].map((left) => secondsLeft(left, 0))).toEqual([5, 5, 1, 0, 0]);
    expect([3, 1, 0].map(inSeconds)).toEqual(["in 3 seconds", "in 1 second", "now"]);
  });

  it("names a few people and counts the others", () => {
    expect(namesOf(["Ann"])).toBe("Ann");
    expect(namesOf(["Ann", "Ben"])).toBe("Ann and Ben");
    expect(namesOf(["Ann", "Ben", "Cid"])).toBe("Ann, Ben and Cid");
    expect(namesOf(["Ann", "Ben", "Cid", "Dee", "Eve"])).toBe("Ann, Ben and 3 others");
  });

  it("judges being ahead as it judges being behind", () => {
    expect([0, 39, -40, 99, -100, 499, 500].map(qualityOf)).toEqual([
      "excellent",
      "excellent",
      "good",
      "good",
      "fair",
      "fair",
      "poor",
    ]);
  });
});
