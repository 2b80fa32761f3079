/**
 * One person in one meeting: guide 004's frames over a WebSocket, and what is known of the meeting as `view()`.
 *
 * The media are a `Call`'s, which hears the frames that are about connections. Coming back after a lost connection is
 * the same person's return: the resume token shows that it is, and what was missed is said again.
 */

import { Link, type WebSocketLike } from "../link";
import {
  firstView,
  heard,
  nameOf,
  whispered,
  type MeetProblem,
  type MeetView,
  type Notice,
} from "./meeting-state";
import { CLOSED_FOR_GOOD, type MeetRole, type Told, type ToldFrame } from "./wire";

export type Signal = "offer" | "answer" | "candidate";

export interface Said {
  event: string;
  data: Record<string, unknown>;
}

/** What a call has to hear. */
export interface CallOwner {
  /** Everybody with whom to speak; whoever comes in offers to those who are there. */
  peers: (ids: readonly string[], mine: string) => void;
  joined: (peerId: string) => void;
  left: (peerId: string) => void;
  signal: (kind: Signal, data: Record<string, unknown> & { peerId: string }) => void;
  servers: (view: MeetView) => void;
}

export interface MeetingOptions {
  room: string;
  me: { id?: string; name: string };
  password?: string;
  /** An access token, where the server asks for one; `signIn` with a fresh one before it expires. */
  token?: string;
  /** Of the server; the page's own by default. */
  origin?: string;
  open?: (url: string) => WebSocketLike;
  now?: () => number;
  random?: () => number;
}

const BEAT_MS = 25_000;
const MOST_NOTICES = 5;

/** Refusals that end the way in: trying again by oneself would not help. */
const FINAL = new Set(["ROOM_FULL", "ROOM_LOCKED", "INVALID_ROOM", "UNAUTHORIZED"]);
const WHY_CLOSED: Readonly<Record<string, string>> = {
  denied: "The host did not let you in",
  locked: "The room is locked",
  moved: "You joined this meeting in another place",
};

export class Meeting {
  private current: MeetView;
  private readonly listeners = new Set<() => void>();
  private readonly link: Link<Said, ToldFrame>;
  private readonly now: () => number;
  private call: CallOwner | null = null;
  private beat: ReturnType<typeof setInterval> | undefined;
  private resume: { token: string; epoch?: string; seq?: number } | null = null;
  private leaving: MeetProblem | null = null;
  private count = 0;
  private token: string | undefined;

  /** Connects at once. */
  constructor(private readonly options: MeetingOptions) {
    this.now = options.now ?? (() => performance.now());
    this.current = firstView(options.room);
    this.token = options.token;
    const open = options.open ?? ((url) => new WebSocket(url));
    const address = addressOf(options);
    this.link = new Link<Said, ToldFrame>(() => open(address), "event", options.random ?? Math.random, {
      opened: () => this.join(),
      said: (frame) => this.hear(frame),
      trying: () => undefined,
      lost: () => this.lost(),
      after: (code) => (code === CLOSED_FOR_GOOD || this.leaving !== null ? null : undefined),
      ended: () => this.ended(this.leaving ?? { code: "closed", message: "The meeting let you go" }),
    });
    this.beat = setInterval(() => this.say("ping", {}), BEAT_MS);
    this.link.connect();
  }

  readonly view = (): MeetView => this.current;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** One call at a time hears what is said about connections, from the next `peers` on. */
  carry(call: CallOwner | null): void {
    this.call = call;
    if (call !== null && this.current.connection === "connected") this.tellCall(false);
  }

  signal(kind: Signal, targetPeerId: string, data: Record<string, unknown>): boolean {
    return this.say(kind, { ...data, peerId: this.current.me, targetPeerId });
  }

  raiseHand(raised: boolean): void {
    this.say(raised ? "raise-hand" : "lower-hand", {
      peerId: this.current.me,
      username: this.options.me.name,
    });
    this.mine(raised ? "raise-hand" : "lower-hand");
  }

  lowerHandOf(peerId: string): void {
    this.say("lower-hand", { peerId, targetPeerId: peerId });
  }

  clearHands(): void {
    this.say("clear-all-hands", {});
  }

  react(emoji: string): void {
    this.say("reaction", { peerId: this.current.me, emoji });
  }

