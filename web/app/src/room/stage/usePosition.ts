import type { NativeRoom } from "@tutti/client/native";
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

function shownNow(room: NativeRoom, video: HTMLVideoElement | null): Shown {
  const length = (video?.duration ?? Number.NaN) * 1000;
  const known = Number.isFinite(length) && length > 0;
  const duration = known ? length : (room.view().room?.media?.durationMs ?? 0);
  const position = room.position() ?? 0;
  return {
    duration,
    position: duration > 0 ? Math.min(position, duration) : position,
    buffered: video === null ? [] : stretches(video.buffered),
  };
}

function stretches(ranges: TimeRanges): [number, number][] {
  return Array.from({ length: ranges.length }, (_, i) => [ranges.start(i) * 1000, ranges.end(i) * 1000]);
}
