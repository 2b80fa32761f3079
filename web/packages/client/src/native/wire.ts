/**
 * What is said in `tutti.v1`, as it is on the wire: times and positions are milliseconds, "room time" is the
 * server's own monotonic clock. Nothing here has behaviour.
 */

export const SUBPROTOCOL = "tutti.v1";

export type Ref = string | number;
export type Role = "host" | "moderator" | "member";
export type PlayerState = "playing" | "paused" | "seeking" | "buffering" | "background" | "ended";
export type Change = "media" | "provider" | "episode";
export type Move = "play" | "pause" | "seek" | "rate" | "correction" | "media";
export type LeaveReason = "left" | "lost" | "expelled";

/** At room time `at` the media stands, or will stand, at `position`. */
export interface Timeline {
  position: number;
  rate: number;
  playing: boolean;
  at: number;
}

export interface Media {
  id: string;
  /** "direct": `id` is the address of a file or an HLS list; "clip": the bundled clip; others by name only. */
  provider: string;
  kind: string;
  title: string | null;
  artist: string | null;
  episode: number | null;
  durationMs: number | null;
}

/** Media as somebody proposes it: what is not known need not be said. */
export interface NewMedia {
  id: string;
  provider: string;
  kind: string;
  title?: string | null;
  artist?: string | null;
  episode?: number | null;
  durationMs?: number | null;
}

export interface Member {
  id: string;
  name: string;
  role: Role;
  joinedAt: number;
  /** How far from the timeline this member wants to be; + is further on in the media. */
  offset: number;
  /** Room time at which the hand went up; null while it is down. */
  hand: number | null;
  /** null: never said. */
  ready: boolean | null;
  /** Can be seen and heard: is in the room's meeting. Servers without meetings do not say. */
  calling?: boolean;
  /** Of whoever is in the meeting: the microphone is off. */
  muted?: boolean;
}

export interface Entry {
  id: string;
  media: Media;
  by: string;
}

export interface ChatLine {
  seq: number;
  at: number;
  member: string;
  name: string;
  text: string;
  /** The `seq` of the line that it answers, which may be gone. */
  replyTo: number | null;
  /** Since when it has these words; null: from the first. */
  editedAt: number | null;
}

/** `for`: whom it began to wait for; those of them who are `ready` since, or have left, are no longer waited for. */
export interface Waiting {
  for: string[];
  until: number;
}

export interface Snapshot {
  id: string;
  name: string;
  host: string | null;
  members: Member[];
  capacity: number;
  locked: boolean;
  chatOn: boolean;
  control: "host" | "everybody";
  media: Media | null;
  timeline: Timeline;
  queue: Entry[];
  /** The last 200 lines. */
  chat: ChatLine[];
  /** The last 20, oldest first. */
  polls: Poll[];
  /** Seconds that everybody but those who moderate waits between two lines; 0: none. */
  slowMode: number;
  /** Nobody comes in who is not on a list that is kept elsewhere. */
  invitedOnly: boolean;
  waitForAll: boolean;
  waiting: Waiting | null;
  openedAt: number;
  expiresAt: number;
  /** What is said and shown is recorded, since room time `since`. */
  recording?: { id: string; by: string | null; since: number } | null;
}

export type PollKind = "multiple_choice" | "text" | "rating" | "yes_no";

export interface PollResults {
  total: number;
  /** For each option, or of one to five stars. */
  counts: number[];
  average: number | null;
  /** The newest 50 answers in words. */
  texts: string[];
}

export interface Poll {
  id: string;
  question: string;
  kind: PollKind;
  options: string[];
  by: string;
  openedAt: number;
  /** Room time at which it closes by itself; null: it does not. */
  until: number | null;
  closed: boolean;
  results: PollResults;
}

export interface NewPoll {
  id: string;
  question: string;
  kind: PollKind;
  options?: string[];
  /** Milliseconds. */
  lasts?: number;
}

export interface You {
  id: string;
  role: Role;
}

export type Welcome = FreshWelcome | ResumedWelcome;

export interface FreshWelcome {
  type: "welcome";
  you: You;
  room: Snapshot;
  epoch: string;
  seq: number;
  now: number;
  resumed: false;
  reason?: "unknown_epoch" | "too_old";
}

export interface ResumedWelcome {
  type: "welcome";
  you: You;
  epoch: string;
  seq: number;
  now: number;
  resumed: true;
  missed: number;
}

interface Numbered {
  seq: number;
  /** Room time at which it was decided. */
  at: number;
}

