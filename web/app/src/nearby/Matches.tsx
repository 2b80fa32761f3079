import { useInside } from "./inside";

/** In the server's words, never as a number. */
export function Matches() {
  const { service, view, ask, enter } = useInside();
  if (view.presence?.isLive !== true) return null;
  return (
    <section className="card" aria-labelledby="matches-title">
      <h2 id="matches-title">The same music</h2>
      {view.matches.length === 0 ? (
        <p className="muted">
          {view.presence.shareTrack
            ? "Nobody near you has shown a taste like yours yet."
            : "Matches are between people who both show what they play."}
        </p>
      ) : (
        <ul className="listeners" aria-label="People with the same music">
          {view.matches.map((match) => (
            <li key={match.userId} className="listener">
              <div className="listener-what">
                <strong>{match.displayName}</strong>
                <span>{match.words}</span>
                {match.shared.length > 0 && <span className="track">Both: {match.shared.join(", ")}</span>}
              </div>
              <button
                aria-label={`Listen together with ${match.displayName}`}
                onClick={() => ask(service.togetherMatched(match.userId).then(({ roomId }) => enter(roomId)))}
              >
                Listen together
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
