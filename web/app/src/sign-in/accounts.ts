/** The one login that all pages of this tab share. */

import { Accounts, type Account } from "@tutti/client/nearby";
import { useSyncExternalStore } from "react";
import { myUserId } from "../identity";

export const accounts = new Accounts();

const SIGNED_IN = "tutti.signedIn";

accounts.subscribe(() => {
  try {
    if (accounts.account() === null) localStorage.removeItem(SIGNED_IN);
    else localStorage.setItem(SIGNED_IN, "yes");
  } catch {
    // Storage is switched off: then every visit asks the server.
  }
});

let resumed: Promise<boolean> | null = null;

/** Goes on with the login of this browser, if there may be one. Asked once a visit. */
export function resume(): Promise<boolean> {
  if (accounts.account() !== null) return Promise.resolve(true);
  if (!mayBeSignedIn()) return Promise.resolve(false);
  resumed ??= accounts.resume().finally(() => {
    resumed = null;
  });
  return resumed;
}

export function useAccount(): Account | null {
  return useSyncExternalStore(accounts.subscribe, accounts.account);
}

/** Whose commands these are: the account's, else this tab's. */
export function myId(): string {
  return accounts.account()?.id ?? myUserId();
}

function mayBeSignedIn(): boolean {
  try {
    return localStorage.getItem(SIGNED_IN) !== null;
  } catch {
    return true;
  }
}
