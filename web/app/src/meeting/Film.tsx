/**
 * The film in the meeting: the same room and the same person over `tutti.v1`, so that everything the room page knows of
 * time is here as well. While somebody speaks, the film is quieter.
 */

import { NativeRoom } from "@tutti/client/native";
import { use, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from "react";
import { InsideContext, rightsOf, type Inside } from "../room/inside";
import { Stage } from "../room/stage/Stage";
import { Ducking } from "../room/stage/useVolume";
import { Toasts } from "../room/Toasts";
import { useAsking } from "../room/useAsking";
import { useHere } from "./here";

const QUIETER = 0.25;
const QUIET_FOR_MS = 1_200;

interface Props {
  roomId: string;
  name: string;
  me: string | null;
  pass: string | null;
  children: ReactNode;
}

export function FilmRoom({ roomId, name, me, pass, children }: Props) {
  const room = useRoomBeside(roomId, name, me, pass);
  if (room === null) return children;
  return <Inhabited room={room}>{children}</Inhabited>;
}

function Inhabited({ room, children }: { room: NativeRoom; children: ReactNode }) {
  const view = useSyncExternalStore(room.subscribe, room.view);
  const { ask, toasts, dismiss } = useAsking();
  const inside = useMemo((): Inside | null => {
    const state = view.room;
    if (state === null) return null;
    const me = state.members.find(({ id }) => id === view.me) ?? null;
    return { room, view, state, me, ask, ...rightsOf(state, me) };
  }, [room, view, ask]);
  return (
    <InsideContext value={inside}>
      {children}
      <Toasts
        problem={null}
        toasts={toasts}
        onDismiss={dismiss}
        onDismissProblem={() => room.dismissProblem()}
      />
    </InsideContext>
  );
}

/** A second connection of somebody who is in the room already: it comes and goes without anybody's leaving. */
function useRoomBeside(
  roomId: string,
  name: string,
  me: string | null,
  pass: string | null,
): NativeRoom | null {
  const [room, setRoom] = useState<NativeRoom | null>(null);
  const known = me !== null && pass !== null;
  useEffect(() => {
    if (me === null || pass === null) return;
    const made = new NativeRoom({ room: roomId, me: { id: me, name }, token: pass });
    // A connection is an outside thing with a life of its own; rendering cannot make it.
    // oxlint-disable-next-line react/set-state-in-effect
    setRoom(made);
    return () => {
      made.disconnect();
      setRoom(null);
    };
    // A newer pass for the same room and person opens nothing that the older one did not.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [roomId, name, me, known]);
  return room;
}

export function FilmStage() {
  const inside = useFilm();
  const { tiles } = useHere();
  const speaking = useLingering(tiles.some((tile) => tile.speaking));
  if (inside === null || inside.state.media === null) return null;
  return (
    <section className="film" aria-label="The film">
      <Ducking value={speaking ? QUIETER : 1}>
        <Stage inMeeting />
      </Ducking>
    </section>
  );
}

/** The room of the film, once it is known. */
export function useFilm(): Inside | null {
  return use(InsideContext);
}

/** True at once, and false only a while after: between two words the film does not come back. */
function useLingering(active: boolean): boolean {
  const [lingering, setLingering] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLingering(active), active ? 0 : QUIET_FOR_MS);
    return () => clearTimeout(timer);
  }, [active]);
  return active || lingering;
}
