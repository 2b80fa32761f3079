import type { Somebody } from "@tutti/client/party";
import type { ReactNode } from "react";
import { Link } from "../account/Link";
import { Avatar } from "./Avatar";

interface Props {
  who: Somebody;
  note?: string;
  /** Whoever one blocks has no page to go to. */
  linked?: boolean;
  /** What may be done. */
  children?: ReactNode;
}

export function PersonRow({ who, note, linked = true, children }: Props) {
  return (
    <li>
      <Avatar who={who} />
      <div className="row-what">
        {linked ? (
          <Link to={`/people/${encodeURIComponent(who.id)}`}>{who.display_name}</Link>
        ) : (
          <strong>{who.display_name}</strong>
        )}
        <span className="muted">{note ?? `@${who.username}`}</span>
      </div>
      <div className="row-acts">{children}</div>
    </li>
  );
}
