import type { PollKind } from "@tutti/client/native";
import { useState, type FormEvent } from "react";
import { Failure } from "../../Failure";
import { useInside } from "../inside";
import { Options } from "./Options";
import { LONGEST_QUESTION, pollOf, type Draft } from "./poll-list";

const KINDS: readonly [PollKind, string][] = [
  ["multiple_choice", "A choice of options"],
  ["yes_no", "Yes or no"],
  ["rating", "One to five stars"],
  ["text", "In words"],
];
const LASTS: readonly [number, string][] = [
  [0, "Until it is closed"],
  [30, "30 seconds"],
  [60, "1 minute"],
  [300, "5 minutes"],
  [900, "15 minutes"],
];
const EMPTY: Draft = { question: "", kind: "multiple_choice", options: ["", ""], lasts: 0 };

/** For those who moderate; what was refused stays to be mended. */
export function AskPoll() {
  const { room, ask } = useInside();
  const [open, setOpen] = useState(false);
  const [draft, setDraft] = useState(EMPTY);
  const [failure, setFailure] = useState<string | null>(null);
  const change = (part: Partial<Draft>) => setDraft((was) => ({ ...was, ...part }));
  const done = () => {
    setDraft(EMPTY);
    setOpen(false);
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    const poll = pollOf(draft, someId());
    setFailure(typeof poll === "string" ? poll : null);
    if (typeof poll === "string") return;
    const asked = room.pollOpen(poll);
    ask(asked);
    asked.then(done, () => undefined);
  };
  return (
    <details className="ask-poll" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Open a poll</summary>
      <form className="tools" aria-label="Open a poll" onSubmit={onSubmit}>
        <label>
          Question
          <input
            value={draft.question}
            maxLength={LONGEST_QUESTION}
            autoComplete="off"
            onChange={(event) => change({ question: event.target.value })}
          />
        </label>
        <label>
          How to answer
          <select
            value={draft.kind}
            onChange={(event) => {
              const kind = KINDS.find(([known]) => known === event.target.value)?.[0];
              if (kind !== undefined) change({ kind });
            }}
          >
            {KINDS.map(([kind, words]) => (
              <option key={kind} value={kind}>
                {words}
              </option>
            ))}
          </select>
        </label>
        {draft.kind === "multiple_choice" && (
          <Options options={draft.options} onChange={(options) => change({ options })} />
        )}
        <label>
          How long
          <select value={draft.lasts} onChange={(event) => change({ lasts: Number(event.target.value) })}>
            {LASTS.map(([seconds, words]) => (
              <option key={seconds} value={seconds}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <Failure>{failure}</Failure>
        <button className="primary">Ask everybody</button>
      </form>
    </details>
  );
}

/** `crypto.randomUUID` is missing on plain http pages. */
function someId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
