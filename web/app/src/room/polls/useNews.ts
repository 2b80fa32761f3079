import { useState } from "react";
import { useInside } from "../inside";
import { unseen } from "./poll-list";

/** How many polls others opened since they were last looked at. Those from before one came in are not news. */
export function useNews(looking: boolean): number {
  const { state, view } = useInside();
  const last = state.polls.at(-1)?.openedAt ?? 0;
  const [seen, setSeen] = useState(last);
  if (looking && seen !== last) setSeen(last);
  return looking ? 0 : unseen(state.polls, seen, view.me);
}
