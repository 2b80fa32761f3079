/** What arrives in another order than it was asked for, or happened. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NearbyService } from "../../src/nearby";
import { SocketIo } from "../guides/socketio";
import type { Answer, Asked } from "../guides/stand-in";
import { ANN, OFFER } from "./people";

const LIVE = { isLive: true, shareTrack: false, allowFind: false, radiusKm: 2, heartbeatSeconds: 15 };
const NOT_LIVE = { ...LIVE, isLive: false, heartbeatSeconds: null };
const TRACK = { trackId: "t", trackName: "Naima", artist: "John Coltrane" };

vi.setConfig({ testTimeout: 30_000 });

let answers: Record<string, unknown>;
let held: Map<string, ((said?: unknown) => void)[]>;
let asked: string[];
let server: SocketIo;
let service: NearbyService;

beforeEach(async () => {
  answers = {
    "GET /auth/me": { id: "ben", displayName: "Ben", avatarUrl: null },
    "GET /presence/settings": LIVE,
    "POST /presence/live": LIVE,
    "PATCH /presence/settings": LIVE,
    "GET /location/me": { geohash: "u09tvw", settled: true },
    "GET /location/nearby": { users: [] },
    "GET /vibe/matches": { matches: [] },
    "GET /spotify/currently-playing": { isPlaying: false, track: null },
    "GET /spotify/connection": { state: "connected" },
    "POST /spotify/refresh": { isPlaying: true, track: TRACK },
    "GET /find/active": { session: null },
    "POST /find/start": OFFER,
    "POST /find/q/decline": { success: true },
    "DELETE /find/s": { ...OFFER, status: "cancelled" },
  };
  held = new Map();
  asked = [];
  server = new SocketIo("/realtime", answer);
  service = new NearbyService({ origin: await server.open(), token: () => Promise.resolve("a-token") });
});

afterEach(async () => {
  service.stop();
  for (const release of [...held.values()].flat()) release();
  await server.close();
});

/** As it is when the question comes, told when it is let go. */
async function answer({ method, path }: Asked): Promise<Answer> {
  const what = `${method} ${path.replace("/api/v1", "")}`;
  let json = answers[what];
  asked.push(what);
  const waiting = held.get(what);
  if (waiting !== undefined) json = (await new Promise<unknown>((release) => waiting.push(release))) ?? json;
  return { json };
}

function hold(what: string): void {
  held.set(what, []);
}

/** However busy the machine is. */
function soon(holds: () => void): Promise<void> {
  return vi.waitFor(holds, { timeout: 20_000 });
}

/** Let go the one of these questions that came first. `said`: an answer other than the usual one. */
async function letGo(what: string, said?: unknown): Promise<void> {
  await soon(() => expect(held.get(what)?.length).toBeGreaterThan(0));
  held.get(what)?.shift()?.(said);
}

async function connected(): Promise<void> {
  service.start();
  await soon(() => expect(asked).toContain("GET /find/active"));
  await settled();
}

/** Whatever is under way, and is not held, has come. */
async function settled(): Promise<void> {
  await new Promise((done) => setTimeout(done, 50));
}

/** Return when the service has heard these. */
async function hears(...events: [name: string, said: object][]): Promise<void> {
  const roomId = `room-${asked.length}-${Math.random()}`;
  for (const [name, said] of events) server.say(name, said);
  server.say("together:opened", { sessionId: null, roomId, page: "", openedBy: "ann", openedFor: "ben" });
  await soon(() => expect(service.view().together?.roomId).toBe(roomId));
}

describe("what is heard of a find session while it is being asked for", () => {
  it("counts after the answer, which is older", async () => {
    await connected();
    hold("POST /find/start");
    const asking = service.ask("ann");
    await soon(() => expect(held.get("POST /find/start")).toHaveLength(1));
    await hears(
      ["find:accepted", { sessionId: "s", answersLeft: 6 }],
      ["find:bucket_update", { sessionId: "s", bucket: "warm", answersLeft: 5 }],
    );
    await letGo("POST /find/start");
    await asking;
    expect(service.view().find).toMatchObject({ stage: "accepted", bucket: "warm", answersLeft: 5 });
  });

  it("may be a no", async () => {
    await connected();
    hold("POST /find/start");
    const asking = service.ask("ann");
    await soon(() => expect(held.get("POST /find/start")).toHaveLength(1));
    await hears(["find:session_ended", { sessionId: "s", status: "declined" }]);
    await letGo("POST /find/start");
    await asking;
    expect(service.view().find).toMatchObject({ stage: "ended", ending: "declined" });
  });

  it("is not lost while one catches up after a loss of the connection", async () => {
    hold("GET /find/active");
    service.start();
    await soon(() => expect(held.get("GET /find/active")).toHaveLength(1));
    await hears([
      "find:request_received",
      { sessionId: "q", seekerId: "ann", seekerName: "Ann", expiresIn: 60 },
    ]);
    await letGo("GET /find/active");
    await settled();
    expect(service.view().find).toMatchObject({ sessionId: "q", stage: "offered", role: "target" });
  });
});

