import { useCallback, useEffect, useRef } from "react";
import { useInside } from "../inside";

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
    (ms: number) => {
      wanted.current = ms;
      underWay.current += 1;
      const asked = room.setOffset(ms).finally(() => {
        underWay.current -= 1;
      });
      asked.catch(() => {
        wanted.current = room.view().room?.members.find(({ id }) => id === room.view().me)?.offset ?? 0;
      });
      ask(asked);
    },
    [room, ask],
  );
  const nudge = useCallback((by: number) => set(wanted.current + by), [set]);
  const reset = useCallback(() => set(0), [set]);
  return { nudge, reset };
}
