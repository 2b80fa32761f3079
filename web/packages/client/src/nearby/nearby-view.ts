/** What one person knows of who is near: a value, made anew by every event. Nothing here waits or asks. */

import type {
  Bucket,
  Ending,
  Find,
  Listener,
  Match,
  NearbyHears,
  Place,
  Playing,
  Presence,
  Room,
  SpotifyState,
} from "./wire";

export type NearbyConnection = "connecting" | "open" | "lost" | "refused";

/** A find session as one side sees it. `until` is local time, when it ends by itself. */
export interface FindView {
  sessionId: string;
  otherId: string;
  otherName: string;
  /** Who asked. */
  role: "seeker" | "target";
  stage: "offered" | "accepted" | "ended";
  ending: Ending | null;
  bucket: Bucket | null;
  answersLeft: number;
  until: number;
  /** Local time of the last answer; there is not another one within ten seconds. */
  answeredAt: number | null;
  iFound: boolean;
  otherFound: boolean;
}

export interface NearbyView {
  connection: NearbyConnection;
  problem: string | null;
  me: string | null;
  presence: Presence | null;
  place: Place | null;
  playing: Playing | null;
  /** Whether Spotify may be asked; null until it is known. */
  spotify: SpotifyState | null;
  users: readonly Listener[];
  matches: readonly Match[];
  find: FindView | null;
  together: (Room & { openedBy: string }) | null;
}

export const NOBODY: NearbyView = {
  connection: "connecting",
  problem: null,
  me: null,
  presence: null,
  place: null,
  playing: null,
  spotify: null,
  users: [],
  matches: [],
  find: null,
  together: null,
};

export type NearbyEvent = {
  [Name in keyof NearbyHears]: { name: Name; said: NearbyHears[Name] };
}[keyof NearbyHears];

/** What is known after hearing this, at this local time. */
export function heard(view: NearbyView, event: NearbyEvent, now: number): NearbyView {
  switch (event.name) {
    case "connected":
      return { ...view, me: event.said.userId };
    case "live:user_joined":
      return view; // where they are is not in it: whoever hears it asks who is near
    case "live:user_left": {
      const { userId } = event.said;
      const still = (one: { userId: string }) => one.userId !== userId;
      return { ...view, users: view.users.filter(still), matches: view.matches.filter(still) };
    }
    case "live:track_update": {
      const { userId, trackId, trackName, artist } = event.said;
      const track = trackId === null ? null : { trackId, trackName, artist };
      return { ...view, users: view.users.map((one) => (one.userId === userId ? { ...one, track } : one)) };
    }
    case "live:nearby_users":
      return { ...view, users: event.said.users };
    case "live:went_offline":
      return gone(view);
    case "find:request_received": {
      const { sessionId, seekerId, seekerName, expiresIn } = event.said;
      return {
        ...view,
        find: asked(sessionId, seekerId, seekerName ?? seekerId, now + (expiresIn ?? 60) * 1000),
      };
    }
    case "find:accepted":
      return inFind(view, event.said.sessionId, (find) => ({
        ...find,
        stage: "accepted",
        answersLeft: event.said.answersLeft,
        until: find.stage === "offered" ? now + 300_000 : find.until,
      }));
    case "find:bucket_update":
      return inFind(view, event.said.sessionId, (find) => ({
        ...find,
        bucket: event.said.bucket,
        answersLeft: event.said.answersLeft ?? find.answersLeft - 1,
        answeredAt: now,
      }));
    case "find:found_claimed":
      return inFind(view, event.said.sessionId, (find) => ({
        ...find,
        ...claims(view.me, event.said.confirmed),
      }));
    case "find:session_ended":
      return inFind(view, event.said.sessionId, (find) => ({
        ...find,
        stage: "ended",
        ending: event.said.status,
        bucket: event.said.status === "completed" ? "found" : null,
      }));
    case "together:opened": {
      const { roomId, page, openedBy } = event.said;
      return { ...view, together: { roomId, page, openedBy } };
    }
    case "spotify:reauth_required":
      return { ...view, spotify: "reauth_required", playing: null };
    case "error":
      return { ...view, problem: event.said.message };
  }
}

/** A find session as the server told it in an answer. */
export function withFind(view: NearbyView, said: Find, now: number): NearbyView {
  const before = view.find?.sessionId === said.sessionId ? view.find : null;
  const role = said.seekerId === view.me ? "seeker" : "target";
  const otherId = role === "seeker" ? said.targetId : said.seekerId;
  const ended = said.status !== "offered" && said.status !== "accepted";
  const find: FindView = {
    sessionId: said.sessionId,
    otherId,
    otherName: before?.otherName ?? nameOf(view, otherId),
    role,
    stage: ended ? "ended" : (said.status as "offered" | "accepted"),
    ending: ended ? (said.status as Ending) : null,
    bucket: said.status === "cancelled" ? null : said.bucket,
    answersLeft: said.answersLeft,
    until: now + said.expiresIn * 1000,
    answeredAt: before?.answeredAt ?? null,
    ...claims(view.me, said.confirmed),
  };
  return { ...view, find };
}

/** Live no more: what was known through being live is forgotten. */
export function gone(view: NearbyView): NearbyView {
  const presence = view.presence && { ...view.presence, isLive: false, heartbeatSeconds: null };
  return { ...view, presence, place: null, playing: null, users: [], matches: [], find: null };
}

export function nameOf(view: NearbyView, userId: string): string {
  return [...view.users, ...view.matches].find((one) => one.userId === userId)?.displayName ?? userId;
}

function asked(sessionId: string, seekerId: string, seekerName: string, until: number): FindView {
  return {
    sessionId,
    otherId: seekerId,
    otherName: seekerName,
    role: "target",
    stage: "offered",
    ending: null,
    bucket: null,
    answersLeft: 6,
    until,
    answeredAt: null,
    iFound: false,
    otherFound: false,
  };
}

function inFind(view: NearbyView, sessionId: string, change: (find: FindView) => FindView): NearbyView {
  return view.find?.sessionId === sessionId ? { ...view, find: change(view.find) } : view;
}

function claims(me: string | null, confirmed: readonly string[]): Pick<FindView, "iFound" | "otherFound"> {
  return { iFound: confirmed.some((id) => id === me), otherFound: confirmed.some((id) => id !== me) };
}
