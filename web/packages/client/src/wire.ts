/**
 * What the watch dialect says, in its own spelling: the guide's field names, seconds for positions,
 * milliseconds since the epoch for timestamps. Nothing here has behaviour.
 */

export interface PlaybackState {
  isPlaying: boolean;
  currentTime: number;
  playbackRate: number;
  duration?: number;
  episode?: number | null;
}

export type PlaybackAction =
  | { type: "play" | "pause"; data: { currentTime?: number } }
  | { type: "seek" | "updateTime"; data: { currentTime: number } }
  | { type: "setPlaybackRate"; data: { rate: number } }
  | { type: "changeEpisode"; data: { episode: number } }
  | { type: "changeProvider"; data: { provider: string } }
  | { type: "changeMedia"; data: { mediaId: string } };

/** Some servers of this dialect list bare ids; ours lists objects. */
export type Participant =
  string | { userId: string; userName?: string | null; isAdmin?: boolean; joinedAt?: number | string };

export interface Room {
  id: string;
  name: string;
  adminId: string;
  mediaId: string;
  mediaType: "movie" | "tv";
  providerId: string;
  participants: Participant[];
  currentState: PlaybackState;
}

export type Quality = "excellent" | "good" | "fair" | "poor";

/** How far from the room's timeline one person was last heard to be; null while not playing or unheard. */
export interface MemberSync {
  userId: string;
  driftMs: number | null;
  quality: Quality;
}

export interface PlaybackChanged {
  action: PlaybackAction;
  state: PlaybackState;
  userId: string;
  timestamp?: number;
}

export interface ServerEvents {
  initial_state: (said: {
    currentState: PlaybackState;
    participants: Participant[];
    timestamp?: number;
  }) => void;
  user_joined: (said: { userId: string; participants: Participant[] }) => void;
  user_left: (said: { userId: string; participants: Participant[] }) => void;
  playback_updated: (said: PlaybackChanged) => void;
  episode_changed: (said: PlaybackChanged) => void;
  provider_changed: (said: PlaybackChanged) => void;
  media_changed: (said: PlaybackChanged) => void;
  admin_changed: (said: { newAdmin: string; oldAdmin: string; participants: Participant[] }) => void;
  user_kicked: (said: { kickedUserId: string; participants: Participant[] }) => void;
  sync_response: (said: { currentState: PlaybackState; timestamp: number; adminId: string }) => void;
  sync_status: (said: { members: MemberSync[]; timestamp: number }) => void;
  error: (said: { code: string; message: string }) => void;
}

interface InRoom {
  roomId: string;
  userId: string;
}

export interface ClientEvents {
  join_room: (asked: InRoom & { userName: string }) => void;
  leave_room: (asked: InRoom) => void;
  playback_action: (asked: InRoom & { action: PlaybackAction }) => void;
  sync_request: (asked: InRoom) => void;
  heartbeat: (asked: InRoom) => void;
}
