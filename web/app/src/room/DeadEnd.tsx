import { Wordmark } from "../Wordmark";

const CHECK = "Check the link with whoever sent it. A room is kept for a day after it was last used.";
const ASK = "Whoever sent you the link can tell you more.";

interface Props {
  why: string;
  missing: boolean;
}

/** Where a person lands who is not, or no longer, in the room. */
export function DeadEnd({ why, missing }: Props) {
  return (
    <main className="narrow">
      <Wordmark />
      <section className="card">
        <h1>{why}.</h1>
        <p className="muted">{missing ? CHECK : ASK}</p>
        <p className="row">
          <button onClick={() => location.reload()}>Try again</button>
          <a className="button primary" href="/">
            Create a room
          </a>
        </p>
      </section>
    </main>
  );
}
