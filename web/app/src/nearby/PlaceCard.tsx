import { cellBeside, cellSizeKm } from "@tutti/client/nearby";
import { useState } from "react";
import { Failure } from "../Failure";
import { useSubmit } from "../useSubmit";
import { useInside } from "./inside";
import { locate, typedCell } from "./place";

export function PlaceCard() {
  const { service, view, ask, cell, moveTo } = useInside();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const live = view.presence?.isLive === true;

  async function takeDevices() {
    setBusy(true);
    setProblem(null);
    try {
      await moveTo(await locate(), true);
    } catch (reason) {
      setProblem(reason instanceof Error ? reason.message : "That did not work");
    }
    setBusy(false);
  }

  return (
    <section className="card" aria-labelledby="place-title">
      <h2 id="place-title">Where you are</h2>
      <p role="status" aria-live="polite">
        {placeWords(live, view.place?.geohash ?? null, cell)}
      </p>
      <Failure>{problem}</Failure>
      <p className="row">
        <button disabled={!live || busy} onClick={() => void takeDevices()}>
          {busy ? "Finding your cell…" : "Use this device's position"}
        </button>
        {live && view.place?.geohash != null && (
          <button className="quiet" onClick={() => ask(service.forgetPlace())}>
            Forget my place
          </button>
        )}
      </p>
      {live && <ByHand cell={cell} />}
      <details>
        <summary>What is sent</summary>
        <p className="muted">
          Your position stays in this browser. It is turned here into a geohash of six characters, which names
          a cell of at most 1.2 × 0.6 km, and only that is sent. When you move to another cell, others learn
          of it minutes later, at a time that nobody can foresee.
        </p>
      </details>
    </section>
  );
}

function ByHand({ cell }: { cell: string | null }) {
  const { ask, moveTo } = useInside();
  const { busy, failure, onSubmit } = useSubmit(async (field) => {
    const typed = typedCell(field("cell"));
    if (typed === null) {
      throw new Error(
        "That is neither a geohash of six characters (digits, and letters without a, i, l, o) nor a latitude and longitude",
      );
    }
    await moveTo(typed, false);
  });
  return (
    <details className="by-hand">
      <summary>Choose a cell yourself</summary>
      <form onSubmit={onSubmit} aria-label="Choose a cell">
        <label>
          Geohash, or latitude and longitude
          <input
            key={cell}
            name="cell"
            required
            maxLength={40}
            defaultValue={cell ?? ""}
            placeholder="u09tvw, or 48.86, 2.35"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
          />
        </label>
        <p className="muted">A latitude and longitude become a cell here, and are not sent.</p>
        <Failure>{failure}</Failure>
        <button disabled={busy}>{busy ? "Saying…" : "I am here"}</button>
      </form>
      {cell !== null && (
        <div className="beside" role="group" aria-label="Move to the cell beside">
          {STEPS.map(([name, north, east]) => (
            <button
              key={name}
              className="quiet"
              onClick={() => ask(moveTo(cellBeside(cell, north, east), false))}
            >
              {name}
            </button>
          ))}
        </div>
      )}
    </details>
  );
}

const STEPS = [
  ["North", 1, 0],
  ["South", -1, 0],
  ["West", 0, -1],
  ["East", 0, 1],
] as const;

function placeWords(live: boolean, published: string | null, said: string | null): string {
  if (!live) return "Nowhere: you are not live.";
  if (published === null) return "Nowhere yet. Say where you are to see who is near.";
  const { width, height } = cellSizeKm(published);
  const seen = `Others see the cell ${published}, ${width.toFixed(1)} × ${height.toFixed(1)} km.`;
  return said === null || said === published
    ? seen
    : `${seen} You said ${said}; they will see that within some minutes.`;
}
