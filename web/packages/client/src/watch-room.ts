/**
 * One person in one room over Socket.IO, speaking the watch dialect.
 *
 * The room is `view()`, replaced by a new value at each change. What the person asks for is shown at once
 * and then confirmed, or corrected, by what the server says. Reconnecting joins again by itself.
 */

import { io, type Socket } from "socket.io-client";
import { roomTime } from "./clock";
import { paused, played, positionAt, sought, type Timeline } from "./position";
import { firstView, hear, type Heard, type Problem, type RoomView } from "./room-view";
import type {
  ClientEvents,
  PlaybackAction,
  PlaybackChanged,
  MemberSync,
  Room,
  ServerEvents,
  SyncAnswer,
} from "./wire";

/** What is used of a Socket.IO socket; `connect` and `disconnect` are the library's own events. */
export type RoomSocket = Pick<
  Socket<ServerEvents & OwnEvents, ClientEvents>,
  "on" | "emit" | "connect" | "disconnect" | "connected"
>;

interface OwnEvents {
  connect: () => void;
  disconnect: (reason: string) => void;
}

export interface Me {
  userId: string;
  userName: string;
}

/** Local milliseconds that never step: what a clock estimate must be built on. */
export type LocalClock = () => number;

const HEARTBEAT_EVERY_MS = 15_000;
const PROBE_EVERY_MS = 10_000;
const PROBE_BURST = 5;
const PROBE_LOST_AFTER_MS = 3_000;
const REPORT_EVERY_MS = 240;
const AGAIN_AFTER_MS = 2_000;
const SYNC_KEPT_MS = 4_000;

const CLOSED: Problem = { code: "room_closed", message: "This room has ended", fatal: true };

/** Refusals that pass by themselves: asking to join again later may succeed. */
const PASSING = new Set(["rate_limited", "unavailable", "draining"]);

export function connect(room: Room, me: Me, origin?: string): WatchRoom {
  const options = { reconnectionDelay: 500, reconnectionDelayMax: 4_000 };
  const socket = origin === undefined ? io(options) : io(origin, options);
  return new WatchRoom(socket, room, me, () => performance.now());
}