  whisper(targetPeerId: string, message: string): void {
    const id = `w${this.now().toFixed(0)}${(this.options.random ?? Math.random)().toString(36).slice(2, 8)}`;
    if (!this.say("private-message", { id, targetPeerId, message })) return;
    const line = { id, with: targetPeerId, mine: true, username: this.options.me.name, message };
    this.change(whispered(this.current, { ...line, timestamp: Date.now() }));
  }

  share(on: boolean): void {
    const event = on ? "screen-share-start" : "screen-share-stop";
    this.say(event, { peerId: this.current.me });
  }

  /** Whether my microphone is off, for the others to see. */
  muted(muted: boolean): void {
    this.say("mute-changed", { muted });
  }

  lock(locked: boolean): void {
    this.say(locked ? "room-locked" : "room-unlocked", {});
  }

  kick(targetPeerId: string): void {
    this.say("kicked", { targetPeerId });
  }

  mute(targetPeerId: string): void {
    this.say("mute-participant", { targetPeerId });
  }

  muteAll(): void {
    this.say("mute-all", {});
  }

  askToUnmute(targetPeerId: string): void {
    this.say("ask-unmute", { targetPeerId });
  }

  stopShareOf(peerId: string): void {
    this.say("screen-share-stop", { peerId, targetPeerId: peerId });
  }

  appoint(targetPeerId: string, role: MeetRole): void {
    if (role === "host") this.say("transfer-host", { targetPeerId });
    else this.say(role === "co-host" ? "promote-co-host" : "remove-cohost", { targetPeerId });
  }

  waitingRoom(on: boolean): void {
    this.say(on ? "enable-waiting-room" : "disable-waiting-room", {});
  }

  admit(peerId: string | null): void {
    if (peerId === null) this.say("admit-all", {});
    else this.say("admit-participant", { peerId });
  }

  deny(peerId: string): void {
    this.say("deny-participant", { peerId });
  }

  password(password: string | null): void {
    this.say("set-password", { password });
  }

  sharePolicy(one: boolean): void {
    this.say("share-policy", { one });
  }

  record(on: boolean): void {
    this.say(on ? "start-recording" : "stop-recording", {});
  }

  breakOut(rooms: readonly string[], durationSeconds: number | null): void {
    const limit = durationSeconds === null ? {} : { durationSeconds };
    this.say("breakout-create", { rooms: rooms.map((name) => ({ name })), auto: true, ...limit });
  }

  assign(peerId: string, breakoutId: string | null): void {
    this.say("breakout-assign", { peerId, breakoutId });
  }

  tellBreakouts(message: string): void {
    this.say("breakout-broadcast", { message });
  }

  extendBreakouts(seconds: number): void {
    this.say("breakout-extend", { seconds });
  }

  closeBreakouts(): void {
    this.say("breakout-close", {});
  }

  askForHelp(): void {
    this.say("breakout-help", {});
  }

  returnFromBreakout(): void {
    this.say("breakout-return", {});
  }

  /** A fresh token. The server takes one with `join` alone, so this is for coming back after a lost connection. */
  signIn(token: string): void {
    this.token = token;
  }

  /** Leave for good. */
  leave(): void {
    if (this.current.connection === "ended") return;
    this.say("leave", {});
    this.ended(null);
  }

  dismissProblem(): void {
    if (this.current.problem !== null) this.change({ problem: null });
  }

  dismiss(notice: number): void {
    this.change({ notices: this.current.notices.filter(({ id }) => id !== notice) });
  }

  private join(): void {
    const { me, password } = this.options;
    const { token } = this;
    const peerId = this.current.me ?? me.id;
    this.say("join", {
      ...(peerId === undefined ? {} : { peerId }),
      username: me.name,
      ...(password === undefined ? {} : { password }),
      ...(token === undefined ? {} : { token }),
      ...(this.resume === null
        ? {}
        : { resumeToken: this.resume.token, lastSeq: this.resume.seq, epoch: this.resume.epoch }),
    });
  }

  private hear(frame: ToldFrame): void {
    if (frame.seq !== undefined && this.resume !== null) this.resume = { ...this.resume, seq: frame.seq };
    this.change(heard(this.current, frame, this.now()));
    switch (frame.event) {
      case "peers":
        return this.welcomed(frame.data);
      case "peer-joined":
        return this.call?.joined(frame.data.peerId);
      case "peer-reconnected":
        // Its page was loaded anew: it offers again, and what there was to it is over.
        return frame.data.resumed === false ? this.call?.joined(frame.data.peerId) : undefined;
      case "peer-left":
        return this.call?.left(frame.data.peerId);
      case "offer":
      case "answer":
      case "candidate":
        return this.call?.signal(frame.event, { ...frame.data });
      case "waiting":
        return this.link.settled();
      case "ice-servers":
        return this.call?.servers(this.current);
      case "kicked":
        return this.letGo(frame.data.reason);
      case "error":
        return this.refused(frame.data);
      default:
        return this.notice(frame);
    }
  }

