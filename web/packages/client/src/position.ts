/** Where the room is: a vector that is computed when asked for, never ticked. */

import type { PlaybackState } from "./wire";

export interface Timeline {
  playing: boolean;
  /** Seconds into the media at `anchoredAt`. */
  position: number;
  rate: number;
  /** Room time, in milliseconds. */
  anchoredAt: number;
}

export function timelineOf(state: PlaybackState, anchoredAt: number): Timeline {
  return {
    playing: state.isPlaying,
    position: state.currentTime,
    rate: state.playbackRate > 0 ? state.playbackRate : 1,
    anchoredAt,
  };
}

export function positionAt(timeline: Timeline, roomTimeMs: number): number {
  if (!timeline.playing) return timeline.position;
  return Math.max(0, timeline.position + ((roomTimeMs - timeline.anchoredAt) / 1000) * timeline.rate);
}

export function played(timeline: Timeline, roomTimeMs: number): Timeline {
  return movedTo(timeline, positionAt(timeline, roomTimeMs), roomTimeMs, true);
}

export function paused(timeline: Timeline, roomTimeMs: number): Timeline {
  return movedTo(timeline, positionAt(timeline, roomTimeMs), roomTimeMs, false);
}

export function sought(timeline: Timeline, position: number, roomTimeMs: number): Timeline {
  return movedTo(timeline, Math.max(0, position), roomTimeMs, timeline.playing);
}

function movedTo(timeline: Timeline, position: number, anchoredAt: number, playing: boolean): Timeline {
  return { ...timeline, position, anchoredAt, playing };
}
