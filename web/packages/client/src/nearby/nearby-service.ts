/**
 * Guide 002: one person who may go live, sees who listens near, and finds one of them if both want it.
 *
 * `view()` is a value, replaced at each change. Commands go over HTTP, so that each has an answer; what others do comes
 * over Socket.IO, at `/realtime`. A place is given as a cell, and cut to one in any case.
 */

import { io, type Socket } from "socket.io-client";
import { readCell } from "./geohash";
import { NearbyApi, NearbyError, type NearbyIdentity } from "./nearby-api";
import { gone, heard, NOBODY, withFind, type NearbyEvent, type NearbyView } from "./nearby-view";
import type { Find, NearbyHears, Playing, Room, Settings, Track } from "./wire";

export interface NearbyServiceOptions extends NearbyIdentity {
  /** Of the server, like `https://tutti.example`; the page's own by default. */
  origin?: string;
  /** Local milliseconds that never step; `performance.now` by default. */
  now?: () => number;
}

/** What the server still knows after one went offline: all of it should be nothing. */
export interface Remains {
  live: boolean;
  place: boolean;
  track: boolean;
  find: boolean;
}

const EVENTS = [
  "connected",
  "live:user_joined",
  "live:user_left",
  "live:track_update",
  "live:nearby_users",
  "live:went_offline",
  "find:request_received",
  "find:accepted",
  "find:bucket_update",
  "find:found_claimed",
  "find:session_ended",
  "together:opened",
  "spotify:reauth_required",
  "error",
] as const satisfies readonly (keyof NearbyHears)[];

/** What something that was learnt makes of what was known. */
type Step = (view: NearbyView) => NearbyView;

const HEARTBEAT_S = 15;
const LISTED_AFTER_MS = 150;
const AGAIN_AFTER_MS = 1_000;

export class NearbyService {
  readonly api: NearbyApi;
  private current: NearbyView = NOBODY;
  private readonly listeners = new Set<() => void>();
  private readonly now: () => number;
  private socket: Socket | null = null;
  private beat: ReturnType<typeof setInterval> | undefined;
  private listing: ReturnType<typeof setTimeout> | undefined;
  private again: ReturnType<typeof setTimeout> | undefined;
  /** Which of what is known is from before one went offline. */
  private era = 0;
  /** How often one went live. */
  private lives = 0;
  /** Settings change one after the other: the last answer is the newest. */
  private turn: Promise<unknown> = Promise.resolve();
  /** Lists that were asked for, and the newest of them that is known. */
  private lists = 0;
  private listed = 0;
  /** For each list under way: who left while it was. */
  private readonly leaving = new Set<Set<string>>();
  /** For each answer under way that tells of a find session: what was learnt of finding meanwhile. */
  private readonly ahead = new Set<Step[]>();

  constructor(private readonly options: NearbyServiceOptions) {
    this.api = new NearbyApi(options, options.origin);
    this.now = options.now ?? (() => performance.now());
  }

  view = (): NearbyView => this.current;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Connects, and asks for what is known of oneself. Going live is another step. */
  start(): void {
    if (this.socket !== null) return;
    const { origin, userId } = this.options;
    const socket = io(`${origin ?? ""}/realtime`, {
      forceNew: true,
      auth: (give) =>
        void this.options
          .token()
          .then((token) =>
            give({ ...(token !== null && { token }), ...(userId !== undefined && { userId }) }),
          )
          .catch(() => give({})),
    });
    this.socket = socket;
    for (const name of EVENTS) {
      socket.on(name, (said: NearbyHears[typeof name]) => this.hear({ name, said } as NearbyEvent));
    }
    socket.on("connect", () => this.connected());
    socket.on("disconnect", (reason) => this.lost(reason));
    socket.on("connect_error", (reason) => {
      const refused = !socket.active;
      this.become({ connection: refused ? "refused" : "lost", problem: refused ? reason.message : null });
    });
  }

  /** Ends the connection. One stays live until the lease has run out; `disappear` first to be gone at once. */
  stop(): void {
    this.rest();
    clearTimeout(this.again);
    clearTimeout(this.listing);
    this.socket?.removeAllListeners();
    this.socket?.disconnect();
    this.socket = null;
  }

  /** Show the socket a fresh token, before the one it came with expires. */
  signIn(token: string): void {
    this.socket?.emit("authenticate", { token });
  }

  async goLive(settings: Settings = {}): Promise<void> {
    await this.inTurn(async () => {
      this.become({ presence: await this.api.goLive(settings) });
      this.lives += 1;
      this.keepAlive();
    });
  }

