import { useState } from "react";
import { secondsLeft } from "../../words";
import { useInside } from "../inside";
import { useNow } from "../useNow";
import { mayAgainAt } from "./chat-list";

const LOOK_EVERY_MS = 250;

/**
 * Whether I have to wait between two lines, and for how many seconds now. What the server says when it refuses counts
 * as well: it also knows of lines that were removed.
 */
export function useSlowMode() {
  const { room, state, view, mayModerate } = useInside();
  const [refusedUntil, setRefusedUntil] = useState(0);
  const on = state.slowMode > 0 && !mayModerate;
  const until = on ? Math.max(refusedUntil, mayAgainAt(state.chat, view.me, state.slowMode)) : 0;
  // Not a moment later than what it follows from: a button that may be pressed for so long is pressed in vain.
  const left = secondsLeft(until, room.roomNow());
  useNow(LOOK_EVERY_MS, left > 0);
  const refused = (retryAfterMs = 1_000) => setRefusedUntil(room.roomNow() + retryAfterMs);
  return { on, left, refused };
}
