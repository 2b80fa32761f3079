/**
 * Keeps a `<video>` where a `NativeRoom` is, and tells the room where the video is.
 *
 * It never listens to the video's play, pause and seek events, so what it does to the video is never mistaken for
 * something the person asked for: the page's own buttons ask the room.
 */

import { Follower, MUSIC, VIDEO, type Action, type Sample } from "../follow";
import type { NativeRoom } from "./native-room";
import { Pacing, type PacedVideo } from "./pacing";
import { isAnotherWish, planned, type Plan } from "./plan";
import { Playhead, type ReadableVideo } from "./playhead";
import { targetAt, within, type RoomState } from "./room-state";
import { Sounding, type Sound } from "./sounding";
import type { PlayerState } from "./wire";

export type { Sound } from "./sounding";

/** What is used of a video element and of a room. */
export type FollowedVideo = ReadableVideo &
  PacedVideo &
  Pick<HTMLVideoElement, "duration" | "ended" | "muted" | "paused" | "pause" | "play"> &
  Pick<HTMLVideoElement, "readyState" | "seeking" | "addEventListener" | "removeEventListener">;
export type FollowedRoom = Pick<NativeRoom, "view" | "subscribe" | "roomNow" | "bound" | "report">;

export interface FollowerOptions {
  /** The same local clock as the room's; `performance.now` by default. */
  now?: () => number;
  onSound?: (sound: Sound) => void;
  /** Music: a player that catches up stays within ±3 % of the speed instead of a film's ±8 %. */
  music?: boolean;
}

const LOOK_EVERY_MS = 100;
const SOONEST_LOOK_MS = 1;
const STARTING_LOOK_MS = 15;
const STARTS_WITHIN_MS = 400;
/** A browser's clock runs as soon as it is told to play, and stands again until the sound has begun. */
const UNSTEADY_MS = 160;
const REPORT_EVERY_MS = 500;
const HAVE_METADATA = 1;
const HAVE_FUTURE_DATA = 3;

const EVENTS = ["canplay", "durationchange", "ended", "seeked"] as const;

interface Seen {
  positionMs: number;
  at: number;
  error: number | null;
  bound: number;
  state: PlayerState;
}

export class NativeFollower {
  private follower: Follower;
  private plan: Plan | null = null;
  private offset = 0;
  /** Where the video stood when it was told to play, until it moves. */
  private starting: { from: number; at: number } | null = null;
  private seen: Seen | null = null;
  private running = false;
  private looking: ReturnType<typeof setTimeout> | undefined;
  private reporting: ReturnType<typeof setInterval> | undefined;
  private unsubscribe: () => void = () => {};
  private readonly now: () => number;
  private readonly playhead: Playhead;
  private readonly sounding: Sounding;
  private readonly pacing: Pacing;

  constructor(
    private readonly video: FollowedVideo,
    private readonly room: FollowedRoom,
    options: FollowerOptions = {},
  ) {
    this.now = options.now ?? (() => performance.now());
    this.playhead = new Playhead(video, this.now);
    this.pacing = new Pacing(video);
    this.sounding = new Sounding(video, options.onSound ?? (() => {}), this.now);
    this.follower = new Follower(options.music ? MUSIC : VIDEO);
  }

  /** The error in ms, position less target, as last seen; null while it is not known. */
  error(): number | null {
    return this.seen?.error ?? null;
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.playhead.start();
    this.reporting = setInterval(() => this.report(), REPORT_EVERY_MS);
    this.unsubscribe = this.room.subscribe(this.look);
    for (const event of EVENTS) this.video.addEventListener(event, this.look);
    this.look();
  }

  /** The video is paused and left alone. */
  stop(): void {
    if (!this.running) return;
    this.running = false;
    clearTimeout(this.looking);
    clearInterval(this.reporting);
    this.unsubscribe();
    for (const event of EVENTS) this.video.removeEventListener(event, this.look);
    this.playhead.stop();
    this.video.pause();
    this.seen = null;
    this.plan = null;
    this.starting = null;
  }

  /** Call from a click: browsers let a page make sound only after one. */
  enableSound(): void {
    this.sounding.enable();
  }

  private readonly look = (): void => {
    clearTimeout(this.looking);
    if (!this.running) return;
    this.looking = setTimeout(this.look, this.follow());
  };

