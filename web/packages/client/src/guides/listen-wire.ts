/**
 * What guide 000 says over HTTP and Socket.IO, in its own spelling: positions and offsets are milliseconds, a
 * `timestamp` is milliseconds since 1970 by the sender's clock, other times are ISO 8601 in UTC. No behaviour here.
 */

/** Guide 000, "Join Session" and "Create Session": the one who made the session is its host. */
export type SessionRole = "host" | "client";

/** Guide 000, "SpotifyService": where the player is. */
export interface PlaybackState {
  trackUri: string;
  /** Milliseconds from the track's beginning, as of when this was asked for. */
  position: number;
  isPlaying: boolean;
  /** Milliseconds; null when Spotify does not say. */
  duration: number | null;
}

/** Guide 000, "Sync Command". `position` is where the player should be when the command arrives. */
export interface SyncCommand {
  action: "play" | "pause" | "seek" | "switch_track";
  trackUri: string;
  position: number;
  timestamp: number;
}

/** Guide 000, "Sync Status Update": < 100 ms, < 500 ms, < 1000 ms, and the rest. */
export type SyncQuality = "excellent" | "good" | "fair" | "poor";

/** Guide 000, "Sync Status Update". `drift`: how far ahead (+) or behind (−) this player is. */
export interface SyncStatus {
  drift: number;
  lastSync: string;
  quality: SyncQuality;
}

/** Guide 000, "Session Ended". */
export interface SessionEnded {
  sessionId: string;
  reason: "host_disconnected" | "session_expired" | "host_ended";
}

/** Beyond the guide: what could not be done, in words. */
export interface ListenError {
  error: string;
  code: string;
  retryAfter?: number;
}

/** Guide 000, "Events: Client → Server". */
export interface ListenSays {
  join_session: { sessionId: string; role: SessionRole; userId?: string };
  playback_state: {
    sessionId: string;
    trackUri: string;
    position: number;
    isPlaying: boolean;
    timestamp: number;
  };
  request_sync: { sessionId: string };
}

/** Guide 000, "Events: Server → Client". */
export interface ListenHears {
  sync_command: SyncCommand;
  sync_status: SyncStatus;
  session_ended: SessionEnded;
  error: ListenError;
}

/** Guide 000, "Get Session State". */
export interface SessionState {
  sessionId: string;
  host: { userId: string; userName: string } | null;
  client: SessionClient | null;
  /** Beyond the guide: all of them; `client` is the first. */
  clients?: SessionClient[];
  currentTrack: {
    uri: string;
    name: string | null;
    artist: string | null;
    position: number;
    duration: number | null;
    isPlaying: boolean;
  } | null;
  lastSync: string | null;
}

export interface SessionClient {
  userId: string;
  userName: string;
  offsetMs: number;
}
