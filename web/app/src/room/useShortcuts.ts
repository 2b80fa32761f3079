import { useEffect, useRef } from "react";
import { actOf, type Act, type Focus } from "./keyboard";

/** Each part of the page listens for what it can do; keys that nobody here does anything with are left alone. */
export function useShortcuts(acts: Partial<Record<Act, () => void>>): void {
  const latest = useRef(acts);
  useEffect(() => {
    latest.current = acts;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return;
      const act = actOf(event, focusOf(event.target));
      const perform = act && latest.current[act];
      if (!perform) return;
      event.preventDefault();
      perform();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}

function focusOf(target: EventTarget | null): Focus {
  if (!(target instanceof HTMLElement)) return "page";
  if (target.matches("[data-keys='seekBar']")) return "seekBar";
  if (target.matches("input[type='range'], [role='tab'], [role='log']")) return "ownArrows";
  if (target.matches("input[type='checkbox'], button, a, summary")) return "button";
  return target.matches("input, textarea, select") ? "field" : "page";
}
