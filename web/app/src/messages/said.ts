/** What was said in one conversation: the list that was asked for, and what is told live meanwhile. */

import type { Message } from "@tutti/client/party";

export type Told = { put: readonly Message[] } | { gone: string };

/** `asks`: the newest messages are asked for now. `only`: they are here, and nothing older is shown. */
export type Change = Told | { asks: true } | { only: readonly Message[] };

export interface Said {
  /** The oldest first; null: not known yet. */
  shown: readonly Message[] | null;
  /** Told since the list was asked for, which may have been read before that; null: none is on its way. */
  since: readonly Told[] | null;
}

export const NOTHING_YET: Said = { shown: null, since: null };

export function changed({ shown, since }: Said, change: Change): Said {
  if ("asks" in change) return { shown, since: [] };
  if ("only" in change) return { shown: (since ?? []).reduce(told, inOrder(change.only)), since: null };
  return { shown: told(shown, change), since: since && [...since, change] };
}

function told(before: readonly Message[] | null, now: Told): readonly Message[] {
  if ("put" in now) return inOrder([...(before ?? []), ...now.put]);
  const deleted = { message: "", deleted: true, attachments: [] };
  return (before ?? []).map((one) => (one.id === now.gone ? Object.assign({}, one, deleted) : one));
}

/** Each once, as it is now. */
function inOrder(messages: readonly Message[]): readonly Message[] {
  const byId = new Map(messages.map((one) => [one.id, one]));
  return [...byId.values()].toSorted((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp));
}
