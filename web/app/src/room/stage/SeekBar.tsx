import { useState } from "react";
import { clock } from "../../words";
import type { Shown } from "./usePosition";

interface Props {
  shown: Shown;
  disabled: boolean;
  onSeek: (to: number) => void;
}

/** Dragging only previews; the room moves when the thumb is let go. */
export function SeekBar({ shown: { position, duration, buffered }, disabled, onSeek }: Props) {
  const [preview, setPreview] = useState<number | null>(null);
  const commit = () => {
    if (preview === null) return;
    onSeek(preview);
    setPreview(null);
  };
  const at = preview ?? position;
  return (
    <div className="seek">
      <span className="buffered" aria-hidden="true">
        {duration > 0 &&
          buffered.map(([start, end]) => (
            <span
              key={start}
              style={{ left: `${(start / duration) * 100}%`, width: `${((end - start) / duration) * 100}%` }}
            />
          ))}
      </span>
      <input
        data-keys="seekBar"
        type="range"
        min={0}
        max={duration || 1}
        step={100}
        value={at}
        disabled={disabled || duration === 0}
        style={{ "--done": `${duration > 0 ? (at / duration) * 100 : 0}%` }}
        onChange={(event) => setPreview(event.target.valueAsNumber)}
        onPointerUp={commit}
        onKeyUp={commit}
        onBlur={commit}
        aria-label="Position"
        aria-valuetext={`${clock(at)} of ${clock(duration)}`}
      />
    </div>
  );
}
