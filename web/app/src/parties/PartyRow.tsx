import type { Party } from "@tutti/client/party";
import { Link } from "../account/Link";
import { partyPath } from "./paths";
import { Badge } from "./Badge";
import { whenOf } from "./words";

export function PartyRow({ party }: { party: Party }) {
  const others = party.participant_count - 1;
  return (
    <li>
      <div className="row-what">
        <Link to={partyPath(party.id)}>{party.title}</Link>
        <span className="muted">
          {party.my_role === "host" ? "Yours" : `${party.host.display_name}’s`}
          {others > 0 && ` · ${others + 1} people`} · {whenOf(party)}
        </span>
      </div>
      <div className="row-acts">
        {party.my_status === "pending" && <span className="muted">You asked</span>}
        <Badge status={party.status} />
      </div>
    </li>
  );
}
