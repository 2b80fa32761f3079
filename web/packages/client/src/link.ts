/**
 * One WebSocket of JSON messages after another to the same room, for as long as the room may be had.
 *
 * The owner hears `opened`, then what the server says, then `lost` or `ended`. It calls `settled` once it is in the
 * room; until then every failed attempt makes the next one wait longer, with jitter, so that a server that comes back is
 * not met by everybody at once.
 */

/** What is used of a WebSocket. */
export type WebSocketLike = Pick<WebSocket, "send" | "close" | "readyState" | "addEventListener">;

export type Open = (url: string, protocol: string) => WebSocketLike;

export interface LinkOwner<Heard> {
  opened: () => void;
  said: (said: Heard) => void;
  /** The connection has gone; the next attempt is made in so many ms. */
  lost: (againInMs: number) => void;
  /** An attempt begins. */
  trying: () => void;
  /** How long to wait before coming back after this close code, in ms; null: for good; undefined: no special wish. */
  after: (code: number) => number | null | undefined;
  ended: (code: number) => void;
}

const OPEN = 1;
const LEFT = 1000;
const ABNORMAL = 1006;
const NOT_ANSWERING_MS = 10_000;
const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 10_000;

/** `key`: the member that every message has; what has none is not of the protocol, and says nothing. */
export class Link<Said, Heard> {
  private socket: WebSocketLike | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private over = false;

  constructor(
    private readonly open: () => WebSocketLike,
    private readonly key: string,
    private readonly random: () => number,
    private readonly owner: LinkOwner<Heard>,
  ) {}

  connect(): void {
    if (this.over || this.socket !== null) return;
    clearTimeout(this.timer);
    this.owner.trying();
    const socket = this.open();
    this.socket = socket;
    this.timer = setTimeout(() => this.drop(), NOT_ANSWERING_MS);
    socket.addEventListener("open", () => this.of(socket, () => this.owner.opened()));
    socket.addEventListener("message", ({ data }) => this.of(socket, () => this.hear(data)));
    socket.addEventListener("close", ({ code }) => this.of(socket, () => this.closed(code)));
  }

  /** We are in: the next loss is the first one again. */
  settled(): void {
    clearTimeout(this.timer);
    this.failures = 0;
  }

  /** Whether it went out; what cannot go now is for the caller to think about again. */
  send(said: Said): boolean {
    if (this.socket?.readyState !== OPEN) return false;
    this.socket.send(JSON.stringify(said));
    return true;
  }

  /** Nothing comes any more: count the connection as lost without waiting for the network to agree. */
  drop(): void {
    const socket = this.socket;
    if (socket === null) return;
    this.closed(ABNORMAL);
    socket.close();
  }

  end(): void {
    this.over = true;
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    socket?.close(LEFT);
  }

  private hear(data: unknown): void {
    const said = readable(data, this.key);
    if (said !== null) this.owner.said(said as Heard);
  }

  /** What a socket that has been given up says no longer counts. */
  private of(socket: WebSocketLike, act: () => void): void {
    if (socket === this.socket) act();
  }

  private closed(code: number): void {
    this.socket = null;
    clearTimeout(this.timer);
    const wished = this.owner.after(code);
    if (wished === null) {
      this.over = true;
      this.owner.ended(code);
      return;
    }
    const waitMs = wished ?? this.backOff();
    this.failures += 1;
    this.timer = setTimeout(() => this.connect(), waitMs);
    this.owner.lost(waitMs);
  }

  private backOff(): number {
    const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.failures);
    return most * (0.5 + this.random() / 2);
  }
}

/** A frame that is none of the protocol's says nothing. */
function readable(data: unknown, key: string): object | null {
  if (typeof data !== "string") return null;
  try {
    const said: unknown = JSON.parse(data);
    return typeof said === "object" && said !== null && key in said ? said : null;
  } catch {
    return null;
  }
}
