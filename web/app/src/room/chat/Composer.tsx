import { Refusal, type ChatLine } from "@tutti/client/native";
import type { Dispatch, FormEvent, KeyboardEvent, SetStateAction } from "react";
import { useInside } from "../inside";
import { About, LONGEST, rowsOf, sends } from "./About";
import { useSlowMode } from "./useSlowMode";
import { useTyping } from "./useTyping";

export const COMPOSER_ID = "say";

interface Props {
  text: string;
  onText: Dispatch<SetStateAction<string>>;
  replyTo: ChatLine | null;
  onReplied: () => void;
  onEditLast: () => void;
}

/**
 * Enter sends, Shift+Enter begins a new line, ↑ in the empty field changes what I said last. What was refused comes
 * back, so that nobody types it twice.
 */
export function Composer({ text, onText, replyTo, onReplied, onEditLast }: Props) {
  const { room, state, view, ask } = useInside();
  const slow = useSlowMode();
  const typing = useTyping();
  const maySend = view.connection === "connected" && slow.left === 0;
  const send = () => {
    const said = text.trim();
    if (said === "" || !maySend) return;
    onText("");
    onReplied();
    typing.stopped();
    const asked = room.chat(said, replyTo?.seq);
    asked.catch(() => onText((typed) => (typed === "" ? said : typed)));
    ask(
      asked.catch((why: unknown) => {
        if (!(why instanceof Refusal && why.code === "slow_mode")) throw why;
        slow.refused(why.retryAfterMs);
      }),
    );
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (sends(event)) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && replyTo !== null) {
      event.preventDefault();
      onReplied();
    } else if (event.key === "ArrowUp" && text === "" && replyTo === null) {
      event.preventDefault();
      onEditLast();
    }
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    send();
  };
  return (
    <form className="composer" onSubmit={onSubmit}>
      {replyTo !== null && (
        <About onCancel={onReplied} cancel="Do not reply">
          Reply to <strong>{replyTo.name}</strong>: {replyTo.text}
        </About>
      )}
      {slow.on && <SlowNotice seconds={state.slowMode} left={slow.left} />}
      <textarea
        id={COMPOSER_ID}
        rows={rowsOf(text)}
        value={text}
        maxLength={LONGEST}
        placeholder={state.chatOn ? "Say something" : "The chat is off for the others"}
        aria-label="Say something"
        aria-keyshortcuts="c"
        enterKeyHint="send"
        onChange={(event) => {
          onText(event.target.value);
          if (event.target.value.trim() === "") typing.stopped();
          else typing.typed();
        }}
        onBlur={typing.stopped}
        onKeyDown={onKeyDown}
      />
      <button disabled={text.trim() === "" || !maySend}>Send</button>
    </form>
  );
}

/** The seconds are not read out: each would be. */
function SlowNotice({ seconds, left }: { seconds: number; left: number }) {
  return (
    <p className="slow muted">
      Slow mode: a message every {seconds} seconds.
      {left > 0 && (
        <strong aria-hidden="true" className="countdown">
          {" "}
          {left} s
        </strong>
      )}
    </p>
  );
}
