import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SyncPlayer, type PlayerSocket, type SyncedVideo } from "../../src/guides";
import type { PlaybackState } from "../../src/wire";

/** A video that fires what a real one fires, a moment after it was told. */
class Video {
  paused = true;
  refuses = false;
  private at = 0;
  private readonly listeners = new Map<string, Set<() => void>>();

  get currentTime(): number {
    return this.at;
  }

  set currentTime(to: number) {
    this.at = to;
    setTimeout(() => this.fire("seeked"), 20);
  }

  async play(): Promise<void> {
    if (this.refuses) throw new DOMException("no gesture", "NotAllowedError");
    this.paused = false;
    setTimeout(() => this.fire("play"), 1);
  }

  pause(): void {
    this.paused = true;
    setTimeout(() => this.fire("pause"), 1);
  }

  addEventListener(event: string, listener: () => void): void {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(listener));
  }

  removeEventListener(event: string, listener: () => void): void {
    this.listeners.get(event)?.delete(listener);
  }

  fire(event: string): void {
    for (const listener of this.listeners.get(event) ?? []) listener();
  }
}

class FarEnd {
  sent: { roomId: string; userId: string; action: { type: string; data: object } }[] = [];
  private readonly listeners = new Map<string, (said: object) => void>();

  on(event: string, listener: (said: object) => void): void {
    this.listeners.set(event, listener);
  }

  off(event: string): void {
    this.listeners.delete(event);
  }

  emit(_: string, said: FarEnd["sent"][number]): void {
    this.sent.push(said);
  }

  say(event: string, said: object): void {
    this.listeners.get(event)?.(said);
  }

  get actions(): string[] {
    return this.sent.map(({ action }) => action.type);
  }
}

let video: Video;
let far: FarEnd;
let player: SyncPlayer;

beforeEach(() => {
  vi.useFakeTimers();
  video = new Video();
  far = new FarEnd();
  player = new SyncPlayer(video as unknown as SyncedVideo, far as unknown as PlayerSocket, "room-1", "ben");
});

afterEach(() => {
  vi.useRealTimers();
});

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

function state(isPlaying: boolean, currentTime: number): PlaybackState {
  return { isPlaying, currentTime, playbackRate: 1 };
}

function updated(by: string, now: PlaybackState): void {
  far.say("playback_updated", { userId: by, state: now, action: { type: "play", data: {} } });
}

describe("the player of guide 001", () => {
  it("says what the person does to the video", async () => {
    void video.play();
    await pass(10);
    video.currentTime = 40;
    await pass(30);
    video.pause();
    await pass(10);
    expect(far.sent).toEqual([
      { roomId: "room-1", userId: "ben", action: { type: "play", data: {} } },
      { roomId: "room-1", userId: "ben", action: { type: "seek", data: { currentTime: 40 } } },
      { roomId: "room-1", userId: "ben", action: { type: "pause", data: {} } },
    ]);
  });

  it("says where the video is, some four times a second however often it moves", async () => {
    for (let moves = 0; moves < 100; moves += 1) {
      video.fire("timeupdate");
      vi.advanceTimersByTime(10);
    }
    expect(far.actions.length).toBeGreaterThanOrEqual(4);
    expect(far.actions.length).toBeLessThanOrEqual(5);
    expect(new Set(far.actions)).toEqual(new Set(["updateTime"]));
  });

  it("does what others do, and never says that back", async () => {
    updated("ann", state(true, 30));
    await pass(100);
    expect(video).toMatchObject({ paused: false, currentTime: 30 });
    updated("ann", state(false, 31));
    await pass(100);
    expect(video).toMatchObject({ paused: true, currentTime: 31 });
    expect(far.actions).toEqual([]);
  });

  it("begins where the room is", async () => {
    far.say("initial_state", { currentState: state(true, 12), participants: [] });
    await pass(100);
    expect(video).toMatchObject({ paused: false, currentTime: 12 });
    expect(far.actions).toEqual([]);
  });

  it("leaves up to half a second as it is, and does not obey itself", async () => {
    updated("ann", state(false, 0.5));
    await pass(100);
    expect(video.currentTime).toBe(0);
    updated("ben", state(true, 90));
    await pass(100);
    expect(video).toMatchObject({ paused: true, currentTime: 0 });
  });

  it("knows the person's own jump from the one that it made", async () => {
    updated("ann", state(false, 30));
    await pass(100);
    video.currentTime = 30.1;
    await pass(100);
    expect(far.actions).toEqual(["seek"]);
  });

  it("tells everybody when a click starts what the browser had refused to", async () => {
    video.refuses = true;
    updated("ann", state(true, 0));
    await pass(100);
    video.refuses = false;
    void video.play();
    await pass(100);
    expect(far.actions).toEqual(["play"]);
  });

  it("lets only an admin choose what is watched", () => {
    const choice = { type: "changeProvider", data: { provider: "direct" } } as const;
    player.sendPlaybackAction(choice);
    expect(far.sent).toEqual([]);
    player.setAdmin(true);
    player.sendPlaybackAction(choice);
    expect(far.actions).toEqual(["changeProvider"]);
  });

  it("lets go of the video and the socket", async () => {
    player.destroy();
    void video.play();
    updated("ann", state(true, 50));
    await pass(100);
    expect([video.currentTime, far.sent]).toEqual([0, []]);
  });
});
