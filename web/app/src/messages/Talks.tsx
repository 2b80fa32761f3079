/** All conversations, and one of them beside; on a phone one or the other. */

import type { Conversation, PersonHears } from "@tutti/client/party";
import { useCallback } from "react";
import { Link } from "../account/Link";
import { Failure } from "../Failure";
import { messaging, useHearing } from "../notifications/live";
import { Avatar } from "../people/Avatar";
import { usePages } from "../people/usePages";
import { myId } from "../sign-in/accounts";
import { Talk } from "./Talk";
import { talkPath } from "./paths";
import { briefly, nameOf } from "./words";

const CHANGES = new Set([
  "message",
  "message_edited",
  "message_deleted",
  "read",
  "conversation_updated",
  "connected",
]);

export function Talks({ open }: { open: string | null }) {
  const pages = usePages(messaging.conversations);
  const { reload } = pages;
  useHearing(
    useCallback(
      (said: PersonHears) => {
        if (CHANGES.has(said.type)) reload();
      },
      [reload],
    ),
  );
  return (
    <div className={open === null ? "talks" : "talks talks-open"}>
      <section className="card talks-list" aria-label="Conversations">
        <p className="row">
          <Link to="/messages/new" className="button primary">
            New conversation
          </Link>
        </p>
        <Failure>{pages.failure}</Failure>
        {pages.rows === null && pages.failure === null && <p className="muted">One moment…</p>}
        {pages.rows?.length === 0 && <p className="muted">Nobody has written yet.</p>}
        <ul aria-label="Conversations">
          {pages.rows?.map((talk) => (
            <li key={talk.id}>
              <Entry talk={talk} current={talk.id === open} />
            </li>
          ))}
        </ul>
        {pages.more !== null && <button onClick={pages.more}>Show more</button>}
      </section>
      {open === null ? (
        <p className="muted talks-none">Choose a conversation, or begin one.</p>
      ) : (
        <Talk key={open} id={open} />
      )}
    </div>
  );
}

function Entry({ talk, current }: { talk: Conversation; current: boolean }) {
  const mine = myId();
  const name = nameOf(talk, mine);
  const other = talk.participants.find((one) => one.id !== mine) ?? null;
  const face =
    talk.type === "group" || other === null ? { display_name: name, username: name, avatar: null } : other;
  return (
    <Link to={talkPath(talk.id)} className="talk-entry" current={current}>
      <Avatar who={face} />
      <span className="talk-entry-what">
        <strong>{name}</strong>
        <span className="muted">{briefly(talk.last_message)}</span>
      </span>
      {talk.unread_count > 0 && (
        <span className="talk-unread">
          {talk.unread_count}
          <span className="visually-hidden"> unread</span>
        </span>
      )}
    </Link>
  );
}
