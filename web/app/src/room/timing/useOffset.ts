import { useCallback, useEffect, useRef } from "react";
import { useInside } from "../inside";

const MOST_MS = 5_000;

/** Quick presses add up, even before the room has confirmed the first. */
export function useOffset() {
  const { room, me, ask } = useInside();
  const confirmed = me?.offset ?? 0;
  const wanted = useRef(confirmed);
  const underWay = useRef(0);
  useEffect(() => {
    if (underWay.current === 0) wanted.current = confirmed;
  }, [confirmed]);

  const set = useCallback(
    (asked: number) => {
      const ms = Math.max(-MOST_MS, Math.min(MOST_MS, asked));
      wanted.current = ms;
      underWay.current += 1;
      const answer = room.setOffset(ms).finally(() => {
        underWay.current -= 1;
      });
      answer.catch(() => {
        wanted.current = room.view().room?.members.find(({ id }) => id === room.view().me)?.offset ?? 0;
      });
      ask(answer);
    },
    [room, ask],
  );
  const nudge = useCallback((by: number) => set(wanted.current + by), [set]);
  const reset = useCallback(() => set(0), [set]);
  return { nudge, reset };
}
