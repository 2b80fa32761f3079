import { describe, expect, it } from "vitest";
import { aheadOrBehind, clock, signedMs } from "../src/words";

describe("numbers in words", () => {
  it("shows hours only where there are any", () => {
    expect([0, 59.9, 61, 3725].map(clock)).toEqual(["0:00", "0:59", "1:01", "1:02:05"]);
  });

  it("says on which side of the room somebody is", () => {
    expect([12.4, -8, 0.2].map(signedMs)).toEqual(["+12 ms", "−8 ms", "±0 ms"]);
    expect(aheadOrBehind(-8)).toBe("8 milliseconds behind the room");
    expect(aheadOrBehind(12)).toBe("12 milliseconds ahead of the room");
    expect(aheadOrBehind(0.2)).toBe("exactly with the room");
  });
});
