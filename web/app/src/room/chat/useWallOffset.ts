import type { NativeRoom } from "@tutti/client/native";
import { useEffect, useState } from "react";

const LOOK_EVERY_MS = 10_000;

/** What to add to room time to get what this person's clock on the wall shows. */
export function useWallOffset(room: NativeRoom): number {
  const [offset, setOffset] = useState(() => Date.now() - room.roomNow());
  useEffect(() => {
    const timer = setInterval(() => setOffset(Date.now() - room.roomNow()), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [room]);
  return offset;
}
