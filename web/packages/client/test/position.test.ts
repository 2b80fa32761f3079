import { describe, expect, it } from "vitest";
import { paused, played, positionAt, sought, timelineOf, type Timeline } from "../src/position";

const playing: Timeline = { playing: true, position: 10, rate: 1.5, anchoredAt: 1000 };

describe("the position on the timeline", () => {
  it("moves at the room's rate from where it was anchored", () => {
    expect(positionAt(playing, 3000)).toBe(13);
  });

  it("stands still while paused", () => {
    expect(positionAt({ ...playing, playing: false }, 99_000)).toBe(10);
  });

  it("is never before the beginning, however far a clock is off", () => {
    expect(positionAt(playing, -99_000)).toBe(0);
  });

  it("is the same at the instant of a pause, and of the play that follows", () => {
    const stopped = paused(playing, 3000);
    expect(positionAt(stopped, 8000)).toBe(13);
    expect(positionAt(played(stopped, 8000), 8000)).toBe(13);
  });

  it("goes on playing from where it was sought to", () => {
    expect(positionAt(sought(playing, 40, 3000), 4000)).toBe(41.5);
  });

  it("takes a rate of nothing, which some servers send, for the ordinary one", () => {
    expect(timelineOf({ isPlaying: true, currentTime: 1, playbackRate: 0 }, 0).rate).toBe(1);
  });
});
