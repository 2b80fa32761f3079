import { awaited } from "@tutti/client/native";
import { namesOf, secondsLeft } from "../../words";
import { useInside } from "../inside";
import { useNow } from "../useNow";

/** Who the room still waits for, and for how long at most. */
export function Waiting() {
  const { room, state } = useInside();
  const { waiting } = state;
  useNow(250, waiting !== null);
  const names = awaited(state).map(({ name }) => name);
  if (waiting === null || names.length === 0) return null;
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
