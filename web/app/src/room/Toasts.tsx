import type { Problem } from "@tutti/client/native";
import type { Toast } from "./useAsking";

interface Props {
  problem: Problem | null;
  toasts: readonly Toast[];
  onDismiss: (id: number) => void;
  onDismissProblem: () => void;
}

/** What was refused, in the server's words; `problem`: why we have not been let in yet. */
export function Toasts({ problem, toasts, onDismiss, onDismissProblem }: Props) {
  return (
    <div className="toasts" role="alert">
      {problem !== null && problem.code !== "connection_lost" && (
        <OneToast message={problem.message} onDismiss={onDismissProblem} />
      )}
      {toasts.map(({ id, message }) => (
        <OneToast key={id} message={message} onDismiss={() => onDismiss(id)} />
      ))}
    </div>
  );
}

function OneToast({ message, onDismiss }: { message: string; onDismiss: () => void }) {
  return (
    <p className="toast">
      <span>{message}</span>
      <button className="quiet" onClick={onDismiss} aria-label="Dismiss">
        ✕
      </button>
    </p>
  );
}
