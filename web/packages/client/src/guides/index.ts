/** The services that guides 000 and 001 name, ready to drop into their front ends. */

export { calculateSyncCommand, driftOf, qualityOf, targetPosition, type HostState } from "./drift";
export type {
  ListenError,
  ListenHears,
  ListenSays,
  PlaybackState,
  SessionClient,
  SessionEnded,
  SessionRole,
  SessionState,
  SyncCommand,
  SyncQuality,
  SyncStatus,
} from "./listen-wire";
export { SessionError, SessionService, type SessionServiceOptions } from "./session-service";
export { SpotifyService, type SpotifyServiceOptions } from "./spotify-service";
export { SpotifyError, type AccessToken } from "./spotify-web-api";
export { SyncPlayer, type PlayerSocket, type SyncedVideo } from "./sync-player";
export {
  SyncService,
  type SyncConnection,
  type SyncedPlayer,
  type SyncServiceOptions,
  type SyncSession,
} from "./sync-service";
export { WebSocketService, type WebSocketServiceOptions } from "./websocket-service";
export type { PlaybackAction } from "../wire";
