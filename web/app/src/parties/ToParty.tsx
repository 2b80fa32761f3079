import { Link } from "../account/Link";
import { partyPath } from "./paths";
import { useParty } from "./useParty";

export function ToParty({ room }: { room: string }) {
  const { party } = useParty(room, false);
  if (party === null || party.my_status !== "approved") return null;
  return (
    <Link to={partyPath(party.id)} className="room-party">
      Party: {party.title}
    </Link>
  );
}
