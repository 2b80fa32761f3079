/** One's own parties, what is open to everybody, and the ways into others. */

import type { PartyPart, PersonHears } from "@tutti/client/party";
import { useCallback, useState } from "react";
import { Link } from "../account/Link";
import { Shell } from "../account/Shell";
import { useHearing } from "../notifications/live";
import { List } from "../people/List";
import { usePages } from "../people/usePages";
import { parties } from "./api";
import { JoinByCode } from "./JoinByCode";
import { PartyRow } from "./PartyRow";

const TIMES: readonly [status: string, name: string][] = [
  ["", "All"],
  ["active", "Live now"],
  ["upcoming", "Planned"],
  ["past", "Over"],
];
const PARTS: readonly [part: PartyPart | "", name: string][] = [
  ["", "Host or guest"],
  ["hosting", "Host"],
  ["attending", "Guest"],
];

export function PartiesPage() {
  return (
    <Shell title="Parties">
      <Lists />
    </Shell>
  );
}

function Lists() {
  const [status, setStatus] = useState("");
  const [part, setPart] = useState<PartyPart | "">("");
  const load = useCallback(
    () => parties.mine({ status: status || undefined, role: part || undefined }),
    [status, part],
  );
  const mine = usePages(load);
  const open = usePages(anybodys);
  const { reload } = mine;
  useHearing(
    useCallback(
      (said: PersonHears) => {
        if (said.type === "party_updated" || said.type === "connected") reload();
      },
      [reload],
    ),
  );
  return (
    <div className="party-lists">
      <div className="row">
        <Link to="/parties/new" className="button primary">
          New party
        </Link>
      </div>
      <div className="filters">
        <Choice name="Show" choices={TIMES} chosen={status} onChoose={setStatus} />
        <Choice name="I am" choices={PARTS} chosen={part} onChoose={setPart} />
      </div>
      <List title="My parties" pages={mine} nobody="None yet: make one, or join one below.">
        {(party) => <PartyRow key={party.id} party={party} />}
      </List>
      <JoinByCode />
      <List title="Open to everybody" pages={open} nobody={null}>
        {(party) => <PartyRow key={party.id} party={party} />}
      </List>
    </div>
  );
}

const anybodys = () => parties.open("active,upcoming");

interface ChoiceProps<Value extends string> {
  name: string;
  choices: readonly (readonly [Value, string])[];
  chosen: Value;
  onChoose: (value: Value) => void;
}

function Choice<Value extends string>({ name, choices, chosen, onChoose }: ChoiceProps<Value>) {
  return (
    <label>
      {name}
      <select value={chosen} onChange={(event) => onChoose(event.target.value as Value)}>
        {choices.map(([value, word]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </select>
    </label>
  );
}
