import { nameOf } from "@tutti/client/nearby";
import { useInside } from "./inside";

/** Somebody opened a room for the two of us: one step, and never without being asked. */
export function Together() {
  const { view, enter } = useInside();
  const { together } = view;
  return (
    <div role="status" aria-live="polite" className="find-place">
      {together !== null && together.openedBy !== view.me && (
        <section className="card together" aria-label="Listen together">
          <p>
            <strong>
              {view.find?.otherId === together.openedBy
                ? view.find.otherName
                : nameOf(view, together.openedBy)}
            </strong>{" "}
            opened a room for the two of you.
          </p>
          <button className="primary" onClick={() => enter(together.roomId)}>
            Listen together
          </button>
        </section>
      )}
    </div>
  );
}
