import { describe, expect, it } from "vitest";
import { calculateSyncCommand, driftOf, qualityOf, targetPosition } from "../../src/guides";

const host = { trackUri: "spotify:track:x", position: 45_000, timestamp: 1_000_000 };

describe("the drift algorithm of guide 000", () => {
  it("expects the host where it was and as much further on as time has passed", () => {
    expect(targetPosition(host, 0, 1_003_000)).toBe(48_000);
    expect(targetPosition(host, 150, 1_003_000)).toBe(48_150);
    expect(targetPosition({ ...host, isPlaying: false }, 150, 1_003_000)).toBe(45_150);
    expect(targetPosition({ ...host, position: 0 }, -500, 1_000_000)).toBe(0);
  });

  it("says who is ahead and who behind", () => {
    expect(driftOf(host, 48_400, 0, 1_003_000)).toBe(400);
    expect(driftOf(host, 47_600, 0, 1_003_000)).toBe(-400);
  });

  it.each([
    [49_000, null],
    [47_000, null],
    [49_001, "seek"],
    [46_999, "seek"],
  ])("has a client at %i do: %s", (position, action) => {
    const command = calculateSyncCommand(host, { position }, 0, 1_003_000);
    expect(command?.action ?? null).toBe(action);
  });

  it("says where to, with the offset in it", () => {
    expect(calculateSyncCommand(host, { position: 0 }, 150, 1_003_000)).toEqual({
      action: "seek",
      trackUri: host.trackUri,
      position: 48_150,
      timestamp: 1_003_000,
    });
  });

  it.each([
    [99, "excellent"],
    [-100, "good"],
    [499, "good"],
    [500, "fair"],
    [-999, "fair"],
    [1_000, "poor"],
  ])("calls a drift of %i %s", (drift, quality) => {
    expect(qualityOf(drift)).toBe(quality);
  });
});
