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

export interface Member {
  userId: string;
  userName?: string | null;
  isAdmin?: boolean;
  joinedAt?: number | string;
}

/** Some servers of this dialect list objects here; ours lists bare ids, and says more in `members`. */
export type Participant = string | Member;

/** Who is in the room, as part of most of what the server says. */
export interface Present {
  participants: Participant[];
  members?: Member[];
}

/** A room made by another kind of client may lack an admin, and may not have chosen anything to watch. */
export interface Room extends Present {
  id: string;
  name: string;
  adminId: string | null;
  mediaId: string | null;
  mediaType: "movie" | "tv" | null;
  providerId: string | null;
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
  initial_state: (said: Present & InitialState) => void;
  user_joined: (said: Present & { userId: string }) => void;
  user_left: (said: Present & { userId: string }) => void;
  playback_updated: (said: PlaybackChanged) => void;
  episode_changed: (said: PlaybackChanged) => void;
  provider_changed: (said: PlaybackChanged) => void;
  media_changed: (said: PlaybackChanged) => void;
  admin_changed: (said: Present & { newAdmin: string | null; oldAdmin: string | null }) => void;
  user_kicked: (said: Present & { kickedUserId: string }) => void;
  sync_response: (said: SyncAnswer) => void;
  sync_status: (said: { members: MemberSync[]; timestamp: number }) => void;
  room_closed: (said: { roomId: string; reason: string }) => void;
  error: (said: { code: string; message: string }) => void;
}

interface InitialState {
  currentState: PlaybackState;
  timestamp?: number;
  adminId?: string | null;
  room?: Room;
}

export interface SyncAnswer {
  currentState: PlaybackState;
  timestamp: number;
  adminId: string | null;
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
