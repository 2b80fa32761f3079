/** Guide 001, "Player Integration": a `<video>` that follows a Watch Together room, and moves it. */

import type { Socket } from "socket.io-client";
import type { PlaybackAction, PlaybackChanged, PlaybackState } from "../wire";

/** What is used of a Socket.IO socket and of a video element. */
export type PlayerSocket = Pick<Socket, "emit" | "on" | "off">;
export type SyncedVideo = Pick<
  HTMLVideoElement,
  "currentTime" | "paused" | "play" | "pause" | "addEventListener" | "removeEventListener"
>;

const CORRECT_OVER_S = 0.5;
const REPORT_EVERY_MS = 240;
const SAME_PLACE_S = 0.25;
const FORGOTTEN_AFTER_MS = 2_000;

/** Guide 001, "Client events": these only the admin may ask for. */
const ADMIN_ONLY: ReadonlySet<PlaybackAction["type"]> = new Set([
  "changeMedia",
  "changeProvider",
  "changeEpisode",
]);

/**
 * Guide 001, "SyncPlayer".
 *
 * What the person does to the video becomes a `playback_action`, and what others do comes back as `playback_updated`. What
 * this class itself does to the video is never sent: a room does not hear its own echo. Positions are seconds.
 */
export class SyncPlayer {
  private isAdmin = false;
  private reportedAt = Number.NEGATIVE_INFINITY;
  private ownSeek: { to: number; at: number } | null = null;
  private ownPlay: { playing: boolean; at: number } | null = null;

  constructor(
    private readonly video: SyncedVideo,
    private readonly socket: PlayerSocket,
    private readonly roomId: string,
    private readonly userId: string,
  ) {
    video.addEventListener("play", this.played);
    video.addEventListener("pause", this.paused);
    video.addEventListener("timeupdate", this.moved);
    video.addEventListener("seeked", this.sought);
    socket.on("playback_updated", this.updated);
    socket.on("initial_state", this.began);
  }

  /** Guide 001: whether `changeMedia`, `changeProvider` and `changeEpisode` may be sent. */
  setAdmin(isAdmin: boolean): void {
    this.isAdmin = isAdmin;
  }

  /** Guide 001, "Send playback actions". What only the admin may ask for is dropped for anybody else. */
  sendPlaybackAction(action: PlaybackAction): void {
    if (!this.isAdmin && ADMIN_ONLY.has(action.type)) return;
    this.socket.emit("playback_action", { roomId: this.roomId, action, userId: this.userId });
  }

  /** Beyond the guide: lets go of the video and the socket, and leaves both as they are. */
  destroy(): void {
    const { video, socket } = this;
    video.removeEventListener("play", this.played);
    video.removeEventListener("pause", this.paused);
    video.removeEventListener("timeupdate", this.moved);
    video.removeEventListener("seeked", this.sought);
    socket.off("playback_updated", this.updated);
    socket.off("initial_state", this.began);
  }

  private readonly played = (): void => {
    if (!this.wasMine(true)) this.sendPlaybackAction({ type: "play", data: {} });
  };

  private readonly paused = (): void => {
    if (!this.wasMine(false)) this.sendPlaybackAction({ type: "pause", data: {} });
  };

  /** Browsers fire this about four times a second, and some much more often. */
  private readonly moved = (): void => {
    const now = performance.now();
    if (now - this.reportedAt < REPORT_EVERY_MS) return;
    this.reportedAt = now;
    this.sendPlaybackAction({ type: "updateTime", data: { currentTime: this.video.currentTime } });
  };

  private readonly sought = (): void => {
    const { currentTime } = this.video;
    const own = this.ownSeek;
    this.ownSeek = null;
    if (own !== null && Math.abs(own.to - currentTime) < SAME_PLACE_S && fresh(own.at)) return;
    this.sendPlaybackAction({ type: "seek", data: { currentTime } });
  };

  private readonly updated = (said: PlaybackChanged): void => {
    if (said.userId !== this.userId) this.applySyncState(said.state);
  };

  private readonly began = (said: { currentState: PlaybackState }): void => {
    this.applySyncState(said.currentState);
  };

  /** Guide 001: start or stop with the room, and jump when more than half a second away. */
  private applySyncState(state: PlaybackState): void {
    const { video } = this;
    if (state.isPlaying !== !video.paused) {
      this.ownPlay = { playing: state.isPlaying, at: performance.now() };
      // Refused without a click on the page: the person's own click then starts it, which everybody is told.
      if (state.isPlaying) void video.play().catch(() => (this.ownPlay = null));
      else video.pause();
    }
    if (Math.abs(video.currentTime - state.currentTime) > CORRECT_OVER_S) {
      this.ownSeek = { to: state.currentTime, at: performance.now() };
      video.currentTime = state.currentTime;
    }
  }

  private wasMine(playing: boolean): boolean {
    const own = this.ownPlay;
    if (own === null || own.playing !== playing) return false;
    this.ownPlay = null;
    return fresh(own.at);
  }
}

function fresh(at: number): boolean {
  return performance.now() - at < FORGOTTEN_AFTER_MS;
}
