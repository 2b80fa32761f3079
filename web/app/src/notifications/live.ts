/** What this tab's person is told live, for all pages: how much is unread, and what has just come. */

import {
  MessagingApi,
  NotificationsApi,
  PersonLine,
  type Notification,
  type PersonHears,
} from "@tutti/client/party";
import { useEffect, useSyncExternalStore } from "react";
import { accounts } from "../sign-in/accounts";
import { http } from "../sign-in/api";

export const messaging = new MessagingApi(http, accounts);
export const notifications = new NotificationsApi(http);

export interface Told {
  unread: number;
  /** Not dismissed yet, the oldest first. */
  toasts: readonly Notification[];
}

const MOST_TOASTS = 3;
const NOTHING: Told = { unread: 0, toasts: [] };

let told: Told = NOTHING;
let whose: string | null = null;
const looking = new Set<() => void>();
const hearing = new Set<(said: PersonHears) => void>();
const line = new PersonLine(accounts, heard);

/** Follows whoever is signed in. */
accounts.subscribe(() => {
  const id = accounts.account()?.id ?? null;
  if (id === whose) return;
  if (whose !== null) line.stop();
  whose = id;
  set(NOTHING);
  if (id !== null && looking.size > 0) line.start();
});

export function useTold(): Told {
  return useSyncExternalStore(subscribe, () => told);
}

/** `hears` stays the same between draws. */
export function useHearing(hears: (said: PersonHears) => void): void {
  useEffect(() => {
    hearing.add(hears);
    return () => {
      hearing.delete(hears);
    };
  }, [hears]);
}

export function dismiss(id: string): void {
  set({ ...told, toasts: told.toasts.filter((toast) => toast.id !== id) });
}

export function setTyping(conversation: string, on: boolean): void {
  line.typing(conversation, on);
}

function heard(said: PersonHears): void {
  switch (said.type) {
    case "connected":
      set({ ...told, unread: said.unread_count });
      break;
    case "notification":
      set({
        unread: said.unread_count,
        toasts: [...told.toasts.filter((toast) => !alike(toast, said.notification)), said.notification].slice(
          -MOST_TOASTS,
        ),
      });
      break;
    case "notifications_read":
      set({
        unread: said.unread_count,
        toasts: told.toasts.filter((toast) => said.ids.length > 0 && !said.ids.includes(toast.id)),
      });
      break;
    default:
  }
  for (const hears of hearing) hears(said);
}

/** Of one conversation there is one toast at a time. */
function alike(one: Notification, other: Notification): boolean {
  const talk = one.data["conversation_id"];
  return talk !== undefined && talk === other.data["conversation_id"];
}

function set(now: Told): void {
  told = now;
  for (const look of looking) look();
}

function subscribe(look: () => void): () => void {
  looking.add(look);
  whose = accounts.account()?.id ?? null;
  if (whose !== null) line.start();
  return () => {
    looking.delete(look);
    if (looking.size === 0) line.stop();
  };
}
