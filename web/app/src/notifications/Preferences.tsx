import type { NotificationChoice, NotificationChoices } from "@tutti/client/party";
import { useEffect, useState } from "react";
import { Failure } from "../Failure";
import { wordsOf } from "../sign-in/api";
import { notifications } from "./live";
import { kindOf } from "./words";

const WAYS: readonly [way: keyof NotificationChoice, name: string][] = [
  ["in_app", "Here"],
  ["email", "By e-mail"],
];

/** What one wants to be told of. Each box is kept as it is ticked. */
export function Preferences() {
  const [choices, setChoices] = useState<NotificationChoices | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    notifications.choices().then(setChoices, (reason: unknown) => setFailure(wordsOf(reason)));
  }, []);
  const choose = (type: string, way: keyof NotificationChoice, on: boolean) => {
    const before = choices;
    const old = before?.[type];
    if (before === null || old === undefined) return;
    setFailure(null);
    setChoices({ ...before, [type]: { ...old, [way]: on } });
    notifications.choose(type, { [way]: on }).then(setChoices, (reason: unknown) => {
      setChoices(before);
      setFailure(wordsOf(reason));
    });
  };
  return (
    <section className="card" aria-labelledby="preferences">
      <h2 id="preferences">Tell me when</h2>
      <Failure>{failure}</Failure>
      <ul className="told-choices">
        {Object.entries(choices ?? {}).map(([type, choice]) => (
          <li key={type}>
            <fieldset>
              <legend>{kindOf(type)}</legend>
              {WAYS.map(([way, name]) => (
                <label key={way}>
                  <input
                    type="checkbox"
                    checked={choice[way]}
                    onChange={(event) => choose(type, way, event.currentTarget.checked)}
                  />
                  {name}
                </label>
              ))}
            </fieldset>
          </li>
        ))}
      </ul>
      <p className="muted">
        By e-mail: one letter about what you have not read within an hour, to an address that you have
        verified.
      </p>
    </section>
  );
}
