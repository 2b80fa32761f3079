import { useInside, type Inside } from "../inside";
import { togetherWithin } from "./spread";

/** The room's promise as one number: how far the outermost two are apart. */
export function Together() {
  const inside = useInside();
  const within = togetherWithin(inside.view.status.values());
  if (within === null) return <p className="together muted">{whyNone(inside)}</p>;
  return (
    <p className="together">
      <span className="muted">together within</span>{" "}
      <strong>
        {Math.ceil(within)}
        <small> ms</small>
      </strong>
    </p>
  );
}

function whyNone({ state }: Inside): string {
  if (state.members.length < 2) return "You are alone here. Send somebody the link.";
  if (!state.timeline.playing) return "Press play: how far apart you are shows here.";
  return "Waiting to hear from two players…";
}
