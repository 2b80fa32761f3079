import { useState, type FormEvent, type KeyboardEvent } from "react";
import { useInside } from "../inside";

export const COMPOSER_ID = "say";
const LONGEST = 2_000;

/** Enter sends, Shift+Enter begins a new line. What was refused comes back, so that nobody types it twice. */
export function Composer({ off }: { off: boolean }) {
  const { room, view, ask } = useInside();
  const [text, setText] = useState("");
  const send = () => {
    const said = text.trim();
    if (said === "" || view.connection !== "connected") return;
    setText("");
    const asked = room.chat(said);
    asked.catch(() => setText((typed) => (typed === "" ? said : typed)));
    ask(asked);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // While an input method composes a word, Enter chooses the word.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    send();
  };
  return (
    <form className="composer" onSubmit={onSubmit}>
      <textarea
        id={COMPOSER_ID}
        rows={Math.min(4, text.split("\n").length)}
        value={text}
        maxLength={LONGEST}
        placeholder={off ? "The chat is off for the others" : "Say something"}
        aria-label="Say something"
        aria-keyshortcuts="c"
        enterKeyHint="send"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <button disabled={text.trim() === "" || view.connection !== "connected"}>Send</button>
    </form>
  );
}
