import type { Listener } from "@tutti/client/nearby";
import { useInside } from "./inside";
import { dotsOf } from "./radar";

const SIZE = 400;
const MIDDLE = SIZE / 2;
const OUTER = MIDDLE - 26;

/** People by how far their cell is from mine: a picture of rings, and the same as a list. */
export function Radar() {
  const { view } = useInside();
  if (view.presence?.isLive !== true) return null;
  const somewhere = view.place?.geohash != null;
  return (
    <section className="card radar" aria-labelledby="radar-title">
      <h2 id="radar-title">Around you</h2>
      {somewhere ? (
        <>
          <Rings users={view.users} rings={Math.max(1, Math.ceil(view.presence.radiusKm))} />
          <p className="muted radar-note">
            A ring is how far somebody's cell is from yours. <strong>Where on the ring means nothing:</strong>{" "}
            it is made of their id. Nobody here knows in which direction they are.
          </p>
          <People />
        </>
      ) : (
        <p className="muted">Say where you are, and you see who is live around you.</p>
      )}
    </section>
  );
}

function Rings({ users, rings }: { users: readonly Listener[]; rings: number }) {
  const named = new Map(users.map((one) => [one.userId, one]));
  const width = OUTER / (rings + 0.35);
  const radius = (ring: number) => width * (ring + 0.35);
  const each = Array.from({ length: rings }, (_, index) => index + 1);
  return (
    <svg className="rings" viewBox={`0 0 ${SIZE} ${SIZE}`} role="img" aria-label={summary(users, rings)}>
      {each.toReversed().map((ring) => (
        <circle key={ring} className="ring" cx={MIDDLE} cy={MIDDLE} r={radius(ring)} />
      ))}
      {each
        .filter((ring) => rings <= 5 || ring % 2 === 0 || ring === 1)
        .map((ring) => (
          <text key={ring} className="ring-km" x={MIDDLE} y={MIDDLE - radius(ring) - 4}>
            {ring} km
          </text>
        ))}
      <circle className="me" cx={MIDDLE} cy={MIDDLE} r="9" />
      {dotsOf(users, rings).map(({ userId, ring, angle }) => {
        const one = named.get(userId);
        const [x, y] = [MIDDLE + Math.sin(angle) * radius(ring), MIDDLE - Math.cos(angle) * radius(ring)];
        return (
          <g
            key={userId}
            className={one?.track == null ? "dot" : "dot plays"}
            transform={`translate(${x} ${y})`}
          >
            <title>{one?.displayName}</title>
            <circle r="15" />
            <text>{initial(one?.displayName ?? "?")}</text>
          </g>
        );
      })}
    </svg>
  );
}

function People() {
  const { view } = useInside();
  if (view.users.length === 0) return <p>Nobody else is live within {view.presence?.radiusKm} km.</p>;
  return (
    <ul className="listeners" aria-label="People around you">
      {view.users.map((one) => (
        <Person key={one.userId} one={one} />
      ))}
    </ul>
  );
}

function Person({ one }: { one: Listener }) {
  const { service, view, ask } = useInside();
  const busy = view.find !== null && view.find.stage !== "ended";
  return (
    <li className="listener">
      <span className="initial" aria-hidden="true">
        {initial(one.displayName)}
      </span>
      <div className="listener-what">
        <strong>{one.displayName}</strong>
        <span className="muted">within {one.distance} km</span>
        <span className="track">{trackWords(one.track)}</span>
      </div>
      <button
        disabled={busy}
        aria-label={`Ask to find ${one.displayName}`}
        onClick={() => ask(service.ask(one.userId))}
      >
        Find
      </button>
    </li>
  );
}

function trackWords(track: Listener["track"]): string {
  if (track === null) return "Shares no music now";
  const name = track.trackName ?? "Something";
  return track.artist === null ? `♪ ${name}` : `♪ ${name} – ${track.artist}`;
}

function initial(name: string): string {
  return (Array.from(name.trim())[0] ?? "?").toUpperCase();
}

function summary(users: readonly Listener[], rings: number): string {
  if (users.length === 0) return `Rings up to ${rings} km, with nobody on them`;
  const told = users.map((one) => `${one.displayName} within ${one.distance} km`);
  return `People by distance, in no direction: ${told.join(", ")}`;
}
