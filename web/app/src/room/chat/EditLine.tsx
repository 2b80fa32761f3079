import type { ChatLine } from "@tutti/client/native";
import { useEffect, useRef, useState, type FormEvent, type KeyboardEvent } from "react";
import { useInside } from "../inside";
import { About, LONGEST, rowsOf, sends } from "./About";

/** Other words for what I said: Enter keeps them, Escape leaves them as they were. */
export function EditLine({ line, onDone }: { line: ChatLine; onDone: () => void }) {
  const { room, view, ask } = useInside();
  const [text, setText] = useState(line.text);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    const { current } = field;
    current?.focus();
    current?.setSelectionRange(current.value.length, current.value.length);
  }, []);
  const words = text.trim();
  const maySave = words !== "" && view.connection === "connected";
  const save = () => {
    if (!maySave) return;
    if (words === line.text) return onDone();
    const asked = room.chatEdit(line.seq, words);
    ask(asked);
    // What was refused stays here, to be read, copied or given up.
    asked.then(onDone, () => undefined);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!sends(event) && event.key !== "Escape") return;
    event.preventDefault();
    if (event.key === "Escape") onDone();
    else save();
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    save();
  };
  return (
    <form className="composer" onSubmit={onSubmit}>
      <About onCancel={onDone} cancel="Cancel editing">
        Edit your message
      </About>
      <textarea
        ref={field}
        rows={rowsOf(text)}
        value={text}
        maxLength={LONGEST}
        aria-label="Your message"
        enterKeyHint="done"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <button disabled={!maySave}>Save</button>
    </form>
  );
}
