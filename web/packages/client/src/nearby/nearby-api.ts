/** Guide 002 over HTTP. Every call resolves with the answer or rejects with a `NearbyError` in the server's words. */

import type {
  Find,
  Listener,
  Match,
  NearbyPerson,
  Place,
  Playing,
  Presence,
  Room,
  Settings,
  SpotifyState,
} from "./wire";

export class NearbyError extends Error {
  constructor(
    /** 0: the server was not reached. */
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "NearbyError";
  }
}

export interface NearbyIdentity {
  /** A valid access token, asked for at each request so that a renewed one is used; null: there is none. */
  token: () => Promise<string | null>;
  /** Who one claims to be. Only a server in open mode believes it. */
  userId?: string;
}

type Method = "GET" | "POST" | "PATCH" | "DELETE";

export class NearbyApi {
  constructor(
    private readonly identity: NearbyIdentity,
    private readonly origin = "",
  ) {}

  me = (): Promise<NearbyPerson> => this.call("GET", "/auth/me");

  goLive = (settings: Settings = {}): Promise<Presence> => this.call("POST", "/presence/live", settings);
  goOffline = (): Promise<Presence> => this.call("POST", "/presence/offline");
  heartbeat = (): Promise<Presence> => this.call("POST", "/presence/heartbeat");
  settings = (): Promise<Presence> => this.call("GET", "/presence/settings");
  change = (settings: Settings): Promise<Presence> => this.call("PATCH", "/presence/settings", settings);

  moveTo = (geohash: string): Promise<Place> => this.call("POST", "/location/update", { geohash });
  place = (): Promise<Place> => this.call("GET", "/location/me");
  forgetPlace = (): Promise<{ success: boolean }> => this.call("DELETE", "/location");
  nearby = async (): Promise<Listener[]> =>
    (await this.call<{ users: Listener[] }>("GET", "/location/nearby")).users;

  startFind = (targetId: string): Promise<Find> => this.call("POST", "/find/start", { targetId });
  activeFind = async (): Promise<Find | null> =>
    (await this.call<{ session: Find | null }>("GET", "/find/active")).session;
  acceptFind = (id: string): Promise<Find> => this.call("POST", inFind(id, "/accept"));
  declineFind = (id: string): Promise<{ success: boolean }> => this.call("POST", inFind(id, "/decline"));
  updateFind = (id: string, geohash: string): Promise<Find> =>
    this.call("POST", inFind(id, "/update"), { geohash });
  completeFind = (id: string): Promise<Find> => this.call("POST", inFind(id, "/complete"));
  endFind = (id: string): Promise<Find> => this.call("DELETE", inFind(id, ""));
  togetherFound = (id: string): Promise<Room> => this.call("POST", inFind(id, "/together"));

  playing = (): Promise<Playing> => this.call("GET", "/spotify/currently-playing");
  askSpotify = (): Promise<Playing> => this.call("POST", "/spotify/refresh");
  connection = async (): Promise<SpotifyState> =>
    (await this.call<{ state: SpotifyState }>("GET", "/spotify/connection")).state;
  disconnect = (): Promise<{ success: boolean }> => this.call("DELETE", "/spotify/connection");
  matches = async (): Promise<Match[]> =>
    (await this.call<{ matches: Match[] }>("GET", "/vibe/matches")).matches;
  togetherMatched = (userId: string): Promise<Room> =>
    this.call("POST", `/vibe/${encodeURIComponent(userId)}/together`);

  private async call<Answer>(method: Method, path: string, body?: object): Promise<Answer> {
    const headers: Record<string, string> = {};
    const token = await this.identity.token();
    if (token !== null) headers["Authorization"] = `Bearer ${token}`;
    if (this.identity.userId !== undefined) headers["X-User-Id"] = this.identity.userId;
    const request: RequestInit = { method, headers, cache: "no-store" };
    if (body !== undefined) {
      headers["Content-Type"] = "application/json";
      request.body = JSON.stringify(body);
    }
    let response: Response;
    try {
      response = await fetch(`${this.origin}/api/v1${path}`, request);
    } catch {
      throw new NearbyError(0, "The server cannot be reached");
    }
    const said: unknown = await response.json().catch(() => null);
    if (!response.ok) throw new NearbyError(response.status, wordsOf(said, response));
    return said as Answer;
  }
}

function inFind(id: string, what: string): string {
  return `/find/${encodeURIComponent(id)}${what}`;
}

function wordsOf(said: unknown, response: Response): string {
  const wait = response.headers.get("Retry-After");
  const again = wait === null ? "" : `; try again in ${wait} s`;
  if (typeof said === "object" && said !== null && "message" in said && typeof said.message === "string") {
    return said.message + again;
  }
  return `The server answered ${response.status} without saying why${again}`;
}
