import type { RoomView } from "@tutti/client";

interface Props {
  view: RoomView;
  onDismiss: () => void;
}

export function Banner({ view, onDismiss }: Props) {
  const { connection, problem } = view;
  return (
    <div className="banners" role="status" aria-live="polite">
      {connection === "connecting" && <p className="banner">Connecting…</p>}
      {connection === "reconnecting" && (
        <p className="banner warn">Connection lost. Reconnecting… your player carries on meanwhile.</p>
      )}
      {problem !== null && !problem.fatal && (
        <p className="banner warn">
          {problem.message}
          <button className="quiet" onClick={onDismiss} aria-label="Dismiss">
            ✕
          </button>
        </p>
      )}
    </div>
  );
}
