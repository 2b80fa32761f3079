import { useEffect, useRef } from "react";
import { SHORTCUTS } from "./keyboard";

/** A modal dialog, so that the browser itself keeps the focus inside and closes it with Escape. */
export function Help({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} className="help card" aria-labelledby="help-title" onClose={onClose}>
      <h2 id="help-title">Keys</h2>
      <dl>
        {SHORTCUTS.map(({ shown, act, does }) => (
          <div key={act}>
            <dt>
              <kbd>{shown}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <button className="primary" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}
