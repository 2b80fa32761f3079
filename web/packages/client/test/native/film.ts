/** A `<video>` without a picture: it takes its time to start and to seek, and its clock runs by the (fake) local one. */

import type { FollowedVideo } from "../../src/native/video-follower";

export class Film {
  readonly duration = 60;
  muted = false;
  preservesPitch = true;
  startMs = 60;
  seekMs = 40;
  refusesSound = false;
  refusesAll = false;
  /** Metadata alone: nothing to play from. */
  starved = false;
  loaded = true;
  plays = 0;
  seeks: number[] = [];
  private isPaused = true;
  private speed = 1;
  private anchor = { at: 0, position: 0 };
  private seekingUntil = 0;
  private readonly listeners = new Map<string, Set<() => void>>();

  get asVideo(): FollowedVideo {
    return this as unknown as FollowedVideo;
  }

  get paused(): boolean {
    return this.isPaused;
  }

  get readyState(): number {
    if (!this.loaded) return 0;
    return this.starved || this.seeking ? 1 : 4;
  }

  get seeking(): boolean {
    return performance.now() < this.seekingUntil;
  }

  get ended(): boolean {
    return this.currentTime >= this.duration;
  }

  get currentTime(): number {
    const ran = this.isPaused || this.starved ? 0 : Math.max(0, performance.now() - this.anchor.at);
    return Math.min(this.duration, this.anchor.position + (ran / 1000) * this.speed);
  }

  set currentTime(to: number) {
    this.seeks.push(to);
    this.seekingUntil = performance.now() + this.seekMs;
    this.anchor = { at: this.seekingUntil, position: Math.min(to, this.duration) };
    setTimeout(() => this.fire("seeked"), this.seekMs);
  }

  get playbackRate(): number {
    return this.speed;
  }

  set playbackRate(rate: number) {
    this.anchor = { at: Math.max(performance.now(), this.anchor.at), position: this.currentTime };
    this.speed = rate;
  }

  async play(): Promise<void> {
    this.plays += 1;
    if (this.refusesAll || (this.refusesSound && !this.muted)) {
      throw new DOMException("no gesture", "NotAllowedError");
    }
    this.anchor = { at: performance.now() + this.startMs, position: this.currentTime };
    this.isPaused = false;
  }

  pause(): void {
    this.anchor = { at: performance.now(), position: this.currentTime };
    this.isPaused = true;
  }

  /** Data runs out, or is there again. */
  starve(starved: boolean): void {
    this.anchor = { at: performance.now(), position: this.currentTime };
    this.starved = starved;
    if (!starved) this.fire("canplay");
  }

  addEventListener(event: string, listener: () => void): void {
    const known = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, known.add(listener));
  }

  removeEventListener(event: string, listener: () => void): void {
    this.listeners.get(event)?.delete(listener);
  }

  get listened(): number {
    return [...this.listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }

  private fire(event: string): void {
    for (const listener of this.listeners.get(event) ?? []) listener();
  }
}
