/** One conversation: what was said, the oldest first, kept up to date by what is told live. */

import type { Conversation, Message, NewMessage, Page, PersonHears } from "@tutti/client/party";
import { useCallback, useEffect, useReducer, useRef, useState } from "react";
import { onlyNewest } from "../newest";
import { messaging, useHearing } from "../notifications/live";
import { myId } from "../sign-in/accounts";
import { wordsOf } from "../sign-in/api";
import { changed, NOTHING_YET } from "./said";
import { newKey } from "./words";

/** Said, and not accepted yet. `failure`: why not; it may be sent again under the same key. */
export interface Pending {
  key: string;
  said: NewMessage;
  failure: string | null;
}

export interface TalkState {
  talk: Conversation | null;
  said: readonly Message[] | null;
  pending: readonly Pending[];
  typing: readonly string[];
  failure: string | null;
  /** What was said before, if there is more. */
  earlier: (() => void) | null;
  send: (said: NewMessage) => void;
  again: (pending: Pending) => void;
  forget: (key: string) => void;
  does: (act: Promise<unknown>) => void;
  /** It is called otherwise now. */
  renamed: (talk: Conversation) => void;
}

const TYPES_FOR_MS = 6_000;

export function useTalk(id: string): TalkState {
  const [talk, setTalk] = useState<Conversation | null>(null);
  const [{ shown: said }, change] = useReducer(changed, NOTHING_YET);
  const [pending, setPending] = useState<readonly Pending[]>([]);
  const [typing, setTyping] = useState<readonly string[]>([]);
  const [next, setNext] = useState<string | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const fail = useCallback((reason: unknown) => setFailure(wordsOf(reason)), []);
  const timers = useRef(new Map<string, ReturnType<typeof setTimeout>>());

  const [looks] = useState(onlyNewest);
  const [lists] = useState(onlyNewest);

  const look = useCallback(() => {
    looks(messaging.conversation(id), setTalk, fail);
  }, [id, looks, fail]);
  const load = useCallback(() => {
    look();
    change({ asks: true });
    const show = (page: Page<Message>) => {
      change({ only: page.results });
      setNext(page.next);
    };
    lists(messaging.messages(id), show, fail);
  }, [id, look, lists, fail]);
  useEffect(load, [load]);

  const types = useCallback((user: string, on: boolean) => {
    const stops = () => setTyping((before) => before.filter((one) => one !== user));
    clearTimeout(timers.current.get(user));
    stops();
    if (!on) return;
    setTyping((before) => [...before, user]);
    timers.current.set(user, setTimeout(stops, TYPES_FOR_MS));
  }, []);

  useHearing(
    useCallback(
      (told: PersonHears) => {
        if (told.type === "connected" && !told.complete) load();
        if (!("conversation_id" in told) || told.conversation_id !== id) return;
        if (told.type === "message" || told.type === "message_edited") change({ put: [told.message] });
        if (told.type === "message" && told.message.user !== null) types(told.message.user.id, false);
        if (told.type === "message_deleted") change({ gone: told.message_id });
        if (told.type === "typing") types(told.user_id, told.is_typing);
        if (told.type === "conversation_updated" || told.type === "read") look();
      },
      [id, load, look, types],
    ),
  );
  useReading(id, said, fail);

  const forget = (key: string) => setPending((before) => before.filter((one) => one.key !== key));
  const again = ({ key, said: message }: Pending) => {
    setPending((before) => [
      ...before.filter((one) => one.key !== key),
      { key, said: message, failure: null },
    ]);
    messaging.send(id, message, key).then(
      (accepted) => {
        change({ put: [accepted] });
        forget(key);
      },
      (reason: unknown) =>
        setPending((before) =>
          before.map((one) => (one.key === key ? { ...one, failure: wordsOf(reason) } : one)),
        ),
    );
  };
  const earlier = () => {
    if (next === null) return;
    messaging.more<Message>(next).then((page) => {
      change({ put: page.results });
      setNext(page.next);
    }, fail);
  };
  return {
    talk,
    said,
    pending,
    typing,
    failure,
    earlier: next === null ? null : earlier,
    send: (message) => again({ key: newKey(), said: message, failure: null }),
    again,
    forget,
    does: (act) => {
      setFailure(null);
      act.catch(fail);
    },
    renamed: setTalk,
  };
}

/** Whoever looks at the last message has read it. */
function useReading(id: string, said: readonly Message[] | null, fail: (reason: unknown) => void): void {
  const last = said?.at(-1);
  const read = useRef("");
  useEffect(() => {
    const look = () => {
      if (last === undefined || document.hidden || read.current === last.id) return;
      read.current = last.id;
      if (last.user?.id !== myId()) messaging.read(id).catch(fail);
    };
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [id, last, fail]);
}
