/** Where the link of an invitation leads. */

import { useEffect, useState } from "react";
import { Shell } from "../account/Shell";
import { Failure } from "../Failure";
import { navigate } from "../navigation";
import { wordsOf } from "../sign-in/api";
import { parties } from "./api";
import { JoinByCode } from "./JoinByCode";
import { partyPath } from "./paths";

export function JoinPage() {
  const [token] = useState(() => new URLSearchParams(location.search).get("token"));
  useEffect(() => {
    history.replaceState(null, "", location.pathname); // it is not to be copied from the address
  }, []);
  return <Shell title="Join a party">{token === null ? <JoinByCode /> : <Invitation token={token} />}</Shell>;
}

function Invitation({ token }: { token: string }) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const accept = () => {
    setBusy(true);
    parties.joinByInvite(token).then(
      (joined) => navigate(partyPath(joined.party_id)),
      (reason: unknown) => {
        setBusy(false);
        setFailure(wordsOf(reason));
      },
    );
  };
  return (
    <section className="card profile" aria-labelledby="invited-title">
      <h2 id="invited-title">You are invited</h2>
      <p>Somebody wants to watch with you.</p>
      <Failure>{failure}</Failure>
      <p className="row">
        <button className="primary" disabled={busy} onClick={accept}>
          Come to the party
        </button>
      </p>
    </section>
  );
}