  /** The kill switch: gone at once, then the server is asked what it still knows. */
  async disappear(): Promise<Remains> {
    this.era += 1;
    this.rest();
    const presence = await this.api.goOffline();
    this.set({ ...gone(this.current), presence });
    const [settings, place, playing, find] = await Promise.all([
      this.api.settings(),
      this.api.place(),
      this.api.playing(),
      this.api.activeFind(),
    ]);
    return {
      live: settings.isLive,
      place: place.geohash !== null,
      track: playing.track !== null,
      find: find !== null,
    };
  }

  async change(settings: Settings): Promise<void> {
    await this.inTurn(async () => {
      const presence = await this.api.change(settings);
      const { isLive, heartbeatSeconds } = this.current.presence ?? presence;
      // This makes nobody live: the answer may be from before one went offline.
      this.become({ presence: { ...presence, isLive: isLive && presence.isLive, heartbeatSeconds } });
    });
    this.listSoon();
  }

  /** `cell` may be any geohash of six characters or more; no more than six leave this device. */
  async moveTo(cell: string): Promise<void> {
    const { era } = this;
    const place = await this.api.moveTo(cut(cell));
    if (era === this.era) this.become({ place });
  }

  async forgetPlace(): Promise<void> {
    await this.api.forgetPlace();
    this.become({ place: { geohash: null, settled: false }, users: [], matches: [] });
  }

  /** What plays, for those without Spotify; `null`: nothing. `artist` may be several, with commas between. */
  async play(track: Track | null): Promise<void> {
    if (this.socket === null || !this.socket.connected) throw new NearbyError(0, "Not connected");
    const said = track ?? { trackId: null };
    const answer = (await this.socket.timeout(10_000).emitWithAck("user:update_track", said)) as
      (Playing & { success: true }) | { success: false; statusCode: number; message: string };
    if (!answer.success) throw new NearbyError(answer.statusCode, answer.message);
    this.become({ playing: { isPlaying: answer.isPlaying, track: answer.track } });
    this.listSoon();
  }

  async askSpotify(): Promise<void> {
    const { era } = this;
    const playing = await this.api.askSpotify();
    if (era === this.era && this.current.spotify !== "reauth_required") this.become({ playing });
  }

  /** The server deletes what Spotify gave it for this person. Connecting is signing in with Spotify, in the browser. */
  async disconnectSpotify(): Promise<void> {
    await this.api.disconnect();
    this.become({ spotify: "none" });
    this.become({ playing: await this.api.playing() });
  }

  // -- find

  // Both sides hear of every step as an event. An answer may arrive after events that are newer than it, so only
  // the first step and the last are taken from it.

  async ask(userId: string): Promise<void> {
    const step = await this.toldFind(() => this.api.startFind(userId));
    for (const steps of this.ahead) steps.push(step);
  }

  async endFind(): Promise<void> {
    const session = this.session();
    const find = await this.api.endFind(session);
    if (this.current.find?.sessionId === session) this.found(find);
  }

  async accept(): Promise<void> {
    await this.api.acceptFind(this.session());
  }

  async update(cell: string): Promise<void> {
    await this.api.updateFind(this.session(), cut(cell));
  }

  async claimFound(): Promise<void> {
    await this.api.completeFind(this.session());
  }

  async decline(): Promise<void> {
    const session = this.session();
    await this.api.declineFind(session);
    if (this.current.find?.sessionId === session) this.become({ find: null });
  }

  dismissFind(): void {
    if (this.current.find?.stage === "ended") this.become({ find: null });
  }

  togetherFound = (): Promise<Room> => this.api.togetherFound(this.session());
  togetherMatched = (userId: string): Promise<Room> => this.api.togetherMatched(userId);

  // -- what comes by itself

  private connected(): void {
    this.become({ connection: "open", problem: null });
    void this.catchUp().catch((reason: unknown) => this.fails(reason));
  }

  /** Whatever was missed while there was no connection. */
  private async catchUp(): Promise<void> {
    const { era, lives } = this;
    const [me, presence, spotify] = await Promise.all([
      this.api.me(),
      this.api.settings(),
      this.api.connection().catch(() => null), // one's music is no reason to be without the rest
    ]);
    if (era !== this.era) return;
    if (lives !== this.lives) return this.catchUp(); // that was before
    this.become({ me: me.id, presence, spotify });
    if (!presence.isLive) {
      this.rest();
      this.set(gone(this.current));
      return;
    }
    this.keepAlive();
    const [place, playing] = await Promise.all([this.api.place(), this.api.playing()]);
    if (era !== this.era) return;
    this.become({ place, playing });
    await this.list();
    if (era === this.era) await this.toldFind(this.api.activeFind);
  }

