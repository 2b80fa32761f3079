import type { Page, Somebody } from "@tutti/client/party";
import { useEffect, useState } from "react";
import { Failure } from "../Failure";
import { people, wordsOf } from "../sign-in/api";
import { PersonRow } from "./PersonRow";

const WAIT_MS = 250;
const LEAST = 2;

/** While one types: by the beginning of a name. */
export function Search({ onAsked }: { onAsked: () => void }) {
  const [words, setWords] = useState("");
  const [answer, setFound] = useState<Page<Somebody> | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [asked, setAsked] = useState<ReadonlySet<string>>(new Set());
  const wanted = words.trim();
  const found = wanted.length < LEAST ? null : answer;

  useEffect(() => {
    if (wanted.length < LEAST) return;
    let current = true;
    const timer = setTimeout(() => {
      people.search(wanted).then(
        (page) => {
          if (!current) return;
          setFound(page);
          setFailure(null);
        },
        (reason: unknown) => current && setFailure(wordsOf(reason)),
      );
    }, WAIT_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [wanted]);

  const further = (page: Page<Somebody>) => {
    people.more<Somebody>(page.next ?? "").then(
      (next) => setFound({ ...next, results: [...page.results, ...next.results] }),
      (reason: unknown) => setFailure(wordsOf(reason)),
    );
  };
  const ask = (who: Somebody) => {
    people.befriend(who.id).then(
      () => {
        setAsked((before) => new Set(before).add(who.id));
        onAsked();
      },
      (reason: unknown) => setFailure(wordsOf(reason)),
    );
  };
  return (
    <section className="card" aria-labelledby="search-title">
      <h2 id="search-title">Find people</h2>
      <label>
        Name or user name
        <input
          type="search"
          value={words}
          maxLength={150}
          autoComplete="off"
          autoCapitalize="off"
          onChange={(event) => setWords(event.target.value)}
        />
      </label>
      <Failure>{failure}</Failure>
      <p className="muted" role="status">
        {found !== null && found.results.length === 0 && "Nobody by that name."}
      </p>
      {found !== null && found.results.length > 0 && (
        <ul className="rows" aria-label="Found">
          {found.results.map((who) => (
            <PersonRow key={who.id} who={who}>
              {asked.has(who.id) ? (
                <span className="muted">Asked</span>
              ) : (
                <button onClick={() => ask(who)} aria-label={`Ask ${who.display_name} to be your friend`}>
                  Add friend
                </button>
              )}
            </PersonRow>
          ))}
        </ul>
      )}
      {found?.next && (
        <p className="row">
          <button onClick={() => further(found)}>Show more</button>
        </p>
      )}
    </section>
  );
}
