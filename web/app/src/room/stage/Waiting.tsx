import { namesOf, secondsLeft } from "../../words";
import { useInside } from "../inside";
import { useNow } from "../useNow";

/** Who the room waits for, and for how long at most. */
export function Waiting() {
  const { room, state } = useInside();
  const { waiting } = state;
  useNow(250, waiting !== null);
  if (waiting === null || waiting.for.length === 0) return null;
  const nameOf = new Map(state.members.map(({ id, name }) => [id, name]));
  const names = waiting.for.map((id) => nameOf.get(id) ?? "somebody");
  const left = secondsLeft(waiting.until, room.roomNow());
  return (
    <div className="overlay waiting-for" role="status">
      <p>
        <strong>Waiting for {namesOf(names)}</strong>
        <span aria-hidden="true">{left > 0 ? `at most ${left} s longer` : "not any longer"}</span>
      </p>
    </div>
  );
}
