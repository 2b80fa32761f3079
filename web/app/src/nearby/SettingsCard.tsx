import type { Presence, Settings } from "@tutti/client/nearby";
import { useState } from "react";
import { useInside } from "./inside";

const RADII_KM = [1, 2, 3, 5, 10];

/** Both are off until somebody switches them on. They may be changed while one is not live. */
export function SettingsCard() {
  const { service, view, ask } = useInside();
  const [wishes, setWishes] = useState<readonly Settings[]>([]);
  if (view.presence === null) return null;
  const presence: Presence = Object.assign({ ...view.presence }, ...wishes);
  // Each wish is shown until its own answer has come: another may be under way already.
  const change = (wish: Settings) => {
    setWishes((before) => [...before, wish]);
    ask(service.change(wish).finally(() => setWishes((now) => now.filter((one) => one !== wish))));
  };
  const radii = RADII_KM.includes(presence.radiusKm)
    ? RADII_KM
    : [...RADII_KM, presence.radiusKm].toSorted((one, other) => one - other);
  return (
    <section className="card" aria-labelledby="settings-title">
      <h2 id="settings-title">What you allow</h2>
      <label className="check">
        <input
          type="checkbox"
          checked={presence.shareTrack}
          onChange={(event) => change({ shareTrack: event.target.checked })}
        />
        Show people near me what I play
      </label>
      <label className="check">
        <input
          type="checkbox"
          checked={presence.allowFind}
          onChange={(event) => change({ allowFind: event.target.checked })}
        />
        Let people ask to find me
      </label>
      <label>
        How far to look
        <select
          value={presence.radiusKm}
          onChange={(event) => change({ radiusKm: Number(event.target.value) })}
        >
          {radii.map((km) => (
            <option key={km} value={km}>
              {km} km
            </option>
          ))}
        </select>
      </label>
    </section>
  );
}
