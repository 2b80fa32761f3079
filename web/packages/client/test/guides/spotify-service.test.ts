import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SpotifyService } from "../../src/guides";
import type { SdkFailure, SdkPlayer, SdkState } from "../../src/guides/spotify-sdk";
import { standIn, type Answer, type Asked, type StandIn } from "./stand-in";

const TRACK = "spotify:track:4uLU6hMCjMI75M1A2tKUQC";
const OTHER = "spotify:track:1301WleyT98MSxVHPZCA6M";

type Heard = { ready: { device_id: string }; player_state_changed: SdkState | null } & Record<
  SdkFailure | "not_ready",
  { message: string; device_id: string }
>;

/** Spotify in a page, as its documentation describes it: a device that plays what it is told over HTTP or here. */
class PagePlayer implements SdkPlayer {
  static latest: PagePlayer | null = null;
  static fails: SdkFailure | null = null;
  token: Promise<string>;
  connected = false;
  state: SdkState | null = null;
  readonly calls: string[] = [];
  private readonly listeners = new Map<string, ((said: never) => void)[]>();

  constructor(readonly options: { name: string; getOAuthToken: (give: (token: string) => void) => void }) {
    PagePlayer.latest = this;
    this.token = new Promise((give) => options.getOAuthToken(give));
  }

  addListener(event: string, heard: (said: never) => void): boolean {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), heard]);
    return true;
  }

  async connect(): Promise<boolean> {
    const failure = PagePlayer.fails;
    this.connected = failure === null;
    if (failure === null) this.tell("ready", { device_id: "page" });
    else this.tell(failure, { message: "Premium is required", device_id: "" });
    return true;
  }

  disconnect(): void {
    this.connected = false;
  }

  async getCurrentState(): Promise<SdkState | null> {
    return this.state;
  }

  async pause(): Promise<void> {
    this.calls.push("pause");
  }

  async resume(): Promise<void> {
    this.calls.push("resume");
  }

  async seek(positionMs: number): Promise<void> {
    this.calls.push(`seek ${positionMs}`);
  }

  tell<E extends keyof Heard>(event: E, said: Heard[E]): void {
    for (const heard of this.listeners.get(event) ?? []) heard(said as never);
  }

  loads(uri: string, more: Partial<SdkState> = {}, asked: string | null = null): void {
    const track = {
      uri,
      name: "",
      duration_ms: 180_000,
      artists: [],
      linked_from: asked ? { uri: asked } : null,
    };
    this.state = {
      position: 0,
      duration: 180_000,
      paused: false,
      track_window: { current_track: track },
      ...more,
    };
    this.tell("player_state_changed", this.state);
  }
}

/** A `<script>` that loads nothing. */
class Script {
  src = "";
  fail = (): void => {};

  addEventListener(_error: string, fail: () => void): void {
    this.fail = fail;
  }
}

let answers: (asked: Asked) => Answer;
let web: StandIn;
let spotify: SpotifyService;
let tokens: (string | undefined)[];

beforeEach(async () => {
  PagePlayer.fails = null;
  vi.stubGlobal("Spotify", { Player: PagePlayer });
  answers = () => ({ status: 204 });
  web = await standIn((asked) => answers(asked));
  tokens = [];
  spotify = new SpotifyService({
    apiUrl: web.url,
    sdkUrl: "https://sdk.example/player.js",
    deviceName: "Our app",
    accessToken: (stale) => {
      tokens.push(stale);
      return stale === undefined ? "token-1" : "token-2";
    },
  });
});

afterEach(async () => {
  vi.unstubAllGlobals();
  await web.close();
});

function player(): PagePlayer {
  if (PagePlayer.latest === null) throw new Error("no player was made");
  return PagePlayer.latest;
}

describe("authenticating", () => {
  it("makes the page a Spotify device under its name, with the person's token", async () => {
    expect(await spotify.authenticate()).toBe(true);
    expect(player().options.name).toBe("Our app");
    expect(await player().token).toBe("token-1");
    const device = player();
    expect(await spotify.authenticate()).toBe(true);
    expect(player()).toBe(device);
  });

  it.each<SdkFailure>(["initialization_error", "authentication_error", "account_error"])(
    "is false when Spotify says %s, and tells why",
    async (failure) => {
      PagePlayer.fails = failure;
      expect(await spotify.authenticate()).toBe(false);
      expect(spotify.lastError).toBe("Premium is required");
      PagePlayer.fails = null;
      expect(await spotify.authenticate()).toBe(true);
      expect(spotify.lastError).toBeNull();
    },
  );

  it("fetches Spotify's script only then, and only once", async () => {
    vi.stubGlobal("Spotify", undefined);
    const scripts: Script[] = [];
    const head = { append: (added: Script) => scripts.push(added) };
    vi.stubGlobal("document", { createElement: () => new Script(), head });
    expect(scripts).toEqual([]);

    const failed = spotify.authenticate();
    scripts[0]?.fail();
    expect(await failed).toBe(false);
    expect(spotify.lastError).toMatch("could not be loaded");

    const [entered, also] = [spotify.authenticate(), spotify.authenticate()];
    expect(scripts.map(({ src }) => src)).toEqual(Array(2).fill("https://sdk.example/player.js"));
    vi.stubGlobal("Spotify", { Player: PagePlayer });
    (globalThis as unknown as { onSpotifyWebPlaybackSDKReady: () => void }).onSpotifyWebPlaybackSDKReady();
    expect(await Promise.all([entered, also])).toEqual([true, true]);
  });
});

