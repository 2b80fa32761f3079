import { Failure } from "../Failure";
import { useSubmit } from "../useSubmit";
import { useInside } from "./inside";

/** What I play: from Spotify where that is connected, else what I say. */
export function MyMusic() {
  const { service, view, ask } = useInside();
  const { busy, failure, onSubmit } = useSubmit(async (field) => {
    const [trackName, artist] = [field("track"), field("artist")];
    await service.play({ trackId: `said:${artist}/${trackName}`.slice(0, 512), trackName, artist });
  });
  if (view.presence?.isLive !== true) return null;
  const track = view.playing?.track ?? null;
  return (
    <section className="card" aria-labelledby="music-title">
      <h2 id="music-title">What you play</h2>
      <p role="status" aria-live="polite">
        {track === null ? (
          "Nothing that is known here."
        ) : (
          <>
            ♪ {track.trackName ?? "Something"} – {track.artist ?? "?"}{" "}
            <span className="muted">
              {view.presence.shareTrack ? "People near you see it." : "Only you see it."}
            </span>
          </>
        )}
      </p>
      {track !== null && (
        <button className="quiet" onClick={() => ask(service.play(null))}>
          Nothing plays any more
        </button>
      )}
      {view.spotify === "connected" && (
        <button onClick={() => ask(service.askSpotify())}>Ask Spotify now</button>
      )}
      <details>
        <summary>Say it yourself</summary>
        <form onSubmit={onSubmit} aria-label="What you play">
          <label>
            Track
            <input name="track" required maxLength={200} autoComplete="off" />
          </label>
          <label>
            Artist, or several with commas between
            <input name="artist" required maxLength={200} autoComplete="off" />
          </label>
          <Failure>{failure}</Failure>
          <button disabled={busy}>I play this</button>
        </form>
      </details>
    </section>
  );
}
