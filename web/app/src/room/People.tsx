import { RoomsApi, type MemberSync, type Person, type RoomView, type WatchRoom } from "@tutti/client";
import { useState } from "react";
import { Failure } from "../Failure";
import { aheadOrBehind, signedMs } from "../words";

const api = new RoomsApi();

interface Props {
  room: WatchRoom;
  view: RoomView;
}

export function People({ room, view }: Props) {
  const [failure, setFailure] = useState<string | null>(null);
  const roomId = room.room.id;
  const ask = (asked: Promise<void>) => {
    setFailure(null);
    asked.catch((reason: unknown) =>
      setFailure(reason instanceof Error ? reason.message : "That did not work"),
    );
  };
  const iAmAdmin = view.adminId === view.me;
  const syncOf = new Map(view.sync.map((sync) => [sync.userId, sync]));
  return (
    <section className="people" aria-labelledby="people-title">
      <h2 id="people-title">
        People <span className="muted">{view.people.length}</span>
      </h2>
      <ul>
        {view.people.map((person) => (
          <li key={person.userId}>
            <Name person={person} me={view.me} />
            <Drift sync={syncOf.get(person.userId)} />
            {iAmAdmin && person.userId !== view.me && (
              <span className="admin-acts">
                <button
                  className="quiet"
                  aria-label={`Make ${person.userName} admin`}
                  onClick={() => ask(api.transferAdmin(roomId, view.me, person.userId))}
                >
                  Make admin
                </button>
                <button
                  className="quiet danger"
                  aria-label={`Remove ${person.userName} from the room`}
                  onClick={() => ask(api.kick(roomId, view.me, person.userId))}
                >
                  Remove
                </button>
              </span>
            )}
          </li>
        ))}
      </ul>
      <Failure>{failure}</Failure>
    </section>
  );
}

function Name({ person, me }: { person: Person; me: string }) {
  return (
    <span className="person">
      <span className="name">{person.userName}</span>
      {person.userId === me && <span className="muted"> you</span>}
      {person.isAdmin && <span className="badge">admin</span>}
    </span>
  );
}

function Drift({ sync }: { sync: MemberSync | undefined }) {
  if (sync === undefined || sync.driftMs === null) {
    return (
      <span className="drift muted" title="No report of a playing video from this person">
        –
      </span>
    );
  }
  return (
    <span className={`drift ${sync.quality}`} title={aheadOrBehind(sync.driftMs)}>
      <span className="number">{signedMs(sync.driftMs)}</span>
      <span className="word">{sync.quality}</span>
    </span>
  );
}
