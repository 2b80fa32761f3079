import type { Member } from "@tutti/client/native";
import { useInside } from "../inside";

/** What may be done about somebody; folded away, because it is rarely wanted and cannot always be undone. */
export function PersonActs({ member }: { member: Member }) {
  const { room, isHost, ask } = useInside();
  const { id, name, role, hand } = member;
  const moderates = role === "moderator";
  return (
    <details className="person-acts">
      <summary aria-label={`What to do about ${name}`}>Manage</summary>
      <div className="row">
        {isHost && (
          <>
            <button
              className="quiet"
              onClick={() => ask(room.appoint(id, moderates ? "member" : "moderator"))}
            >
              {moderates ? "No longer moderator" : "Make moderator"}
            </button>
            <button className="quiet" onClick={() => ask(room.transfer(id))}>
              Hand the room over
            </button>
          </>
        )}
        {hand !== null && (
          <button className="quiet" onClick={() => ask(room.raiseHand(false, id))}>
            Lower hand
          </button>
        )}
        <button
          className="quiet danger"
          aria-label={`Remove ${name} from the room`}
          onClick={() => ask(room.expel(id))}
        >
          Remove
        </button>
      </div>
    </details>
  );
}
