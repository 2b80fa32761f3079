import { Wordmark } from "../Wordmark";

export function DeadEnd({ why }: { why: string }) {
  return (
    <main className="narrow">
      <Wordmark />
      <section className="card">
        <h1>{why}.</h1>
        <p className="muted">
          Check the link with whoever sent it. A room is kept for a day after it was last used.
        </p>
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
