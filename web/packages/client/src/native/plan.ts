/**
 * What a player should be doing now, from what is in force in the room and what has been announced.
 *
 * Pure. A move that is announced ahead of its time is got ready: a start waits for its moment with the picture in place,
 * and a jump begins as much earlier as jumps take. Such a target runs towards the announced position, on time for it.
 */

import { positionAt, timelineAt, type RoomState } from "./room-state";
import type { Timeline } from "./wire";

export interface Plan {
  /** What is being followed. */
  timeline: Timeline;
  playing: boolean;
  /** Moves on by `rate` while `playing`; before the media's beginning it is negative. */
  targetMs: number;
  rate: number;
  /** Room time at which to plan anew at the latest. */
  until: number;
}

export interface PlayerFacts {
  /** Paused: to get ready early interrupts nothing. */
  stands: boolean;
  jumpTakesMs: number;
  /** Of the file that this player has, which may differ from what the room believes; null while unknown. */
  durationMs: number | null;
}

/** Longer than a player takes to start. */
const START_EARLY_MS = 300;
const STANDING_EARLY_MS = 1_000;
const SAME_PLACE_MS = 1;

/** `offset`: how much further on this member wants to be. */
export function planned(room: RoomState, offset: number, now: number, player: PlayerFacts): Plan {
  const inForce = timelineAt(room, now);
  const coming = room.timeline;
  if (coming.at <= now) return withinFile(along(inForce, offset, now), now, player);
  const begins = coming.at - earlyMs(inForce, coming, player);
  if (now >= begins) return withinFile(along(coming, offset, now), now, player);
  if (player.stands && !inForce.playing) return standing(coming, coming.position + offset, begins);
  return withinFile({ ...along(inForce, offset, now), until: begins }, now, player);
}

function earlyMs(inForce: Timeline, coming: Timeline, player: PlayerFacts): number {
  if (!coming.playing) return player.stands ? STANDING_EARLY_MS : 0;
  if (!inForce.playing) return START_EARLY_MS;
  const jumps = Math.abs(positionAt(inForce, coming.at) - coming.position) > SAME_PLACE_MS;
  return jumps ? player.jumpTakesMs : 0;
}

/** Also before its time: then the target lies as far before the announced position as there is time. */
function along(timeline: Timeline, offset: number, now: number): Plan {
  const moved = timeline.playing ? (now - timeline.at) * timeline.rate : 0;
  const { playing, rate } = timeline;
  return { timeline, playing, targetMs: timeline.position + moved + offset, rate, until: Infinity };
}

function standing(timeline: Timeline, targetMs: number, until: number): Plan {
  return { timeline, playing: false, targetMs: Math.max(0, targetMs), rate: timeline.rate, until };
}

/** Before the beginning and after the end of its file a player stands, whatever the room does. */
function withinFile(plan: Plan, now: number, { durationMs }: PlayerFacts): Plan {
  if (durationMs !== null && plan.targetMs >= durationMs) {
    return standing(plan.timeline, durationMs, plan.until);
  }
  if (!plan.playing) return standing(plan.timeline, plan.targetMs, plan.until);
  const restMs = -plan.targetMs / plan.rate - START_EARLY_MS;
  return restMs > 0 ? standing(plan.timeline, 0, Math.min(plan.until, now + restMs)) : plan;
}

/** The room's later word on the same course is no new wish, however it was put. */
export function isAnotherWish(before: Plan, now: Plan): boolean {
  const [was, is] = [before.timeline, now.timeline];
  if (was === is) return false;
  if (was.playing !== is.playing || was.rate !== is.rate) return true;
  const expected = was.position + (was.playing ? (is.at - was.at) * was.rate : 0);
  return Math.abs(expected - is.position) > SAME_PLACE_MS;
}