it("a find session that one asks for is not lost while one catches up", async () => {
  hold("GET /find/active");
  service.start();
  await soon(() => expect(held.get("GET /find/active")).toHaveLength(1));
  await service.ask("ann");
  await letGo("GET /find/active");
  await settled();
  expect(service.view().find).toMatchObject({ sessionId: "s", stage: "offered", role: "seeker" });
});

it("a find session that has ended takes no newer one with it", async () => {
  await connected();
  const request = { seekerId: "ann", seekerName: "Ann", expiresIn: 60 };
  await hears(["find:request_received", { ...request, sessionId: "q" }]);
  hold("POST /find/q/decline");
  const declining = service.decline();
  await soon(() => expect(held.get("POST /find/q/decline")).toHaveLength(1));
  await hears(
    ["find:session_ended", { sessionId: "q", status: "declined" }],
    ["find:request_received", { ...request, sessionId: "s" }],
  );
  await letGo("POST /find/q/decline");
  await declining;
  expect(service.view().find).toMatchObject({ sessionId: "s", stage: "offered" });

  hold("DELETE /find/s");
  const ending = service.endFind();
  await soon(() => expect(held.get("DELETE /find/s")).toHaveLength(1));
  await hears(["find:request_received", { ...request, sessionId: "t" }]);
  await letGo("DELETE /find/s");
  await ending;
  expect(service.view().find).toMatchObject({ sessionId: "t", stage: "offered" });
});

describe("who is near", () => {
  it("is nobody who left while it was being asked", async () => {
    await connected();
    hold("GET /location/nearby");
    answers["GET /vibe/matches"] = { matches: [{ ...ANN, words: "", shared: [] }] };
    await hears(["live:user_joined", { userId: "ann" }]);
    await soon(() => expect(held.get("GET /location/nearby")).toHaveLength(1));
    await hears(["live:user_left", { userId: "ann" }]);
    await letGo("GET /location/nearby", { users: [ANN] });
    await settled();
    expect(service.view()).toMatchObject({ users: [], matches: [] });
  });

  it("is as the newest question was answered", async () => {
    await connected();
    hold("GET /location/nearby");
    await hears(["live:user_joined", { userId: "ann" }]);
    await soon(() => expect(held.get("GET /location/nearby")).toHaveLength(1));
    await hears(["live:user_joined", { userId: "ann" }]);
    await soon(() => expect(held.get("GET /location/nearby")).toHaveLength(2));
    const [older, newer] = held.get("GET /location/nearby") ?? [];
    newer?.({ users: [ANN] });
    await soon(() => expect(service.view().users).toEqual([ANN]));
    older?.({ users: [] });
    await settled();
    expect(service.view().users).toEqual([ANN]);
  });
});

describe("settings", () => {
  it("are changed one after the other, and before one goes live", async () => {
    answers["GET /presence/settings"] = NOT_LIVE;
    service.start();
    await soon(() => expect(service.view().presence).toEqual(NOT_LIVE));
    hold("PATCH /presence/settings");
    const all = [service.change({ allowFind: true }), service.change({ shareTrack: true }), service.goLive()];
    await letGo("PATCH /presence/settings", { ...NOT_LIVE, allowFind: true });
    await letGo("PATCH /presence/settings", { ...NOT_LIVE, allowFind: true, shareTrack: true });
    expect(asked).not.toContain("POST /presence/live");
    answers["POST /presence/live"] = { ...LIVE, allowFind: true, shareTrack: true };
    await Promise.all(all);
    expect(service.view().presence).toMatchObject({ isLive: true, allowFind: true, shareTrack: true });
  });

  it("that are changed make nobody live who has gone meanwhile", async () => {
    answers["POST /presence/offline"] = NOT_LIVE;
    await connected();
    hold("PATCH /presence/settings");
    const changing = service.change({ radiusKm: 3 });
    await soon(() => expect(held.get("PATCH /presence/settings")).toHaveLength(1));
    await service.disappear();
    await letGo("PATCH /presence/settings", { ...LIVE, radiusKm: 3 });
    await changing;
    expect(service.view().presence).toMatchObject({ isLive: false, radiusKm: 3 });
  });

  it("that were asked for before one went live do not say that one is not", async () => {
    answers["GET /presence/settings"] = NOT_LIVE;
    hold("GET /spotify/connection");
    service.start();
    await soon(() => expect(held.get("GET /spotify/connection")).toHaveLength(1));
    await service.goLive();
    answers["GET /presence/settings"] = LIVE;
    await letGo("GET /spotify/connection");
    await letGo("GET /spotify/connection");
    await settled();
    expect(service.view()).toMatchObject({ me: "ben", presence: { isLive: true }, spotify: "connected" });
  });
});

it("a track that Spotify told does not outlive the consent", async () => {
  await connected();
  hold("POST /spotify/refresh");
  const asking = service.askSpotify();
  await soon(() => expect(held.get("POST /spotify/refresh")).toHaveLength(1));
  await hears(["spotify:reauth_required", {}]);
  await letGo("POST /spotify/refresh");
  await asking;
  expect(service.view()).toMatchObject({ spotify: "reauth_required", playing: null });
});
