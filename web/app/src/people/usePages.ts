import type { Page } from "@tutti/client/party";
import { useCallback, useEffect, useRef, useState } from "react";
import { people, wordsOf } from "../sign-in/api";

const AGAIN_AFTER_MS = 20_000;

export interface Pages<Row> {
  /** Null: not known yet. */
  rows: readonly Row[] | null;
  failure: string | null;
  reload: () => void;
  /** The next page, if there is one. */
  more: (() => void) | null;
}

/** A list of the server's: its first page, looked at again now and then while nobody has gone further. */
export function usePages<Row>(load: () => Promise<Page<Row>>): Pages<Row> {
  const [rows, setRows] = useState<readonly Row[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const asked = useRef(0);
  const further = useRef(false);

  const reload = useCallback(() => {
    asked.current += 1;
    const mine = asked.current;
    further.current = false;
    load().then(
      (page) => {
        if (mine !== asked.current) return;
        setRows(page.results);
        setNext(page.next);
        setFailure(null);
      },
      (reason: unknown) => mine === asked.current && setFailure(wordsOf(reason)),
    );
  }, [load]);

  useEffect(() => {
    reload();
    const look = () => !document.hidden && !further.current && reload();
    const timer = setInterval(look, AGAIN_AFTER_MS);
    document.addEventListener("visibilitychange", look);
    return () => {
      asked.current += 1;
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [reload]);

  const more = () => {
    if (next === null) return;
    further.current = true;
    const mine = asked.current;
    people.more<Row>(next).then(
      (page) => {
        if (mine !== asked.current) return;
        setRows((before) => [...(before ?? []), ...page.results]);
        setNext(page.next);
      },
      (reason: unknown) => setFailure(wordsOf(reason)),
    );
  };
  return { rows, failure, reload, more: next === null ? null : more };
}
