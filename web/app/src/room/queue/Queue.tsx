import type { Entry } from "@tutti/client/native";
import { titleOf } from "../../media";
import { clock } from "../../words";
import { useInside } from "../inside";
import { Icon } from "../stage/Icon";
import { AddToQueue } from "./AddToQueue";
import { beforeWhich } from "./moves";

export function Queue() {
  const { state } = useInside();
  const { queue } = state;
  return (
    <div className="queue">
      <p className="now">
        <span className="muted">Now</span> <strong>{titleOf(state.media)}</strong>
      </p>
      {queue.length === 0 ? (
        <p className="muted empty">Nothing is next. What you add plays when this ends.</p>
      ) : (
        <ol aria-label="Next">
          {queue.map((entry, at) => (
            <QueueRow key={entry.id} entry={entry} at={at} />
          ))}
        </ol>
      )}
      <AddToQueue />
    </div>
  );
}

function QueueRow({ entry, at }: { entry: Entry; at: number }) {
  const { room, state, mayControl, ask } = useInside();
  const { queue } = state;
  const title = titleOf(entry.media);
  const by = state.members.find(({ id }) => id === entry.by)?.name;
  const move = (step: -1 | 1) => ask(room.queueMove(entry.id, beforeWhich(queue, at, step)));
  return (
    <li>
      <span className="what">
        {title}
        <span className="muted">
          {entry.media.durationMs !== null && ` ${clock(entry.media.durationMs)}`}
          {by !== undefined && ` added by ${by}`}
        </span>
      </span>
      {mayControl && (
        <span className="acts">
          {at === 0 && (
            <button
              className="quiet"
              onClick={() => ask(room.playNext(entry.id))}
              aria-label={`Play ${title} now`}
            >
              Play now
            </button>
          )}
          <button
            className="icon"
            disabled={at === 0}
            onClick={() => move(-1)}
            aria-label={`Move ${title} up`}
          >
            <Icon name="up" />
          </button>
          <button
            className="icon"
            disabled={at === queue.length - 1}
            onClick={() => move(1)}
            aria-label={`Move ${title} down`}
          >
            <Icon name="down" />
          </button>
          <button
            className="icon"
            onClick={() => ask(room.queueRemove(entry.id))}
            aria-label={`Remove ${title} from the queue`}
          >
            <Icon name="remove" />
          </button>
        </span>
      )}
    </li>
  );
}
