import { useState } from "react";
import { useInside } from "../inside";
import { unread } from "./chat-list";

/** How many lines came since the chat was last looked at. What was said before one came in is not news. */
export function useUnread(looking: boolean): number {
  const { state, view } = useInside();
  const last = state.chat.at(-1)?.seq ?? 0;
  const [seen, setSeen] = useState(last);
  if (looking && seen !== last) setSeen(last);
  return looking ? 0 : unread(state.chat, seen, view.me);
}
