/**
 * The room as a value: a snapshot, and what each numbered event makes of it.
 *
 * The rule: snapshot + later events = a later snapshot, but for `expiresAt`, which is told and not computed. Everything
 * a page shows is read from a `NativeView`.
 */

import type {
  ChatLine,
  Member,
  PlayerState,
  Poll,
  Role,
  RoomEvent,
  ServerSays,
  Snapshot,
  Timeline,
} from "./wire";

export interface RoomState extends Readonly<Snapshot> {
  /**
   * Timelines that a later one has replaced but that may still be in force, oldest first: a command takes
   * effect a little after it is heard.
   */
  readonly earlier: readonly Timeline[];
  /** The last of `earlier`: what goes on until `timeline.at`. */
  readonly previousTimeline: Timeline | null;
}

export interface Status {
  /** Where the member's player is less where it should be, in ms; null when it is not known. */
  error: number | null;
  bound: number | null;
  state: PlayerState | null;
}

export interface Reaction {
  member: string;
  emoji: string;
  /** Local ms at which it was heard. */
  at: number;
}

/** Something that went wrong, in the server's words. With `connection: "ended"` it is why we are out. */
export interface Problem {
  code: string;
  message: string;
  mayRetry: boolean;
}

export type Connection = "connecting" | "connected" | "lost" | "ended";

export interface NativeView {
  readonly connection: Connection;
  /** Local ms at which the next attempt will be made; null while connected, trying or out for good. */
  readonly reconnectAt: number | null;
  /** My id in the room; null before the first welcome. */
  readonly me: string | null;
  readonly room: RoomState | null;
  readonly status: ReadonlyMap<string, Status>;
  /** What people threw in within the last 5 s, oldest first. */
  readonly reactions: readonly Reaction[];
  /** Who is about to say something, by id: their names. */
  readonly typing: ReadonlyMap<string, string>;
  readonly problem: Problem | null;
}

export const FIRST_VIEW: NativeView = {
  connection: "connecting",
  reconnectAt: null,
  me: null,
  room: null,
  status: new Map(),
  reactions: [],
  typing: new Map(),
  problem: null,
};

const CHAT_KEPT = 200;
const POLLS_KEPT = 20;

export function stateOf(snapshot: Snapshot): RoomState {
  return { ...snapshot, earlier: [], previousTimeline: null };
}

export function isRoomEvent(said: ServerSays): said is RoomEvent {
  return "seq" in said && said.type !== "welcome" && said.type !== "ack";
}

/** What is true once the event has happened. The caller applies each event once and in order. */
export function evolve(room: RoomState, event: RoomEvent): RoomState {
  switch (event.type) {
    case "opened":
      return stateOf(event.room);
    case "joined":
      return { ...room, members: arrived(room, event.member) };
    case "left":
      return { ...room, members: room.members.filter(({ id }) => id !== event.member) };
    case "host":
      return crowned(room, event.host, event.was);
    case "role":
      return changed(room, event.member, { role: event.role });
    case "locked":
      return { ...room, locked: event.locked };
    case "capacity":
      return { ...room, capacity: event.capacity };
    case "chatSwitched":
      return { ...room, chatOn: event.on };
    case "offset":
      return changed(room, event.member, { offset: event.ms });
    case "media":
      return { ...moved(room, event.timeline, event.at, event.change === "provider"), media: event.media };
    case "timeline":
      return moved(room, event.timeline, event.at, true);
    case "queue":
      return { ...room, queue: event.queue };
    case "chat":
      return { ...room, chat: [...room.chat, lineOf(event)].slice(-CHAT_KEPT) };
    case "chatEdited":
      return { ...room, chat: room.chat.map((line) => edited(line, event)) };
    case "chatRemoved":
      return { ...room, chat: room.chat.filter(({ seq }) => seq !== event.line) };
    case "slowMode":
      return { ...room, slowMode: event.seconds };
    case "poll":
      return { ...room, polls: [...room.polls, event.poll].slice(-POLLS_KEPT) };
    case "pollResults":
      return polled(room, event.poll, { results: event.results });
    case "pollClosed":
      return polled(room, event.poll, { results: event.results, closed: true });
    case "access":
      return { ...room, invitedOnly: event.invitedOnly };
    case "hand":
      return changed(room, event.member, { hand: event.raised ? event.at : null });
    case "ready":
      return changed(room, event.member, { ready: event.ready });
    case "waitForAll":
      return { ...room, waitForAll: event.on };
    case "waiting":
      return { ...unready(room, event.for), waiting: { for: event.for, until: event.until } };
    case "waited":
      return { ...room, waiting: null };
    case "callEntered":
      return changed(room, event.member, { calling: true });
    case "callLeft":
      return changed(room, event.member, { calling: false });
    case "muted":
      return changed(room, event.member, { muted: event.muted });
    case "recordingStarted":
      return { ...room, recording: { id: event.id, by: event.by, since: event.at } };
    case "recordingStopped":
      return { ...room, recording: null };
    case "closed":
      return room;
    default:
      return room; // of a newer server: it counts, and changes nothing that is known here
  }
}

