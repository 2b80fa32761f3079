import { useState } from "react";
import { clock } from "../words";
import { Icon } from "./Icon";
import type { Volume } from "./useVolume";

interface Props {
  state: "playing" | "paused" | "over";
  ready: boolean;
  position: number;
  duration: number;
  volume: Volume;
  onTogglePlay: () => void;
  onSeek: (to: number) => void;
  onFullscreen: () => void;
}

const PLAY_LABEL = { playing: "Pause", paused: "Play", over: "Play again" } as const;
const PLAY_ICON = { playing: "pause", paused: "play", over: "again" } as const;

export function Controls(props: Props) {
  const { state, ready, position, duration, volume } = props;
  const heard = volume.muted ? 0 : volume.level;
  return (
    <div className="controls" role="group" aria-label="Player">
      <button
        className="icon big"
        onClick={props.onTogglePlay}
        disabled={!ready}
        aria-label={PLAY_LABEL[state]}
      >
        <Icon name={PLAY_ICON[state]} />
      </button>
      <SeekBar position={position} duration={duration} onSeek={props.onSeek} />
      <span className="time">
        {clock(position)} <span className="muted">/ {clock(duration)}</span>
      </span>
      <button className="icon" onClick={volume.toggleMute} aria-label={volume.muted ? "Unmute" : "Mute"}>
        <Icon name={volume.muted ? "muted" : "sound"} />
      </button>
      <input
        className="volume"
        type="range"
        min={0}
        max={1}
        step={0.05}
        value={heard}
        style={{ "--done": `${heard * 100}%` }}
        onChange={(event) => volume.setLevel(event.target.valueAsNumber)}
        aria-label="Volume"
      />
      <button className="icon" onClick={props.onFullscreen} aria-label="Full screen">
        <Icon name="fullscreen" />
      </button>
    </div>
  );
}

/** Dragging only previews; the room moves when the thumb is let go. */
function SeekBar({ position, duration, onSeek }: Pick<Props, "position" | "duration" | "onSeek">) {
  const [preview, setPreview] = useState<number | null>(null);
  const commit = () => {
    if (preview === null) return;
    onSeek(preview);
    setPreview(null);
  };
  const shown = preview ?? position;
  return (
    <input
      className="seek"
      data-seek
      type="range"
      min={0}
      max={duration || 1}
      step={0.1}
      value={shown}
      disabled={duration === 0}
      style={{ "--done": `${duration > 0 ? (shown / duration) * 100 : 0}%` }}
      onChange={(event) => setPreview(event.target.valueAsNumber)}
      onPointerUp={commit}
      onKeyUp={commit}
      onBlur={commit}
      aria-label="Position"
      aria-valuetext={`${clock(shown)} of ${clock(duration)}`}
    />
  );
}
