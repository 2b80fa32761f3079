/**
 * Sets a video's speed without losing time over it.
 *
 * A browser that keeps the pitch while it plays faster or slower begins to do so with a gap of some 25 ms (Chromium,
 * measured). A trim is too small to be heard as pitch, and half a semitone for a moment is heard less than a gap; only who
 * has more to catch up pays for the right pitch.
 */

export type PacedVideo = Pick<HTMLVideoElement, "playbackRate"> &
  Partial<Pick<HTMLVideoElement, "preservesPitch">>;

const HEARD_OVER = 0.03;
const UNHEARD_UNDER = 0.006;
const SAME_RATE = 0.00005;

export class Pacing {
  constructor(private readonly video: PacedVideo) {}

  /** `chosen`: the speed that the room plays at, which is nobody's correction. */
  set(rate: number, chosen: number): void {
    const { video } = this;
    const off = Math.abs(rate / chosen - 1);
    const kept = off > (video.preservesPitch === true ? UNHEARD_UNDER : HEARD_OVER) || chosen !== 1;
    if (video.preservesPitch !== undefined && video.preservesPitch !== kept) video.preservesPitch = kept;
    if (Math.abs(video.playbackRate - rate) > SAME_RATE) video.playbackRate = rate;
  }
}
