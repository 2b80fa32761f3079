import type { PartyDetail } from "@tutti/client/party";
import { useState } from "react";
import { rememberEntry } from "../identity";
import { roomPath } from "../room-link";
import { useAccount } from "../sign-in/accounts";
import { parties } from "./api";
import type { Doing } from "./PartyPage";
import { hasStarted, isOpen } from "./words";

interface Props extends Doing {
  party: PartyDetail;
  onChange: () => void;
}

/** What may be done with it by whoever looks. */
export function PartyActs({ party, does, onChange }: Props) {
  const [sure, setSure] = useState(false);
  const hosts = party.my_role === "host";
  if (!isOpen(party)) return null;
  if (party.my_status === "pending") {
    return <p role="status">You asked to come in. Those who run the party will answer.</p>;
  }
  if (party.my_status !== "approved") {
    return (
      <p className="row">
        <button className="primary" onClick={() => does(parties.join(party.id))}>
          Join the party
        </button>
      </p>
    );
  }
  const end = hasStarted(party) ? "End the party" : "Cancel the party";
  return (
    <div className="row">
      <ToTheRoom code={party.room_code} />
      {hosts && party.status === "scheduled" && (
        <button onClick={() => does(parties.start(party.id))}>Start now</button>
      )}
      {hosts && <button onClick={onChange}>Change it</button>}
      {!hosts && (
        <button className="quiet" onClick={() => does(parties.leave(party.id))}>
          Leave the party
        </button>
      )}
      {hosts && !sure && (
        <button className="quiet danger" onClick={() => setSure(true)}>
          {end}…
        </button>
      )}
      {hosts && sure && (
        <>
          <button className="danger" onClick={() => does(parties.cancel(party.id))}>
            {end}
          </button>
          <button onClick={() => setSure(false)}>Rather not</button>
        </>
      )}
    </div>
  );
}

/** Whose name is known there: nobody is asked for it again. */
function ToTheRoom({ code }: { code: string }) {
  const account = useAccount();
  const arrive = () => {
    if (account !== null) rememberEntry(code, account.name);
  };
  return (
    <a className="button primary" href={roomPath(code)} onClick={arrive}>
      Go to the room
    </a>
  );
}
