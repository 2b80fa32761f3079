/**
 * One party, kept up to date: what is told live, and what came while the line was away.
 *
 * It is also looked at now and then, for what nobody is told: who is in the room at the moment, and whatever a party does
 * that one sees without being in it.
 */

import { PartyError, type PartyDetail, type PersonHears } from "@tutti/client/party";
import { useCallback, useEffect, useRef, useState } from "react";
import { useHearing } from "../notifications/live";
import { wordsOf } from "../sign-in/api";
import { parties } from "./api";

const LOOKED_AT_MS = 30_000;
/** Many may come at once. */
const SOONEST_AGAIN_MS = 1_000;

export interface PartyState {
  /** Null: not known yet, or none that one may see. */
  party: PartyDetail | null;
  failure: string | null;
  load: () => void;
}

/** `which`: its id, or its room's code. `looks`: whether it is looked at now and then. */
export function useParty(which: string, looks = true): PartyState {
  const [party, setParty] = useState<PartyDetail | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const asked = useRef(0);
  /** Null: any that is different may be it. */
  const id = useRef<string | null>(null);

  const load = useCallback(() => {
    asked.current += 1;
    const mine = asked.current;
    parties.one(which).then(
      (found) => {
        if (mine !== asked.current) return;
        id.current = found.id;
        setParty(found);
        setFailure(null);
      },
      (reason: unknown) => {
        if (mine !== asked.current) return;
        if (reason instanceof PartyError && reason.status === 404) {
          id.current = null;
          setParty(null);
        }
        setFailure(wordsOf(reason));
      },
    );
  }, [which]);
  const loadSoon = useSpaced(load);

  useEffect(() => {
    load();
    return () => {
      asked.current += 1;
    };
  }, [load]);
  useEffect(() => {
    if (!looks) return undefined;
    const look = () => document.hidden || load();
    const timer = setInterval(look, LOOKED_AT_MS);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [load, looks]);
  useHearing(
    useCallback(
      (said: PersonHears) => {
        const news = said.type === "party_updated" && said.party_id === (id.current ?? said.party_id);
        if (news || said.type === "connected") loadSoon();
      },
      [loadSoon],
    ),
  );
  return { party, failure, load };
}

/** At once, and once more after a while if it was wished again meanwhile. */
function useSpaced(act: () => void): () => void {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const again = useRef(false);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    if (timer.current !== undefined) {
      again.current = true;
      return;
    }
    const wait = () => {
      timer.current = setTimeout(() => {
        timer.current = undefined;
        if (!again.current) return;
        again.current = false;
        act();
        wait();
      }, SOONEST_AGAIN_MS);
    };
    act();
    wait();
  }, [act]);
}
