import type { Room, WatchRoom } from "@tutti/client";
import { useEffect } from "react";
import { Wordmark } from "../Wordmark";
import { Banner } from "./Banner";
import { People } from "./People";
import { Player } from "./Player";
import { ShareLink } from "./ShareLink";
import { Together } from "./Together";
import { useRoomView, useWatchRoom } from "./useWatchRoom";
import { useTitle } from "./useTitle";

interface Props {
  room: Room;
  userName: string;
  onEnd: (why: string) => void;
}

export function InRoom({ room, userName, onEnd }: Props) {
  const watched = useWatchRoom(room, userName);
  useTitle(room.name);
  return watched === null ? null : <Inside room={watched} onEnd={onEnd} />;
}

function Inside({ room, onEnd }: { room: WatchRoom; onEnd: (why: string) => void }) {
  const view = useRoomView(room);
  const ended = view.connection === "ended" ? view.problem?.message : undefined;
  useEffect(() => {
    if (ended !== undefined) onEnd(ended);
  }, [ended, onEnd]);
  return (
    <div className="room">
      <header className="room-bar">
        <a href="/" className="home-link" aria-label="Tutti, to the start page">
          <Wordmark />
        </a>
        <h1>{room.room.name}</h1>
        <ShareLink />
      </header>
      <Banner view={view} onDismiss={() => room.dismissProblem()} />
      <main className="room-body">
        <Player room={room} view={view} />
        <aside className="side">
          <Together view={view} />
          <People room={room} view={view} />
        </aside>
      </main>
    </div>
  );
}