  private welcomed(told: Told["peers"]): void {
    this.link.settled();
    if (told.resumeToken !== undefined) {
      const { epoch, seq } = told;
      this.resume = {
        token: told.resumeToken,
        ...(epoch === undefined ? {} : { epoch }),
        ...(seq === undefined ? {} : { seq }),
      };
    }
    this.tellCall(told.resumed !== true);
  }

  /** `anew`: the others take it that I know nothing of them any more. */
  private tellCall(anew: boolean): void {
    const { me, participants } = this.current;
    if (this.call === null || me === null) return;
    this.call.servers(this.current);
    if (anew) this.call.peers([], me);
    this.call.peers(
      participants
        .filter(({ peerId, inCall, breakout }) => inCall && peerId !== me && (breakout ?? null) === null)
        .map(({ peerId }) => peerId),
      me,
    );
  }

  private letGo(reason: string | undefined): void {
    const message = WHY_CLOSED[reason ?? ""] ?? "You were removed from the meeting";
    this.leaving = { code: reason ?? "kicked", message };
  }

  /** The server leaves a connection open on which another password may be said: nothing is waited for there. */
  private refused({ code, message, reason, event }: Told["error"]): void {
    const outside = this.current.connection !== "connected";
    const problem = { code, message, ...(reason === undefined ? {} : { reason }) };
    if (outside && FINAL.has(code) && (event ?? "join") === "join") this.ended(problem);
    else this.change({ problem });
  }

  private notice(frame: ToldFrame): void {
    const made = noticeOf(frame, this.current);
    if (made === null) return;
    this.count += 1;
    const notices = [...this.current.notices, { ...made, id: this.count }].slice(-MOST_NOTICES);
    this.change({ notices });
  }

  /** What the server tells the others of me, and me not. */
  private mine(event: "raise-hand" | "lower-hand"): void {
    const { me } = this.current;
    if (me === null) return;
    const data = { peerId: me, username: this.options.me.name };
    this.change(heard(this.current, { event, data }, this.now()));
  }

  private lost(): void {
    if (this.current.connection !== "ended") this.change({ connection: "lost" });
  }

  private ended(problem: MeetProblem | null): void {
    clearInterval(this.beat);
    this.link.end();
    this.change({ connection: "ended", problem });
  }

  private say(event: string, data: Record<string, unknown>): boolean {
    return this.link.send({ event, data });
  }

  private change(part: Partial<MeetView>): void {
    this.current = { ...this.current, ...part };
    for (const listener of this.listeners) listener();
  }
}

function noticeOf(frame: ToldFrame, view: MeetView): Omit<Notice, "id"> | null {
  switch (frame.event) {
    case "mute-participant":
      return { kind: "muted", text: "A host muted you" };
    case "unmute-requested":
      return { kind: "unmute-requested", text: "A host asks you to unmute", peerId: frame.data.peerId };
    case "breakout-message":
      return { kind: "breakout-message", text: `${frame.data.username}: ${frame.data.message}` };
    case "breakout-help":
      return {
        kind: "breakout-help",
        text: `${frame.data.username} asks for help in ${breakoutName(view, frame.data.breakoutId)}`,
        peerId: frame.data.peerId,
      };
    case "breakout-warning":
      return { kind: "breakout-warning", text: `Breakout rooms close in ${frame.data.secondsLeft} seconds` };
    case "breakout-moved":
      return {
        kind: "moved",
        text:
          frame.data.breakoutId === null ? "You are back in the main room" : `You are in ${frame.data.name}`,
      };
    default:
      return null;
  }
}

function breakoutName(view: MeetView, id: string): string {
  return view.breakouts?.rooms.find(({ breakoutId }) => breakoutId === id)?.name ?? "a breakout room";
}

function addressOf({ room, origin }: MeetingOptions): string {
  const server = new URL(origin ?? location.origin);
  server.protocol = server.protocol === "https:" ? "wss:" : "ws:";
  return new URL(`/room/${encodeURIComponent(room)}/websocket`, server).href;
}

export { nameOf };
