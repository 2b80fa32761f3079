/**
 * Keeps an estimate of the room's clock by asking for it: in a burst after connecting, after sleep and when the page
 * comes back into view; otherwise as seldom as the estimate allows, and not at all while nobody wants to know.
 */

import { boundAt, nextProbeInMs, observe, roomTime, type ClockEstimate } from "../clock";
import type { Ref } from "./wire";

export interface ClockOwner {
  now: () => number;
  /** Whether the question went out. */
  ask: (ref: Ref) => boolean;
  /** Nothing has been answered for so long that the connection must be dead. */
  silent: () => void;
}

const BURST = 8;
const BURST_EVERY_MS = 60;
const LOST_AFTER_MS = 3_000;
const SILENT_AFTER = 3;
const LOOK_EVERY_MS = 1_000;
const SLEPT_MS = 3_000;

export class RoomClock {
  private estimate: ClockEstimate | null = null;
  private stale = false;
  private connected = false;
  private wanted = false;
  private burst = 0;
  private unanswered = 0;
  private last = 0;
  private asked: { ref: Ref; sentAt: number } | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private looking: ReturnType<typeof setInterval> | undefined;
  private looked = { local: 0, wall: 0 };

  constructor(private readonly owner: ClockOwner) {}

  roomNow(): number {
    return roomTime(this.estimate, this.owner.now());
  }

  bound(): number {
    return this.estimate === null ? Infinity : boundAt(this.estimate, this.owner.now());
  }

  /** Whether anything at all is known. */
  get known(): boolean {
    return this.estimate !== null;
  }

  /** A server that came back may have another clock: what was measured before counts only until the first answer. */
  open(): void {
    this.connected = true;
    this.stale = true;
    this.unanswered = 0;
    this.hurry();
  }

  closed(): void {
    this.connected = false;
    this.asked = null;
    clearTimeout(this.timer);
  }

  /** Whether somebody listens: then the estimate is kept fresh. */
  want(wanted: boolean): void {
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    clearInterval(this.looking);
    if (!wanted) return;
    this.looked = this.clocks();
    this.looking = setInterval(() => this.look(), LOOK_EVERY_MS);
    if (this.connected) this.hurry();
  }

  /** Ask several times at once: something has happened that a single answer would not settle. */
  hurry(): void {
    if (!this.connected) return;
    this.burst = BURST;
    if (this.asked === null) this.probe();
  }

  pong(ref: Ref, serverTime: number): void {
    if (this.asked === null || this.asked.ref !== ref) return;
    const probe = { sentAt: this.asked.sentAt, receivedAt: this.owner.now(), serverTime };
    this.estimate = observe(this.stale ? null : this.estimate, probe);
    this.stale = false;
    this.asked = null;
    this.unanswered = 0;
    this.plan();
  }

  end(): void {
    this.closed();
    clearInterval(this.looking);
  }

  /** One at a time, so that probes do not queue behind one another. */
  private probe(): void {
    const ref = `clock-${(this.last += 1)}`;
    const sentAt = this.owner.now();
    if (!this.owner.ask(ref)) return;
    this.burst = Math.max(0, this.burst - 1);
    this.asked = { ref, sentAt };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.lost(), LOST_AFTER_MS);
  }

  private plan(): void {
    clearTimeout(this.timer);
    if (!this.connected || (!this.wanted && this.burst === 0)) return;
    const waitMs = nextProbeInMs(this.estimate, this.owner.now());
    this.timer = setTimeout(() => this.probe(), this.burst > 0 ? Math.min(BURST_EVERY_MS, waitMs) : waitMs);
  }

  private lost(): void {
    this.asked = null;
    this.unanswered += 1;
    if (this.unanswered >= SILENT_AFTER) this.owner.silent();
    else this.probe();
  }

  /** Timers do not run during sleep, and a local clock may stand still in it: compare it with the other one. */
  private look(): void {
    const before = this.looked;
    this.looked = this.clocks();
    const local = this.looked.local - before.local;
    const wall = this.looked.wall - before.wall;
    if (local > SLEPT_MS || Math.abs(wall - local) > SLEPT_MS) this.hurry();
  }

  private clocks(): { local: number; wall: number } {
    return { local: this.owner.now(), wall: Date.now() };
  }
}
