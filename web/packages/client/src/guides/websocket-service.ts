/** Guide 000, service 2: the real-time connection, over Socket.IO. */

import { io, type Socket } from "socket.io-client";
import type { ListenHears, ListenSays } from "./listen-wire";

export interface WebSocketServiceOptions {
  /** The Spotify access token, asked for at each connection so that a renewed one is used. */
  token?: () => string | Promise<string>;
}

/** Whoever listens for an event that the guide does not name knows what comes with it. */
// oxlint-disable-next-line typescript/no-explicit-any
type Anything = any;
type Listener = (...said: Anything[]) => void;

const AGAIN_AFTER_MS = 1_000;
const LATEST = new Set(["playback_state", "request_sync"]);

/**
 * Guide 000, "WebSocketService".
 *
 * The library reconnects by itself; this class adds what it cannot know: after a reconnection the last `join_session`
 * is said again before anything else, and a server that closed on purpose (a restart) is tried again too. Listeners stay across both, and may
 * be added before `connect`.
 */
export class WebSocketService {
  private socket: Socket | null = null;
  private joined: ListenSays["join_session"] | null = null;
  private again: ReturnType<typeof setTimeout> | undefined;
  private kept: [event: string, data: unknown][] = [];
  private readonly listeners: [event: string, listener: Listener][] = [];

  constructor(private readonly options: WebSocketServiceOptions = {}) {}

  /**
   * Guide 000, "Connection Flow": resolves once connected; `url` is like `ws://localhost:3001` or `http://…`.
   *
   * Rejects with the library's error when the first attempt fails. It goes on trying in the background unless the server
   * refused the token; `on("connect", …)` hears of success. Connecting again replaces the connection.
   */
  connect(url: string): Promise<void> {
    this.close();
    const { token } = this.options;
    const socket = io(url, {
      forceNew: true,
      ...(token && { auth: (give: (auth: object) => void) => void giveToken(token, give) }),
    });
    this.socket = socket;
    for (const [event, listener] of this.listeners) socket.on(event, listener);
    socket.on("session_ended", () => {
      this.joined = null;
    });
    socket.on("disconnect", (reason) => this.lost(reason));
    socket.on("connect", () => this.entered(socket));
    return new Promise((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("connect_error", reject);
    });
  }

  /**
   * Guide 000, "Events: Client → Server". While reconnecting it is kept and sent afterwards.
   *
   * Throws an `Error` before `connect` has been called.
   */
  emit<E extends keyof ListenSays>(event: E, data: ListenSays[E]): void;
  emit(event: string, data: unknown): void;
  emit(event: string, data: unknown): void {
    if (this.socket === null) throw new Error(`Cannot emit ${event}: connect first`);
    if (event === "join_session") this.joined = data as ListenSays["join_session"];
    if (this.socket.connected) this.socket.emit(event, data);
    else if (event !== "join_session") this.keep(event, data);
  }

  /** Guide 000, "Events: Server → Client"; also the library's own `connect`, `disconnect` and `connect_error`. */
  on<E extends keyof ListenHears>(event: E, callback: (data: ListenHears[E]) => void): void;
  on(event: string, callback: Listener): void;
  on(event: string, callback: Listener): void {
    this.listeners.push([event, callback]);
    this.socket?.on(event, callback);
  }

  /** Ends the connection for good; what listens is kept for the next `connect`. */
  disconnect(): void {
    this.joined = null;
    this.kept = [];
    this.close();
  }

  private close(): void {
    clearTimeout(this.again);
    this.socket?.removeAllListeners();
    this.socket?.disconnect();
    this.socket = null;
  }

  /** First into the session, then what was meant for it: the library would say it the other way round. */
  private entered(socket: Socket): void {
    if (this.joined !== null) socket.emit("join_session", this.joined);
    for (const [event, data] of this.kept.splice(0)) socket.emit(event, data);
  }

  /** Of what says how things stand, only the last word counts. */
  private keep(event: string, data: unknown): void {
    this.kept = this.kept.filter(([earlier]) => earlier !== event || !LATEST.has(event));
    this.kept.push([event, data]);
  }

  /** The library reconnects after every loss but one: a server that closed on purpose. */
  private lost(reason: string): void {
    if (reason !== "io server disconnect") return;
    this.again = setTimeout(() => this.socket?.connect(), AGAIN_AFTER_MS * (0.5 + Math.random()));
  }
}

async function giveToken(token: () => string | Promise<string>, give: (auth: object) => void): Promise<void> {
  give({ token: await token() });
}
