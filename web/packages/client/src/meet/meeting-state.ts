/** A meeting as a value, and what each frame makes of it. */

import type {
  Breakouts,
  IceServer,
  Knock,
  MeetRole,
  Participant,
  Peers,
  Recording,
  Told,
  ToldFrame,
} from "./wire";

export type MeetConnection = "connecting" | "waiting" | "connected" | "lost" | "ended";

export interface MeetProblem {
  code: string;
  message: string;
  /** More exactly why, where the server says so: `wrong_password`, `unauthenticated` and so on. */
  reason?: string;
}

/** What somebody said to me alone, or to whom I said it. */
export interface PrivateLine {
  id: string;
  with: string;
  mine: boolean;
  username: string;
  message: string;
  timestamp: number;
}

/** Something to be shown once: a host's wish, a message to all rooms, a warning. */
export interface Notice {
  id: number;
  kind: "muted" | "unmute-requested" | "breakout-message" | "breakout-help" | "breakout-warning" | "moved";
  text: string;
  peerId?: string;
}

export interface MeetView {
  readonly connection: MeetConnection;
  readonly me: string | null;
  readonly hostId: string | null;
  readonly participants: readonly Participant[];
  /** Whose connection is gone for the moment. */
  readonly away: ReadonlySet<string>;
  readonly locked: boolean;
  readonly chatEnabled: boolean;
  readonly lobby: boolean;
  readonly knocks: readonly Knock[];
  readonly recording: Recording | null;
  readonly topology: "mesh" | "sfu";
  readonly iceServers: readonly IceServer[];
  readonly breakouts: Breakouts | null;
  /** Local ms at which the breakout rooms close; null: when somebody closes them. */
  readonly breakoutsEndAt: number | null;
  /** Where I am, if not in the main room. */
  readonly breakout: { id: string; name: string } | null;
  /** The room that I am in now: the film's. */
  readonly roomId: string;
  /** Opens the same room over any other dialect, as me. */
  readonly pass: string | null;
  readonly whispers: readonly PrivateLine[];
  readonly notices: readonly Notice[];
  readonly problem: MeetProblem | null;
}

/** In a breakout room; which one is told next. */
const AWAY = "?";

export function firstView(roomId: string): MeetView {
  return {
    connection: "connecting",
    me: null,
    hostId: null,
    participants: [],
    away: new Set(),
    locked: false,
    chatEnabled: true,
    lobby: false,
    knocks: [],
    recording: null,
    topology: "mesh",
    iceServers: [],
    breakouts: null,
    breakoutsEndAt: null,
    breakout: null,
    roomId,
    pass: null,
    whispers: [],
    notices: [],
    problem: null,
  };
}

/** The view after this frame. `now`: local ms. Frames about one's own doings may come or not: both end the same. */
export function heard(view: MeetView, frame: ToldFrame, now: number): MeetView {
  switch (frame.event) {
    case "peers":
      return welcomed(view, frame.data, now);
    case "peer-joined":
      return joined(view, frame.data);
    case "peer-left":
      if (frame.data.reason === "topology") return view; // connected anew, and still there
      return frame.data.reason === "breakout"
        ? changed(view, frame.data.peerId, { breakout: AWAY })
        : left(view, frame.data.peerId);
    case "peer-reconnecting":
      return { ...view, away: new Set([...view.away, frame.data.peerId]) };
    case "peer-reconnected":
      return { ...view, away: without(view.away, frame.data.peerId) };
    case "room-locked":
      return { ...view, locked: true };
    case "room-unlocked":
      return { ...view, locked: false };
    case "chat-enabled":
      return { ...view, chatEnabled: true };
    case "chat-disabled":
      return { ...view, chatEnabled: false };
    case "raise-hand":
      return changed(view, frame.data.peerId, { handRaised: true });
    case "lower-hand":
      return changed(view, frame.data.peerId, { handRaised: false });
    case "screen-share-start":
      return changed(view, frame.data.peerId, { sharing: true });
    case "screen-share-stop":
      return changed(view, frame.data.peerId, { sharing: false });
    case "participant-muted":
      return changed(view, frame.data.peerId, { muted: frame.data.muted });
    case "host-changed":
      return crowned(view, frame.data.hostId);
    case "role-changed":
      return changed(view, frame.data.peerId, { role: frame.data.role });
    case "waiting-room-changed":
      return { ...view, lobby: frame.data.enabled };
    case "waiting-participant-joined":
      return { ...view, knocks: [...notBy(view.knocks, frame.data.peerId), frame.data] };
    case "waiting-participant-left":
      return { ...view, knocks: notBy(view.knocks, frame.data.peerId) };
    case "waiting":
      return { ...view, connection: "waiting" };
    case "recording-started":
      return { ...view, recording: frame.data };
    case "recording-stopped":
      return { ...view, recording: null };
    case "ice-servers":
      return { ...view, iceServers: frame.data.iceServers };
    case "topology":
      return { ...view, topology: frame.data.topology };
    case "breakouts":
      return brokenOut(view, frame.data, now);
    case "breakout-moved":
      return moved(view, frame.data);
    case "private-message":
      return whispered(view, { ...frame.data, with: frame.data.peerId, mine: false });
    default:
      return view;
  }
}

