import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { stateOf, targetAt, type RoomState } from "../../src/native/room-state";
import { NativeFollower, type FollowedRoom, type Sound } from "../../src/native/video-follower";
import type { Report, Timeline } from "../../src/native/wire";
import { FIRST_VIEW } from "../../src/native/room-state";
import { Film } from "./film";
import { aRoom, person } from "./server";

const AHEAD_MS = 1_000_000;
const LEAD_MS = 150;

let film: Film;
let state: RoomState | null;
let bound: number;
let reports: Report[];
let sounds: Sound[];
let follower: NativeFollower;
let listeners: Set<() => void>;

const room: FollowedRoom = {
  view: () => ({ ...FIRST_VIEW, connection: "connected", me: "ben", room: state }),
  subscribe: (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  roomNow: () => performance.now() + AHEAD_MS,
  bound: () => bound,
  report: (sample) => void reports.push(sample),
};

beforeEach(() => {
  vi.useFakeTimers();
  film = new Film();
  state = stateOf({ ...aRoom(), timeline: { position: 10_000, rate: 1, playing: false, at: 0 } });
  bound = 1;
  reports = [];
  sounds = [];
  listeners = new Set();
  follower = new NativeFollower(film.asVideo, room, { onSound: (sound) => sounds.push(sound) });
});

afterEach(() => {
  follower.stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

/** Announced a little ahead, as the server does. */
function moves(change: Partial<Timeline>, leadMs = LEAD_MS): void {
  if (state === null) throw new Error("there is no room");
  const at = room.roomNow() + leadMs;
  const position = targetAt(state, null, at);
  const { timeline } = state;
  state = {
    ...state,
    timeline: { ...timeline, position, at, ...change },
    earlier: [timeline],
    previousTimeline: timeline,
  };
  for (const listener of listeners) listener();
}

function error(): number {
  if (state === null) throw new Error("there is no room");
  return film.currentTime * 1000 - targetAt(state, "ben", room.roomNow());
}

describe("a video that follows a room", () => {
  it("stands where the room stands", async () => {
    follower.start();
    await pass(300);
    expect(film.paused).toBe(true);
    expect(film.currentTime).toBe(10);
    expect(follower.error()).toBeCloseTo(0);
  });

  it("starts with the room at the announced moment, though starting takes time", async () => {
    follower.start();
    await pass(500);
    moves({ playing: true });
    await pass(LEAD_MS + 200);
    expect(film.paused).toBe(false);
    expect(Math.abs(error())).toBeLessThan(20);
    await pass(3_000);
    expect(Math.abs(error())).toBeLessThan(2);
  });

  it("starts the better the more often it has", async () => {
    follower.start();
    for (let round = 0; round < 4; round += 1) {
      // Each round follows the one before.
      // oxlint-disable no-await-in-loop
      moves({ playing: true });
      await pass(2_000);
      moves({ playing: false });
      await pass(1_000);
    }
    moves({ playing: true });
    await pass(LEAD_MS + 200);
    expect(Math.abs(error())).toBeLessThan(5);
  });

  it("goes on until an announced pause begins, and then stands on the spot", async () => {
    follower.start();
    moves({ playing: true });
    await pass(2_000);
    moves({ playing: false });
    await pass(LEAD_MS - 20);
    expect(film.paused).toBe(false);
    await pass(300);
    expect(film.paused).toBe(true);
    expect(error()).toBeCloseTo(0, 5);
  });

  it("pauses at once when it had only just been told to play", async () => {
    follower.start();
    await pass(300);
    moves({ playing: true }, 0);
    await pass(10);
    moves({ playing: false }, 0);
    await pass(5);
    expect(film.paused).toBe(true);
  });

  it("is there soon after a jump, by one seek", async () => {
    follower.start();
    moves({ playing: true });
    await pass(2_000);
    film.seeks = [];
    moves({ position: 40_000 });
    await pass(LEAD_MS + 500);
    expect(Math.abs(error())).toBeLessThan(20);
    expect(film.seeks).toHaveLength(1);
  });

  it("comes in where the room is when it is late", async () => {
    moves({ playing: true, position: 20_000 }, -5_000);
    follower.start();
    await pass(1_500);
    expect(Math.abs(error())).toBeLessThan(20);
  });

  it("works off a small error without a seek", async () => {
    follower.start();
    moves({ playing: true });
    await pass(3_000);
    film.seeks = [];
    moves({ position: targetAt(state as RoomState, null, room.roomNow() + LEAD_MS) + 30 });
    await pass(LEAD_MS + 6_000);
    expect(film.seeks).toEqual([]);
    expect(Math.abs(error())).toBeLessThan(5);
  });

  it("follows the room's speed", async () => {
    follower.start();
    moves({ playing: true, rate: 1.5 });
    await pass(3_000);
    expect(film.playbackRate).toBeCloseTo(1.5, 1);
    expect(Math.abs(error())).toBeLessThan(5);
  });

  it("is as far on as its member wants to be", async () => {
    state = { ...(state as RoomState), members: [{ ...person("ben", "Ben"), offset: 300 }] };
    follower.start();
    await pass(300);
    expect(film.currentTime).toBeCloseTo(10.3);
  });

  it("stands at its end when the room has gone past it", async () => {
    state = { ...(state as RoomState), media: null };
    moves({ playing: true, position: 59_000 });
    follower.start();
    await pass(3_000);
    expect(film).toMatchObject({ paused: true, currentTime: 60 });
    expect(reports.at(-1)?.state).toBe("ended");
  });

  it("catches up by itself when it ran out of data", async () => {
    follower.start();
    moves({ playing: true });
    await pass(2_000);
    film.starve(true);
    await pass(3_000);
    expect(film.seeks.length).toBeLessThan(3);
    film.starve(false);
    await pass(2_000);
    expect(Math.abs(error())).toBeLessThan(20);
  });

  it.each([
    ["the film has not loaded", () => void (film.loaded = false)],
    ["there is no room yet", () => void (state = null)],
    ["the room's time is not known", () => void (bound = Infinity)],
  ])("does and says nothing while %s", async (_, spoil) => {
    spoil();
    follower.start();
    await pass(2_000);
    expect([film.plays, film.seeks, reports]).toEqual([0, [], []]);
    expect(follower.error()).toBeNull();
  });

  it("lets go of everything when it stops", async () => {
    follower.start();
    moves({ playing: true });
    await pass(1_000);
    follower.stop();
    expect([film.paused, film.listened, listeners.size]).toEqual([true, 0, 0]);
    await pass(100);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("what it reports", () => {
  it("is where it is, how far off, and how sure that is, twice a second", async () => {
    follower.start();
    moves({ playing: true });
    await pass(5_000);
    reports = [];
    await pass(2_000);
    expect(reports).toHaveLength(4);
    const [said] = reports;
    expect(said).toMatchObject({ state: "playing" });
    expect(Math.abs(said?.error ?? 99)).toBeLessThan(5);
    expect(said?.bound).toBeGreaterThan(1);
    expect(said?.bound).toBeLessThan(5);
  });

  it("is no error while it is held, seeks or waits for data", async () => {
    follower.start();
    moves({ playing: true });
    await pass(2_000);
    film.starve(true);
    await pass(1_000);
    expect(reports.at(-1)).toMatchObject({ state: "buffering", error: null });
    film.starve(false);
    await pass(3_000);
    film.seekMs = 2_000;
    moves({ position: 50_000 });
    await pass(1_200);
    expect(reports.at(-1)).toMatchObject({ state: "seeking", error: null });
  });

  it("is nothing but that it is in the background while nobody sees it", async () => {
    follower.start();
    moves({ playing: true });
    await pass(3_000);
    vi.stubGlobal("document", { visibilityState: "hidden" });
    await pass(1_000);
    expect(reports.at(-1)).toMatchObject({ state: "background", error: null });
    expect(film.playbackRate).toBe(1);
    moves({ playing: false });
    await pass(1_000);
    expect(film.paused).toBe(true);
  });
});

describe("sound", () => {
  it("is given up when the browser refuses it, until a click", async () => {
    film.refusesSound = true;
    follower.start();
    moves({ playing: true });
    await pass(1_000);
    expect(film).toMatchObject({ paused: false, muted: true });
    film.refusesSound = false;
    follower.enableSound();
    expect(film.muted).toBe(false);
    expect(sounds).toEqual(["blocked", "on"]);
  });

  it("is not asked for all the time when the browser plays nothing at all", async () => {
    film.refusesAll = true;
    follower.start();
    moves({ playing: true });
    await pass(5_000);
    expect(film.plays).toBeLessThan(15);
    film.refusesAll = false;
    await pass(3_000);
    expect(film.paused).toBe(false);
  });
});
