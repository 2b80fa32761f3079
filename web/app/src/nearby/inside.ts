import type { NearbyService, NearbyView } from "@tutti/client/nearby";
import { createContext, useContext } from "react";
import type { Who } from "./useNearby";

/** What every part of the page needs. */
export interface Inside {
  service: NearbyService;
  view: NearbyView;
  who: Who;
  /** Does it, and says it where everybody reads it if it was refused. */
  ask: (asked: Promise<void>) => void;
  /** The cell that was last said; null: none, or not known any more. */
  cell: string | null;
  /** The cell to say now: where the device is, or the one that was chosen. */
  cellNow: () => Promise<string>;
  /** `followed`: it comes from the device, and goes along with it. */
  moveTo: (cell: string, followed: boolean) => Promise<void>;
  /** Into the room that the two of us have. */
  enter: (roomId: string) => void;
}

export const InsideContext = createContext<Inside | null>(null);

export function useInside(): Inside {
  const inside = useContext(InsideContext);
  if (inside === null) throw new Error("This is shown within the page only");
  return inside;
}
