import { spreadMs, type RoomView } from "@tutti/client";

/** The room's promise as one number: how far the outermost two are apart. */
export function Together({ view }: { view: RoomView }) {
  const spread = spreadMs(view.sync);
  return (
    <section className="together" aria-label="How far apart the room is">
      {spread === null ? (
        <p className="muted">{whyNone(view)}</p>
      ) : (
        <p>
          <span className="muted">together within</span>
          <strong>
            {Math.round(spread)}
            <small> ms</small>
          </strong>
        </p>
      )}
    </section>
  );
}

function whyNone(view: RoomView): string {
  if (view.people.length < 2) return "You are alone here. Send somebody the link.";
  if (view.timeline?.playing !== true) return "Press play: how far apart you are shows here.";
  return "Waiting to hear from two players…";
}
