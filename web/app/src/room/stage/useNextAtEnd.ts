import type { NativeRoom } from "@tutti/client/native";
import { useEffect, useRef } from "react";

/**
 * At the end of what plays, the first of the queue is next. Everybody asks, naming the entry that they mean, and
 * the room listens to the first: so it does not matter who is there, and nothing is skipped.
 */
export function useNextAtEnd(room: NativeRoom, over: boolean, first: string | null): void {
  const asked = useRef<string | null>(null);
  useEffect(() => {
    if (!over || first === null || asked.current === first) return;
    asked.current = first;
    // Refused is the usual case: somebody else asked first.
    room.playNext(first).catch(() => undefined);
  }, [room, over, first]);
}
