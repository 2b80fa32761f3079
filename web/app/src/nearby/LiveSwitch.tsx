import type { Remains } from "@tutti/client/nearby";
import { useState } from "react";
import { useInside } from "./inside";

/** Live or not, and the kill switch: one press, and then what the server says is gone. */
export function LiveSwitch() {
  const { service, view } = useInside();
  const [busy, setBusy] = useState(false);
  const [remains, setRemains] = useState<Remains | "unknown" | null>(null);
  const live = view.presence?.isLive === true;

  async function go(act: () => Promise<Remains | null>) {
    setBusy(true);
    setRemains(null);
    try {
      setRemains(await act());
    } catch {
      setRemains("unknown");
    }
    setBusy(false);
  }

  return (
    <section className={live ? "card live-switch is-live" : "card live-switch"} aria-labelledby="live-title">
      <div>
        <h2 id="live-title">{live ? "You are live" : "You are not live"}</h2>
        <p className="muted">
          {live
            ? "While this page is open. Closed, you are gone within a minute; with the switch, at once."
            : "Nobody sees you, your place or your music."}
        </p>
      </div>
      {live ? (
        <button className="kill" disabled={busy} onClick={() => void go(() => service.disappear())}>
          {busy ? "Removing…" : "Disappear now"}
        </button>
      ) : (
        <button
          className="primary"
          disabled={busy || view.presence === null}
          onClick={() => void go(() => service.goLive().then(() => null))}
        >
          {busy ? "One moment…" : "Go live"}
        </button>
      )}
      <div role="status" aria-live="polite" className="remains">
        {remains !== null && <Said remains={remains} live={live} />}
      </div>
    </section>
  );
}

function Said({ remains, live }: { remains: Remains | "unknown"; live: boolean }) {
  if (remains === "unknown") {
    return (
      <p className="failure">
        {live
          ? "The server did not answer, so you may still be live. Press again; without this page you are gone within a minute."
          : "The server did not answer. Try again."}
      </p>
    );
  }
  const lines: [left: boolean, gone: string, still: string][] = [
    [remains.live, "You are not live", "You are live again, from another device"],
    [remains.place, "Your place was removed", "Your place is still known"],
    [remains.track, "Your track was removed", "Your track is still known"],
    [remains.find, "No find session is open", "A find session is still open"],
  ];
  return (
    <>
      <p>The server was asked, and says:</p>
      <ul>
        {lines.map(([left, gone, still]) => (
          <li key={gone} className={left ? "failure" : "gone"}>
            {left ? still : gone}
          </li>
        ))}
      </ul>
    </>
  );
}
