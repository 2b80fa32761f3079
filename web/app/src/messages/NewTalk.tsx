/** Somebody, or several under a title. */

import type { Somebody } from "@tutti/client/party";
import { useCallback, useEffect, useRef, useState } from "react";
import { Failure } from "../Failure";
import { messaging } from "../notifications/live";
import { navigate } from "../navigation";
import { PersonRow } from "../people/PersonRow";
import { usePages } from "../people/usePages";
import { myId } from "../sign-in/accounts";
import { people, wordsOf } from "../sign-in/api";
import { talkPath } from "./paths";
import { newKey } from "./words";

export function NewTalk() {
  const [chosen, setChosen] = useState<readonly Somebody[]>([]);
  const [words, setWords] = useState("");
  const [title, setTitle] = useState("");
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const key = useRef(newKey());
  const found = useFound(words, setFailure);
  const friends = usePages(useCallback(() => people.friends(), []));
  const offered = (words.trim().length >= 2 ? found : (friends.rows ?? []).map(({ user }) => user)).filter(
    (one) => one.id !== myId() && !chosen.some((other) => other.id === one.id),
  );

  const begin = async () => {
    const [first] = chosen;
    if (first === undefined || busy) return;
    setBusy(true);
    setFailure(null);
    try {
      const alone = chosen.length === 1 && title.trim() === "";
      const ids = chosen.map((one) => one.id);
      const begun = await (alone
        ? messaging.withOne(first.id)
        : messaging.group(ids, title.trim(), key.current));
      navigate(talkPath(begun.id));
    } catch (reason) {
      setFailure(wordsOf(reason));
      setBusy(false);
    }
  };

  return (
    <form
      className="card new-talk"
      onSubmit={(event) => {
        event.preventDefault();
        void begin();
      }}
    >
      <label>
        With whom?
        <input
          type="search"
          value={words}
          autoComplete="off"
          placeholder="The beginning of a name"
          onChange={(event) => setWords(event.currentTarget.value)}
        />
      </label>
      <ul className="rows" aria-label="People to choose from">
        {offered.map((one) => (
          <PersonRow key={one.id} who={one} linked={false}>
            <button
              type="button"
              onClick={() => {
                setChosen([...chosen, one]);
                setWords("");
              }}
            >
              Add<span className="visually-hidden"> {one.display_name}</span>
            </button>
          </PersonRow>
        ))}
      </ul>
      {chosen.length > 0 && (
        <ul className="rows" aria-label="In the conversation">
          {chosen.map((one) => (
            <PersonRow key={one.id} who={one} linked={false}>
              <button
                type="button"
                className="quiet"
                onClick={() => setChosen(chosen.filter((other) => other.id !== one.id))}
              >
                Remove<span className="visually-hidden"> {one.display_name}</span>
              </button>
            </PersonRow>
          ))}
        </ul>
      )}
      {(chosen.length > 1 || title !== "") && (
        <label>
          What is the group called? (optional)
          <input value={title} maxLength={100} onChange={(event) => setTitle(event.currentTarget.value)} />
        </label>
      )}
      <Failure>{failure}</Failure>
      <button className="primary" disabled={busy || chosen.length === 0}>
        Begin
      </button>
    </form>
  );
}

const WAIT_MS = 200;

function useFound(words: string, onFailure: (words: string | null) => void): readonly Somebody[] {
  const [found, setFound] = useState<readonly Somebody[]>([]);
  useEffect(() => {
    const asked = words.trim();
    if (asked.length < 2) return undefined;
    let here = true;
    const timer = setTimeout(() => {
      people.search(asked).then(
        (page) => {
          if (!here) return;
          onFailure(null);
          setFound(page.results);
        },
        (reason: unknown) => here && onFailure(wordsOf(reason)),
      );
    }, WAIT_MS);
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [words, onFailure]);
  return found;
}