describe("playing in this page", () => {
  beforeEach(async () => {
    await spotify.authenticate();
  });

  it("starts a track on this device, and is done when it plays there", async () => {
    const done = vi.fn();
    const playing = spotify.play(TRACK).then(done);
    await vi.waitFor(() => expect(web.asked).toHaveLength(1));
    player().loads(OTHER);
    await fetch(web.url); // by then Spotify's yes has long been there
    expect(web.asked[0]).toMatchObject({ method: "PUT", path: "/v1/me/player/play", token: "token-1" });
    expect(web.asked[0]?.query.get("device_id")).toBe("page");
    expect(JSON.parse(web.asked[0]?.body ?? "")).toEqual({ uris: [TRACK] });
    expect(done).not.toHaveBeenCalled();
    player().loads(TRACK);
    await playing;
  });

  it("goes on with a track that is loaded, also if Spotify plays another copy of it", async () => {
    player().loads(TRACK);
    await spotify.play(TRACK);
    await spotify.play();
    player().loads(OTHER, {}, TRACK);
    await spotify.play(TRACK);
    expect(player().calls).toEqual(["resume", "resume", "resume"]);
    expect(web.asked).toEqual([]);
  });

  it("pauses and seeks here, to whole milliseconds", async () => {
    player().loads(TRACK);
    await spotify.pause();
    await spotify.seek(1_234.6);
    await spotify.seek(-5);
    expect(player().calls).toEqual(["pause", "seek 1235", "seek 0"]);
  });

  it("says where it is, and when that changes", async () => {
    const told = vi.fn();
    const stop = spotify.onChange(told);
    player().loads(TRACK, { position: 45_000, paused: true });
    const state = { trackUri: TRACK, position: 45_000, isPlaying: false, duration: 180_000 };
    expect(await spotify.getCurrentPlayback()).toEqual(state);
    expect(told).toHaveBeenCalledWith(state);
    stop();
    player().loads(OTHER);
    expect(told).toHaveBeenCalledTimes(1);
  });

  it("is no device any more after it disconnected", async () => {
    const device = player();
    spotify.disconnect();
    expect(device.connected).toBe(false);
    await spotify.pause();
    expect(web.asked.at(-1)).toMatchObject({ method: "PUT", path: "/v1/me/player/pause" });
  });
});

describe("playing elsewhere", () => {
  it("is seen over the Web API, as of now", async () => {
    answers = () => ({
      json: { progress_ms: 45_000, is_playing: true, item: { uri: TRACK, duration_ms: 180_000 } },
    });
    const state = await spotify.getCurrentPlayback();
    expect(state).toMatchObject({ trackUri: TRACK, isPlaying: true, duration: 180_000 });
    expect(state?.position).toBeGreaterThanOrEqual(45_000);
    expect(state?.position).toBeLessThan(46_000);
  });

  it("is nothing when nothing plays", async () => {
    expect(await spotify.getCurrentPlayback()).toBeNull();
    answers = () => ({ json: { progress_ms: null, is_playing: false, item: null } });
    expect(await spotify.getCurrentPlayback()).toBeNull();
  });

  it("is steered there", async () => {
    await spotify.play();
    await spotify.seek(12_345);
    expect(web.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "PUT /v1/me/player/play",
      "PUT /v1/me/player/seek",
    ]);
    expect(web.asked[1]?.query.get("position_ms")).toBe("12345");
  });

  it("is tried once more with another token when Spotify takes the first no longer", async () => {
    answers = ({ token }) => (token === "token-1" ? { status: 401, json: {} } : { status: 204 });
    await spotify.pause();
    expect(web.asked.map(({ token }) => token)).toEqual(["token-1", "token-2"]);
    expect(tokens).toEqual([undefined, "token-1"]);
  });

  it("rejects in Spotify's words, and says when to come back", async () => {
    const json = { error: { status: 429, message: "API rate limit exceeded" } };
    answers = () => ({ status: 429, json, headers: { "Retry-After": "30" } });
    await expect(spotify.pause()).rejects.toMatchObject({
      status: 429,
      message: "API rate limit exceeded",
      retryAfterS: 30,
    });
    answers = () => ({ status: 502, text: "<html>" });
    await expect(spotify.pause()).rejects.toMatchObject({ status: 502, retryAfterS: null });
    await web.close();
    await expect(spotify.pause()).rejects.toMatchObject({ status: 0 });
    web = await standIn(() => ({}));
  });
});
