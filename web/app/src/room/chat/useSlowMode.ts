import { useEffect, useState } from "react";
import { secondsLeft } from "../../words";
import { useInside } from "../inside";
import { mayAgainAt } from "./chat-list";

const LOOK_EVERY_MS = 250;

/**
 * Whether I have to wait between two lines, and for how many seconds now. What the server says when it refuses counts
 * as well: it also knows of lines that were removed.
 */
export function useSlowMode() {
  const { room, state, view, mayModerate } = useInside();
  const [refusedUntil, setRefusedUntil] = useState(0);
  const [left, setLeft] = useState(0);
  const on = state.slowMode > 0 && !mayModerate;
  const until = on ? Math.max(refusedUntil, mayAgainAt(state.chat, view.me, state.slowMode)) : 0;
  useEffect(() => {
    const tell = () => setLeft(secondsLeft(until, room.roomNow()));
    const first = setTimeout(tell);
    const timer = setInterval(tell, LOOK_EVERY_MS);
    return () => {
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [room, until]);
  const refused = (retryAfterMs = 1_000) => setRefusedUntil(room.roomNow() + retryAfterMs);
  return { on, left: on ? left : 0, refused };
}
