import { useInside } from "../inside";
import { Icon } from "../stage/Icon";
import { useShortcuts } from "../useShortcuts";

export function HandButton() {
  const { room, me, ask } = useInside();
  const raised = me !== null && me.hand !== null;
  const toggle = () => ask(room.raiseHand(!raised));
  return (
    <button aria-pressed={raised} aria-keyshortcuts="h" onClick={toggle}>
      <Icon name="hand" /> {raised ? "Lower my hand" : "Raise my hand"}
    </button>
  );
}

/** The key works whichever tab is open. */
export function HandKey() {
  const { room, me, ask } = useInside();
  useShortcuts({ hand: () => ask(room.raiseHand(me === null || me.hand === null)) });
  return null;
}
