/**
 * One person in one room over `tutti.v1`.
 *
 * The room is `view()`, replaced by a new value at each change. Nothing is shown before the server has said it:
 * commands take effect at a room time a little ahead, for everybody at once. Reconnecting resumes by itself.
 */

import { Asks, Refusal } from "./asks";
import { Link, type Open } from "../link";
import { RoomClock } from "./room-clock";
import {
  evolve,
  FIRST_VIEW,
  isRoomEvent,
  stateOf,
  targetAt,
  timelineAt,
  type NativeView,
  type Problem,
} from "./room-state";
import {
  CLOSE,
  SUBPROTOCOL,
  type ClientSays,
  type Command,
  type Hello,
  type NewMedia,
  type NewPoll,
  type Refused,
  type Report,
  type RoomEvent,
  type ServerSays,
  type Timeline,
  type Welcome,
} from "./wire";

export { Refusal } from "./asks";
export type { WebSocketLike } from "../link";

export interface NativeRoomOptions {
  room: string;
  me: { id?: string; name: string };
  /** A pass (`tp1.…`) or an access token. */
  token?: string;
  /** Of the server, like `https://tutti.example`; the page's own by default. */
  origin?: string;
  /** Local milliseconds that never step; `performance.now` by default. */
  now?: () => number;
  open?: Open;
  /** 0 to 1, for the jitter of reconnecting. */
  random?: () => number;
}

const REACTION_SHOWN_MS = 5_000;
/** Two people are no further apart than that by what they chose: five seconds each. */
const APART_AT_MOST_MS = 10_000;
const STATUS_KEPT_MS = 5_000;
const TYPING_SHOWN_MS = 6_000;

const LOST = new Refusal("connection_lost", "The connection was lost before the server answered", true);
const GONE = new Refusal("left", "You have left the room", false);

/** Refusals that pass by themselves: whoever was not let in because of one tries again. */
const PASSING = new Set(["rate_limited", "unavailable", "draining", "internal"]);

const ENDINGS: Readonly<Record<number, Problem>> = {
  [CLOSE.left]: ending("left", "You left this room in another place"),
  [CLOSE.refused]: ending("not_allowed", "You may not be in this room"),
  [CLOSE.expelled]: ending("expelled", "You were removed from this room"),
  [CLOSE.noSuchRoom]: ending("room_not_found", "Room not found"),
  [CLOSE.ended]: ending("room_closed", "This room has ended"),
};

export class NativeRoom {
  private current: NativeView = FIRST_VIEW;
  private readonly listeners = new Set<() => void>();
  private readonly asks = new Asks();
  private readonly clock: RoomClock;
  private readonly link: Link<ClientSays, ServerSays>;
  private readonly now: () => number;
  /** Where we are in the room's log; null until the first welcome. */
  private place: { epoch: string; seq: number } | null = null;
  private resuming = false;
  private token: string | undefined;
  private drainMs: number | null = null;
  private turnedAway: Refused | null = null;
  private statusTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly reactionTimers = new Set<ReturnType<typeof setTimeout>>();
  private readonly typingTimers = new Map<string, ReturnType<typeof setTimeout>>();

  /** Connects at once. */
  constructor(private readonly options: NativeRoomOptions) {
    this.now = options.now ?? (() => performance.now());
    this.token = options.token;
    this.clock = new RoomClock({
      now: this.now,
      ask: (ref) => this.link.send({ type: "ping", ref }),
      silent: () => this.link.drop(),
    });
    const open = options.open ?? ((url, protocol) => new WebSocket(url, protocol));
    const address = addressOf(options);
    this.link = new Link<ClientSays, ServerSays>(
      () => open(address, SUBPROTOCOL),
      "type",
      options.random ?? Math.random,
      {
        opened: () => this.opened(),
        said: (said) => this.hear(said),
        trying: () => this.change({ reconnectAt: null }),
        lost: (againInMs) => this.lost(againInMs),
        after: (code) => this.after(code),
        ended: (code) => this.ended(this.turnedAway ?? ENDINGS[code] ?? null),
      },
    );
    globalThis.document?.addEventListener("visibilitychange", this.seen);
    globalThis.window?.addEventListener("online", this.online);
    this.link.connect();
  }

