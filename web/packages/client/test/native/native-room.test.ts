import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NativeRoom, Refusal, type NativeRoomOptions } from "../../src/native";
import { AHEAD_MS, aRoom, person, Server } from "./server";

let server: Server;
let room: NativeRoom;
let stopListening: () => void = () => {};

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server(aRoom());
});

afterEach(() => {
  stopListening();
  room.leave();
  vi.useRealTimers();
});

function enter(more: Partial<NativeRoomOptions> = {}): void {
  room = new NativeRoom({
    room: "FILMS",
    me: { id: "ben", name: "Ben" },
    origin: "https://tutti.example",
    open: server.open,
    random: () => 1,
    ...more,
  });
  stopListening = room.subscribe(() => {});
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

async function entered(more: Partial<NativeRoomOptions> = {}): Promise<void> {
  enter(more);
  await pass(1_000);
}

describe("a person in a room", () => {
  it("says who it is in the protocol of the room, and has the room when it is welcomed", async () => {
    enter({ token: "tp1.x" });
    expect(room.view()).toMatchObject({ connection: "connecting", room: null, me: null });
    await pass(100);
    const [socket] = server.connections;
    expect(socket).toMatchObject({ url: "wss://tutti.example/v1/rooms/FILMS", protocol: "tutti.v1" });
    expect(server.heard).toEqual([{ type: "hello", name: "Ben", id: "ben", token: "tp1.x" }]);
    expect(room.view()).toMatchObject({ connection: "connected", me: "ben", room: { name: "Films" } });
  });

  it("knows the room's time to within half a round trip, and where the room is", async () => {
    await entered();
    const timeline = { position: 20_000, rate: 1, playing: true, at: server.now() + 200 };
    server.happens({ type: "timeline", timeline, move: "play", by: "ann" });
    await pass(1_200);
    expect(Math.abs(room.roomNow() - server.now())).toBeLessThanOrEqual(room.bound());
    expect(room.bound()).toBeLessThan(6);
    expect(room.position()).toBeCloseTo(21_000, -1);
    expect(room.timelineAt(room.roomNow())).toEqual(timeline);
  });

  it("does not know where the room is before it knows its time", async () => {
    server.answersProbes = false;
    enter();
    await pass(100);
    expect(room.view().connection).toBe("connected");
    expect([room.position(), room.bound()]).toEqual([null, Infinity]);
  });

  it("goes on as before until an announced moment", async () => {
    await entered();
    const timeline = { position: 10_000, rate: 1, playing: true, at: server.now() + 400 };
    server.happens({ type: "timeline", timeline, move: "play", by: "ann" });
    await pass(200);
    expect(room.timelineAt(room.roomNow())?.playing).toBe(false);
    expect(room.position()).toBe(10_000);
    await pass(400);
    expect(room.timelineAt(room.roomNow())?.playing).toBe(true);
  });

  it("asks a few times at first and then less and less", async () => {
    await entered();
    const first = server.probes;
    await pass(30_000);
    const next = server.probes - first;
    await pass(30_000);
    expect(first).toBeGreaterThanOrEqual(8);
    expect(server.probes - first - next).toBeLessThanOrEqual(next);
    expect(server.probes - first - next).toBeGreaterThan(0);
  });

  it("does no work while nobody listens", async () => {
    await entered();
    stopListening();
    await pass(5_000);
    const asked = server.probes;
    await pass(120_000);
    expect(server.probes).toBe(asked);
    expect(vi.getTimerCount()).toBe(0);
    stopListening = room.subscribe(() => {});
    await pass(1_000);
    expect(server.probes).toBeGreaterThan(asked + 4);
  });

  it("asks anew when the computer has slept", async () => {
    await entered();
    await pass(60_000);
    const asked = server.probes;
    vi.setSystemTime(Date.now() + 3_600_000);
    await pass(1_500);
    expect(server.probes).toBeGreaterThanOrEqual(asked + 8);
  });
});

describe("a command", () => {
  it("resolves when it is acknowledged", async () => {
    await entered();
    const done = vi.fn();
    void room.seek(30_000).then(done);
    await pass(0);
    expect(done).not.toHaveBeenCalled();
    await pass(20);
    expect(done).toHaveBeenCalled();
    expect(server.all("seek")).toEqual([{ type: "seek", to: 30_000, ref: 1 }]);
  });

  it("rejects with the server's reason, which the view shows until it is dismissed", async () => {
    await entered();
    server.refusal = { code: "not_allowed", message: "You may not do this here", mayRetry: false };
    const refused = expect(room.play()).rejects.toMatchObject({ code: "not_allowed", mayRetry: false });
    await pass(20);
    await refused;
    expect(room.view().problem).toEqual(server.refusal);
    room.dismissProblem();
    expect(room.view().problem).toBeNull();
  });

  it("may be ignored by whoever gave it", async () => {
    await entered();
    server.refusal = { code: "rate_limited", message: "Too many requests", mayRetry: true };
    void room.chat("hi");
    await pass(20);
    expect(room.view().problem?.code).toBe("rate_limited");
  });

  it("is not complained of when everybody may ask and one is enough", async () => {
    await entered();
    server.refusal = { code: "not_allowed", message: "It is not first any more", mayRetry: false };
    const refused = expect(room.playNext("e1")).rejects.toBeInstanceOf(Refusal);
    await pass(20);
    await refused;
    expect(room.view().problem).toBeNull();
  });

  it("is refused at once without a connection, and when the connection goes before the answer", async () => {
    await entered();
    const asked = expect(room.play()).rejects.toMatchObject({ code: "connection_lost", mayRetry: true });
    server.cut();
    await asked;
    await expect(room.pause()).rejects.toMatchObject({ code: "not_connected", mayRetry: true });
  });

  it.each<[string, (me: NativeRoom) => Promise<void>, object]>([
    ["play", (me) => me.play(5), { type: "play", position: 5 }],
    ["pause", (me) => me.pause(), { type: "pause" }],
    ["seek", (me) => me.seek(-5), { type: "seek", to: 0 }],
    ["seekBy", (me) => me.seekBy(-5), { type: "seekBy", by: -5 }],
    ["rate", (me) => me.setRate(2), { type: "rate", rate: 2 }],
    ["media", (me) => me.setMedia(FILM), { type: "media", ...FILM }],
    ["provider", (me) => me.setProvider("clip"), { type: "provider", provider: "clip" }],
    ["episode", (me) => me.setEpisode(2), { type: "episode", episode: 2 }],
    ["queueAdd", (me) => me.queueAdd(FILM), { type: "queueAdd", media: FILM }],
    ["queueRemove", (me) => me.queueRemove("e"), { type: "queueRemove", entry: "e" }],
    ["queueMove", (me) => me.queueMove("e", null), { type: "queueMove", entry: "e", before: null }],
    ["playNext", (me) => me.playNext(), { type: "playNext" }],
    ["appoint", (me) => me.appoint("a", "moderator"), { type: "appoint", member: "a", role: "moderator" }],
    ["transfer", (me) => me.transfer("a"), { type: "transfer", to: "a" }],
    ["expel", (me) => me.expel("a"), { type: "expel", member: "a" }],
    ["lock", (me) => me.lock(true), { type: "lock", locked: true }],
    ["capacity", (me) => me.capacity(3), { type: "capacity", capacity: 3 }],
    ["chatSwitch", (me) => me.chatSwitch(false), { type: "chatSwitch", on: false }],
    ["chat", (me) => me.chat("hi"), { type: "chat", text: "hi" }],
    ["chat", (me) => me.chat("hi", 4), { type: "chat", text: "hi", replyTo: 4 }],
    ["chatEdit", (me) => me.chatEdit(4, "ho"), { type: "chatEdit", line: 4, text: "ho" }],
    ["chatRemove", (me) => me.chatRemove(4), { type: "chatRemove", line: 4 }],
    ["slowMode", (me) => me.slowMode(30), { type: "slowMode", seconds: 30 }],
    [
      "pollOpen",
      (me) => me.pollOpen({ id: "p", question: "Why?", kind: "text" }),
      { type: "pollOpen", id: "p", question: "Why?", kind: "text" },
    ],
    ["vote", (me) => me.vote("p", 1), { type: "vote", poll: "p", answer: 1 }],
    ["pollClose", (me) => me.pollClose("p"), { type: "pollClose", poll: "p" }],
    ["react", (me) => me.react("🎉"), { type: "react", emoji: "🎉", position: 10_000 }],
    ["hand", (me) => me.raiseHand(false, "a"), { type: "hand", raised: false, member: "a" }],
    ["offset", (me) => me.setOffset(-20), { type: "offset", ms: -20 }],
    ["ready", (me) => me.setReady(true), { type: "ready", ready: true }],
    ["waitForAll", (me) => me.waitForAll(true), { type: "waitForAll", on: true }],
    ["close", (me) => me.close(), { type: "close" }],
  ])("%s is said as the protocol has it", async (type, give, said) => {
    await entered();
    await Promise.all([give(room), pass(20)]);
    expect(server.all(type)).toEqual([{ ...said, ref: 1 }]);
  });
});

describe("what others do", () => {
  it("changes the view, event by event, and tells whoever listens", async () => {
    await entered();
    const told = vi.fn();
    room.subscribe(told);
    server.happens({ type: "chat", member: "ann", name: "Ann", text: "hi", replyTo: null });
    await pass(10);
    expect(room.view().room?.chat.map(({ text }) => text)).toEqual(["hi"]);
    expect(told).toHaveBeenCalledTimes(1);
  });

  it("is asked for when a number is missing, and then is as the server has it", async () => {
    await entered();
    server.record({ type: "joined", member: person("cem", "Cem") });
    server.happens({ type: "chat", member: "cem", name: "Cem", text: "there", replyTo: null });
    server.happens({ type: "locked", locked: true });
    await pass(50);
    expect(server.all("hello")).toHaveLength(2);
    expect(server.all("hello")[1]).toMatchObject({ resume: { epoch: "e1", seq: 1 } });
    expect(room.view().room).toMatchObject({ locked: true, chat: [{ text: "there" }] });
    expect(room.view().room?.members.map(({ id }) => id)).toEqual(["ann", "ben", "cem"]);
  });

  it("is shown for six seconds when somebody is about to say something, or until they have", async () => {
    await entered();
    const types = (on: boolean) => server.say({ type: "isTyping", member: "ann", name: "Ann", on });
    types(true);
    await pass(5_900);
    expect([...room.view().typing.values()]).toEqual(["Ann"]);
    await pass(200);
    expect(room.view().typing.size).toBe(0);
    types(true);
    await pass(10);
    server.happens({ type: "chat", member: "ann", name: "Ann", text: "hi", replyTo: null });
    await pass(10);
    expect(room.view().typing.size).toBe(0);
    types(true);
    types(false);
    await pass(10);
    expect(room.view().typing.size).toBe(0);
  });

  it("is shown for five seconds when it is a reaction", async () => {
    await entered();
    server.say({ type: "reaction", member: "ann", emoji: "🎉", position: 0 });
    await pass(4_900);
    expect(room.view().reactions).toMatchObject([{ member: "ann", emoji: "🎉" }]);
    await pass(200);
    expect(room.view().reactions).toEqual([]);
  });

  it("is shown at its moment to whoever is behind, and at once to everybody else", async () => {
    await entered();
    const timeline = { position: 20_000, rate: 2, playing: true, at: server.now() };
    server.happens({ type: "timeline", timeline, move: "play", by: "ann" });
    await pass(1_000);
    const here = room.position() ?? Number.NaN;
    server.say({ type: "reaction", member: "ann", emoji: "🎉", position: here + 4_000 });
    server.say({ type: "reaction", member: "ann", emoji: "👍", position: here - 4_000 });
    server.say({ type: "reaction", member: "ann", emoji: "😢", position: here + 60_000 });
    server.say({ type: "reaction", member: "ann", emoji: "🔥", position: null });
    await pass(1_900);
    expect(room.view().reactions.map(({ emoji }) => emoji)).toEqual(["👍", "😢", "🔥"]);
    await pass(200);
    expect(room.view().reactions.map(({ emoji }) => emoji)).toEqual(["👍", "😢", "🔥", "🎉"]);
    await pass(5_000);
    expect(room.view().reactions).toEqual([]);
  });

  it("is a reaction to where I am myself, whatever I am offset by", async () => {
    await entered();
    const timeline = { position: 20_000, rate: 1, playing: false, at: server.now() };
    server.happens({ type: "timeline", timeline, move: "pause", by: "ann" });
    server.happens({ type: "offset", member: "ben", ms: -1_500 });
    await pass(100);
    void room.react("🎉");
    await pass(100);
    expect(server.all("react")).toMatchObject([{ emoji: "🎉", position: 18_500 }]);
  });

  it("is known of their players until they have been silent for a while", async () => {
    await entered();
    const ann = { member: "ann", error: -3, bound: 2, state: "playing" as const };
    server.say({ type: "status", members: [ann], at: server.now() });
    await pass(10);
    expect(room.view().status.get("ann")).toEqual({ error: -3, bound: 2, state: "playing" });
    await pass(6_000);
    expect(room.view().status.size).toBe(0);
  });

  it("is not disturbed by what makes no sense", async () => {
    await entered();
    const before = room.view();
    for (const nonsense of ["", "{", "null", "[]", '"x"', "{}", '{"type":"later"}', new ArrayBuffer(2)]) {
      server.connections[0]?.raw(nonsense);
    }
    await pass(20);
    expect(room.view()).toEqual(before);
  });
});

describe("a connection that is lost", () => {
  it("comes back where it was, and hears what it missed", async () => {
    await entered();
    server.cut();
    expect(room.view()).toMatchObject({ connection: "lost", room: { name: "Films" } });
    expect(room.view().reconnectAt).toBeGreaterThan(performance.now());
    server.record({ type: "locked", locked: true });
    await pass(2_000);
    expect(room.view()).toMatchObject({ connection: "connected", reconnectAt: null, room: { locked: true } });
    expect(server.all("hello").at(-1)).toMatchObject({ id: "ben", resume: { epoch: "e1", seq: 1 } });
  });

  it("takes the whole room anew when the server cannot say what was missed", async () => {
    await entered();
    server.resumes = false;
    server.snapshot = { ...aRoom(), name: "Series" };
    server.cut();
    await pass(2_000);
    expect(room.view().room?.name).toBe("Series");
  });

  it("keeps the id that the server gave", async () => {
    await entered({ me: { name: "Somebody" } });
    expect(room.view().me).toBe("guest-1");
    server.cut();
    await pass(2_000);
    expect(server.all("hello").map((said) => said["id"])).toEqual([undefined, "guest-1"]);
  });

  it("waits longer each time, up to ten seconds, and starts over after it has been in", async () => {
    await entered();
    server.reachable = false;
    server.cut();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) {
      // Each attempt follows the one before.
      // oxlint-disable no-await-in-loop
      const waitMs = (room.view().reconnectAt ?? 0) - performance.now();
      waits.push(Math.round(waitMs / 10) * 10);
      await pass(waitMs + 6);
    }
    expect(waits).toEqual([400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
    server.reachable = true;
    await pass(11_000);
    expect(room.view().connection).toBe("connected");
    server.cut();
    expect((room.view().reconnectAt ?? 0) - performance.now()).toBeCloseTo(400);
  });

  it("does not come back all at once with the others", async () => {
    await entered({ random: () => 0 });
    server.cut();
    expect((room.view().reconnectAt ?? 0) - performance.now()).toBeCloseTo(200);
  });

  it("comes back when a server that restarts asked it to", async () => {
    await entered();
    server.say({ type: "draining", reconnectInMs: 3_210 });
    await pass(10);
    server.cut(1012);
    expect((room.view().reconnectAt ?? 0) - performance.now()).toBeCloseTo(3_210);
    await pass(4_000);
    expect(room.view().connection).toBe("connected");
  });

  it("takes the time of a server that has come back with another clock", async () => {
    await entered();
    server.restart();
    await pass(2_000);
    expect(server.aheadMs).toBe(AHEAD_MS + 1_000_000);
    expect(Math.abs(room.roomNow() - server.now())).toBeLessThanOrEqual(room.bound());
  });

  it("is noticed though the network says nothing", async () => {
    await entered();
    server.answersProbes = false;
    await pass(40_000);
    expect(server.connections.length).toBeGreaterThan(1);
  });

  it("is tried again when the server could not let it in for a reason that passes", async () => {
    server.turnsAway = { code: "rate_limited", mayRetry: true, retryAfterMs: 700, closeCode: 1013 };
    enter();
    await pass(100);
    expect(room.view()).toMatchObject({ connection: "lost", problem: { code: "rate_limited" } });
    server.turnsAway = null;
    await pass(1_000);
    expect(room.view()).toMatchObject({ connection: "connected", problem: null });
  });
});

describe("the end", () => {
  it.each([
    ["room_full", 1008],
    ["expelled", 4403],
    ["room_not_found", 4404],
    ["room_closed", 4410],
  ])("is there when it is not let in because of %s", async (code, closeCode) => {
    server.turnsAway = { code, mayRetry: code === "room_full", closeCode };
    enter();
    await pass(60_000);
    expect(room.view()).toMatchObject({ connection: "ended", problem: { code, message: "No" } });
    expect(server.connections).toHaveLength(1);
  });

  it.each([
    [4403, "expelled"],
    [4410, "room_closed"],
    [1000, "left"],
  ])("is there when the server closes with %i", async (closeCode, code) => {
    await entered();
    server.cut(closeCode);
    expect(room.view()).toMatchObject({ connection: "ended", problem: { code } });
  });

  it("is there when the room ends for everybody", async () => {
    await entered();
    server.happens({ type: "closed", reason: "host_ended" });
    await pass(10);
    expect(room.view()).toMatchObject({ connection: "ended", problem: { code: "room_closed" } });
  });

  it("is there when it leaves: it says so, and neither hears, asks nor does anything more", async () => {
    await entered();
    room.leave();
    await pass(20);
    expect(server.all("leave")).toHaveLength(1);
    expect(room.view()).toMatchObject({ connection: "ended", problem: null });
    await expect(room.play()).rejects.toMatchObject({ code: "not_connected" });
    await pass(60_000);
    expect(vi.getTimerCount()).toBe(0);
  });
});

const FILM = { id: "https://films.example/a.mp4", provider: "direct", kind: "movie" };
