import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NearbyService, type NearbyView } from "../../src/nearby";
import { standIn, type Asked, type StandIn } from "../guides/stand-in";

const PRESENCE = { isLive: true, shareTrack: false, allowFind: false, radiusKm: 2, heartbeatSeconds: 15 };

let server: StandIn;
let service: NearbyService;
let place: string | null;

beforeEach(async () => {
  place = "u09tvw";
  server = await standIn(answer);
  service = new NearbyService({ origin: server.url, token: () => Promise.resolve("a-token"), userId: "ben" });
});

afterEach(async () => {
  service.stop();
  await server.close();
});

function answer({ method, path }: Asked) {
  switch (`${method} ${path.replace("/api/v1", "")}`) {
    case "POST /presence/live":
      return { json: PRESENCE };
    case "POST /presence/offline":
    case "GET /presence/settings":
      return { json: { ...PRESENCE, isLive: false, heartbeatSeconds: null } };
    case "POST /location/update":
      return { json: { geohash: "u09tvw", settled: true } };
    case "GET /location/me":
      return { json: { geohash: place, settled: false } };
    case "GET /spotify/currently-playing":
      return { json: { isPlaying: false, track: null } };
    case "GET /spotify/connection":
      return { json: { state: "connected" } };
    case "DELETE /spotify/connection":
      return { json: { success: true } };
    case "GET /find/active":
      return { json: { session: null } };
    case "POST /find/start":
      return {
        status: 404,
        json: { statusCode: 404, message: "There is nobody by this id who can be found now" },
      };
    default:
      return { status: 429, headers: { "Retry-After": "7" }, json: { message: "Too often" } };
  }
}

function last(): Asked | undefined {
  return server.asked.at(-1);
}

describe("the service of guide 002", () => {
  it("goes live with what is to be shared, and says who it is", async () => {
    await service.goLive({ shareTrack: true });
    expect(last()).toMatchObject({ method: "POST", path: "/api/v1/presence/live", token: "a-token" });
    expect(JSON.parse(last()?.body ?? "")).toEqual({ shareTrack: true });
    expect(service.view().presence).toEqual(PRESENCE);
  });

  it("lets no more than six characters of a place out", async () => {
    await service.moveTo("U09TVWqqqq");
    expect(last()?.body).toBe('{"geohash":"u09tvw"}');
    await expect(service.moveTo("48.8566,2.3522")).rejects.toThrow("no geohash");
    expect(server.asked).toHaveLength(1);
  });

  it("forgets everything when it disappears, and says what the server still knows", async () => {
    await service.goLive();
    await service.moveTo("u09tvw");
    const views: NearbyView[] = [];
    service.subscribe(() => views.push(service.view()));
    expect(await service.disappear()).toEqual({ live: false, place: true, track: false, find: false });
    place = null;
    expect(await service.disappear()).toMatchObject({ place: false });
    expect(views.at(-1)).toMatchObject({ place: null, users: [], find: null });
  });

  it("asks whether Spotify is connected, and disconnects it", async () => {
    expect(await service.api.connection()).toBe("connected");
    await service.disconnectSpotify();
    expect(server.asked.map(({ method, path }) => `${method} ${path}`)).toContain(
      "DELETE /api/v1/spotify/connection",
    );
    expect(service.view()).toMatchObject({ spotify: "none", playing: { track: null } });
  });

  it("says no in the server's words, and when to ask again", async () => {
    await expect(service.ask("ann")).rejects.toThrow("There is nobody by this id who can be found now");
    await expect(service.askSpotify()).rejects.toThrow("Too often; try again in 7 s");
    await expect(service.endFind()).rejects.toThrow("no such find session");
    await server.close();
    await expect(service.goLive()).rejects.toMatchObject({ status: 0 });
  });
});
