import { positionAt, type NativeRoom } from "@tutti/client/native";
import { useEffect, useState } from "react";

export interface Shown {
  position: number;
  duration: number;
  /** Stretches that are here already, in ms. */
  buffered: readonly (readonly [start: number, end: number])[];
}

const SHOWN_EVERY_MS = 200;
const NOWHERE: Shown = { position: 0, duration: 0, buffered: [] };

/** Where the room is, as the controls show it: milliseconds, within the media's length once that is known. */
export function usePosition(room: NativeRoom, video: HTMLVideoElement | null): Shown {
  const [shown, setShown] = useState<Shown>(NOWHERE);
  useEffect(() => {
    const show = () => setShown(shownNow(room, video));
    const timer = setInterval(show, SHOWN_EVERY_MS);
    const unsubscribe = room.subscribe(show);
    show();
    return () => {
      clearInterval(timer);
      unsubscribe();
    };
  }, [room, video]);
  return shown;
}

/** The room's position, not mine: what I am offset by is between me and my player. */
function shownNow(room: NativeRoom, video: HTMLVideoElement | null): Shown {
  const media = room.view().room?.media ?? null;
  const duration = durationOf(media?.durationMs ?? null, video);
  const now = room.roomNow();
  const timeline = room.position() === null ? null : room.timelineAt(now);
  return {
    duration,
    position: timeline === null ? 0 : positionAt(timeline, now, duration > 0 ? duration : null),
    buffered: video === null ? [] : stretches(video.buffered),
  };
}

/** Where the file and what was said of it differ by a little, the end is where the first of them ends. */
function durationOf(saidMs: number | null, video: HTMLVideoElement | null): number {
  const ofFile = (video?.duration ?? Number.NaN) * 1000;
  const known = [saidMs ?? Number.NaN, ofFile].filter((ms) => Number.isFinite(ms) && ms > 0);
  return known.length === 0 ? 0 : Math.min(...known);
}

function stretches(ranges: TimeRanges): [number, number][] {
  return Array.from({ length: ranges.length }, (_, i) => [ranges.start(i) * 1000, ranges.end(i) * 1000]);
}
