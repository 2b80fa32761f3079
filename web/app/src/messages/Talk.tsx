/** One conversation: what was said, who types, and where one writes. */

import type { Message } from "@tutti/client/party";
import { Fragment, useEffect, useRef, useState } from "react";
import { Link } from "../account/Link";
import { Failure } from "../Failure";
import { messaging } from "../notifications/live";
import { navigate } from "../navigation";
import { myId } from "../sign-in/accounts";
import { Composer } from "./Composer";
import { GroupName } from "./GroupName";
import { Line } from "./Line";
import { useTalk, type TalkState } from "./useTalk";
import { dayOf, nameOf } from "./words";

export function Talk({ id }: { id: string }) {
  const state = useTalk(id);
  const { talk, said, failure, does } = state;
  const [reply, setReply] = useState<Message | null>(null);
  if (talk === null) {
    return (
      <section className="card talk" aria-label="Conversation">
        <Back />
        {failure === null ? <p className="muted">One moment…</p> : <Failure>{failure}</Failure>}
      </section>
    );
  }
  const mine = myId();
  const name = nameOf(talk, mine);
  const leave = () => does(messaging.leave(id).then(() => navigate("/messages")));
  return (
    <section className="card talk" aria-label={name}>
      <header className="talk-head">
        <Back />
        {talk.type === "group" ? (
          <GroupName
            talk={talk}
            name={name}
            mayRename={talk.participants.some(({ id: one, role }) => one === mine && role === "owner")}
            onRenamed={state.renamed}
          />
        ) : (
          <h2>{name}</h2>
        )}
        {talk.type === "group" && (
          <>
            <span className="muted">{talk.participants.length} people</span>
            <button className="quiet" onClick={leave}>
              Leave
            </button>
          </>
        )}
      </header>
      <Failure>{failure}</Failure>
      <Said state={state} onReply={setReply} />
      <Typing state={state} />
      <Composer
        talk={id}
        reply={reply}
        replied={said?.find((one) => one.id === reply?.id) ?? reply}
        onNoReply={() => setReply(null)}
        onSend={(message) => {
          state.send(message);
          setReply(null);
        }}
      />
    </section>
  );
}

function Back() {
  return (
    <Link to="/messages" className="talk-back">
      <span aria-hidden="true">←</span>
      <span className="visually-hidden">All conversations</span>
    </Link>
  );
}

function Said({ state, onReply }: { state: TalkState; onReply: (message: Message) => void }) {
  const { said, pending, earlier, talk, does } = state;
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const shown = `${said?.at(-1)?.id ?? ""} ${pending.length}`;
  useEffect(() => {
    const element = box.current;
    if (shown !== "" && element !== null && atEnd.current) element.scrollTop = element.scrollHeight;
  }, [shown]);
  const scrolled = () => {
    const element = box.current;
    if (element !== null) {
      atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 40;
    }
  };
  return (
    <div className="talk-said" ref={box} onScroll={scrolled} role="log" aria-label="Messages">
      {earlier !== null && <button onClick={earlier}>Show earlier</button>}
      {said?.length === 0 && pending.length === 0 && <p className="muted">Say something.</p>}
      <ol>
        {said?.map((message, place) => (
          <Fragment key={message.id}>
            {dayOf(message.timestamp) !== dayOf(said[place - 1]?.timestamp ?? "1970-01-01") && (
              <li className="talk-day muted">{dayOf(message.timestamp)}</li>
            )}
            <Line
              message={message}
              answered={said.find((one) => one.id === message.reply_to) ?? null}
              group={talk?.type === "group"}
              onReply={onReply}
              does={does}
            />
          </Fragment>
        ))}
        {pending.map((one) => (
          <li key={one.key} className="talk-line talk-mine talk-pending">
            <p className="talk-text">{one.said.message || "A file"}</p>
            {one.failure === null ? (
              <span className="muted">Sending…</span>
            ) : (
              <span className="row">
                <span className="failure" role="alert">
                  {one.failure}
                </span>
                <button className="quiet" onClick={() => state.again(one)}>
                  Send again
                </button>
                <button className="quiet" onClick={() => state.forget(one.key)}>
                  Discard
                </button>
              </span>
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}

function Typing({ state: { typing, talk } }: { state: TalkState }) {
  const names =
    talk?.participants.filter((one) => typing.includes(one.id)).map((one) => one.display_name) ?? [];
  return (
    <p className="talk-typing muted" aria-live="polite">
      {names.length > 0 && `${names.join(", ")} ${names.length === 1 ? "is" : "are"} typing…`}
    </p>
  );
}
