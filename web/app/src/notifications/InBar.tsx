/** What one is told while one is in a room: in its bar, one thing at a time, and never on the film, nor while it fills the screen. */

import { useSyncExternalStore } from "react";
import "../styles/told-in-room.css";
import { Bell } from "./Bell";
import { Toasts } from "./Toasts";

export function InBar() {
  const filled = useSyncExternalStore(subscribe, () => document.fullscreenElement !== null);
  return (
    <>
      <Toasts most={filled ? 0 : 1} apart />
      <Bell apart />
    </>
  );
}

function subscribe(listener: () => void): () => void {
  document.addEventListener("fullscreenchange", listener);
  return () => document.removeEventListener("fullscreenchange", listener);
}