export type RoomEvent = Numbered &
  (
    | { type: "opened"; epoch: string; room: Snapshot }
    | { type: "joined"; member: Member }
    | { type: "left"; member: string; reason: LeaveReason }
    | { type: "host"; host: string | null; was: string | null }
    | { type: "role"; member: string; role: Role }
    | { type: "locked"; locked: boolean }
    | { type: "capacity"; capacity: number }
    | { type: "chatSwitched"; on: boolean }
    | { type: "offset"; member: string; ms: number }
    | { type: "media"; media: Media; timeline: Timeline; change: Change; by: string }
    | { type: "timeline"; timeline: Timeline; move: Move; by: string }
    | { type: "queue"; queue: Entry[]; by: string }
    | { type: "chat"; member: string; name: string; text: string; replyTo: number | null }
    | { type: "chatEdited"; line: number; text: string; by: string }
    | { type: "chatRemoved"; line: number; by: string }
    | { type: "slowMode"; seconds: number }
    | { type: "poll"; poll: Poll }
    | { type: "pollResults"; poll: string; results: PollResults }
    | { type: "pollClosed"; poll: string; by: string | null; results: PollResults }
    | { type: "access"; invitedOnly: boolean }
    | { type: "hand"; member: string; raised: boolean }
    | { type: "ready"; member: string; ready: boolean }
    | { type: "waitForAll"; on: boolean }
    | { type: "waiting"; for: string[]; until: number; by: string }
    | { type: "waited"; missing: string[] }
    | { type: "callEntered" | "callLeft"; member: string }
    | { type: "muted"; member: string; muted: boolean; by: string }
    | { type: "recordingStarted" | "recordingStopped"; id: string; by: string | null }
    | { type: "closed"; reason: string }
  );

export interface MemberStatus {
  member: string;
  error: number | null;
  bound: number | null;
  state: PlayerState | null;
}

export interface Refused {
  type: "refused";
  ref?: Ref;
  code: string;
  message: string;
  mayRetry: boolean;
  retryAfterMs?: number;
}

export type ServerSays =
  | Welcome
  | RoomEvent
  | Refused
  | { type: "reaction"; member: string; emoji: string; position: number | null }
  | { type: "isTyping"; member: string; name: string; on: boolean }
  | { type: "status"; members: MemberStatus[]; at: number }
  | { type: "ack"; ref: Ref; seq: number }
  | { type: "malformed"; ref?: Ref; message: string }
  | { type: "draining"; reconnectInMs: number }
  | { type: "pong"; ref: Ref; at: number };

/** Where this member's player was at room time `at`, and how sure that is. */
export interface Report {
  position: number;
  at: number;
  /** Position less target; null when it is not known. */
  error: number | null;
  /** The clock's error bound and what the player's own reading is unsure by. */
  bound: number;
  state: PlayerState;
  rate?: number;
}

export interface Hello {
  type: "hello";
  name?: string;
  id?: string;
  token?: string;
  resume?: { epoch: string; seq: number };
  capabilities?: string[];
}

export type Command =
  | { type: "play" | "pause"; position?: number }
  | { type: "seek"; to: number }
  | { type: "seekBy"; by: number }
  | { type: "rate"; rate: number }
  | ({ type: "media" } & NewMedia)
  | { type: "provider"; provider: string }
  | { type: "episode"; episode: number }
  | { type: "queueAdd"; media: NewMedia }
  | { type: "queueRemove"; entry: string }
  | { type: "queueMove"; entry: string; before: string | null }
  | { type: "playNext"; entry?: string }
  | { type: "appoint"; member: string; role: "moderator" | "member" }
  | { type: "transfer"; to: string }
  | { type: "expel"; member: string }
  | { type: "lock"; locked: boolean }
  | { type: "capacity"; capacity: number }
  | { type: "chatSwitch"; on: boolean }
  | { type: "chat"; text: string; replyTo?: number }
  | { type: "chatEdit"; line: number; text: string }
  | { type: "chatRemove"; line: number }
  | { type: "slowMode"; seconds: number }
  | { type: "typing"; on: boolean }
  | ({ type: "pollOpen" } & NewPoll)
  | { type: "vote"; poll: string; answer: number | string }
  | { type: "pollClose"; poll: string }
  | { type: "react"; emoji: string; position?: number }
  | { type: "hand"; raised: boolean; member?: string }
  | { type: "offset"; ms: number }
  | { type: "ready"; ready: boolean }
  | { type: "waitForAll"; on: boolean }
  | { type: "leave" | "close" };

export type ClientSays =
  | Hello
  | { type: "signIn"; token: string }
  | (Command & { ref?: Ref })
  | ({ type: "report" } & Report)
  | { type: "ping"; ref: Ref };

export const CLOSE = {
  left: 1000,
  refused: 1008,
  restart: 1012,
  /** It listened too slowly, or could not be let in just now. */
  tryAgain: 1013,
  expelled: 4403,
  noSuchRoom: 4404,
  ended: 4410,
} as const;
