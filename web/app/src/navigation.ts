/** The History API as one value and one verb: this app has two pages and needs no router. */

import { useSyncExternalStore } from "react";

const MOVED = "tutti:moved";

export function navigate(path: string): void {
  history.pushState(null, "", path);
  window.dispatchEvent(new Event(MOVED));
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname);
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("popstate", listener);
  window.addEventListener(MOVED, listener);
  return () => {
    window.removeEventListener("popstate", listener);
    window.removeEventListener(MOVED, listener);
  };
}
