import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WatchRoom, type RoomSocket } from "../src/watch-room";
import type { PlaybackState, Room } from "../src/wire";

const SERVER_AHEAD_MS = 1_000_000;
const ONE_WAY_MS = 20;

const room: Room = {
  id: "r1",
  name: "Films",
  adminId: "ann",
  mediaId: "clip",
  mediaType: "movie",
  providerId: "library",
  participants: [],
  currentState: { isPlaying: false, currentTime: 0, playbackRate: 1 },
};
const people = [
  { userId: "ann", userName: "Ann", isAdmin: true, joinedAt: 1 },
  { userId: "ben", userName: "Ben", isAdmin: false, joinedAt: 2 },
];

/** The server's end of a socket: what was said to it, and a way to say something back. */
class FarEnd {
  connected = false;
  readonly heard: { event: string; body: Record<string, unknown> }[] = [];
  private readonly listeners = new Map<string, (body: unknown) => void>();

  on(event: string, listener: (body: unknown) => void): this {
    this.listeners.set(event, listener);
    return this;
  }

  emit(event: string, body: Record<string, unknown>): this {
    this.heard.push({ event, body });
    return this;
  }

  connect(): this {
    this.connected = true;
    this.say("connect");
    return this;
  }

  disconnect(): this {
    this.connected = false;
    return this;
  }

  lose(reason: string): void {
    this.connected = false;
    this.say("disconnect", reason);
  }

  say(event: string, body?: unknown): void {
    this.listeners.get(event)?.(body);
  }

  all(event: string): Record<string, unknown>[] {
    return this.heard.filter((said) => said.event === event).map((said) => said.body);
  }

  answerProbe(state: PlaybackState): void {
    vi.advanceTimersByTime(2 * ONE_WAY_MS);
    const timestamp = performance.now() - ONE_WAY_MS + SERVER_AHEAD_MS;
    this.say("sync_response", { currentState: state, timestamp, adminId: "ann" });
  }
}

let far: FarEnd;
let me: WatchRoom;

beforeEach(() => {
  vi.useFakeTimers();
  far = new FarEnd();
  me = new WatchRoom(far as unknown as RoomSocket, room, { userId: "ben", userName: "Ben" }, () =>
    performance.now(),
  );
});

afterEach(() => {
  vi.useRealTimers();
});

function joined(state: PlaybackState = { isPlaying: true, currentTime: 10, playbackRate: 1 }): void {
  far.connect();
  far.say("initial_state", { currentState: state, participants: people });
}

