import type { PartyDetail, PartyParticipant } from "@tutti/client/party";
import { PersonRow } from "../people/PersonRow";
import { parties } from "./api";
import type { Doing } from "./PartyPage";
import { isOpen, runs } from "./words";

interface Props extends Doing {
  party: PartyDetail;
}

export function PartyPeople({ party, does }: Props) {
  const waiting = party.participants.filter((one) => one.status === "pending");
  const inside = party.participants.filter((one) => one.status === "approved");
  return (
    <>
      {waiting.length > 0 && (
        <section className="card" aria-label="Waiting to be let in">
          <h2>Waiting to be let in</h2>
          <ul className="rows" aria-label="Waiting to be let in">
            {waiting.map(({ user }) => (
              <PersonRow key={user.id} who={user}>
                <button className="primary" onClick={() => does(parties.approve(party.id, user.id))}>
                  Let in
                </button>
                <button onClick={() => does(parties.reject(party.id, user.id))}>Do not</button>
              </PersonRow>
            ))}
          </ul>
        </section>
      )}
      <section className="card" aria-label="People">
        <h2>
          People <span className="muted">{`${inside.length} of ${party.max_participants}`}</span>
        </h2>
        <ul className="rows" aria-label="People">
          {inside.map((one) => (
            <PersonRow key={one.user.id} who={one.user} note={noteOf(one)}>
              {runs(party) && isOpen(party) && <Acts party={party} one={one} does={does} />}
            </PersonRow>
          ))}
        </ul>
      </section>
    </>
  );
}

function Acts({ party, one, does }: Props & { one: PartyParticipant }) {
  const { user, role } = one;
  const hosts = party.my_role === "host";
  if (role === "host") return null;
  return (
    <>
      {hosts && role === "participant" && (
        <button className="quiet" onClick={() => does(parties.promote(party.id, user.id, "moderator"))}>
          Make a moderator
        </button>
      )}
      {hosts && role === "moderator" && (
        <button className="quiet" onClick={() => does(parties.promote(party.id, user.id, "participant"))}>
          Moderator no more
        </button>
      )}
      {(hosts || role === "participant") && (
        <button
          className="quiet danger"
          aria-label={`Remove ${user.display_name}`}
          onClick={() => does(parties.kick(party.id, user.id))}
        >
          Remove
        </button>
      )}
    </>
  );
}

function noteOf({ role, is_online }: PartyParticipant): string {
  return [role === "participant" ? "" : role, is_online ? "in the room" : ""].filter(Boolean).join(" · ");
}
