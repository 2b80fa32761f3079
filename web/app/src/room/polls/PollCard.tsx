import type { Poll } from "@tutti/client/native";
import { useId } from "react";
import { useInside } from "../inside";
import { AnswerForm } from "./AnswerForm";
import { ClosesIn } from "./ClosesIn";
import type { Mine } from "./my-answers";
import { answersOf, wordsOf } from "./poll-list";
import { Results } from "./Results";

interface Props {
  poll: Poll;
  /** undefined: I have not answered. */
  mine: Mine | undefined;
  onAnswered: (answer: Mine) => void;
}

/** The bars move as people answer; one's own answer counts once, and stays. */
export function PollCard({ poll, mine, onAnswered }: Props) {
  const { room, state, mayModerate, ask } = useInside();
  const heading = useId();
  const by = state.members.find(({ id }) => id === poll.by)?.name;
  return (
    <li className="poll" aria-labelledby={heading}>
      <h3 id={heading} dir="auto">
        {poll.question}
      </h3>
      <p className="muted">
        {by !== undefined && `${by} · `}
        <span role="status">{answersOf(poll.results.total)}</span>
        {!poll.closed && poll.until !== null && <ClosesIn key={poll.until} until={poll.until} />}
      </p>
      {!poll.closed && mine === undefined && <AnswerForm poll={poll} onAnswered={onAnswered} />}
      {mine !== undefined && (
        <p className="my-answer" dir="auto">
          {mine === null ? "You have answered." : `You answered: ${wordsOf(poll, mine)}`}
        </p>
      )}
      <Results poll={poll} mine={mine ?? null} />
      {!poll.closed && mayModerate && (
        <button className="quiet close-poll" onClick={() => ask(room.pollClose(poll.id))}>
          Close the poll
        </button>
      )}
    </li>
  );
}