describe("a person in a room", () => {
  it("joins under a name as soon as there is a connection", () => {
    expect(far.heard).toEqual([]);
    far.connect();
    expect(far.all("join_room")).toEqual([{ roomId: "r1", userId: "ben", userName: "Ben" }]);
  });

  it("is where the room is from the first word on, though its clock is another", () => {
    joined();
    vi.advanceTimersByTime(2000);
    expect(me.position()).toBeCloseTo(12, 3);
  });

  it("allows for the way the answer came once it has probed the clock", () => {
    joined();
    far.answerProbe({ isPlaying: true, currentTime: 10, playbackRate: 1 });
    expect(me.view().clock?.offsetMs).toBeCloseTo(SERVER_AHEAD_MS, 3);
    expect(me.position()).toBeCloseTo(10 + ONE_WAY_MS / 1000, 3);
  });

  it("shows what it asks for before the server has confirmed it", () => {
    joined();
    me.pause();
    expect(me.view().timeline?.playing).toBe(false);
    expect(far.all("playback_action").at(-1)).toEqual({
      roomId: "r1",
      userId: "ben",
      action: { type: "pause", data: {} },
    });
  });

  it("is not set back by an answer that was asked for before it acted", () => {
    joined();
    me.seek(40);
    far.answerProbe({ isPlaying: true, currentTime: 10, playbackRate: 1 });
    expect(me.position()).toBeGreaterThanOrEqual(40);
  });

  it("obeys the server where the two disagree", () => {
    joined();
    me.seek(40);
    const state = { isPlaying: false, currentTime: 3, playbackRate: 1 };
    far.say("playback_updated", { action: { type: "pause", data: {} }, state, userId: "ann" });
    expect(me.position()).toBe(3);
  });

  it("never answers what it hears with an action", () => {
    joined();
    far.say("playback_updated", {
      action: { type: "seek", data: { currentTime: 50 } },
      state: { isPlaying: true, currentTime: 50, playbackRate: 1 },
      userId: "ann",
      timestamp: 1,
    });
    vi.advanceTimersByTime(5_000);
    expect(far.all("playback_action")).toEqual([]);
  });

  it("reports its position at most four times a second", () => {
    joined();
    for (let tick = 0; tick < 100; tick += 1) {
      me.report(tick);
      vi.advanceTimersByTime(10);
    }
    const reports = far.all("playback_action").length;
    expect(reports).toBeGreaterThanOrEqual(4);
    expect(reports).toBeLessThanOrEqual(5);
  });

  it("says every fifteen seconds that it is there", () => {
    joined();
    vi.advanceTimersByTime(46_000);
    expect(far.all("heartbeat")).toHaveLength(3);
  });

  it("joins again after a lost connection, and asks the clock anew", () => {
    joined();
    far.answerProbe({ isPlaying: true, currentTime: 10, playbackRate: 1 });
    far.lose("transport close");
    expect(me.view().connection).toBe("reconnecting");
    expect(me.position()).not.toBeNull();
    joined();
    expect(far.all("join_room")).toHaveLength(2);
    expect(me.view().connection).toBe("connected");
    expect(me.view().clock).toBeNull();
  });

  it("comes back by itself when the server closed on purpose", () => {
    joined();
    far.lose("io server disconnect");
    vi.advanceTimersByTime(2_000);
    expect(far.all("join_room")).toHaveLength(2);
  });

  it("tries again when it could not join for a reason that passes", () => {
    far.connect();
    far.say("error", { code: "RATE_LIMITED", message: "Too many requests" });
    expect(me.view().connection).toBe("connecting");
    vi.advanceTimersByTime(2_000);
    expect(far.all("join_room")).toHaveLength(2);
  });

  it("is out for good when it could not join for a reason that stays", () => {
    far.connect();
    far.say("error", { code: "room_full", message: "This room is full" });
    expect(me.view()).toMatchObject({ connection: "ended", problem: { message: "This room is full" } });
    expect(far.connected).toBe(false);
  });

  it("stays when only one request was refused, and asks how things stand", () => {
    joined();
    far.answerProbe({ isPlaying: true, currentTime: 10, playbackRate: 1 });
    vi.advanceTimersByTime(4_000);
    const asked = far.all("sync_request").length;
    far.say("error", { code: "not_allowed", message: "You may not do this here" });
    expect(me.view()).toMatchObject({ connection: "connected", problem: { fatal: false } });
    expect(far.all("sync_request")).toHaveLength(asked + 1);
  });

  it("goes when it is kicked, and stays when somebody else is", () => {
    joined();
    far.say("user_kicked", { kickedUserId: "cem", participants: people });
    expect(me.view().connection).toBe("connected");
    far.say("user_kicked", { kickedUserId: "ben", participants: people.slice(0, 1) });
    expect(me.view()).toMatchObject({ connection: "ended", problem: { code: "kicked" } });
  });

  it("forgets what it last heard of people who no longer report", () => {
    joined();
    far.say("sync_status", { members: [{ userId: "ann", driftMs: 3, quality: "excellent" }], timestamp: 1 });
    vi.advanceTimersByTime(3_000);
    expect(me.view().sync).toHaveLength(1);
    vi.advanceTimersByTime(2_000);
    expect(me.view().sync).toEqual([]);
  });

  it("is out when the room has ended", () => {
    joined();
    far.say("room_closed", { roomId: "r1", reason: "expired" });
    expect(me.view()).toMatchObject({ connection: "ended", problem: { message: "This room has ended" } });
  });

  it("tells the server when it leaves, and is silent from then on", () => {
    joined();
    me.leave();
    expect(far.all("leave_room")).toHaveLength(1);
    vi.advanceTimersByTime(60_000);
    expect(far.all("heartbeat")).toEqual([]);
  });
});
