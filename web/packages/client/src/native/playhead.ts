/**
 * Reads where a player is, to the millisecond, and says what the reading is unsure by.
 *
 * Where `currentTime` runs smoothly it is the player's own clock and the best there is: what is on the screen follows it
 * to the next refresh. Some browsers let it stand still between updates; there the frames tell, each with its place in
 * the media and the moment at which it is shown.
 */

/** What is used of a video element to read it. */
export type ReadableVideo = Pick<HTMLVideoElement, "currentTime" | "playbackRate"> &
  Partial<Pick<HTMLVideoElement, "requestVideoFrameCallback" | "cancelVideoFrameCallback">>;

export interface Reading {
  positionMs: number;
  unsureMs: number;
}

const SMOOTH_MS = 1;
const ROUGH_MS = 8;
const ROUGHEST_MS = 200;
const LEARN = 0.2;
/** Readings that are nearer together or further apart say nothing about how smoothly the clock runs. */
const TELLING_MS = [10, 400] as const;
const REFRESH_MS = 17;
const FRAME_TELLS_MS = 250;

interface Raw {
  now: number;
  positionMs: number;
  rate: number;
}

export class Playhead {
  private frame: { at: number; positionMs: number } | null = null;
  private asked: number | null = null;
  private before: Raw | null = null;
  private roughMs = 0;

  constructor(
    private readonly video: ReadableVideo,
    private readonly now: () => number,
  ) {}

  start(): void {
    this.askForFrame();
  }

  stop(): void {
    if (this.asked !== null) this.video.cancelVideoFrameCallback?.(this.asked);
    this.asked = null;
    this.forget();
  }

  /** After a jump or a stop, what was read before says nothing. */
  forget(): void {
    this.frame = null;
    this.before = null;
  }

  /** While it plays, which it must have been doing since the reading before unless that was forgotten. */
  read(): Reading {
    const raw = this.raw();
    this.learn(raw);
    const { frame } = this;
    if (this.roughMs < ROUGH_MS || frame === null || raw.now - frame.at > FRAME_TELLS_MS) {
      return { positionMs: raw.positionMs, unsureMs: SMOOTH_MS + 2 * this.roughMs };
    }
    return { positionMs: frame.positionMs + (raw.now - frame.at) * raw.rate, unsureMs: REFRESH_MS };
  }

  /** At rest there is nothing to guess. */
  atRest(): Reading {
    this.forget();
    return { positionMs: this.raw().positionMs, unsureMs: 0 };
  }

  private raw(): Raw {
    const { currentTime, playbackRate } = this.video;
    return { now: this.now(), positionMs: currentTime * 1000, rate: playbackRate };
  }

  private learn(raw: Raw): void {
    const { before } = this;
    const [least, most] = TELLING_MS;
    if (before !== null && raw.now - before.now < least) return;
    this.before = raw;
    if (before === null || before.rate !== raw.rate || raw.now - before.now > most) return;
    const off = Math.abs(raw.positionMs - before.positionMs - (raw.now - before.now) * raw.rate);
    this.roughMs += LEARN * (Math.min(off, ROUGHEST_MS) - this.roughMs);
  }

  private askForFrame(): void {
    const asked = this.video.requestVideoFrameCallback?.((_heard, frame) => {
      const at = this.now() + frame.expectedDisplayTime - performance.now();
      this.frame = { at, positionMs: frame.mediaTime * 1000 };
      this.askForFrame();
    });
    this.asked = asked ?? null;
  }
}
