import type { KeyboardEvent, ReactNode } from "react";

/** What the field under the lines is about, and the way back to saying something new. */

export const LONGEST = 2_000;

interface Props {
  children: ReactNode;
  cancel: string;
  onCancel: () => void;
}

export function About({ children, cancel, onCancel }: Props) {
  return (
    <p className="about">
      <span className="what" dir="auto">
        {children}
      </span>
      <button type="button" className="quiet" aria-label={cancel} title="Esc" onClick={onCancel}>
        ✕
      </button>
    </p>
  );
}

export function rowsOf(text: string): number {
  return Math.min(4, text.split("\n").length);
}

/** While an input method composes a word, Enter chooses the word. */
export function sends(event: KeyboardEvent): boolean {
  return event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing;
}
