/** Starts a video with sound where the browser lets it, in silence where it does not, and says which. */

export type Sound = "on" | "blocked";

export type SoundingVideo = Pick<HTMLVideoElement, "muted" | "play">;

const AGAIN_AFTER_MS = 1_000;

export class Sounding {
  private asking = false;
  private refusedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly video: SoundingVideo,
    private readonly onSound: (sound: Sound) => void,
    private readonly now: () => number,
  ) {}

  /** Whether it was told to play. A browser that has just refused is not asked again at once. */
  play(): boolean {
    if (this.asking || this.now() - this.refusedAt < AGAIN_AFTER_MS) return false;
    this.asking = true;
    void this.ask();
    return true;
  }

  /** From a click. */
  enable(): void {
    this.refusedAt = Number.NEGATIVE_INFINITY;
    this.video.muted = false;
    this.onSound("on");
  }

  private async ask(): Promise<void> {
    try {
      await this.video.play();
    } catch (reason) {
      if (isRefusal(reason)) await this.askInSilence();
    } finally {
      this.asking = false;
    }
  }

  /** Without a click a browser may refuse sound; the picture can follow all the same. */
  private async askInSilence(): Promise<void> {
    if (this.video.muted) {
      this.refusedAt = this.now();
      return;
    }
    this.video.muted = true;
    this.onSound("blocked");
    await this.video.play().catch(() => (this.refusedAt = this.now()));
  }
}

/** Other failures pass: a pause in between, or media that were replaced. */
function isRefusal(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === "NotAllowedError";
}
