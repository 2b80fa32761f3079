import { signedMs } from "../../words";
import { useInside } from "../inside";
import { useOffset } from "./useOffset";

const STEPS = [-100, -10, 10, 100];

/** For a television that shows late, or a file with a longer opening: my own player's place, nobody else's. */
export function OffsetNudge() {
  const { me } = useInside();
  const { nudge, reset } = useOffset();
  const offset = me?.offset ?? 0;
  return (
    <div className="offset" role="group" aria-label="My offset">
      <span className="muted">my offset</span>
      {STEPS.slice(0, 2).map((step) => (
        <Step key={step} step={step} onStep={nudge} />
      ))}
      <output aria-live="polite">{signedMs(offset)}</output>
      {STEPS.slice(2).map((step) => (
        <Step key={step} step={step} onStep={nudge} />
      ))}
      <button className="quiet" onClick={reset} disabled={offset === 0}>
        Reset
      </button>
    </div>
  );
}

function Step({ step, onStep }: { step: number; onStep: (by: number) => void }) {
  const words = `${Math.abs(step)} milliseconds`;
  return (
    <button
      className="quiet step"
      onClick={() => onStep(step)}
      aria-label={step < 0 ? `Hold my player back ${words}` : `Send my player ahead ${words}`}
    >
      {step < 0 ? "−" : "+"}
      {Math.abs(step)}
    </button>
  );
}
