/** One party: what it is, who takes part, and the way into its room. */

import { useState } from "react";
import { Link } from "../account/Link";
import { Shell } from "../account/Shell";
import { Failure } from "../Failure";
import { wordsOf } from "../sign-in/api";
import { parties } from "./api";
import { Badge } from "./Badge";
import { InviteCard } from "./InviteCard";
import { PartyActs } from "./PartyActs";
import { PartyForm } from "./PartyForm";
import { PartyPeople } from "./PartyPeople";
import { useParty } from "./useParty";
import { isOpen, runs, whenOf } from "./words";

export interface Doing {
  /** What somebody does with the party: the page shows what came of it. */
  does: (act: Promise<unknown>) => void;
}

export function PartyPage({ id }: { id: string }) {
  return (
    <Shell title="Party">
      <Shown id={id} />
      <p>
        <Link to="/parties">All parties</Link>
      </p>
    </Shell>
  );
}

function Shown({ id }: { id: string }) {
  const { party, failure, load } = useParty(id);
  const [refused, setRefused] = useState<string | null>(null);
  const [changing, setChanging] = useState(false);
  const does = (act: Promise<unknown>) => {
    setRefused(null);
    act.catch((reason: unknown) => setRefused(wordsOf(reason))).finally(load);
  };

  if (party === null) {
    return failure === null ? <p className="muted">One moment…</p> : <Failure>{failure}</Failure>;
  }
  return (
    <div className="party">
      <section className="card" aria-labelledby="party-title">
        <div className="party-head">
          <h2 id="party-title">{party.title}</h2>
          <Badge status={party.status} />
        </div>
        <p className="muted">
          {party.host.display_name} · {whenOf(party)} · code <code>{party.room_code}</code>
        </p>
        {party.description !== "" && <p className="bio">{party.description}</p>}
        {party.video !== null && <p className="muted party-film">{party.video.title ?? party.video.id}</p>}
        <Failure>{refused ?? failure}</Failure>
        <PartyActs party={party} does={does} onChange={() => setChanging(!changing)} />
      </section>
      {changing && party.my_role === "host" && isOpen(party) && (
        <PartyForm
          party={party}
          act="Keep the changes"
          onSubmit={async (changes) => {
            await parties.change(party.id, changes);
            setChanging(false);
            load();
          }}
        />
      )}
      {runs(party) && isOpen(party) && <InviteCard party={party} />}
      <PartyPeople party={party} does={does} />
    </div>
  );
}
