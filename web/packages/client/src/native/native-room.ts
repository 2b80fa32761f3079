/** One person in one room over `tutti.v1`. The room is `view()`, replaced by a new value at each change. */

import { FIRST_VIEW, type NativeView } from "./room-state";
import type { NewMedia, Report, Timeline } from "./wire";

/** What is used of a WebSocket. */
export type WebSocketLike = Pick<
  WebSocket,
  "send" | "close" | "readyState" | "onopen" | "onmessage" | "onclose" | "onerror"
>;

export interface NativeRoomOptions {
  room: string;
  me: { id?: string; name: string };
  /** A pass (`tp1.…`) or an access token. */
  token?: string;
  /** Of the server, like `https://tutti.example`; the page's own by default. */
  origin?: string;
  /** Local milliseconds that never step; `performance.now` by default. */
  now?: () => number;
  open?: (url: string, protocol: string) => WebSocketLike;
}

/** Why a command was not carried out, in the server's words. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly mayRetry: boolean,
  ) {
    super(message);
    this.name = "Refusal";
  }
}

export class NativeRoom {
  constructor(readonly options: NativeRoomOptions) {}

  readonly view = (): NativeView => FIRST_VIEW;
  readonly subscribe = (_listener: () => void): (() => void) => missing();

  roomNow(): number {
    return missing();
  }
  bound(): number {
    return missing();
  }
  timelineAt(_roomNow: number): Timeline | null {
    return missing();
  }
  position(): number | null {
    return missing();
  }

  play(_position?: number): Promise<void> {
    return missing();
  }
  pause(_position?: number): Promise<void> {
    return missing();
  }
  seek(_to: number): Promise<void> {
    return missing();
  }
  seekBy(_by: number): Promise<void> {
    return missing();
  }
  setRate(_rate: number): Promise<void> {
    return missing();
  }
  setMedia(_media: NewMedia): Promise<void> {
    return missing();
  }
  queueAdd(_media: NewMedia): Promise<void> {
    return missing();
  }
  queueRemove(_entry: string): Promise<void> {
    return missing();
  }
  queueMove(_entry: string, _before: string | null): Promise<void> {
    return missing();
  }
  playNext(_entry?: string): Promise<void> {
    return missing();
  }
  appoint(_member: string, _role: "moderator" | "member"): Promise<void> {
    return missing();
  }
  transfer(_to: string): Promise<void> {
    return missing();
  }
  expel(_member: string): Promise<void> {
    return missing();
  }
  lock(_locked: boolean): Promise<void> {
    return missing();
  }
  capacity(_capacity: number): Promise<void> {
    return missing();
  }
  chatSwitch(_on: boolean): Promise<void> {
    return missing();
  }
  chat(_text: string): Promise<void> {
    return missing();
  }
  react(_emoji: string): Promise<void> {
    return missing();
  }
  raiseHand(_raised: boolean, _member?: string): Promise<void> {
    return missing();
  }
  setOffset(_ms: number): Promise<void> {
    return missing();
  }
  setReady(_ready: boolean): Promise<void> {
    return missing();
  }
  waitForAll(_on: boolean): Promise<void> {
    return missing();
  }
  /** No answer: an observation, dropped while there is no connection. */
  report(_sample: Report): void {
    missing();
  }
  /** Leave the room for good; the connection ends. */
  leave(): void {
    missing();
  }
  /** End the room for everybody; only the host may. */
  close(): Promise<void> {
    return missing();
  }
  dismissProblem(): void {
    missing();
  }
}

function missing(): never {
  throw new Error("not yet");
}
