import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { firstView, type RoomView } from "../src/room-view";
import { VideoFollower, type FollowableVideo, type Sound } from "../src/video-follower";
import type { Timeline } from "../src/position";

/** A video without a picture: it plays when told to, fires what a real one fires, and may refuse sound. */
class Video {
  currentTime = 0;
  duration = 60;
  ended = false;
  muted = false;
  paused = true;
  playbackRate = 1;
  readyState = 4;
  seeking = false;
  refusesSound = false;
  private readonly listeners = new Map<string, () => void>();

  async play(): Promise<void> {
    if (this.refusesSound && !this.muted) throw new DOMException("no gesture", "NotAllowedError");
    this.paused = false;
  }

  pause(): void {
    this.paused = true;
  }

  addEventListener(event: string, listener: () => void): void {
    this.listeners.set(event, listener);
  }

  removeEventListener(event: string): void {
    this.listeners.delete(event);
  }

  fire(event: string): void {
    this.listeners.get(event)?.();
  }
}

const PLAYING: Timeline = { playing: true, position: 20, rate: 1, anchoredAt: 0 };

let video: Video;
let view: RoomView;
let position: number;
let reports: number[];
let sounds: Sound[];
let follower: VideoFollower;

beforeEach(() => {
  vi.useFakeTimers();
  video = new Video();
  reports = [];
  sounds = [];
  position = 20;
  view = { ...roomOf("ann"), timeline: PLAYING };
  follower = new VideoFollower(
    video as unknown as FollowableVideo,
    {
      view: () => view,
      subscribe: () => () => undefined,
      position: () => position,
      report: (currentTime) => reports.push(currentTime),
    },
    () => performance.now(),
    (sound) => sounds.push(sound),
  );
});

afterEach(() => {
  follower.stop();
  vi.useRealTimers();
});

function roomOf(adminId: string): RoomView {
  const currentState = { isPlaying: false, currentTime: 0, playbackRate: 1 };
  const media = { mediaId: "clip", mediaType: "movie", providerId: "library" } as const;
  return firstView({ id: "r1", name: "Films", adminId, participants: [], currentState, ...media }, "ben");
}

async function look(): Promise<void> {
  await vi.advanceTimersByTimeAsync(100);
}

describe("a video that follows the room", () => {
  it("starts, and jumps to where the room is", async () => {
    follower.start();
    await look();
    expect(video.paused).toBe(false);
    expect(video.currentTime).toBeCloseTo(20, 1);
  });

  it("stops with the room, on the spot", async () => {
    follower.start();
    await look();
    view = { ...view, timeline: { ...PLAYING, playing: false, position: 20.4 } };
    position = 20.4;
    await look();
    expect(video.paused).toBe(true);
    expect(video.currentTime).toBe(20.4);
  });

  it("stands at its end when the room has gone past it", async () => {
    follower.start();
    position = 75;
    await look();
    expect(video.paused).toBe(true);
    expect(video.currentTime).toBe(60);
  });

  it("waits for a video that has not loaded", async () => {
    video.readyState = 0;
    follower.start();
    await look();
    expect(video.paused).toBe(true);
    expect(video.currentTime).toBe(0);
  });

  it("follows in silence when the browser refuses sound, until a click allows it", async () => {
    video.refusesSound = true;
    follower.start();
    await look();
    expect(video).toMatchObject({ paused: false, muted: true });
    follower.allowSound();
    expect(video.muted).toBe(false);
    expect(sounds).toEqual(["blocked", "on"]);
  });

  it("reports where the video is, but not while that is worth nothing", async () => {
    follower.start();
    await look();
    video.fire("timeupdate");
    video.seeking = true;
    video.fire("timeupdate");
    video.seeking = false;
    video.paused = true;
    video.fire("timeupdate");
    expect(reports).toEqual([video.currentTime]);
  });

  it("keeps quiet while far off if its word would move the room", async () => {
    follower.start();
    await look();
    video.currentTime = 10;
    view = { ...view, adminId: "ben" };
    video.fire("timeupdate");
    expect(reports).toEqual([]);
    view = { ...view, adminId: "ann" };
    video.fire("timeupdate");
    expect(reports).toEqual([10]);
  });
});
