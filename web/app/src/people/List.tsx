import type { ReactNode } from "react";
import { Failure } from "../Failure";
import type { Pages } from "./usePages";

interface Props<Row> {
  title: string;
  pages: Pages<Row>;
  /** Said when there is nobody; null: then the list is not shown at all. */
  nobody: string | null;
  children: (row: Row) => ReactNode;
}

export function List<Row>({ title, pages, nobody, children }: Props<Row>) {
  const { rows, failure, more } = pages;
  if (nobody === null && (rows === null || rows.length === 0)) return null;
  return (
    <section className="card" aria-label={title}>
      <h2>{title}</h2>
      <Failure>{failure}</Failure>
      {rows === null ? (
        failure === null && <p className="muted">One moment…</p>
      ) : rows.length === 0 ? (
        <p className="muted">{nobody}</p>
      ) : (
        <ul className="rows" aria-label={title}>
          {rows.map(children)}
        </ul>
      )}
      {more !== null && (
        <p className="row">
          <button onClick={more}>Show more</button>
        </p>
      )}
    </section>
  );
}