/**
 * What is in force at room time `now`. Before the first known anchor the media stands still where it will start.
 */
export function timelineAt(room: RoomState, now: number): Timeline {
  if (room.timeline.at <= now) return room.timeline;
  const inForce = room.earlier.findLast((timeline) => timeline.at <= now);
  if (inForce !== undefined) return inForce;
  const first = room.earlier[0] ?? room.timeline;
  return { ...first, playing: false };
}

/** Where the room is in its media at room time `now`. */
export function positionAt(timeline: Timeline, now: number, durationMs: number | null = null): number {
  const elapsed = timeline.playing ? Math.max(0, now - timeline.at) * timeline.rate : 0;
  return within(timeline.position + elapsed, durationMs);
}

/** Where this member should be at room time `now`: the room's position and the member's own offset. */
export function targetAt(room: RoomState, member: string | null, now: number): number {
  const durationMs = room.media?.durationMs ?? null;
  const offset = room.members.find(({ id }) => id === member)?.offset ?? 0;
  return within(positionAt(timelineAt(room, now), now, durationMs) + offset, durationMs);
}

/** Those who are being waited for and are not ready yet. */
export function awaited({ waiting, members }: RoomState): Member[] {
  return members.filter(({ id, ready }) => ready === false && waiting?.for.includes(id) === true);
}

export function within(position: number, durationMs: number | null): number {
  return Math.max(0, durationMs === null ? position : Math.min(position, durationMs));
}

/** Those that ended before the event was decided can no longer be in force. */
function moved(room: RoomState, timeline: Timeline, decidedAt: number, goesOn: boolean): RoomState {
  const known = [...room.earlier, room.timeline].filter(({ at }) => at < timeline.at);
  const current = known.findLastIndex(({ at }) => at <= decidedAt);
  const earlier = goesOn ? known.slice(Math.max(0, current)) : [];
  return { ...room, timeline, earlier, previousTimeline: earlier.at(-1) ?? null };
}

function arrived({ members }: RoomState, member: Member): Member[] {
  const here = members.some(({ id }) => id === member.id);
  return here ? members.map((one) => (one.id === member.id ? member : one)) : [...members, member];
}

function changed(room: RoomState, id: string, change: Partial<Member>): RoomState {
  return {
    ...room,
    members: room.members.map((member) => (member.id === id ? { ...member, ...change } : member)),
  };
}

/** Whoever is waited for counts as not ready from then on, until the next word. */
function unready(room: RoomState, these: readonly string[]): RoomState {
  const members = room.members.map((one) => (these.includes(one.id) ? { ...one, ready: false } : one));
  return { ...room, members };
}

function crowned(room: RoomState, host: string | null, was: string | null): RoomState {
  const role = (member: Member): Role => {
    if (member.id === host) return "host";
    return member.id === was || member.role === "host" ? "member" : member.role;
  };
  return { ...room, host, members: room.members.map((member) => ({ ...member, role: role(member) })) };
}

function lineOf(event: Extract<RoomEvent, { type: "chat" }>): ChatLine {
  const { seq, at, member, name, text, replyTo } = event;
  return { seq, at, member, name, text, replyTo, editedAt: null };
}

function edited(line: ChatLine, event: Extract<RoomEvent, { type: "chatEdited" }>): ChatLine {
  return line.seq === event.line ? { ...line, text: event.text, editedAt: event.at } : line;
}

function polled(room: RoomState, id: string, change: Partial<Poll>): RoomState {
  return { ...room, polls: room.polls.map((poll) => (poll.id === id ? { ...poll, ...change } : poll)) };
}
