import type { Device, LocalMedia, LocalView } from "./local-media";

const KINDS: readonly { kind: Device; label: string }[] = [
  { kind: "audioinput", label: "Microphone" },
  { kind: "videoinput", label: "Camera" },
];

/** Shown where there is a choice. Browsers tell the names only once one of them may be used. */
export function DeviceChoice({ media, local }: { media: LocalMedia; local: LocalView }) {
  return KINDS.map(({ kind, label }) => {
    const devices = local.devices.filter((device) => device.kind === kind && device.deviceId !== "");
    if (devices.length < 2) return null;
    return (
      <label key={kind}>
        {label}
        <select
          value={local.chosen[kind] ?? devices[0]?.deviceId}
          onChange={(event) => void media.choose(kind, event.target.value)}
        >
          {devices.map(({ deviceId, label: name }, at) => (
            <option key={deviceId} value={deviceId}>
              {name || `${label} ${at + 1}`}
            </option>
          ))}
        </select>
      </label>
    );
  });
}