  /** One look at the video, and what to do about it. The answer is when to look again. */
  private follow(): number {
    const { room: state, me } = this.room.view();
    const { video } = this;
    if (state === null || this.room.bound() === Infinity || video.readyState < HAVE_METADATA) {
      this.seen = null;
      return LOOK_EVERY_MS;
    }
    const roomNow = this.room.roomNow();
    const plan = this.planned(state, me, roomNow);
    if (this.isStarting(plan)) return STARTING_LOOK_MS;
    const sample = this.sample(plan, state, me, roomNow);
    const [next, action] = this.follower.step(sample);
    this.follower = next;
    this.carryOut(action, plan);
    const wanted = Math.min(LOOK_EVERY_MS, action.lookInMs ?? Infinity, plan.until - roomNow);
    return this.starting === null ? Math.max(SOONEST_LOOK_MS, wanted) : STARTING_LOOK_MS;
  }

  private planned(state: RoomState, me: string | null, roomNow: number): Plan {
    const offset = state.members.find(({ id }) => id === me)?.offset ?? 0;
    const plan = planned(state, offset, roomNow, {
      stands: this.video.paused,
      jumpTakesMs: this.follower.leadMs,
      durationMs: this.durationMs(),
    });
    const another = this.plan === null || isAnotherWish(this.plan, plan) || offset !== this.offset;
    if (another) this.follower = this.follower.forgiven();
    this.plan = plan;
    this.offset = offset;
    return plan;
  }

  private sample(plan: Plan, state: RoomState, me: string | null, roomNow: number): Sample {
    const { video } = this;
    const doing = this.doing(plan);
    const reading = doing === "playing" ? this.playhead.read() : this.playhead.atRest();
    const bound = this.room.bound() + reading.unsureMs;
    const settled = doing === "playing" || doing === "paused";
    const target = within(targetAt(state, me, roomNow), this.durationMs());
    this.seen = {
      positionMs: reading.positionMs,
      at: roomNow,
      error: settled && plan.playing !== video.paused ? reading.positionMs - target : null,
      bound,
      state: this.reported(doing, plan),
    };
    return {
      nowMs: this.now(),
      positionMs: reading.positionMs,
      targetMs: plan.targetMs,
      playing: plan.playing,
      rate: plan.rate,
      state: doing,
      boundMs: bound,
    };
  }

  private doing(plan: Plan): Sample["state"] {
    const { video } = this;
    if (globalThis.document?.visibilityState === "hidden") return "background";
    if (video.seeking) return "seeking";
    if (plan.playing && video.readyState < HAVE_FUTURE_DATA) return "buffering";
    return video.paused ? "paused" : "playing";
  }

  /** A video that is held while the room plays is on its way, whatever it says of itself. */
  private reported(doing: Sample["state"], plan: Plan): PlayerState {
    if (doing !== "paused") return doing;
    if (this.video.ended) return "ended";
    if (!plan.playing) return "paused";
    return this.follower.seeking ? "seeking" : "buffering";
  }

  private carryOut(action: Action, plan: Plan): void {
    const { video } = this;
    this.pacing.set(action.rate, plan.rate);
    if (action.hold && !video.paused) {
      video.pause();
      this.playhead.forget();
    }
    if (action.seekToMs !== null) {
      video.currentTime = action.seekToMs / 1000;
      this.playhead.forget();
    }
    if (!action.hold && video.paused && this.sounding.play()) {
      this.starting = { from: video.currentTime, at: this.now() };
    }
  }

  /** Told to play, and not steady yet: what it says then is neither a pause nor an error. */
  private isStarting(plan: Plan): boolean {
    const { starting, video } = this;
    if (starting === null) return false;
    const forMs = this.now() - starting.at;
    const steady = video.currentTime !== starting.from && forMs >= UNSTEADY_MS;
    if (plan.playing && !steady && !video.paused && forMs < STARTS_WITHIN_MS) return true;
    this.starting = null;
    return false;
  }

  private durationMs(): number | null {
    const { duration } = this.video;
    return Number.isFinite(duration) && duration > 0 ? duration * 1000 : null;
  }

  private report(): void {
    const { seen } = this;
    if (seen === null) return;
    this.room.report({
      position: rounded(Math.max(0, seen.positionMs)),
      at: rounded(seen.at),
      error: seen.error === null ? null : rounded(seen.error),
      bound: rounded(seen.bound),
      state: seen.state,
      rate: this.video.playbackRate,
    });
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
