import { useShortcuts } from "../useShortcuts";
import { useOffset } from "./useOffset";

/** The keys work whether or not the buttons are shown. */
export function OffsetKeys() {
  const { nudge } = useOffset();
  useShortcuts({
    holdBack: () => nudge(-10),
    sendAhead: () => nudge(10),
    holdFarBack: () => nudge(-100),
    sendFarAhead: () => nudge(100),
  });
  return null;
}
