import type { NativeRoom } from "@tutti/client/native";
import { useEffect, useMemo, useState, type MouseEvent } from "react";
import { navigate } from "../navigation";
import { ToldInRoom } from "../notifications/ToldInRoom";
import { PartyOfRoom } from "../parties/PartyOfRoom";
import { Wordmark } from "../Wordmark";
import { Banner } from "./Banner";
import { Help } from "./Help";
import { InsideContext, rightsOf, type Inside } from "./inside";
import { HandKey } from "./people/HandButton";
import { ShareLink } from "./ShareLink";
import { Side } from "./Side";
import { Stage } from "./stage/Stage";
import { OffsetKeys } from "./timing/OffsetKeys";
import { Timing } from "./timing/Timing";
import { useHistory } from "./timing/useHistory";
import { Toasts } from "./Toasts";
import { useAsking } from "./useAsking";
import { useMediaQuery } from "./useMediaQuery";
import { useNativeRoom, useRoomView } from "./useNativeRoom";
import { useShortcuts } from "./useShortcuts";
import { useTitle } from "./useTitle";

interface Props {
  roomId: string;
  userName: string;
  onEnd: (why: string, missing?: boolean) => void;
}

const WIDE = "(min-width: 900px)";

export function InRoom({ roomId, userName, onEnd }: Props) {
  const room = useNativeRoom(roomId, userName);
  return room === null ? null : <Entered room={room} onEnd={onEnd} />;
}

function Entered({ room, onEnd }: { room: NativeRoom; onEnd: Props["onEnd"] }) {
  const view = useRoomView(room);
  const { ask, toasts, dismiss } = useAsking();
  const history = useHistory(room);
  useTitle(view.room?.name ?? "Tutti");

  const ended = view.connection === "ended" ? (view.problem ?? GONE) : null;
  useEffect(() => {
    if (ended !== null) onEnd(ended.message, ended.code === "room_not_found");
  }, [ended, onEnd]);

  const inside = useMemo((): Inside | null => {
    const state = view.room;
    if (state === null) return null;
    const me = state.members.find(({ id }) => id === view.me) ?? null;
    return { room, view, state, me, ask, ...rightsOf(state, me) };
  }, [room, view, ask]);

  return (
    <div className="room">
      <header className="room-bar">
        <a href="/" className="home-link" aria-label="Tutti, to the start page" onClick={leave}>
          <Wordmark />
        </a>
        <div className="room-name">
          <h1>{view.room?.name}</h1>
          {view.room !== null && <PartyOfRoom room={view.room.id} />}
        </div>
        {view.room?.recording && (
          <span className="badge recording" role="status" title="The meeting in this room, and its chat">
            Recording
          </span>
        )}
        <ToldInRoom />
        <ShareLink />
      </header>
      <Banner view={view} />
      {inside !== null && (
        <InsideContext value={inside}>
          <Body history={history} />
        </InsideContext>
      )}
      <Toasts
        problem={view.connection === "lost" || view.connection === "connecting" ? view.problem : null}
        toasts={toasts}
        onDismiss={dismiss}
        onDismissProblem={() => room.dismissProblem()}
      />
    </div>
  );
}

/** Within the page, so that the room hears at once that one has left; a new tab is none of its business. */
function leave(event: MouseEvent): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  navigate("/");
}

const GONE = { code: "left", message: "You are no longer in this room" };

function Body({ history }: { history: ReturnType<typeof useHistory> }) {
  const wide = useMediaQuery(WIDE);
  const [helping, setHelping] = useState(false);
  useShortcuts({ help: () => setHelping((open) => !open) });
  return (
    <main className="room-body">
      <HandKey />
      <OffsetKeys />
      <div className="stage">
        <Stage />
        {wide && <Timing history={history} />}
      </div>
      <aside className="side">
        <Side history={history} withTiming={!wide} />
        <button className="quiet keys" onClick={() => setHelping(true)} aria-keyshortcuts="?">
          Keys <kbd>?</kbd>
        </button>
      </aside>
      {helping && <Help onClose={() => setHelping(false)} />}
    </main>
  );
}
