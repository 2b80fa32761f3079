import { nameOf } from "@tutti/client/meet";
import { useState } from "react";
import { useHere } from "./here";

const LONGEST = 2_000;

/** What is said to one person alone. It is not kept: who comes later finds nothing of it. */
export function Whispers() {
  const { meeting, view } = useHere();
  const others = view.participants.filter(
    ({ peerId, kind, inCall }) => peerId !== view.me && inCall && kind !== "recorder",
  );
  const [to, setTo] = useState("");
  const [text, setText] = useState("");
  const target = others.some(({ peerId }) => peerId === to) ? to : (others[0]?.peerId ?? "");
  const unsent = text.trim() === "" || target === "";
  return (
    <details className="whispers">
      <summary>
        To one person alone
        {view.whispers.length > 0 && <span className="count">{view.whispers.length}</span>}
      </summary>
      <ol role="log" aria-label="Private messages">
        {view.whispers.map((line) => (
          <li key={`${line.mine ? "to" : "by"} ${line.id}`}>
            <span className="muted">
              {line.mine ? `To ${nameOf(view, line.with)}` : `${line.username}, to you`}:
            </span>{" "}
            <span dir="auto">{line.message}</span>
          </li>
        ))}
      </ol>
      <form
        className="inline"
        onSubmit={(event) => {
          event.preventDefault();
          if (unsent) return;
          meeting.whisper(target, text.trim());
          setText("");
        }}
      >
        <label>
          To
          <select
            value={target}
            onChange={(event) => setTo(event.target.value)}
            disabled={others.length === 0}
          >
            {others.map(({ peerId, username }) => (
              <option key={peerId} value={peerId}>
                {username}
              </option>
            ))}
          </select>
        </label>
        <input
          aria-label="Private message"
          value={text}
          maxLength={LONGEST}
          onChange={(event) => setText(event.target.value)}
        />
        <button disabled={unsent}>Send</button>
      </form>
    </details>
  );
}
