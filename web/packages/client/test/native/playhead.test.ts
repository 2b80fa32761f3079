import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Pacing } from "../../src/native/pacing";
import { Playhead, type ReadableVideo } from "../../src/native/playhead";

type Frame = Pick<VideoFrameCallbackMetadata, "mediaTime" | "expectedDisplayTime">;

const OFFSET_MS = 5_000;

/** Media that run by the local clock, as a browser of one kind or another tells it. */
class Reels {
  playbackRate = 1;
  stepMs = 0;
  private wanted: ((now: number, frame: Frame) => void) | null = null;

  get truthMs(): number {
    return performance.now() + OFFSET_MS;
  }

  get currentTime(): number {
    const { stepMs, truthMs } = this;
    return (stepMs === 0 ? truthMs : Math.floor(truthMs / stepMs) * stepMs) / 1000;
  }

  requestVideoFrameCallback(heard: (now: number, frame: Frame) => void): number {
    this.wanted = heard;
    return 1;
  }

  cancelVideoFrameCallback(): void {
    this.wanted = null;
  }

  /** A frame that will be seen in 10 ms. */
  frame(): void {
    const shown = performance.now() + 10;
    this.wanted?.(performance.now(), { mediaTime: (shown + OFFSET_MS) / 1000, expectedDisplayTime: shown });
  }

  get asVideo(): ReadableVideo {
    return this as unknown as ReadableVideo;
  }
}

let reels: Reels;
let playhead: Playhead;

beforeEach(() => {
  vi.useFakeTimers();
  reels = new Reels();
  playhead = new Playhead(reels.asVideo, () => performance.now());
  playhead.start();
});

afterEach(() => {
  vi.useRealTimers();
});

/** How far off each reading was, and how far off it was said to be at most. */
function read(times: number, everyMs: number): { off: number; unsure: number }[] {
  return Array.from({ length: times }, () => {
    vi.advanceTimersByTime(everyMs);
    reels.frame();
    const { positionMs, unsureMs } = playhead.read();
    return { off: Math.abs(positionMs - reels.truthMs), unsure: unsureMs };
  });
}

describe("a reading of where a player is", () => {
  it("is the player's own clock where that runs smoothly", () => {
    const last = read(20, 100).at(-1);
    expect(last?.off).toBeLessThan(0.01);
    expect(last?.unsure).toBeLessThan(1.1);
  });

  it("is by the frames where the clock stands still between updates", () => {
    reels.stepMs = 250;
    const readings = read(40, 100).slice(10);
    for (const { off, unsure } of readings) expect(off).toBeLessThanOrEqual(unsure);
    expect(readings.at(-1)).toMatchObject({ unsure: 17 });
    expect(readings.at(-1)?.off).toBeLessThan(1);
  });

  it("says how unsure it is where there are no frames either", () => {
    playhead.stop();
    reels.stepMs = 250;
    const readings = read(40, 90).slice(20);
    expect(Math.min(...readings.map(({ unsure }) => unsure))).toBeGreaterThan(50);
  });

  it("is exact at rest", () => {
    expect(playhead.atRest()).toEqual({ positionMs: reels.currentTime * 1000, unsureMs: 0 });
  });
});

describe("a change of speed", () => {
  it.each([
    [1.004, 1, false],
    [0.95, 1, true],
    [1.5, 1.5, true],
    [1, 1, false],
  ])("to %f in a room at %f keeps the pitch: %s", (rate, chosen, kept) => {
    const video = { playbackRate: 1, preservesPitch: true };
    new Pacing(video).set(1, 1);
    new Pacing(video).set(rate, chosen);
    expect(video).toEqual({ playbackRate: rate, preservesPitch: kept });
  });

  it("that nobody could hear is none", () => {
    const set = vi.fn();
    const video = {
      get playbackRate(): number {
        return 1;
      },
      set playbackRate(rate: number) {
        set(rate);
      },
    };
    new Pacing(video).set(1.00001, 1);
    expect(set).not.toHaveBeenCalled();
  });
});
