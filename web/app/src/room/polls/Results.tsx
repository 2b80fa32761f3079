import type { Poll } from "@tutti/client/native";
import type { Mine } from "./my-answers";
import { barsOf } from "./poll-list";

/** How everybody answered so far. Only the number of answers is read out as it changes, by the card. */
export function Results({ poll, mine }: { poll: Poll; mine: Mine }) {
  const { average, texts, total } = poll.results;
  if (total === 0) return null;
  if (poll.kind === "text") {
    return (
      <ul className="texts" aria-label="Answers">
        {texts.map((text, at) => (
          // The same may be answered twice, and none of them has a state of its own.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={at} dir="auto">
            {text}
          </li>
        ))}
      </ul>
    );
  }
  return (
    <>
      {average !== null && (
        <p className="average">
          <strong>{average.toFixed(1)}</strong> of 5 stars
        </p>
      )}
      <ul className="bars" aria-label="Results">
        {barsOf(poll).map(({ answer, label, count, percent }) => (
          <li key={answer} className={answer === mine ? "poll-bar mine" : "poll-bar"}>
            <span className="label" dir="auto">
              {label}
              {answer === mine && <span className="visually-hidden">, your answer</span>}
            </span>
            <span className="number">
              {count} · {percent} %
            </span>
            <span className="track" aria-hidden="true">
              <span style={{ width: `${percent}%` }} />
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
