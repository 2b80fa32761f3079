import type { Poll } from "@tutti/client/native";
import { useState } from "react";
import { useInside } from "../inside";
import { AskPoll } from "./AskPoll";
import { keepAnswer, myAnswers } from "./my-answers";
import { PollCard } from "./PollCard";
import { placed } from "./poll-list";

/** What is open stands before what is closed. */
export function Polls() {
  const { state, mayModerate } = useInside();
  const [answers, setAnswers] = useState(() => myAnswers(state.id));
  const { open, closed } = placed(state.polls);
  const card = (poll: Poll) => (
    <PollCard
      key={poll.id}
      poll={poll}
      mine={answers[poll.id]}
      onAnswered={(answer) => setAnswers(keepAnswer(state.id, poll.id, answer))}
    />
  );
  return (
    <div className="polls">
      {mayModerate && <AskPoll />}
      {state.polls.length === 0 && <p className="muted empty">Nobody has asked anything yet.</p>}
      {open.length > 0 && <ol aria-label="Open polls">{open.map(card)}</ol>}
      {closed.length > 0 && (
        <section>
          <h2>Closed</h2>
          <ol aria-label="Closed polls">{closed.map(card)}</ol>
        </section>
      )}
    </div>
  );
}
