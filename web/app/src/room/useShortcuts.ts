import { useEffect } from "react";

export interface Shortcuts {
  togglePlay: () => void;
  seekBy: (seconds: number) => void;
  toggleMute: () => void;
  toggleFullscreen: () => void;
}

const ARROW_S = 5;

export function useShortcuts({ togglePlay, seekBy, toggleMute, toggleFullscreen }: Shortcuts): void {
  useEffect(() => {
    const acts: Record<string, () => void> = {
      " ": togglePlay,
      k: togglePlay,
      ArrowLeft: () => seekBy(-ARROW_S),
      ArrowRight: () => seekBy(ARROW_S),
      m: toggleMute,
      f: toggleFullscreen,
    };
    const onKey = (event: KeyboardEvent) => {
      const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (act === undefined || event.ctrlKey || event.metaKey || event.altKey || isForTarget(event)) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [togglePlay, seekBy, toggleMute, toggleFullscreen]);
}

/** A field takes its own keys, and space on a button presses it; the seek bar's arrows mean the room's. */
function isForTarget({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches("input[data-seek]")) return false;
  if (target.matches("input, textarea, select")) return true;
  return key === " " && target.matches("button, a");
}
