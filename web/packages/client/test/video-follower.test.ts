import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { firstView, type RoomView } from "../src/room-view";
import { VideoFollower, type FollowableVideo, type Sound } from "../src/video-follower";
import { positionAt, type Timeline } from "../src/position";

/** A video without a picture: it plays when told to, fires what a real one fires, and may refuse sound. */
class Video {
  duration = 60;
  ended = false;
  muted = false;
  readyState = 4;
  seeking = false;
  refusesSound = false;
  fastBy = 0;
  private readonly listeners = new Map<string, () => void>();
  private course = { from: 0, at: 0, rate: 1, paused: true };

  get currentTime(): number {
    const { from, at, rate, paused } = this.course;
    return paused ? from : from + ((performance.now() - at) / 1000) * (rate + this.fastBy);
  }

  set currentTime(to: number) {
    this.turn({ from: to });
  }

  get playbackRate(): number {
    return this.course.rate;
  }

  set playbackRate(rate: number) {
    this.turn({ rate });
  }

  get paused(): boolean {
    return this.course.paused;
  }

  async play(): Promise<void> {
    if (this.refusesSound && !this.muted) throw new DOMException("no gesture", "NotAllowedError");
    this.turn({ paused: false });
  }

  pause(): void {
    this.turn({ paused: true });
  }

  private turn(change: Partial<Video["course"]>): void {
    this.course = { ...this.course, from: this.currentTime, at: performance.now(), ...change };
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

let playing: Timeline;

let video: Video;
let view: RoomView;
let reports: number[];
let sounds: Sound[];
let follower: VideoFollower;

beforeEach(() => {
  vi.useFakeTimers();
  playing = { playing: true, position: 20, rate: 1, anchoredAt: performance.now() };
  video = new Video();
  reports = [];
  sounds = [];
  view = { ...roomOf("ann"), timeline: playing };
  follower = new VideoFollower(
    video as unknown as FollowableVideo,
    {
      view: () => view,
      subscribe: () => () => undefined,
      position: () => view.timeline && positionAt(view.timeline, performance.now()),
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

function distance(): number {
  return Math.abs(video.currentTime - positionAt(playing, performance.now()));
}

async function look(ms = 100): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

describe("a video that follows the room", () => {
  it("starts, and is where the room is within three seconds", async () => {
    follower.start();
    await look(3000);
    expect(video.paused).toBe(false);
    expect(distance()).toBeLessThan(0.005);
  });

  it("stays there though its clock runs fast", async () => {
    follower.start();
    await look(1000);
    video.fastBy = 0.0002;
    await look(20_000);
    expect(distance()).toBeLessThan(0.005);
  });

  it("stops with the room, on the spot", async () => {
    follower.start();
    await look(1000);
    view = { ...view, timeline: { ...playing, playing: false, position: 20.4 } };
    await look();
    expect(video.paused).toBe(true);
    expect(video.currentTime).toBe(20.4);
  });

  it("stands at its end when the room has gone past it", async () => {
    view = { ...view, timeline: { ...playing, position: 75 } };
    follower.start();
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
    await look(1000);
    expect(video).toMatchObject({ paused: false, muted: true });
    follower.allowSound();
    expect(video.muted).toBe(false);
    expect(sounds).toEqual(["blocked", "on"]);
  });

  it("reports where the video is, but not while that is worth nothing", async () => {
    follower.start();
    await look(1000);
    video.fire("timeupdate");
    video.seeking = true;
    video.fire("timeupdate");
    video.seeking = false;
    video.pause();
    video.fire("timeupdate");
    expect(reports).toEqual([expect.closeTo(video.currentTime)]);
  });

  it("keeps quiet while far off if its word would move the room", async () => {
    follower.start();
    await look(1000);
    video.currentTime = 10;
    view = { ...view, adminId: "ben" };
    video.fire("timeupdate");
    expect(reports).toEqual([]);
    view = { ...view, adminId: "ann" };
    video.fire("timeupdate");
    expect(reports).toEqual([expect.closeTo(10)]);
  });
});
