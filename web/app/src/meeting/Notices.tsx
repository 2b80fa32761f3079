import { useEffect } from "react";
import { useHere } from "./here";

const SHOWN_FOR_MS = 12_000;

/** What somebody wants of me, and what went wrong. */
export function Notices() {
  const { meeting, media, view, local } = useHere();
  const { notices, problem } = view;
  const newest = notices.at(-1)?.id ?? null;
  useEffect(() => {
    if (newest === null) return;
    const timer = setTimeout(() => meeting.dismiss(newest), SHOWN_FOR_MS);
    return () => clearTimeout(timer);
  }, [meeting, newest]);
  return (
    <div className="toasts" role="alert">
      {problem !== null && (
        <p className="toast">
          <span>{problem.message}</span>
          <button className="quiet" aria-label="Dismiss" onClick={() => meeting.dismissProblem()}>
            ✕
          </button>
        </p>
      )}
      {local.problem !== null && (
        <p className="toast">
          <span>{local.problem}.</span>
          <button className="quiet" aria-label="Dismiss" onClick={() => media.dismissProblem()}>
            ✕
          </button>
        </p>
      )}
      {notices.map(({ id, kind, text }) => (
        <p key={id} className="toast">
          <span>{text}</span>
          {kind === "unmute-requested" && (
            <button
              className="quiet"
              onClick={() => {
                void media.setMic(true);
                meeting.dismiss(id);
              }}
            >
              Unmute
            </button>
          )}
          <button className="quiet" aria-label="Dismiss" onClick={() => meeting.dismiss(id)}>
            ✕
          </button>
        </p>
      ))}
    </div>
  );
}