export class WatchRoom {
  private current: RoomView;
  private readonly listeners = new Set<() => void>();
  private readonly timers: ReturnType<typeof setInterval>[] = [];
  private probe: { sentAt: number; statesAreOld: boolean } | null = null;
  private burst = 0;
  private reportedAt = -Infinity;
  private wasConnected = false;
  private syncForgotten: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly socket: RoomSocket,
    readonly room: Room,
    readonly me: Me,
    private readonly now: LocalClock,
  ) {
    this.current = firstView(room, me.userId);
    this.listen();
    this.timers.push(
      setInterval(() => this.emit("heartbeat"), HEARTBEAT_EVERY_MS),
      setInterval(() => this.sendProbe(), PROBE_EVERY_MS),
    );
    if (socket.connected) this.enter();
  }

  /** Arrow functions, so that they can be handed to whoever subscribes (React's `useSyncExternalStore`). */
  readonly view = (): RoomView => this.current;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Seconds of media at this moment, or null before the room has said. */
  position(): number | null {
    return this.current.timeline && positionAt(this.current.timeline, this.roomNow());
  }

  play(): void {
    this.move((timeline, now) => played(timeline, now), { type: "play", data: {} });
  }

  pause(): void {
    this.move((timeline, now) => paused(timeline, now), { type: "pause", data: {} });
  }

  seek(to: number): void {
    const currentTime = Math.max(0, to);
    this.move((timeline, now) => sought(timeline, currentTime, now), { type: "seek", data: { currentTime } });
  }

  /** Say where this person's player is: an observation, at most four a second. */
  report(currentTime: number): void {
    if (this.current.connection !== "connected" || this.now() - this.reportedAt < REPORT_EVERY_MS) return;
    this.reportedAt = this.now();
    this.act({ type: "updateTime", data: { currentTime } });
  }

  dismissProblem(): void {
    this.hear({ what: "understood" });
  }

  leave(): void {
    this.emit("leave_room");
    this.hear({ what: "left" });
  }

  private listen(): void {
    const { socket } = this;
    socket.on("connect", () => this.enter());
    socket.on("disconnect", (reason) => this.lost(reason));
    socket.on("initial_state", (said) => {
      this.stateHeard(said.currentState, said.timestamp);
      this.hear({ what: "people", present: said, adminId: said.adminId });
      if (said.room !== undefined) this.hear({ what: "chosen", media: said.room });
      this.hear({ what: "connected" });
      this.sendProbe();
    });
    socket.on("user_joined", (present) => this.hear({ what: "people", present }));
    socket.on("user_left", (present) => this.hear({ what: "people", present }));
    socket.on("playback_updated", (said) => this.stateHeard(said.state, said.timestamp));
    for (const event of ["episode_changed", "provider_changed", "media_changed"] as const) {
      socket.on(event, (said) => this.mediaHeard(said));
    }
    socket.on("admin_changed", (said) =>
      this.hear({ what: "people", present: said, adminId: said.newAdmin }),
    );
    socket.on("user_kicked", (said) =>
      this.hear({ what: "kicked", userId: said.kickedUserId, present: said }),
    );
    socket.on("sync_response", (said) => this.answerHeard(said));
    socket.on("sync_status", ({ members }) => this.syncHeard(members));
    socket.on("room_closed", () => this.hear({ what: "problem", problem: CLOSED }));
    socket.on("error", (said) => this.refused(said));
  }

  private enter(): void {
    const { userName } = this.me;
    this.probe = null;
    this.burst = PROBE_BURST;
    // A server that restarted has a clock of its own: probes from before say nothing about it.
    if (this.wasConnected) this.current = { ...this.current, clock: null };
    this.wasConnected = true;
    this.socket.emit("join_room", { ...this.address(), userName });
  }

  private stateHeard(state: PlaybackChanged["state"], timestamp: number | undefined): void {
    this.hear({ what: "state", state, timestamp, at: this.now() });
  }

  private mediaHeard(said: PlaybackChanged): void {
    this.hear({ what: "media", action: said.action });
    this.stateHeard(said.state, said.timestamp);
  }

  /** Nobody says that they have stopped saying; so what they said last is soon forgotten. */
  private syncHeard(members: readonly MemberSync[]): void {
    clearTimeout(this.syncForgotten);
    this.syncForgotten = setTimeout(() => this.hear({ what: "sync", members: [] }), SYNC_KEPT_MS);
    this.hear({ what: "sync", members });
  }

  private answerHeard(said: SyncAnswer): void {
    if (this.probe === null) return;
    const { sentAt, statesAreOld } = this.probe;
    this.probe = null;
    const state = statesAreOld ? null : said.currentState;
    this.hear({ what: "answer", ...said, state, sentAt, at: this.now() });
    this.burst -= 1;
    if (this.burst > 0) this.sendProbe();
  }

  /** One at a time: an answer does not say which question it belongs to. */
  private sendProbe(): void {
    if (!this.socket.connected) return;
    if (this.probe !== null && this.now() - this.probe.sentAt < PROBE_LOST_AFTER_MS) return;
    this.probe = { sentAt: this.now(), statesAreOld: false };
    this.emit("sync_request");
  }

  private refused(said: { code: string; message: string }): void {
    const code = said.code.toLowerCase();
    const outside = this.current.connection !== "connected";
    const fatal = outside && !PASSING.has(code);
    this.hear({ what: "problem", problem: { code, message: said.message, fatal } });
    if (fatal) return;
    if (outside) this.later(() => this.enter());
    else if (code === "not_a_member") this.enter();
    else this.sendProbe();
  }

  /** The library reconnects after every loss but one: a server that closed on purpose. */
  private lost(reason: string): void {
    this.hear({ what: "lost" });
    if (reason === "io server disconnect") this.later(() => this.socket.connect());
  }

  private later(act: () => void): void {
    const timer = setTimeout(() => {
      if (this.current.connection !== "ended") act();
    }, AGAIN_AFTER_MS);
    this.timers.push(timer);
  }

  private move(change: (timeline: Timeline, roomNow: number) => Timeline, action: PlaybackAction): void {
    const { timeline, connection } = this.current;
    if (timeline === null || connection !== "connected") return;
    if (this.probe !== null) this.probe.statesAreOld = true;
    this.hear({ what: "moved", timeline: change(timeline, this.roomNow()) });
    this.act(action);
  }

  private act(action: PlaybackAction): void {
    this.socket.emit("playback_action", { ...this.address(), action });
  }

  private emit(event: "heartbeat" | "sync_request" | "leave_room"): void {
    if (this.socket.connected) this.socket.emit(event, this.address());
  }

  private address(): { roomId: string; userId: string } {
    return { roomId: this.room.id, userId: this.me.userId };
  }

  private roomNow(): number {
    return roomTime(this.current.clock, this.now());
  }

  private hear(heard: Heard): void {
    this.current = hear(this.current, heard);
    for (const listener of this.listeners) listener();
    if (this.current.connection === "ended") this.stop();
  }

  private stop(): void {
    clearTimeout(this.syncForgotten);
    this.timers.splice(0).forEach((timer) => clearInterval(timer));
    this.socket.disconnect();
  }
}
