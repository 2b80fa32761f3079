import { useEffect, useState } from "react";
import { Chat } from "./chat/Chat";
import { COMPOSER_ID } from "./chat/Composer";
import { useUnread } from "./chat/useUnread";
import { useInside } from "./inside";
import { People } from "./people/People";
import { Queue } from "./queue/Queue";
import { Tabs, type Tab } from "./Tabs";
import type { History } from "./timing/history";
import { Timing } from "./timing/Timing";
import { usePageVisible } from "./usePageVisible";
import { useShortcuts } from "./useShortcuts";

type Id = "people" | "chat" | "queue" | "timing";

/** What there is beside the picture. Where there is no room beneath it, the timing is here as well. */
export function Side({ history, withTiming }: { history: History; withTiming: boolean }) {
  const { state } = useInside();
  const [chosen, setChosen] = useState<Id>("people");
  const [writing, setWriting] = useState(0);
  const open: Id = chosen === "timing" && !withTiming ? "people" : chosen;
  const visible = usePageVisible();
  const unread = useUnread(open === "chat" && visible);
  useShortcuts({
    chat: () => {
      setChosen("chat");
      setWriting((times) => times + 1);
    },
  });
  useEffect(() => {
    if (writing > 0) document.getElementById(COMPOSER_ID)?.focus();
  }, [writing]);

  const tabs: Tab<Id>[] = [
    { id: "people", title: "People", count: state.members.length },
    { id: "chat", title: "Chat", count: unread, means: "unread", news: true },
    { id: "queue", title: "Queue", count: state.queue.length },
    ...(withTiming ? [{ id: "timing", title: "Timing" } as const] : []),
  ];
  return (
    <Tabs tabs={tabs} open={open} onOpen={setChosen}>
      {open === "people" && <People />}
      {open === "chat" && <Chat />}
      {open === "queue" && <Queue />}
      {open === "timing" && <Timing history={history} />}
    </Tabs>
  );
}
