import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SyncService, type PlaybackState, type SyncCommand, type SyncServiceOptions } from "../../src/guides";

const TRACK = "spotify:track:4uLU6hMCjMI75M1A2tKUQC";
const MINUTE = 60_000;

/** A player and a connection, as the services are to each other. */
class Desk {
  state: PlaybackState | null = { trackUri: TRACK, position: 45_000, isPlaying: true, duration: 180_000 };
  calls: unknown[][] = [];
  said: [event: string, data: unknown][] = [];
  startMs = 0;
  fails = false;
  private startedAt = performance.now();
  private readonly listeners = new Map<string, (data: unknown) => void>();
  private changed: (state: PlaybackState | null) => void = () => {};

  async getCurrentPlayback(): Promise<PlaybackState | null> {
    if (this.fails) throw new Error("Spotify is away");
    if (this.state === null) return null;
    const ran = this.state.isPlaying ? performance.now() - this.startedAt : 0;
    return { ...this.state, position: this.state.position + ran };
  }

  async play(uri?: string): Promise<void> {
    if (this.startMs > 0) await new Promise((done) => setTimeout(done, this.startMs));
    if (this.fails) throw new Error("Spotify is away");
    this.calls.push(["play", uri]);
  }

  async pause(): Promise<void> {
    this.calls.push(["pause"]);
  }

  async seek(position: number): Promise<void> {
    this.calls.push(["seek", position]);
  }

  onChange(listener: (state: PlaybackState | null) => void): () => void {
    this.changed = listener;
    return () => {
      this.changed = () => {};
    };
  }

  emit(event: string, data: unknown): void {
    this.said.push([event, data]);
  }

  on(event: string, listener: (data: never) => void): void {
    this.listeners.set(event, listener as (data: unknown) => void);
  }

  hear(event: string, data: unknown): void {
    this.listeners.get(event)?.(data);
  }

  now(state: Partial<PlaybackState>): void {
    this.startedAt = performance.now();
    this.state = { trackUri: TRACK, position: 0, isPlaying: true, duration: null, ...state };
  }

  tells(state: Partial<PlaybackState>): void {
    this.now(state);
    this.changed(this.state);
  }
}

let desk: Desk;
let sync: SyncService;

beforeEach(() => {
  vi.useFakeTimers();
  desk = new Desk();
  begin();
});

afterEach(() => {
  sync.stopSync();
  vi.useRealTimers();
});

function begin(options: SyncServiceOptions = {}, sessionId: string | null = "ABC123"): void {
  sync = new SyncService(desk, desk, { sessionId }, options);
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

async function told(command: Partial<SyncCommand>): Promise<void> {
  desk.hear("sync_command", { trackUri: TRACK, position: 45_150, timestamp: 1, ...command });
  await pass(0);
}

describe("a host", () => {
  it("says at once where it is, and every two minutes", async () => {
    sync.startHostSync();
    await pass(0);
    expect(desk.said).toEqual([
      [
        "playback_state",
        { sessionId: "ABC123", trackUri: TRACK, position: 45_000, isPlaying: true, timestamp: Date.now() },
      ],
    ]);
    await pass(2 * MINUTE);
    expect(desk.said).toHaveLength(2);
    await pass(2 * MINUTE);
    expect(desk.said).toHaveLength(3);
  });

  it.each<[string, Partial<PlaybackState>]>([
    ["another track plays", { trackUri: "spotify:track:other" }],
    ["it pauses", { isPlaying: false, position: 50_000 }],
    ["it jumps", { position: 120_000 }],
  ])("says so at once when %s", async (_, state) => {
    sync.startHostSync();
    await pass(5_000);
    desk.tells(state);
    expect(desk.said).toHaveLength(2);
    expect(desk.said[1]?.[1]).toMatchObject(state);
  });

  it("notices within seconds what its player does not tell", async () => {
    sync.startHostSync();
    await pass(5_000);
    desk.now({ trackUri: "spotify:track:other" });
    await pass(2_500);
    expect(desk.said).toHaveLength(2);
  });

  it("says nothing about a second more or less", async () => {
    sync.startHostSync();
    await pass(5_000);
    desk.tells({ position: 50_900 });
    expect(desk.said).toHaveLength(1);
  });

  it("says nothing when nothing plays, Spotify is away, or there is no session", async () => {
    const onError = vi.fn();
    begin({ onError });
    desk.state = null;
    sync.startHostSync();
    await pass(5_000);
    desk.fails = true;
    await pass(5_000);
    expect(onError).toHaveBeenCalled();
    sync.stopSync();
    desk.fails = false;
    begin({}, null);
    desk.now({});
    sync.startHostSync();
    await pass(5_000);
    expect(desk.said).toEqual([]);
  });

  it("stops saying, by itself too when the session has ended", async () => {
    const onEnded = vi.fn();
    begin({ onEnded });
    sync.startHostSync();
    sync.startHostSync();
    await pass(0);
    const ended = { sessionId: "ABC123", reason: "host_ended" };
    desk.hear("session_ended", ended);
    expect(onEnded).toHaveBeenCalledWith(ended);
    desk.tells({ trackUri: "spotify:track:other" });
    await pass(10 * MINUTE);
    expect(desk.said).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a client", () => {
  it.each<[Partial<SyncCommand>, unknown[][]]>([
    [
      { action: "play" },
      [
        ["play", TRACK],
        ["seek", 45_150],
      ],
    ],
    [{ action: "pause" }, [["pause"]]],
    [{ action: "seek" }, [["seek", 45_150]]],
    [
      { action: "switch_track" },
      [
        ["play", TRACK],
        ["seek", 0],
      ],
    ],
  ])("told to %o does what the guide says", async (command, calls) => {
    await told(command);
    expect(desk.calls).toEqual(calls);
  });

  it("seeks as much further as its player took to start", async () => {
    desk.startMs = 800;
    await told({ action: "play" });
    await pass(1_000);
    expect(desk.calls[1]).toEqual(["seek", 45_950]);
  });

  it("does one thing after another, and goes on when one fails", async () => {
    const onError = vi.fn();
    begin({ onError });
    desk.startMs = 500;
    await told({ action: "play" });
    await told({ action: "pause" });
    await pass(100);
    expect(desk.calls).toEqual([]);
    desk.fails = true;
    await pass(1_000);
    expect(onError).toHaveBeenCalledOnce();
    expect(desk.calls).toEqual([["pause"]]);
  });

  it("asks for a command of its own when the person wants one", async () => {
    await sync.requestSync();
    expect(desk.said).toEqual([["request_sync", { sessionId: "ABC123" }]]);
    begin({}, null);
    await expect(sync.requestSync()).rejects.toThrow("join a session");
  });

  it("hears how well it is doing", () => {
    const onStatus = vi.fn();
    begin({ onStatus });
    const status = { drift: 250, lastSync: "2025-10-20T10:40:00Z", quality: "good" };
    desk.hear("sync_status", status);
    expect(onStatus).toHaveBeenCalledWith(status);
  });

  it("says where it got to only if it was asked to", async () => {
    await told({ action: "pause" });
    expect(desk.said).toEqual([]);
    begin({ reportBack: true });
    await told({ action: "pause" });
    expect(desk.said).toMatchObject([["playback_state", { trackUri: TRACK }]]);
  });
});
