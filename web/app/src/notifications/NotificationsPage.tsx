/** Everything one was told, and what one wants to be told of. */

import type { Notification, PersonHears } from "@tutti/client/party";
import { useCallback, useState } from "react";
import { Link } from "../account/Link";
import { Shell } from "../account/Shell";
import { Failure } from "../Failure";
import { usePages } from "../people/usePages";
import { wordsOf } from "../sign-in/api";
import { notifications, useHearing, useTold } from "./live";
import { Preferences } from "./Preferences";
import { ago, placeOf } from "./words";

export function NotificationsPage() {
  return (
    <Shell title="Notifications">
      <All />
      <Preferences />
    </Shell>
  );
}

function All() {
  const pages = usePages(notifications.all);
  const { reload } = pages;
  const { unread } = useTold();
  const [failure, setFailure] = useState<string | null>(null);
  useHearing(
    useCallback(
      (said: PersonHears) => {
        if (["notification", "notifications_read", "connected"].includes(said.type)) reload();
      },
      [reload],
    ),
  );
  const does = (act: Promise<unknown>) => {
    setFailure(null);
    act.catch((reason: unknown) => setFailure(wordsOf(reason))).finally(reload);
  };
  return (
    <section className="card" aria-label="What you were told">
      <Failure>{failure ?? pages.failure}</Failure>
      {pages.rows !== null && pages.rows.length === 0 && <p className="muted">Nothing yet.</p>}
      {unread > 0 && (
        <p className="row">
          <button onClick={() => does(notifications.readAll())}>Mark all as read</button>
        </p>
      )}
      <ul className="rows" aria-label="Notifications">
        {pages.rows?.map((each) => (
          <Row key={each.id} notification={each} does={does} />
        ))}
      </ul>
      {pages.more !== null && (
        <p className="row">
          <button onClick={pages.more}>Show more</button>
        </p>
      )}
    </section>
  );
}

interface RowProps {
  notification: Notification;
  does: (act: Promise<unknown>) => void;
}

function Row({ notification, does }: RowProps) {
  const { id, title, message, is_read, created_at } = notification;
  const place = placeOf(notification);
  const what = (
    <>
      <strong>{title}</strong>
      {message !== "" && <span>{message}</span>}
    </>
  );
  return (
    <li className={is_read ? "told-row" : "told-row told-unread"}>
      <div className="row-what">
        {place === null ? what : <Link to={place}>{what}</Link>}
        <span className="muted">
          <time dateTime={created_at}>{ago(created_at)}</time>
          {!is_read && " · unread"}
        </span>
      </div>
      <div className="row-acts">
        {!is_read && (
          <button className="quiet" onClick={() => does(notifications.read(id))}>
            Mark as read<span className="visually-hidden"> {title}</span>
          </button>
        )}
        <button className="quiet" onClick={() => does(notifications.delete(id))}>
          Delete<span className="visually-hidden"> {title}</span>
        </button>
      </div>
    </li>
  );
}