  private hear(event: NearbyEvent): void {
    if (event.name === "error" && event.said.statusCode === 401) void this.renew();
    if (event.name === "live:went_offline") {
      this.era += 1;
      this.rest();
    }
    if (event.name === "live:user_left") for (const left of this.leaving) left.add(event.said.userId);
    if (event.name === "live:user_joined") for (const left of this.leaving) left.delete(event.said.userId);
    const at = this.now();
    const step: Step = (view) => heard(view, event, at);
    if (event.name.startsWith("find:")) for (const steps of this.ahead) steps.push(step);
    this.set(step(this.current));
    if (event.name === "live:user_joined" || event.name === "live:track_update") this.listSoon();
    if (event.name === "live:nearby_users") this.listSoon();
  }

  /** The socket's token has expired, perhaps while the device slept. */
  private async renew(): Promise<void> {
    const token = await this.options.token().catch(() => null);
    if (token !== null) this.signIn(token);
  }

  private lost(reason: string): void {
    this.become({ connection: "lost" });
    // The library reconnects after every loss but one: a server that closed on purpose.
    if (reason !== "io server disconnect") return;
    this.again = setTimeout(() => this.socket?.connect(), AGAIN_AFTER_MS * (0.5 + Math.random()));
  }

  private keepAlive(): void {
    this.rest();
    const everyMs = (this.current.presence?.heartbeatSeconds ?? HEARTBEAT_S) * 1000;
    this.beat = setInterval(() => {
      void this.hearMyself();
      this.api.heartbeat().catch((reason: unknown) => {
        if (!(reason instanceof NearbyError) || reason.status !== 403) return;
        this.rest();
        this.set(gone(this.current));
      });
    }, everyMs);
  }

  /** Nobody is told their own track: the server is asked what it has heard from Spotify. */
  private async hearMyself(): Promise<void> {
    const { era } = this;
    if (this.current.spotify !== "connected") return;
    const playing = await this.api.playing().catch(() => null); // the next time will do
    if (playing !== null && era === this.era && this.current.spotify === "connected")
      this.become({ playing });
  }

  private rest(): void {
    clearInterval(this.beat);
    this.beat = undefined;
  }

  private listSoon(): void {
    clearTimeout(this.listing);
    this.listing = setTimeout(() => {
      this.list().catch(() => undefined); // the next event, or connection, asks again
    }, LISTED_AFTER_MS);
  }

  private async list(): Promise<void> {
    if (this.current.presence?.isLive !== true) return;
    const { era } = this;
    this.lists += 1;
    const mine = this.lists;
    const left = new Set<string>();
    this.leaving.add(left);
    try {
      const [users, matches, place] = await Promise.all([
        this.api.nearby(),
        this.api.matches().catch(() => []), // the page does without it
        this.api.place(),
      ]);
      if (era !== this.era || mine < this.listed) return;
      this.listed = mine;
      const still = (one: { userId: string }) => !left.has(one.userId);
      this.become({ users: users.filter(still), matches: matches.filter(still), place });
    } finally {
      this.leaving.delete(left);
    }
  }

  private inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.turn.then(act);
    this.turn = done.catch(() => undefined);
    return done;
  }

  /** What is heard while this is asked may be of later, and counts after it. */
  private async toldFind(asked: () => Promise<Find | null>): Promise<Step> {
    const { era } = this;
    const steps: Step[] = [];
    this.ahead.add(steps);
    try {
      const find = await asked();
      const at = this.now();
      const step: Step = (view) => (find === null ? withoutFind(view) : withFind(view, find, at));
      if (era === this.era) this.set(steps.reduce((view, next) => next(view), step(this.current)));
      return step;
    } finally {
      this.ahead.delete(steps);
    }
  }

  private found(find: Find): void {
    this.set(withFind(this.current, find, this.now()));
  }

  private session(): string {
    const { find } = this.current;
    if (find === null) throw new NearbyError(404, "There is no such find session");
    return find.sessionId;
  }

  private fails(reason: unknown): void {
    this.become({ problem: reason instanceof Error ? reason.message : "Something went wrong" });
  }

  private become(change: Partial<NearbyView>): void {
    this.set({ ...this.current, ...change });
  }

  private set(view: NearbyView): void {
    this.current = view;
    for (const listener of this.listeners) listener();
  }
}

/** How one ended is still shown. */
function withoutFind(view: NearbyView): NearbyView {
  return view.find?.stage === "ended" ? view : { ...view, find: null };
}

function cut(cell: string): string {
  const read = readCell(cell);
  if (read === null) throw new NearbyError(400, "This is no geohash of six characters");
  return read;
}
