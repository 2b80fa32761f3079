/**
 * A server of `tutti.v1` in memory: one room, its log, and the sockets to it. What it says it says through a link of
 * `oneWayMs`, each way, in order. It decides little; tests make it say what a real one would.
 */

import type { Member, RoomEvent, ServerSays, Snapshot } from "../../src/native/wire";
import type { WebSocketLike } from "../../src/link";

type Said = Record<string, unknown> & { type: string };
/** An event without its number and time. */
export type Happening = RoomEvent extends infer E
  ? E extends unknown
    ? Omit<E, "seq" | "at">
    : never
  : never;

export const AHEAD_MS = 5_000_000;

export class FarSocket {
  readyState = 0;
  private readonly heard = new Map<string, ((event: object) => void)[]>();

  constructor(
    private readonly server: Server,
    readonly url: string,
    readonly protocol: string,
  ) {}

  addEventListener(event: string, listener: (event: object) => void): void {
    this.heard.set(event, [...(this.heard.get(event) ?? []), listener]);
  }

  send(text: string): void {
    if (this.readyState !== 1) throw new Error("not open");
    const said = JSON.parse(text) as Said;
    this.later(() => this.server.hear(this, said));
  }

  close(code = 1005): void {
    this.later(() => this.closed(code));
  }

  /** The server's end. */
  say(said: ServerSays): void {
    const data = JSON.stringify(said);
    this.later(() => this.fire("message", { data }));
  }

  raw(data: unknown): void {
    this.later(() => this.fire("message", { data }));
  }

  opened(): void {
    this.readyState = 1;
    this.fire("open", {});
  }

  closed(code: number): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.server.sockets.delete(this);
    this.fire("close", { code });
  }

  private later(act: () => void): void {
    setTimeout(() => {
      if (this.readyState !== 3) act();
    }, this.server.oneWayMs);
  }

  private fire(event: string, said: object): void {
    for (const listener of this.heard.get(event) ?? []) listener(said);
  }
}

export class Server {
  readonly sockets = new Set<FarSocket>();
  /** Everything that clients said but for clock probes. */
  readonly heard: Said[] = [];
  probes = 0;
  oneWayMs = 5;
  reachable = true;
  answersProbes = true;
  aheadMs = AHEAD_MS;
  epoch = "e1";
  readonly log: RoomEvent[] = [];
  /** What to answer this command with, if not with `ack`. */
  refusal: { code: string; message: string; mayRetry: boolean; retryAfterMs?: number } | null = null;
  turnsAway: { code: string; closeCode: number; mayRetry: boolean; retryAfterMs?: number } | null = null;
  resumes = true;
  connections: FarSocket[] = [];

  constructor(public snapshot: Snapshot) {}

  readonly open = (url: string, protocol: string): WebSocketLike => {
    const socket = new FarSocket(this, url, protocol);
    this.connections.push(socket);
    setTimeout(() => {
      if (!this.reachable) return socket.closed(1006);
      this.sockets.add(socket);
      socket.opened();
    }, this.oneWayMs);
    return socket as unknown as WebSocketLike;
  };

  now(): number {
    return performance.now() + this.aheadMs;
  }

  get seq(): number {
    return 1 + this.log.length;
  }

  all(type: string): Said[] {
    return this.heard.filter((said) => said.type === type);
  }

  hear(socket: FarSocket, said: Said): void {
    if (said.type === "ping") {
      this.probes += 1;
      if (this.answersProbes) socket.say({ type: "pong", ref: said["ref"] as string, at: this.now() });
      return;
    }
    this.heard.push(said);
    if (said.type === "hello") return this.welcome(socket, said);
    const ref = said["ref"] as number | undefined;
    if (ref === undefined) return;
    if (this.refusal !== null) socket.say({ type: "refused", ref, ...this.refusal });
    else socket.say({ type: "ack", ref, seq: this.seq });
  }

  /** It happens, and everybody is told. */
  happens(happening: Happening): void {
    const event = this.record(happening);
    for (const socket of this.sockets) socket.say(event);
  }

  /** It happens, and nobody is told. */
  record(happening: Happening): RoomEvent {
    const event = { ...happening, seq: this.seq + 1, at: this.now() } as RoomEvent;
    this.log.push(event);
    return event;
  }

  say(said: ServerSays): void {
    for (const socket of this.sockets) socket.say(said);
  }

  /** It stops and forgets its clock. */
  restart(): void {
    this.cut();
    this.aheadMs += 1_000_000;
  }

  cut(code = 1006): void {
    for (const socket of this.sockets) socket.closed(code);
  }

  private welcome(socket: FarSocket, said: Said): void {
    const you = { id: (said["id"] as string | undefined) ?? "guest-1", role: "member" as const };
    if (this.turnsAway !== null) {
      const { closeCode, ...why } = this.turnsAway;
      socket.say({ type: "refused", message: "No", ...why });
      setTimeout(() => socket.closed(closeCode), this.oneWayMs);
      return;
    }
    const from = said["resume"] as { epoch: string; seq: number } | undefined;
    const place = { epoch: this.epoch, now: this.now(), you };
    if (from !== undefined && this.resumes && from.epoch === this.epoch) {
      const missed = this.log.filter(({ seq }) => seq > from.seq);
      socket.say({ type: "welcome", ...place, seq: from.seq, resumed: true, missed: missed.length });
      for (const event of missed) socket.say(event);
      return;
    }
    const reason = from === undefined ? {} : { reason: "too_old" as const };
    const { snapshot: room, seq } = this;
    socket.say({ type: "welcome", ...place, room, seq, resumed: false, ...reason });
  }
}

export function person(id: string, name: string, role: Member["role"] = "member"): Member {
  return { id, name, role, joinedAt: 0, offset: 0, hand: null, ready: null };
}

export function aRoom(): Snapshot {
  return {
    id: "FILMS",
    name: "Films",
    host: "ann",
    members: [person("ann", "Ann", "host"), person("ben", "Ben")],
    capacity: 100,
    locked: false,
    chatOn: true,
    control: "everybody",
    media: {
      id: "clip",
      provider: "clip",
      kind: "movie",
      title: null,
      artist: null,
      episode: null,
      durationMs: 60_000,
    },
    timeline: { position: 10_000, rate: 1, playing: false, at: 0 },
    queue: [],
    chat: [],
    polls: [],
    slowMode: 0,
    invitedOnly: false,
    waitForAll: false,
    waiting: null,
    openedAt: 0,
    expiresAt: 86_400_000,
    recording: null,
  };
}
