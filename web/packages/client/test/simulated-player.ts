/**
 * A modelled `<video>` that follows a room, on a clock that the test turns: late at everything, noisy, stalling, with a
 * sound card of its own.
 */

import { Follower, type Action, type Limits, type PlayerState } from "../src/follow";

export interface Nature {
  seekMs: readonly [number, number];
  startMs: readonly [number, number];
  noiseMs: number;
  cardPpm: number;
}

export const BROWSER: Nature = { seekMs: [10, 300], startMs: [65, 85], noiseMs: 5, cardPpm: 0 };
export const SLUGGISH: Nature = { seekMs: [50, 600], startMs: [0, 20], noiseMs: 1, cardPpm: 100 };

const TICK_MS = 5;
const LOOK_EVERY_MS = 100;

/** Room and local time are the same; the room plays from the start. */
export class SimulatedPlayer {
  readonly errors: number[] = [];
  readonly rates: number[] = [];
  readonly seeks: number[] = [];
  nowMs = 0;
  private mediaMs = 0;
  private rate = 1;
  private held = true;
  private sought = true;
  private busy: { state: PlayerState; until: number } = { state: "paused", until: 0 };
  private stalledUntil = 0;
  private looksAt = 0;
  private follower: Follower;
  private readonly random: () => number;

  constructor(
    seed: number,
    private readonly nature: Nature,
    limits: Limits,
    private roomAhead = 60_000,
  ) {
    this.follower = new Follower(limits);
    this.random = seeded(seed);
  }

  get error(): number {
    return this.mediaMs - (this.nowMs + this.roomAhead);
  }

  run(forMs: number): void {
    for (const until = this.nowMs + forMs; this.nowMs < until;) {
      this.advance();
      if (this.nowMs >= this.looksAt) this.look();
      this.errors.push(this.error);
      this.rates.push(this.rate);
    }
  }

  stall(forMs: number): void {
    this.stalledUntil = this.nowMs + forMs;
  }

  roomMoves(byMs: number): void {
    this.roomAhead += byMs;
    this.follower = this.follower.forgiven();
  }

  private get state(): PlayerState {
    if (this.nowMs < this.stalledUntil) return "buffering";
    if (this.nowMs < this.busy.until) return this.busy.state;
    return this.held ? "paused" : "playing";
  }

  private advance(): void {
    const began = Math.max(this.nowMs, this.busy.until, this.stalledUntil);
    this.nowMs += TICK_MS;
    if (this.held) return;
    this.mediaMs += Math.max(0, this.nowMs - began) * this.rate * (1 + this.nature.cardPpm * 1e-6);
  }

  private look(): void {
    const noise = (this.random() * 2 - 1) * this.nature.noiseMs;
    const [next, action] = this.follower.step({
      nowMs: this.nowMs,
      positionMs: this.mediaMs + noise,
      targetMs: this.nowMs + this.roomAhead,
      playing: true,
      rate: 1,
      state: this.state,
      boundMs: 1,
    });
    this.follower = next;
    this.obey(action);
    this.looksAt = this.nowMs + Math.min(action.lookInMs ?? LOOK_EVERY_MS, LOOK_EVERY_MS);
  }

  private obey(action: Action): void {
    this.rate = action.rate;
    if (this.held && !action.hold) {
      if (this.sought) this.beBusy("paused", this.nature.startMs);
      this.sought = false;
    }
    this.held = action.hold;
    if (action.seekToMs === null) return;
    this.mediaMs = action.seekToMs;
    this.seeks.push(this.nowMs);
    this.sought = true;
    this.beBusy("seeking", this.nature.seekMs);
  }

  private beBusy(state: PlayerState, [least, most]: readonly [number, number]): void {
    const takes = least + this.random() * (most - least);
    this.busy = { state, until: Math.max(this.busy.until, this.nowMs) + takes };
  }
}

/** Numbers in [0, 1), the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
