/** What every part of the meeting page needs. */

import type { Call, Meeting, MeetView, Participant, Tile } from "@tutti/client/meet";
import { createContext, useContext } from "react";
import type { LocalMedia, LocalView } from "./local-media";

export interface Here {
  meeting: Meeting;
  call: Call;
  media: LocalMedia;
  view: MeetView;
  tiles: readonly Tile[];
  local: LocalView;
  me: Participant | null;
  mayModerate: boolean;
  isHost: boolean;
}

export const HereContext = createContext<Here | null>(null);

export function useHere(): Here {
  const here = useContext(HereContext);
  if (here === null) throw new Error("This is shown outside of a meeting");
  return here;
}
