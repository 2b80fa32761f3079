/** Guide 000, service 4: the host says where it is, the others do what they are told. */

import type { PlaybackState, SessionEnded, SyncCommand, SyncStatus } from "./listen-wire";
import type { SessionService } from "./session-service";
import type { SpotifyService } from "./spotify-service";
import type { WebSocketService } from "./websocket-service";

export interface SyncServiceOptions {
  /** Guide 000, "Sync Status Update". */
  onStatus?: (status: SyncStatus) => void;
  /** Guide 000, "Session Ended"; the host has stopped broadcasting by then. */
  onEnded?: (ended: SessionEnded) => void;
  /** What Spotify would not do; the next command is tried all the same. */
  onError?: (reason: unknown) => void;
  /**
   * Beyond the guide: after each command say where this player really got to, so that the server need not guess. Off
   * unless asked for: by the guide, only hosts send `playback_state`.
   */
  reportBack?: boolean;
}

/** What is used of the other services; anything with these methods will do. */
export type SyncedPlayer = Pick<SpotifyService, "getCurrentPlayback" | "play" | "pause" | "seek"> &
  Partial<Pick<SpotifyService, "onChange">>;
export type SyncConnection = Pick<WebSocketService, "emit" | "on">;
export type SyncSession = Pick<SessionService, "sessionId">;

const BROADCAST_EVERY_MS = 120_000;
const WATCH_EVERY_MS = 2_000;
const JUMPED_MS = 1_500;

/** Guide 000, "SyncService". Commands are carried out from the moment it is made, one after another. */
export class SyncService {
  private timers: ReturnType<typeof setInterval>[] = [];
  private unwatch: () => void = () => {};
  private said: (PlaybackState & { at: number }) | null = null;
  private doing: Promise<void> = Promise.resolve();

  constructor(
    private readonly spotify: SyncedPlayer,
    private readonly connection: SyncConnection,
    private readonly session: SyncSession,
    private readonly options: SyncServiceOptions = {},
  ) {
    connection.on("sync_command", (command) => {
      const heardAt = performance.now();
      this.doing = this.doing
        .then(() => this.obey(command, heardAt))
        .catch((reason: unknown) => options.onError?.(reason));
    });
    connection.on("sync_status", (status) => options.onStatus?.(status));
    connection.on("session_ended", (ended) => {
      this.stopSync();
      options.onEnded?.(ended);
    });
  }

  /**
   * For the host: broadcasts where Spotify is now, every 2 minutes, and at once when the track or the play state changes
   * or somebody jumps (guide 000, "When to Send Sync Commands"). Calling it again changes nothing.
   */
  startHostSync(): void {
    if (this.timers.length > 0) return;
    this.said = null;
    this.timers = [
      setInterval(() => void this.broadcast(), BROADCAST_EVERY_MS),
      setInterval(() => void this.watch(), WATCH_EVERY_MS),
    ];
    this.unwatch = this.spotify.onChange?.((state) => this.saw(state)) ?? (() => {});
    void this.broadcast();
  }

  /** The host says no more. Commands are still carried out. */
  stopSync(): void {
    this.timers.splice(0).forEach((timer) => clearInterval(timer));
    this.unwatch();
    this.unwatch = () => {};
  }

  /** For a client, "Force Sync Now": the server answers with a `sync_command`. Rejects outside a session. */
  async requestSync(): Promise<void> {
    const { sessionId } = this.session;
    if (sessionId === null) throw new Error("Create or join a session first");
    this.connection.emit("request_sync", { sessionId });
  }

  private async broadcast(): Promise<void> {
    const state = await this.playback();
    if (state !== null) this.say(state);
  }

  private async watch(): Promise<void> {
    this.saw(await this.playback());
  }

  private saw(state: PlaybackState | null): void {
    if (state !== null && this.timers.length > 0 && this.isNews(state)) this.say(state);
  }

  private isNews(state: PlaybackState): boolean {
    const { said } = this;
    if (said === null || said.trackUri !== state.trackUri || said.isPlaying !== state.isPlaying) return true;
    const expected = said.position + (said.isPlaying ? performance.now() - said.at : 0);
    return Math.abs(state.position - expected) > JUMPED_MS;
  }

  private say({ trackUri, position, isPlaying, duration }: PlaybackState): void {
    const { sessionId } = this.session;
    if (sessionId === null) return;
    this.said = { trackUri, position, isPlaying, duration, at: performance.now() };
    const timestamp = Date.now();
    this.connection.emit("playback_state", { sessionId, trackUri, position, isPlaying, timestamp });
  }

  /** Guide 000, "Sync Command". `position` was right when the command arrived; starting a track takes time of its own. */
  private async obey(command: SyncCommand, heardAt: number): Promise<void> {
    const { spotify } = this;
    switch (command.action) {
      case "play":
        await spotify.play(command.trackUri);
        await spotify.seek(command.position + Math.round(performance.now() - heardAt));
        break;
      case "pause":
        await spotify.pause();
        break;
      case "seek":
        await spotify.seek(command.position);
        break;
      case "switch_track":
        await spotify.play(command.trackUri);
        await spotify.seek(0);
        break;
    }
    if (this.options.reportBack) await this.broadcast();
  }

  private async playback(): Promise<PlaybackState | null> {
    try {
      return await this.spotify.getCurrentPlayback();
    } catch (reason) {
      this.options.onError?.(reason);
      return null;
    }
  }
}