  /** Arrow functions, so that they can be handed to whoever subscribes (React's `useSyncExternalStore`). */
  readonly view = (): NativeView => this.current;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    this.clock.want(this.current.connection !== "ended");
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.clock.want(false);
    };
  };

  /** Room time, in ms. Before the first answer it means nothing: `bound()` is infinite then. */
  roomNow(): number {
    return this.clock.roomNow();
  }

  /** `roomNow()` is wrong by at most this many ms. */
  bound(): number {
    return this.clock.bound();
  }

  /** What is in force at this room time; a command that has been heard but not begun does not count yet. */
  timelineAt(roomNow: number): Timeline | null {
    return this.current.room && timelineAt(this.current.room, roomNow);
  }

  /** Where my player should be now, in ms of media, my own offset included; null before the room and its clock are known. */
  position(): number | null {
    const { room, me } = this.current;
    return room === null || !this.clock.known ? null : targetAt(room, me, this.roomNow());
  }

  play(position?: number): Promise<void> {
    return this.ask({ type: "play", ...at(position) });
  }

  pause(position?: number): Promise<void> {
    return this.ask({ type: "pause", ...at(position) });
  }

  seek(to: number): Promise<void> {
    return this.ask({ type: "seek", to: Math.max(0, to) });
  }

  seekBy(by: number): Promise<void> {
    return this.ask({ type: "seekBy", by });
  }

  setRate(rate: number): Promise<void> {
    return this.ask({ type: "rate", rate });
  }

  setMedia(media: NewMedia): Promise<void> {
    return this.ask({ type: "media", ...media });
  }

  setProvider(provider: string): Promise<void> {
    return this.ask({ type: "provider", provider });
  }

  setEpisode(episode: number): Promise<void> {
    return this.ask({ type: "episode", episode });
  }

  queueAdd(media: NewMedia): Promise<void> {
    return this.ask({ type: "queueAdd", media });
  }

  queueRemove(entry: string): Promise<void> {
    return this.ask({ type: "queueRemove", entry });
  }

  queueMove(entry: string, before: string | null): Promise<void> {
    return this.ask({ type: "queueMove", entry, before });
  }

  /** With `entry`: only if that one is still first, so that everybody may ask when a film ends; a refusal is not shown. */
  playNext(entry?: string): Promise<void> {
    return entry === undefined ? this.ask({ type: "playNext" }) : this.ask({ type: "playNext", entry }, true);
  }

  appoint(member: string, role: "moderator" | "member"): Promise<void> {
    return this.ask({ type: "appoint", member, role });
  }

  transfer(to: string): Promise<void> {
    return this.ask({ type: "transfer", to });
  }

  expel(member: string): Promise<void> {
    return this.ask({ type: "expel", member });
  }

  lock(locked: boolean): Promise<void> {
    return this.ask({ type: "lock", locked });
  }

  capacity(capacity: number): Promise<void> {
    return this.ask({ type: "capacity", capacity });
  }

  chatSwitch(on: boolean): Promise<void> {
    return this.ask({ type: "chatSwitch", on });
  }

  /** `replyTo`: the `seq` of the line that this answers. */
  chat(text: string, replyTo?: number): Promise<void> {
    return this.ask(replyTo === undefined ? { type: "chat", text } : { type: "chat", text, replyTo });
  }

  /** Other words for my own line, for 15 minutes. */
  chatEdit(line: number, text: string): Promise<void> {
    return this.ask({ type: "chatEdit", line, text });
  }

  /** Take back my own line; those who moderate anybody's. */
  chatRemove(line: number): Promise<void> {
    return this.ask({ type: "chatRemove", line });
  }

  slowMode(seconds: number): Promise<void> {
    return this.ask({ type: "slowMode", seconds });
  }

  /** Say so every few seconds while it is so, and when it no longer is. Whether that can be told now matters to nobody. */
  typing(on: boolean): void {
    if (this.current.connection === "connected") this.link.send({ type: "typing", on });
  }

  pollOpen(poll: NewPoll): Promise<void> {
    return this.ask({ type: "pollOpen", ...poll });
  }

  /** Once. An option's place from 0, one to five stars, or words. */
  vote(poll: string, answer: number | string): Promise<void> {
    return this.ask({ type: "vote", poll, answer });
  }

  pollClose(poll: string): Promise<void> {
    return this.ask({ type: "pollClose", poll });
  }

  /** To what I see, which may not be where the room is. */
  react(emoji: string): Promise<void> {
    return this.ask({ type: "react", emoji, ...at(this.position() ?? undefined) });
  }

  /** `member`: a moderator lowers somebody else's. */
  raiseHand(raised: boolean, member?: string): Promise<void> {
    return this.ask(member === undefined ? { type: "hand", raised } : { type: "hand", raised, member });
  }

  /** How much further on than the room I want to be, in ms. */
  setOffset(ms: number): Promise<void> {
    return this.ask({ type: "offset", ms });
  }

  setReady(ready: boolean): Promise<void> {
    return this.ask({ type: "ready", ready });
  }

  waitForAll(on: boolean): Promise<void> {
    return this.ask({ type: "waitForAll", on });
  }

  /** An observation: nobody answers, and without a connection it is dropped. */
  report(sample: Report): void {
    if (this.current.connection === "connected") this.link.send({ type: "report", ...sample });
  }

  /** Leave for good: the connection ends and nothing more is heard. */
  leave(): void {
    if (this.current.connection === "ended") return;
    this.link.send({ type: "leave" });
    this.ended(null);
  }

  /** End the connection, and stay in the room: somebody who is here by another connection as well. */
  disconnect(): void {
    this.ended(null);
  }

  /** A fresh token, before the one that was given expires; also for coming back after a lost connection. */
  signIn(token: string): void {
    this.token = token;
    this.link.send({ type: "signIn", token });
  }

  /** End the room for everybody; only the host may. */
  close(): Promise<void> {
    return this.ask({ type: "close" });
  }

  dismissProblem(): void {
    if (this.current.problem !== null) this.change({ problem: null });
  }

  private opened(): void {
    this.hello();
    this.clock.open();
  }

  private hello(): void {
    const { me } = this.options;
    const id = me.id ?? this.current.me;
    const said: Hello = { type: "hello", name: me.name };
    if (id !== null) said.id = id;
    if (this.token !== undefined) said.token = this.token;
    if (this.place !== null) said.resume = this.place;
    this.turnedAway = null;
    this.link.send(said);
  }

  private hear(said: ServerSays): void {
    if (isRoomEvent(said)) return this.happened(said);
    switch (said.type) {
      case "welcome":
        return this.welcomed(said);
      case "pong":
        return this.clock.pong(said.ref, said.at);
      case "ack":
        return this.asks.settle(said.ref, null);
      case "refused":
        return this.refused(said);
      case "malformed":
        return this.refused({ code: "malformed", mayRetry: false, ...said, type: "refused" });
      case "reaction":
        return this.reactionHeard(said.member, said.emoji, said.position);
      case "isTyping":
        return this.types(said.member, said.on ? said.name : null);
      case "status":
        return this.statusHeard(said);
      case "draining":
        this.drainMs = said.reconnectInMs;
    }
  }

  private welcomed(said: Welcome): void {
    this.link.settled();
    this.resuming = false;
    this.place = { epoch: said.epoch, seq: said.seq };
    const room = said.resumed ? this.current.room : stateOf(said.room);
    const problem = this.current.connection === "connected" ? this.current.problem : null;
    this.change({ connection: "connected", reconnectAt: null, me: said.you.id, room, problem });
  }

  /** In order and once each. After a gap the server is asked for what is missing, and says this one again. */
  private happened(event: RoomEvent): void {
    const { room } = this.current;
    if (room === null || this.place === null || event.seq <= this.place.seq) return;
    if (event.seq > this.place.seq + 1) return this.resume();
    this.place = { ...this.place, seq: event.seq };
    this.change({ room: evolve(room, event) });
    if (event.type === "chat" || event.type === "left") this.types(event.member, null);
    if (event.type === "closed") this.ended(ENDINGS[CLOSE.ended] ?? null);
  }

  private resume(): void {
    if (this.resuming) return;
    this.resuming = true;
    this.hello();
  }

  private refused(said: Refused): void {
    const refusal = new Refusal(said.code, said.message, said.mayRetry, said.retryAfterMs);
    if (said.ref !== undefined) return this.asks.settle(said.ref, refusal);
    if (this.current.connection !== "connected") this.turnedAway = said;
    this.change({ problem: problemOf(refusal) });
  }

  /** Whoever is behind sees it when they come to what it is about. */
  private reactionHeard(member: string, emoji: string, position: number | null): void {
    const comesIn = this.until(position);
    if (comesIn > 0) this.inReactions(comesIn, () => this.reacted(member, emoji));
    else this.reacted(member, emoji);
  }

  private reacted(member: string, emoji: string): void {
    const reaction = { member, emoji, at: this.now() };
    this.change({ reactions: [...this.current.reactions, reaction] });
    this.inReactions(REACTION_SHOWN_MS, () => {
      this.change({ reactions: this.current.reactions.filter((one) => one !== reaction) });
    });
  }

  private inReactions(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.reactionTimers.delete(timer);
      act();
    }, ms);
    this.reactionTimers.add(timer);
  }

  /** How long my player takes to this position; 0 where it is there, stands still, or is somewhere else entirely. */
  private until(position: number | null): number {
    const mine = this.position();
    const timeline = this.timelineAt(this.roomNow());
    if (position === null || mine === null || timeline === null || !timeline.playing) return 0;
    const ahead = position - mine;
    return ahead > APART_AT_MOST_MS ? 0 : Math.max(0, ahead / timeline.rate);
  }

  /** `name` null: no more. Whoever says nothing further has stopped. */
  private types(member: string, name: string | null): void {
    clearTimeout(this.typingTimers.get(member));
    this.typingTimers.delete(member);
    if (name !== null) {
      const stops = setTimeout(() => this.types(member, null), TYPING_SHOWN_MS);
      this.typingTimers.set(member, stops);
    } else if (!this.current.typing.has(member)) return;
    const typing = new Map(this.current.typing);
    if (name === null) typing.delete(member);
    else typing.set(member, name);
    this.change({ typing });
  }

  /** Nobody says that they have stopped saying; so what they said last is soon forgotten. */
  private statusHeard(said: Extract<ServerSays, { type: "status" }>): void {
    clearTimeout(this.statusTimer);
    this.statusTimer = setTimeout(() => this.change({ status: new Map() }), STATUS_KEPT_MS);
    const status = said.members.map(({ member, error, bound, state }) => {
      return [member, { error, bound, state }] as const;
    });
    this.change({ status: new Map(status) });
  }

  private lost(againInMs: number): void {
    this.clock.closed();
    this.resuming = false;
    this.asks.abandon(LOST);
    clearTimeout(this.statusTimer);
    this.change({ connection: "lost", reconnectAt: this.now() + againInMs, status: new Map() });
  }

  private after(code: number): number | null | undefined {
    const drainMs = this.drainMs;
    this.drainMs = null;
    if (drainMs !== null) return drainMs;
    const { turnedAway } = this;
    if (turnedAway !== null && PASSING.has(turnedAway.code)) return turnedAway.retryAfterMs;
    return code in ENDINGS ? null : undefined;
  }

  private ended(why: Problem | null): void {
    if (this.current.connection === "ended") return;
    this.clock.end();
    this.asks.abandon(GONE);
    this.link.end();
    clearTimeout(this.statusTimer);
    this.reactionTimers.forEach((timer) => clearTimeout(timer));
    this.typingTimers.forEach((timer) => clearTimeout(timer));
    globalThis.document?.removeEventListener("visibilitychange", this.seen);
    globalThis.window?.removeEventListener("online", this.online);
    this.change({
      connection: "ended",
      reconnectAt: null,
      status: new Map(),
      reactions: [],
      typing: new Map(),
      problem: why && problemOf(why),
    });
  }

  private ask(command: Command, quietly = false): Promise<void> {
    const answer = this.asks.ask((ref) => this.link.send({ ...command, ref }));
    if (!quietly) answer.catch((refusal: unknown) => this.complain(refusal));
    return answer;
  }

  private complain(refusal: unknown): void {
    if (refusal instanceof Refusal && this.current.connection !== "ended") {
      this.change({ problem: problemOf(refusal) });
    }
  }

  private readonly seen = (): void => {
    if (document.visibilityState === "hidden") return;
    this.clock.hurry();
    this.online();
  };

  /** No need to wait out the delay when there is reason to hope. */
  private readonly online = (): void => {
    if (this.current.connection === "lost") this.link.connect();
  };

  private change(part: Partial<NativeView>): void {
    this.current = { ...this.current, ...part };
    for (const listener of this.listeners) listener();
  }
}

function addressOf({ room, origin }: NativeRoomOptions): string {
  const server = new URL(origin ?? location.origin);
  server.protocol = server.protocol === "https:" ? "wss:" : "ws:";
  return new URL(`/v1/rooms/${encodeURIComponent(room)}`, server).href;
}

function at(position: number | undefined): { position?: number } {
  return position === undefined ? {} : { position };
}

function ending(code: string, message: string): Problem {
  return { code, message, mayRetry: false };
}

function problemOf({ code, message, mayRetry }: Problem): Problem {
  return { code, message, mayRetry };
}
