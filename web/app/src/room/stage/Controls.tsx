import { clock } from "../../words";
import { Icon } from "./Icon";
import { SeekBar } from "./SeekBar";
import type { Shown } from "./usePosition";
import type { Volume } from "./useVolume";

export type Course = "playing" | "paused" | "over";

interface Props {
  course: Course;
  mayControl: boolean;
  shown: Shown;
  rate: number;
  /** null where there is nothing of ours to hear or to enlarge. */
  volume: Volume | null;
  onTogglePlay: () => void;
  onSeek: (to: number) => void;
  onRate: (rate: number) => void;
  onReact: () => void;
  onFullscreen: () => void;
}

const PLAY_LABEL = { playing: "Pause", paused: "Play", over: "Play again" } as const;
const PLAY_ICON = { playing: "pause", paused: "play", over: "again" } as const;
const RATES = [0.5, 0.75, 1, 1.25, 1.5, 2];

export function Controls(props: Props) {
  const { course, mayControl, shown, volume } = props;
  return (
    <div className="controls" role="group" aria-label="Player">
      <button
        className="icon big"
        onClick={props.onTogglePlay}
        disabled={!mayControl}
        aria-label={PLAY_LABEL[course]}
      >
        <Icon name={PLAY_ICON[course]} />
      </button>
      <SeekBar shown={shown} disabled={!mayControl} onSeek={props.onSeek} />
      <span className="time">
        {clock(shown.position)}{" "}
        {shown.duration > 0 && <span className="muted">/ {clock(shown.duration)}</span>}
      </span>
      <Rate rate={props.rate} disabled={!mayControl} onRate={props.onRate} />
      <button className="icon" onClick={props.onReact} aria-label="React" aria-keyshortcuts="r">
        <Icon name="smile" />
      </button>
      {volume !== null && (
        <>
          <Loudness volume={volume} />
          <button
            className="icon"
            onClick={props.onFullscreen}
            aria-label="Full screen"
            aria-keyshortcuts="f"
          >
            <Icon name="fullscreen" />
          </button>
        </>
      )}
    </div>
  );
}

function Rate({
  rate,
  disabled,
  onRate,
}: {
  rate: number;
  disabled: boolean;
  onRate: (rate: number) => void;
}) {
  const rates = RATES.includes(rate) ? RATES : [...RATES, rate].toSorted((a, b) => a - b);
  return (
    <select
      className="rate"
      value={rate}
      disabled={disabled}
      onChange={(event) => onRate(Number(event.target.value))}
      aria-label="Speed"
    >
      {rates.map((one) => (
        <option key={one} value={one}>
          {one}×
        </option>
      ))}
    </select>
  );
}

function Loudness({ volume }: { volume: Volume }) {
  const heard = volume.muted ? 0 : volume.level;
  return (
    <>
      <button
        className="icon"
        onClick={volume.toggleMute}
        aria-label={volume.muted ? "Unmute" : "Mute"}
        aria-keyshortcuts="m"
      >
        <Icon name={volume.muted ? "muted" : "sound"} />
      </button>
      <input
        className="volume"
        data-keys="slider"
        type="range"
        min={0}
        max={1}
        step={0.05}
        value={heard}
        style={{ "--done": `${heard * 100}%` }}
        onChange={(event) => volume.setLevel(event.target.valueAsNumber)}
        aria-label="Volume"
      />
    </>
  );
}