export function whispered(view: MeetView, line: PrivateLine): MeetView {
  return view.whispers.some(({ id, mine }) => id === line.id && mine === line.mine)
    ? view
    : { ...view, whispers: [...view.whispers, line] };
}

export function nameOf(view: MeetView, peerId: string): string {
  return view.participants.find((one) => one.peerId === peerId)?.username ?? "Somebody";
}

export function myself(view: MeetView): Participant | null {
  return view.participants.find(({ peerId }) => peerId === view.me) ?? null;
}

/** Whose hands are up, in the order in which they went up. */
export function hands(view: MeetView): readonly Participant[] {
  return view.participants.filter(({ handRaised }) => handRaised).toSorted((a, b) => place(a) - place(b));
}

function place({ handOrder }: Participant): number {
  return handOrder ?? Number.MAX_SAFE_INTEGER;
}

function welcomed(view: MeetView, told: Peers, now: number): MeetView {
  const known = told.participants ?? told.peers.map((peerId) => stranger(peerId, told.hostId));
  const welcome: MeetView = {
    ...view,
    connection: "connected",
    me: told.yourId,
    hostId: told.hostId,
    locked: told.roomLocked,
    participants: known,
    away: new Set(),
    chatEnabled: told.chatEnabled ?? true,
    lobby: told.lobby ?? false,
    knocks: told.waiting ?? view.knocks,
    recording: told.recording ?? null,
    topology: told.topology ?? "mesh",
    iceServers: told.iceServers ?? [],
    pass: view.breakout === null ? (told.resumeToken ?? null) : view.pass,
    problem: null,
  };
  return told.breakouts == null ? welcome : brokenOut(welcome, told.breakouts, now);
}

function joined(view: MeetView, told: { peerId: string; username: string } & Partial<Participant>): MeetView {
  const away = without(view.away, told.peerId);
  const known = view.participants.some(({ peerId }) => peerId === told.peerId);
  if (known) return { ...changed(view, told.peerId, { ...told, inCall: true, breakout: null }), away };
  const participant = { ...stranger(told.peerId, view.hostId), ...told };
  return { ...view, participants: [...view.participants, participant], away };
}

function left(view: MeetView, peerId: string): MeetView {
  return {
    ...view,
    participants: view.participants.filter((one) => one.peerId !== peerId),
    away: without(view.away, peerId),
  };
}

function crowned(view: MeetView, hostId: string | null): MeetView {
  const role = (one: Participant): MeetRole => {
    if (one.peerId === hostId) return "host";
    return one.role === "host" ? "participant" : one.role;
  };
  return { ...view, hostId, participants: view.participants.map((one) => ({ ...one, role: role(one) })) };
}

function brokenOut(view: MeetView, breakouts: Breakouts, now: number): MeetView {
  if (breakouts.rooms.length === 0) return { ...view, breakouts: null, breakoutsEndAt: null };
  const { endsInMs } = breakouts;
  const breakoutsEndAt = endsInMs === null ? null : now + endsInMs;
  if (view.breakout !== null) return { ...view, breakouts, breakoutsEndAt };
  const where = new Map(
    breakouts.rooms.flatMap(({ breakoutId, peers }) => peers.map((peerId) => [peerId, breakoutId])),
  );
  const participants = view.participants.map((one) => ({ ...one, breakout: where.get(one.peerId) ?? null }));
  return { ...view, participants, breakouts, breakoutsEndAt };
}

function moved(view: MeetView, to: Told["breakout-moved"]): MeetView {
  const breakout = to.breakoutId === null ? null : { id: to.breakoutId, name: to.name };
  return { ...view, breakout, roomId: to.roomId, pass: to.pass ?? null, participants: [], away: new Set() };
}

function changed(view: MeetView, peerId: string, change: Partial<Participant>): MeetView {
  if ("handRaised" in change) change = { ...change, handOrder: change.handRaised ? nextHand(view) : null };
  return {
    ...view,
    participants: view.participants.map((one) => (one.peerId === peerId ? { ...one, ...change } : one)),
  };
}

function nextHand(view: MeetView): number {
  return 1 + Math.max(0, ...view.participants.map(({ handOrder }) => handOrder ?? 0));
}

function stranger(peerId: string, hostId: string | null): Participant {
  const role = peerId === hostId ? "host" : "participant";
  return {
    peerId,
    username: "Somebody",
    role,
    handRaised: false,
    sharing: false,
    muted: false,
    inCall: true,
  };
}

function without(set: ReadonlySet<string>, gone: string): ReadonlySet<string> {
  return new Set([...set].filter((one) => one !== gone));
}

function notBy(knocks: readonly Knock[], peerId: string): readonly Knock[] {
  return knocks.filter((one) => one.peerId !== peerId);
}
