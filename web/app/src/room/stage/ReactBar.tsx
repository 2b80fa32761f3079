import { useEffect, useRef, type KeyboardEvent } from "react";

export const REACTIONS = [
  { emoji: "👍", name: "Thumbs up" },
  { emoji: "❤️", name: "Heart" },
  { emoji: "😂", name: "Laughing" },
  { emoji: "😮", name: "Surprised" },
  { emoji: "😢", name: "Sad" },
  { emoji: "🎉", name: "Celebrating" },
  { emoji: "👏", name: "Applause" },
  { emoji: "🔥", name: "Fire" },
] as const;

interface Props {
  onReact: (emoji: string) => void;
  onClose: () => void;
}

/** Stays open, so that one can go on; 1 to 8 choose, arrows move, Escape closes. */
export function ReactBar({ onReact, onClose }: Props) {
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    bar.current?.querySelector("button")?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const chosen = REACTIONS[Number(event.key) - 1];
    if (chosen !== undefined) onReact(chosen.emoji);
    else if (event.key === "Escape" || event.key === "r") onClose();
    else if (event.key === "ArrowRight") focusFrom(bar.current, 1);
    else if (event.key === "ArrowLeft") focusFrom(bar.current, -1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      className="react-bar"
      role="toolbar"
      aria-label="Reactions"
      ref={bar}
      onKeyDown={onKeyDown}
      tabIndex={-1}
    >
      {REACTIONS.map(({ emoji, name }) => (
        <button key={emoji} className="icon" aria-label={name} onClick={() => onReact(emoji)}>
          {emoji}
        </button>
      ))}
    </div>
  );
}

function focusFrom(bar: HTMLElement | null, step: number): void {
  const buttons = Array.from(bar?.querySelectorAll("button") ?? []);
  const at = buttons.findIndex((button) => button === document.activeElement);
  buttons.at((at + step) % buttons.length)?.focus();
}
