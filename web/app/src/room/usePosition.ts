import type { WatchRoom } from "@tutti/client";
import { useEffect, useState, type RefObject } from "react";

const SHOWN_EVERY_MS = 200;

/** Where the room is, as the controls show it: seconds, held within the video's length once that is known. */
export function usePosition(room: WatchRoom, video: RefObject<HTMLVideoElement | null>) {
  const [shown, setShown] = useState({ position: 0, duration: 0 });
  useEffect(() => {
    const show = () => {
      const length = video.current?.duration ?? 0;
      const duration = Number.isFinite(length) ? length : 0;
      const position = room.position() ?? 0;
      setShown({ duration, position: duration > 0 ? Math.min(position, duration) : position });
    };
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
