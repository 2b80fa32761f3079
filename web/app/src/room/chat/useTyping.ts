import { useEffect, useMemo } from "react";
import { useInside } from "../inside";

const SAY_EVERY_MS = 3_000;

/** Lets the others know that I am about to say something, and that I am no longer. */
export function useTyping() {
  const { room } = useInside();
  const typing = useMemo(() => {
    let saidAt: number | null = null;
    return {
      typed: () => {
        const now = performance.now();
        if (saidAt !== null && now - saidAt < SAY_EVERY_MS) return;
        saidAt = now;
        room.typing(true);
      },
      stopped: () => {
        if (saidAt === null) return;
        saidAt = null;
        room.typing(false);
      },
    };
  }, [room]);
  useEffect(() => typing.stopped, [typing]);
  return typing;
}
