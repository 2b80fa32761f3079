import { Link } from "../account/Link";
import { usePath } from "../navigation";
import "../styles/messages.css";
import { useTold } from "./live";

/** How much is unread, and the way to it. `apart`: without leaving where one is. */
export function Bell({ apart = false }: { apart?: boolean }) {
  const { unread } = useTold();
  const path = usePath();
  const many = unread > 99 ? "99+" : String(unread);
  return (
    <Link to="/notifications" className="bell" current={path === "/notifications"} apart={apart}>
      <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
        <path
          fill="none"
          stroke="currentColor"
          strokeWidth="2"
          strokeLinecap="round"
          strokeLinejoin="round"
          d="M6 9a6 6 0 0 1 12 0c0 6 2.5 7 2.5 7h-17S6 15 6 9m4 11a2.2 2.2 0 0 0 4 0"
        />
      </svg>
      <span className="visually-hidden">Notifications{unread > 0 && `, ${unread} unread`}</span>
      {unread > 0 && (
        <span className="bell-count" aria-hidden="true">
          {many}
        </span>
      )}
    </Link>
  );
}
