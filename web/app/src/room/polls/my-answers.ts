/** What this tab answered. The server tells nobody who answered what, so only the tab itself can know. */

import type { Answer } from "./poll-list";

/** null: answered, but what was not kept. */
export type Mine = Answer | null;

const KEY = "tutti.answers.";

/** Where storage is switched off, they last as long as the page. */
const kept = new Map<string, Record<string, Mine>>();

export function myAnswers(roomId: string): Record<string, Mine> {
  const here = kept.get(roomId) ?? stored(roomId);
  kept.set(roomId, here);
  return here;
}

export function keepAnswer(roomId: string, poll: string, answer: Mine): Record<string, Mine> {
  const answers = { ...myAnswers(roomId), [poll]: answer };
  kept.set(roomId, answers);
  try {
    sessionStorage.setItem(KEY + roomId, JSON.stringify(answers));
  } catch {
    // Then only until the page is gone.
  }
  return answers;
}

function stored(roomId: string): Record<string, Mine> {
  try {
    const found: unknown = JSON.parse(sessionStorage.getItem(KEY + roomId) ?? "{}");
    return typeof found === "object" && found !== null ? (found as Record<string, Mine>) : {};
  } catch {
    return {};
  }
}
