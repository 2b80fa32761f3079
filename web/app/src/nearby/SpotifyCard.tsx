import { useState } from "react";
import { Failure } from "../Failure";
import { useInside } from "./inside";

const BEGINS_AT = "/api/v1/auth/spotify";

/** Whether Spotify may be asked what I play, and both ways out of that answer. Guests have no account to connect. */
export function SpotifyCard() {
  const { view, who } = useInside();
  if (who.guest || view.spotify === null || view.spotify === "off") return null;
  return (
    <section className="card" aria-labelledby="spotify-title">
      <h2 id="spotify-title">Spotify</h2>
      <div role="status" aria-live="polite">
        {view.spotify === "connected" && (
          <p>Connected. While you are live, what you play is known from there.</p>
        )}
        {view.spotify === "reauth_required" && (
          <p className="banner warn">
            Spotify no longer lets this server ask what you play. Connect again, or say it yourself.
          </p>
        )}
        {view.spotify === "none" && <p>Not connected.</p>}
      </div>
      {view.spotify === "connected" ? <Disconnect /> : <Connect again={view.spotify === "reauth_required"} />}
    </section>
  );
}

function Connect({ again }: { again: boolean }) {
  return (
    <>
      <p className="muted">
        {again
          ? "Agree with the same Spotify account as before."
          : "This signs you in with Spotify. If you came here with an email or a user name, that is another account."}
      </p>
      <a className="button" href={BEGINS_AT}>
        {again ? "Connect Spotify again" : "Connect Spotify"}
      </a>
    </>
  );
}

function Disconnect() {
  const { service } = useInside();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  async function disconnect() {
    setBusy(true);
    setFailure(null);
    try {
      await service.disconnectSpotify();
    } catch (reason) {
      setFailure(reason instanceof Error ? reason.message : "Something went wrong");
      setBusy(false);
    }
  }
  return (
    <>
      <Failure>{failure}</Failure>
      <button className="quiet" disabled={busy} onClick={() => void disconnect()}>
        {busy ? "Disconnecting…" : "Disconnect Spotify"}
      </button>
    </>
  );
}
