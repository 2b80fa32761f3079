import { useState } from "react";
import { Chat } from "../room/chat/Chat";
import { Queue } from "../room/queue/Queue";
import { Tabs, type Tab } from "../room/Tabs";
import { useFilm } from "./Film";
import { useHere } from "./here";
import { MeetingPeople } from "./MeetingPeople";
import { Rooms } from "./Rooms";
import { Whispers } from "./Whispers";

type Id = "people" | "chat" | "film" | "rooms";

export function MeetingSide() {
  const { view, mayModerate } = useHere();
  const film = useFilm();
  const [chosen, setChosen] = useState<Id>("people");
  const tabs: Tab<Id>[] = [
    { id: "people", title: "People", count: view.knocks.length, means: "waiting to come in", news: true },
    { id: "chat", title: "Chat" },
    { id: "film", title: "Film" },
    ...(mayModerate || view.breakouts !== null ? [{ id: "rooms", title: "Rooms" } as const] : []),
  ];
  const open: Id = tabs.some(({ id }) => id === chosen) ? chosen : "people";
  return (
    <aside className="side">
      <Tabs tabs={tabs} open={open} onOpen={setChosen}>
        {open === "people" && <MeetingPeople />}
        {open === "chat" && (
          <div className="meeting-chat">
            {film === null ? <p className="muted empty">Connecting…</p> : <Chat />}
            <Whispers />
          </div>
        )}
        {open === "film" && (film === null ? <p className="muted empty">Connecting…</p> : <Queue />)}
        {open === "rooms" && <Rooms />}
      </Tabs>
    </aside>
  );
}
