/**
 * `/ws/notifications/`: what one person is told live.
 *
 * A frame with an `id` is told at least once, so that one that was seen is dropped; and whoever comes back names the last
 * that they saw, and hears what came since. The token is shown anew before the one in use expires.
 */

import type { PartyIdentity } from "./http";
import type { Message } from "./messaging";
import type { Notification } from "./notifications";

export type PersonHears =
  | { type: "connected"; user_id: string; unread_count: number; complete: boolean }
  | { type: "notification"; notification: Notification; unread_count: number }
  | { type: "notifications_read"; ids: string[]; unread_count: number }
  | { type: "message"; conversation_id: string; message: Message }
  | { type: "message_edited"; conversation_id: string; message: Message }
  | { type: "message_deleted"; conversation_id: string; message_id: string }
  | { type: "read"; conversation_id: string; user_id: string; last_read_at: string }
  | { type: "conversation_updated"; conversation_id: string }
  /** Not told again to whoever was away: look at the party anew at each `connected`. */
  | { type: "party_updated"; party_id: string }
  | { type: "typing"; conversation_id: string; user_id: string; is_typing: boolean };

const SHOWN_AGAIN_MS = 60_000;
const SOONEST_MS = 500;
const LATEST_MS = 30_000;
const REMEMBERED = 2_000;

export class PersonLine {
  private socket: WebSocket | null = null;
  private readonly seen = new Set<string>();
  private last: string | null = null;
  private wait = SOONEST_MS;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private beat: ReturnType<typeof setInterval> | undefined;
  private shown: string | null = null;
  private open = false;
  /** How often it was started. */
  private starts = 0;

  constructor(
    private readonly identity: PartyIdentity,
    private readonly hears: (said: PersonHears) => void,
    /** Like `wss://tutti.example`; the page's own by default. */
    private readonly origin = location.origin.replace(/^http/, "ws"),
  ) {}

  start(): void {
    if (this.open) return;
    this.open = true;
    this.starts += 1;
    void this.connect(false);
    this.beat = setInterval(() => void this.showToken(), SHOWN_AGAIN_MS);
  }

  stop(): void {
    this.open = false;
    clearTimeout(this.retry);
    clearInterval(this.beat);
    this.socket?.close();
    this.socket = null;
  }

  typing(conversation: string, on: boolean): void {
    this.say({ type: "typing", conversation_id: conversation, is_typing: on });
  }

  private async connect(refused: boolean): Promise<void> {
    const { starts } = this;
    const token = await (refused ? this.identity.renewed?.() : this.identity.token())?.catch(() => null);
    if (!this.open || starts !== this.starts) return; // stopped meanwhile, and perhaps started anew
    if (token === null || token === undefined) {
      this.again(false);
      return;
    }
    const since = this.last === null ? "" : `?since=${encodeURIComponent(this.last)}`;
    const socket = new WebSocket(`${this.origin}/ws/notifications/${since}`, ["bearer", token]);
    this.socket = socket;
    this.shown = token;
    socket.addEventListener("message", (event: MessageEvent<string>) => this.heard(event.data));
    socket.addEventListener("close", (event) => {
      if (this.socket !== socket) return;
      this.socket = null;
      this.again(event.code === 4001);
    });
  }

  private again(refused: boolean): void {
    if (!this.open) return;
    const wait = this.wait * (0.5 + Math.random());
    this.wait = Math.min(this.wait * 2, LATEST_MS);
    this.retry = setTimeout(() => void this.connect(refused), wait);
  }

  private heard(text: string): void {
    const said = JSON.parse(text) as PersonHears & { id?: string };
    if (said.type === "connected") this.wait = SOONEST_MS;
    if (said.id !== undefined) {
      if (this.seen.has(said.id)) return;
      this.seen.add(said.id);
      if (this.seen.size > REMEMBERED) this.seen.delete(this.seen.values().next().value ?? "");
      this.last = said.id;
    }
    this.hears(said);
  }

  private async showToken(): Promise<void> {
    const token = await this.identity.token().catch(() => null);
    if (token === null || token === this.shown) return;
    this.shown = token;
    this.say({ type: "authenticate", token });
  }

  private say(said: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(said));
  }
}
