/** One party: what it is, who takes part, and the way into its room. */

import type { PartyDetail } from "@tutti/client/party";
import { useCallback, useEffect, useState } from "react";
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
import { isOpen, runs, whenOf } from "./words";

const AGAIN_AFTER_MS = 10_000;

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
  const [party, setParty] = useState<PartyDetail | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [changing, setChanging] = useState(false);
  const load = useCallback(() => {
    parties.one(id).then(setParty, (reason: unknown) => {
      setParty(null);
      setFailure(wordsOf(reason));
    });
  }, [id]);
  useEffect(() => {
    load();
    const timer = setInterval(() => document.hidden || load(), AGAIN_AFTER_MS);
    return () => clearInterval(timer);
  }, [load]);
  const does = (act: Promise<unknown>) => {
    setFailure(null);
    act.catch((reason: unknown) => setFailure(wordsOf(reason))).finally(load);
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
        <Failure>{failure}</Failure>
        <PartyActs party={party} does={does} onChange={() => setChanging(!changing)} />
      </section>
      {changing && (
        <PartyForm
          party={party}
          act="Keep the changes"
          onSubmit={async (changes) => {
            setParty(await parties.change(party.id, changes));
            setChanging(false);
          }}
        />
      )}
      {runs(party) && isOpen(party) && <InviteCard party={party} />}
      <PartyPeople party={party} does={does} />
    </div>
  );
}
