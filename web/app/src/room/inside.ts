/** What every part of the room page needs: the room, what is in it, who I am, and how to ask for something. */

import type { Member, NativeRoom, NativeView, RoomState } from "@tutti/client/native";
import { createContext, useContext } from "react";

export interface Inside {
  room: NativeRoom;
  view: NativeView;
  state: RoomState;
  me: Member | null;
  /** May I move the timeline, put people in their place, decide what plays? The server has the last word. */
  mayControl: boolean;
  mayModerate: boolean;
  isHost: boolean;
  /** Carry on; if it is refused, the page says so in the server's words. */
  ask: (asked: Promise<void>) => void;
}

export const InsideContext = createContext<Inside | null>(null);

export function useInside(): Inside {
  const inside = useContext(InsideContext);
  if (inside === null) throw new Error("This is shown outside of a room");
  return inside;
}

export function rightsOf(state: RoomState, me: Member | null) {
  const isHost = me?.role === "host";
  const mayModerate = isHost || me?.role === "moderator";
  return { isHost, mayModerate, mayControl: mayModerate || (me !== null && state.control === "everybody") };
}
