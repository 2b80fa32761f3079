/**
 * What is said on `/room/{roomId}/websocket`: guide 004's frames, and what Tutti adds to them. Nothing here has
 * behaviour. `docs/reference/protocol/meet.md` tells the rest.
 */

export type MeetRole = "host" | "co-host" | "participant";

export interface Participant {
  peerId: string;
  username: string;
  role: MeetRole;
  handRaised: boolean;
  /** 1 for the first hand; null while it is down. */
  handOrder?: number | null;
  sharing: boolean;
  muted: boolean;
  /** Somebody who is in the room by another way cannot be called. */
  inCall: boolean;
  breakout?: string | null;
  kind?: "person" | "recorder";
}

export interface IceServer {
  urls: string | string[];
  username?: string;
  credential?: string;
}

export interface Recording {
  recordingId: string;
  startedBy: string;
  startTime: number;
}

export interface Breakouts {
  rooms: readonly { breakoutId: string; name: string; peers: readonly string[] }[];
  endsInMs: number | null;
}

export interface Knock {
  peerId: string;
  username: string;
  timestamp: number;
}

export interface Peers {
  yourId: string;
  peers: string[];
  isHost: boolean;
  hostId: string | null;
  roomLocked: boolean;
  participants?: Participant[];
  resumeToken?: string;
  iceServers?: IceServer[];
  seq?: number;
  epoch?: string;
  topology?: "mesh" | "sfu";
  chatEnabled?: boolean;
  lobby?: boolean;
  waiting?: Knock[];
  oneShare?: boolean;
  recording?: Recording | null;
  breakouts?: Breakouts | null;
  resumed?: boolean;
}

/** Every frame that a server sends, by its name. */
export interface Told {
  peers: Peers;
  "peer-joined": { peerId: string; username: string } & Partial<Participant>;
  "peer-left": { peerId: string; reason?: string };
  "peer-reconnecting": { peerId: string };
  "peer-reconnected": { peerId: string; resumed?: boolean };
  offer: { peerId: string; sdp: unknown };
  answer: { peerId: string; sdp: unknown };
  candidate: { peerId: string; candidate: unknown };
  "room-locked": object;
  "room-unlocked": object;
  "chat-enabled": object;
  "chat-disabled": object;
  "raise-hand": { peerId: string; username: string };
  "lower-hand": { peerId: string };
  reaction: { peerId: string; emoji: string };
  "chat-message": { id: string; peerId: string; username: string; message: string; timestamp: number };
  "private-message": { id: string; peerId: string; username: string; message: string; timestamp: number };
  "chat-ack": { id: string };
  "screen-share-start": { peerId: string };
  "screen-share-stop": { peerId: string };
  "mute-participant": { targetPeerId?: string; peerId?: string };
  "unmute-requested": { peerId: string };
  "participant-muted": { peerId: string; muted: boolean; by?: string };
  "host-changed": { hostId: string | null; reason?: string };
  "role-changed": { peerId: string; role: MeetRole };
  "waiting-room-changed": { enabled: boolean };
  "waiting-participant-joined": Knock;
  "waiting-participant-left": { peerId: string };
  waiting: { position?: number };
  kicked: { reason?: string };
  "recording-started": Recording;
  "recording-stopped": { recordingId: string };
  "ice-servers": { iceServers: IceServer[] };
  topology: { topology: "mesh" | "sfu" };
  breakouts: Breakouts;
  "breakout-moved": { breakoutId: string | null; roomId: string; name: string; pass?: string };
  "breakout-message": { message: string; peerId: string; username: string };
  "breakout-help": { peerId: string; username: string; breakoutId: string };
  "breakout-warning": { secondsLeft: number };
  pong: object;
  error: { code: string; message: string; reason?: string; retryAfter?: number; event?: string };
}

export type ToldFrame = { [Name in keyof Told]: { event: Name; data: Told[Name]; seq?: number } }[keyof Told];

/** Closed with this code means: do not come back by yourself. */
export const CLOSED_FOR_GOOD = 1000;
