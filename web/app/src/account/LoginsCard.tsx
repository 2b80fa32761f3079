import type { LoginSession } from "@tutti/client/party";
import { useCallback, useEffect, useState } from "react";
import { Failure } from "../Failure";
import { accounts } from "../sign-in/accounts";
import { account, wordsOf } from "../sign-in/api";

/** Where one is logged in, and ending it. */
export function LoginsCard() {
  const [logins, setLogins] = useState<readonly LoginSession[]>([]);
  const [failure, setFailure] = useState<string | null>(null);
  const fail = useCallback((reason: unknown) => setFailure(wordsOf(reason)), []);
  const load = useCallback(() => {
    account.sessions().then(setLogins, fail);
  }, [fail]);
  useEffect(load, [load]);

  const end = (login: LoginSession) => {
    setFailure(null);
    if (login.current) accounts.logOut().catch(fail);
    else account.endSession(login.id).then(load, fail);
  };
  return (
    <section className="card" aria-labelledby="logins-title">
      <h2 id="logins-title">Where you are logged in</h2>
      <ul className="rows" aria-label="Logins">
        {logins.map((login) => (
          <li key={login.id}>
            <div className="row-what">
              <strong>{device(login.device)}</strong>
              <span className="muted">
                {login.current ? "This one" : `Last used ${when(login.last_used_at)}`}
              </span>
            </div>
            <button className="quiet danger" onClick={() => end(login)}>
              {login.current ? "Log out" : "End"}
            </button>
          </li>
        ))}
      </ul>
      {logins.length > 1 && (
        <p className="row">
          <button onClick={() => account.endOtherSessions().then(load, fail)}>End all others</button>
        </p>
      )}
      <Failure>{failure}</Failure>
    </section>
  );
}

const KNOWN: readonly [RegExp, string][] = [
  [/Edg\//, "Edge"],
  [/OPR\//, "Opera"],
  [/Firefox\//, "Firefox"],
  [/Chrome\/|Chromium\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const SYSTEMS: readonly [RegExp, string][] = [
  [/Android/, "Android"],
  [/iPhone|iPad/, "iOS"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/Linux/, "Linux"],
];

/** A browser calls itself many things; two words of it say enough. */
export function device(agent: string): string {
  const first = (words: readonly [RegExp, string][]) => words.find(([sign]) => sign.test(agent))?.[1];
  const [browser, system] = [first(KNOWN), first(SYSTEMS)];
  if (browser === undefined) return agent.slice(0, 60);
  return system === undefined ? browser : `${browser} on ${system}`;
}

function when(iso: string): string {
  return new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
