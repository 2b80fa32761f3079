/**
 * Keeps a `<video>` where the room is, and tells the room where the video is.
 *
 * It never listens to the video's play, pause and seek events, so what it does to the video is never
 * mistaken for something the person asked for.
 */

import { boundAt } from "./clock";
import { Follower, VIDEO, type Action, type PlayerState } from "./follow";
import type { Timeline } from "./position";
import type { WatchRoom } from "./watch-room";

export type Sound = "on" | "blocked";

/** What is used of a video element. */
export type FollowableVideo = Pick<
  HTMLVideoElement,
  | "currentTime"
  | "duration"
  | "ended"
  | "muted"
  | "paused"
  | "pause"
  | "play"
  | "playbackRate"
  | "readyState"
  | "seeking"
  | "addEventListener"
  | "removeEventListener"
>;

const LOOK_EVERY_MS = 100;
const HAVE_METADATA = 1;
const HAVE_FUTURE_DATA = 3;
const REPORTABLE_WITHIN_S = 0.5;

export class VideoFollower {
  private follower = new Follower(VIDEO);
  private followed: Timeline | null = null;
  private starting = false;
  private timer: ReturnType<typeof setInterval> | null = null;
  private soon: ReturnType<typeof setTimeout> | undefined;
  private unsubscribe: () => void = () => {};

  constructor(
    private readonly video: FollowableVideo,
    private readonly room: Pick<WatchRoom, "view" | "subscribe" | "position" | "report">,
    private readonly now: () => number,
    private readonly onSound: (sound: Sound) => void,
  ) {}

  start(): void {
    this.timer = setInterval(this.look, LOOK_EVERY_MS);
    this.unsubscribe = this.room.subscribe(this.look);
    this.video.addEventListener("timeupdate", this.report);
    this.look();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    clearTimeout(this.soon);
    this.unsubscribe();
    this.video.removeEventListener("timeupdate", this.report);
    this.video.pause();
  }

  /** Call from a click: browsers let a page make sound only after one. */
  allowSound(): void {
    this.video.muted = false;
    this.onSound("on");
  }

  private readonly look = (): void => {
    const { video } = this;
    const { timeline, clock } = this.room.view();
    const target = this.target();
    if (timeline === null || target === null || video.readyState < HAVE_METADATA) return;
    if (movedOnPurpose(this.followed, timeline)) this.follower = this.follower.forgiven();
    this.followed = timeline;

    const playing = timeline.playing && target < video.duration;
    if (!playing && !video.paused) video.pause();
    const [next, action] = this.follower.step({
      nowMs: this.now(),
      positionMs: video.currentTime * 1000,
      targetMs: target * 1000,
      playing,
      rate: timeline.rate,
      state: this.state(playing),
      boundMs: boundAt(clock, this.now()),
    });
    this.follower = next;
    this.apply(action);
  };

  private readonly report = (): void => {
    const { video } = this;
    const target = this.target();
    if (target === null || video.paused || video.seeking || video.readyState < HAVE_FUTURE_DATA) return;
    // The admin's report can move the room, so an admin who is still catching up keeps quiet.
    const { adminId, me } = this.room.view();
    if (adminId === me && Math.abs(target - video.currentTime) > REPORTABLE_WITHIN_S) return;
    this.room.report(video.currentTime);
  };

  private target(): number | null {
    const position = this.room.position();
    const { duration } = this.video;
    return position !== null && duration > 0 ? Math.min(position, duration) : position;
  }

  /** A video that was just told to play says that it plays before it does. */
  private state(playing: boolean): PlayerState {
    const { video } = this;
    if (video.seeking) return "seeking";
    if (playing && video.readyState < HAVE_FUTURE_DATA) return "buffering";
    return video.paused || this.starting ? "paused" : "playing";
  }

  private apply(action: Action): void {
    const { video } = this;
    if (video.playbackRate !== action.rate) video.playbackRate = action.rate;
    if (action.hold && !video.paused) video.pause();
    if (action.seekToMs !== null) video.currentTime = action.seekToMs / 1000;
    if (!action.hold && video.paused) this.begin();
    clearTimeout(this.soon);
    if (action.lookInMs !== null) this.soon = setTimeout(this.look, action.lookInMs);
  }

  private begin(): void {
    if (this.starting) return;
    this.starting = true;
    this.video
      .play()
      .catch((reason: unknown) => this.startSilently(reason))
      .finally(() => {
        this.starting = false;
      });
  }

  /** Without a click a browser may refuse sound; the picture can follow all the same. */
  private async startSilently(reason: unknown): Promise<void> {
    if (!(reason instanceof DOMException) || reason.name !== "NotAllowedError" || this.video.muted) return;
    this.video.muted = true;
    this.onSound("blocked");
    await this.video.play().catch(() => undefined);
  }
}

/** The room's later word on the same course differs by a few milliseconds; a person's act does not. */
function movedOnPurpose(before: Timeline | null, now: Timeline): boolean {
  if (before === null || before === now) return false;
  if (before.playing !== now.playing || before.rate !== now.rate) return true;
  const elapsed = before.playing ? ((now.anchoredAt - before.anchoredAt) / 1000) * before.rate : 0;
  return Math.abs(before.position + elapsed - now.position) > 0.25;
}
