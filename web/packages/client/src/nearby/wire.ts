/** Guide 002's bodies and events, as they are on the wire. */

export interface Presence {
  isLive: boolean;
  shareTrack: boolean;
  allowFind: boolean;
  radiusKm: number;
  /** How often to say that one is still here; null where the server was not asked. */
  heartbeatSeconds: number | null;
}

export type Settings = Partial<Pick<Presence, "shareTrack" | "allowFind" | "radiusKm">>;

/** `geohash`: the cell that is published of you; `settled`: whether it is where you said that you are. */
export interface Place {
  geohash: string | null;
  settled: boolean;
}

export interface Track {
  trackId: string;
  trackName: string | null;
  artist: string | null;
}

/** `distance`: whole kilometres between two published cells, at least 1. */
export interface Listener {
  userId: string;
  displayName: string;
  avatarUrl: string | null;
  geohash: string;
  distance: number;
  track: Track | null;
}

export interface Match {
  userId: string;
  displayName: string;
  avatarUrl: string | null;
  words: string;
  shared: string[];
}

export type Bucket = "far" | "warm" | "close" | "found";
export type Ending = "completed" | "cancelled" | "declined" | "expired";

export interface Find {
  sessionId: string;
  seekerId: string;
  targetId: string;
  status: "offered" | "accepted" | Ending;
  bucket: Bucket | null;
  answersLeft: number;
  /** Seconds. */
  expiresIn: number;
  confirmed: string[];
}

export interface Playing {
  isPlaying: boolean;
  track: Track | null;
}

/**
 * `off`: the server has no Spotify. `none`: nothing is connected. `reauth_required`: it takes our token no more, and
 * only signing in with it again helps.
 */
export type SpotifyState = "off" | "none" | "connected" | "reauth_required";

export interface Room {
  roomId: string;
  page: string;
}

export interface NearbyPerson {
  id: string;
  displayName: string;
  avatarUrl: string | null;
}

export interface Failure {
  statusCode: number;
  message: string;
}

/** Events from the server, by name. */
export interface NearbyHears {
  connected: { userId: string };
  "live:user_joined": { userId: string; displayName?: string };
  "live:user_left": { userId: string };
  "live:track_update": {
    userId: string;
    trackId: string | null;
    trackName: string | null;
    artist: string | null;
  };
  "live:nearby_users": { users: Listener[] };
  "live:went_offline": object;
  "find:request_received": {
    sessionId: string;
    seekerId: string;
    seekerName?: string;
    expiresIn?: number;
  };
  "find:accepted": { sessionId: string; answersLeft: number };
  "find:bucket_update": { sessionId: string; bucket: Bucket; answersLeft?: number };
  "find:found_claimed": { sessionId: string; confirmed: string[] };
  "find:session_ended": { sessionId: string; status: Ending };
  "together:opened": {
    sessionId: string | null;
    roomId: string;
    page: string;
    openedBy: string;
    openedFor: string;
  };
  "spotify:reauth_required": object;
  error: Failure;
}
