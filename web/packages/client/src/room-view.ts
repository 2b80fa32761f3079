/**
 * What one person knows of the room, as a value, and how each thing the server says changes it.
 *
 * Everything the page shows of a room is read from a `RoomView`; nothing else remembers.
 */

import { observe, roomTime, type ClockEstimate } from "./clock";
import { timelineOf, type Timeline } from "./position";
import type { Member, MemberSync, PlaybackAction, PlaybackState, Present, Room } from "./wire";

export type Connection = "connecting" | "connected" | "reconnecting" | "ended";

export interface Person {
  userId: string;
  userName: string;
  isAdmin: boolean;
}

/** Something that went wrong, in the server's words. `fatal` means that we are no longer in the room. */
export interface Problem {
  code: string;
  message: string;
  fatal: boolean;
}

/** What the room has chosen to watch; null where it has not. */
export interface Media {
  mediaId: string | null;
  providerId: string | null;
}

export interface RoomView {
  connection: Connection;
  me: string;
  adminId: string | null;
  people: readonly Person[];
  media: Media;
  timeline: Timeline | null;
  clock: ClockEstimate | null;
  sync: readonly MemberSync[];
  problem: Problem | null;
}

export type Heard =
  | { what: "connected" | "lost" | "left" | "understood" }
  | { what: "state"; state: PlaybackState; timestamp?: number | undefined; at: number }
  | {
      what: "answer";
      state: PlaybackState | null;
      adminId: string | null;
      timestamp: number;
      sentAt: number;
      at: number;
    }
  | { what: "moved"; timeline: Timeline }
  | { what: "people"; present: Present; adminId?: string | null | undefined }
  | { what: "kicked"; userId: string; present: Present }
  | { what: "chosen"; media: Media }
  | { what: "media"; action: PlaybackAction }
  | { what: "sync"; members: readonly MemberSync[] }
  | { what: "problem"; problem: Problem };

export function firstView(room: Room, me: string): RoomView {
  return {
    connection: "connecting",
    me,
    adminId: room.adminId,
    people: peopleOf(room, room.adminId),
    media: { mediaId: room.mediaId, providerId: room.providerId },
    timeline: null,
    clock: null,
    sync: [],
    problem: null,
  };
}

export function hear(view: RoomView, heard: Heard): RoomView {
  switch (heard.what) {
    case "connected":
      return { ...view, connection: "connected" };
    case "lost":
      return view.connection === "ended" ? view : { ...view, connection: "reconnecting", sync: [] };
    case "left":
      return { ...view, connection: "ended" };
    case "understood":
      return { ...view, problem: null };
    case "state":
      return moved(view, timelineOf(heard.state, anchor(view.clock, heard.timestamp, heard.at)));
    case "answer":
      return answered(view, heard);
    case "moved":
      return moved(view, heard.timeline);
    case "people":
      return { ...view, ...roster(heard.present, heard.adminId ?? view.adminId) };
    case "kicked":
      return kicked(view, heard.userId, heard.present);
    case "chosen":
      return { ...view, media: { mediaId: heard.media.mediaId, providerId: heard.media.providerId } };
    case "media":
      return { ...view, media: mediaAfter(view.media, heard.action) };
    case "sync":
      return { ...view, sync: heard.members };
    case "problem":
      return failed(view, heard.problem);
  }
}

/** How far the outermost two are apart; null until two people are heard. */
export function spreadMs(members: readonly MemberSync[]): number | null {
  const drifts = members.map((member) => member.driftMs).filter((drift) => drift !== null);
  return drifts.length < 2 ? null : Math.max(...drifts) - Math.min(...drifts);
}

/** Nobody reports from a pause, so what was last heard of anybody would stay. */
function moved(view: RoomView, timeline: Timeline): RoomView {
  return { ...view, timeline, sync: timeline.playing ? view.sync : [] };
}

/** Until the clock has been probed, the server's timestamps mean nothing here: what arrives is taken as of now. */
function anchor(clock: ClockEstimate | null, timestamp: number | undefined, at: number): number {
  return clock !== null && timestamp !== undefined ? timestamp : roomTime(clock, at);
}

function answered(view: RoomView, heard: Extract<Heard, { what: "answer" }>): RoomView {
  const clock = observe(view.clock, {
    sentAt: heard.sentAt,
    receivedAt: heard.at,
    serverTime: heard.timestamp,
  });
  const timeline = heard.state === null ? view.timeline : timelineOf(heard.state, heard.timestamp);
  return { ...view, clock, timeline, ...crowned(view.people, heard.adminId) };
}

function kicked(view: RoomView, userId: string, present: Present): RoomView {
  if (userId !== view.me) return { ...view, ...roster(present, view.adminId) };
  return failed(view, { code: "kicked", message: "You were removed from the room", fatal: true });
}

function failed(view: RoomView, problem: Problem): RoomView {
  return { ...view, problem, connection: problem.fatal ? "ended" : view.connection };
}

function mediaAfter(media: Media, action: PlaybackAction): Media {
  if (action.type === "changeMedia") return { ...media, mediaId: action.data.mediaId };
  if (action.type === "changeProvider") return { ...media, providerId: action.data.provider };
  return media;
}

type Roster = Pick<RoomView, "people" | "adminId">;

/** Who the list itself calls admin counts more than who was admin before. */
function roster(present: Present, adminId: string | null): Roster {
  const admin = membersOf(present).find((member) => member.isAdmin)?.userId ?? adminId;
  return { adminId: admin, people: peopleOf(present, admin) };
}

function crowned(people: readonly Person[], adminId: string | null): Roster {
  return { adminId, people: people.map((person) => ({ ...person, isAdmin: person.userId === adminId })) };
}

function peopleOf(present: Present, adminId: string | null): Person[] {
  return membersOf(present).map(({ userId, userName }) => ({
    userId,
    userName: userName || shortId(userId),
    isAdmin: userId === adminId,
  }));
}

function membersOf({ participants, members }: Present): Member[] {
  return members ?? participants.map((one) => (typeof one === "string" ? { userId: one } : one));
}

function shortId(userId: string): string {
  return userId.length > 12 ? `${userId.slice(0, 8)}…` : userId;
}
