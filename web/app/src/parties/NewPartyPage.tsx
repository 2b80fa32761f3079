import { useState } from "react";
import { Shell } from "../account/Shell";
import { navigate } from "../navigation";
import { parties } from "./api";
import { PartyForm } from "./PartyForm";
import { partyPath } from "./paths";

export function NewPartyPage() {
  const [once] = useState(() => crypto.randomUUID());
  return (
    <Shell title="New party">
      <PartyForm
        act="Make the party"
        onSubmit={async (party) => {
          navigate(partyPath((await parties.create(party, once)).id));
        }}
      />
    </Shell>
  );
}
