import { namesOf } from "../../words";
import { useInside } from "../inside";

/** Always there, so that what appears in it is read out and nothing moves. */
export function Typing() {
  const { view } = useInside();
  const names = [...view.typing].flatMap(([id, name]) => (id === view.me ? [] : name));
  return (
    <p className="typing muted" role="status">
      {names.length > 0 && `${namesOf(names)} ${names.length === 1 ? "is" : "are"} typing…`}
    </p>
  );
}
