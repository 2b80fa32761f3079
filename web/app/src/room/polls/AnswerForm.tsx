import { Refusal, type Poll } from "@tutti/client/native";
import { useState, type FormEvent } from "react";
import { useInside } from "../inside";
import type { Mine } from "./my-answers";
import { LONGEST_ANSWER, STARS, starsOf, type Answer } from "./poll-list";

interface Props {
  poll: Poll;
  onAnswered: (answer: Mine) => void;
}

/** Everybody answers once, so that nothing is sent before it is chosen and confirmed. */
export function AnswerForm({ poll, onAnswered }: Props) {
  const { room, view, ask } = useInside();
  const [answer, setAnswer] = useState<Answer | null>(null);
  const chosen = typeof answer === "string" ? answer.trim() : answer;
  const maySend = chosen !== null && chosen !== "" && view.connection === "connected";
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (!maySend) return;
    const asked = room.vote(poll.id, chosen);
    ask(asked);
    asked.then(
      () => onAnswered(chosen),
      (why: unknown) => {
        if (why instanceof Refusal && why.code === "already_voted") onAnswered(null);
      },
    );
  };
  return (
    <form className="answer" aria-label={`Answer “${poll.question}”`} onSubmit={onSubmit}>
      {poll.kind === "text" ? (
        <label>
          Your answer
          <input
            value={answer ?? ""}
            maxLength={LONGEST_ANSWER}
            autoComplete="off"
            onChange={(event) => setAnswer(event.target.value)}
          />
        </label>
      ) : (
        <fieldset className={poll.kind === "rating" ? "stars" : ""}>
          <legend className="visually-hidden">{poll.question}</legend>
          {poll.kind === "rating"
            ? STARS.map((stars) => (
                <Star
                  key={stars}
                  stars={stars}
                  name={poll.id}
                  chosen={typeof answer === "number" ? answer : 0}
                  onChoose={setAnswer}
                />
              ))
            : poll.options.map((option, place) => (
                <label key={option} className="check">
                  <input
                    type="radio"
                    name={poll.id}
                    checked={answer === place}
                    onChange={() => setAnswer(place)}
                  />
                  <span dir="auto">{option}</span>
                </label>
              ))}
        </fieldset>
      )}
      <button className="primary" disabled={!maySend}>
        {poll.kind === "text" ? "Answer" : "Vote"}
      </button>
    </form>
  );
}

interface StarProps {
  stars: number;
  name: string;
  chosen: number;
  onChoose: (stars: number) => void;
}

function Star({ stars, name, chosen, onChoose }: StarProps) {
  return (
    <label className={stars <= chosen ? "star lit" : "star"} title={starsOf(stars)}>
      <input
        type="radio"
        className="visually-hidden"
        name={name}
        aria-label={starsOf(stars)}
        checked={stars === chosen}
        onChange={() => onChoose(stars)}
      />
      <span aria-hidden="true">{stars <= chosen ? "★" : "☆"}</span>
    </label>
  );
}
