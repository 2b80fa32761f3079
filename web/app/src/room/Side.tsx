import { useEffect, useState } from "react";
import { Chat } from "./chat/Chat";
import { COMPOSER_ID } from "./chat/Composer";
import { useUnread } from "./chat/useUnread";
import { useInside } from "./inside";
import { People } from "./people/People";
import { Polls } from "./polls/Polls";
import { useNews } from "./polls/useNews";
import { Queue } from "./queue/Queue";
import { Tabs, type Tab } from "./Tabs";
import type { History } from "./timing/history";
import { Timing } from "./timing/Timing";
import { usePageVisible } from "./usePageVisible";
import { useShortcuts } from "./useShortcuts";

type Id = "people" | "chat" | "polls" | "queue" | "timing";

/** What there is beside the picture. Where there is no room beneath it, the timing is here as well. */
export function Side({ history, withTiming }: { history: History; withTiming: boolean }) {
  const { state } = useInside();
  const [chosen, setChosen] = useState<Id>("people");
  const [writing, setWriting] = useState(0);
  const open: Id = chosen === "timing" && !withTiming ? "people" : chosen;
  const visible = usePageVisible();
  const unread = useUnread(open === "chat" && visible);
  const news = useNews(open === "polls" && visible);
  const openPolls = state.polls.filter(({ closed }) => !closed).length;
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
    news > 0
      ? { id: "polls", title: "Polls", count: news, means: "new", news: true }
      : { id: "polls", title: "Polls", count: openPolls, means: "open" },
    { id: "queue", title: "Queue", count: state.queue.length },
    ...(withTiming ? [{ id: "timing", title: "Timing" } as const] : []),
  ];
  return (
    <>
      <p className="visually-hidden" role="status">
        {news > 0 && `New poll: ${state.polls.at(-1)?.question}`}
      </p>
      <Tabs tabs={tabs} open={open} onOpen={setChosen}>
        {open === "people" && <People />}
        {open === "chat" && <Chat />}
        {open === "polls" && <Polls />}
        {open === "queue" && <Queue />}
        {open === "timing" && <Timing history={history} />}
      </Tabs>
    </>
  );
}
