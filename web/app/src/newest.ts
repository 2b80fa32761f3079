/** Answers overtake one another. */

type Asks = <Answer>(
  question: Promise<Answer>,
  answered: (answer: Answer) => void,
  failed: (reason: unknown) => void,
) => void;

/** Of the same question, asked again and again: only the answer to the last time counts. */
export function onlyNewest(): Asks {
  let asked = 0;
  return (question, answered, failed) => {
    asked += 1;
    const mine = asked;
    question.then(
      (answer) => mine === asked && answered(answer),
      (reason: unknown) => mine === asked && failed(reason),
    );
  };
}
