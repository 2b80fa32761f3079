import type { Message } from "@tutti/client/party";
import { useState } from "react";
import { messaging } from "../notifications/live";
import { myId } from "../sign-in/accounts";
import { Attachment } from "./Attachment";
import { briefly, clockOf } from "./words";

interface Props {
  message: Message;
  /** What it replies to, if that is shown. */
  answered: Message | null;
  group: boolean;
  onReply: (message: Message) => void;
  does: (act: Promise<unknown>) => void;
}

export function Line({ message, answered, group, onReply, does }: Props) {
  const [editing, setEditing] = useState(false);
  const { id, user, deleted, edited, timestamp, attachments, conversation_id } = message;
  const mine = user?.id === myId();
  const name = user?.display_name ?? "Somebody who is gone";
  return (
    <li className={mine ? "talk-line talk-mine" : "talk-line"}>
      {!mine && group && <strong className="talk-name">{name}</strong>}
      {message.reply_to !== null && (
        <blockquote className="talk-quote">
          {answered === null ? "An earlier message" : briefly(answered)}
        </blockquote>
      )}
      {editing ? (
        <Editing message={message} does={does} onEnd={() => setEditing(false)} />
      ) : (
        <p className={deleted ? "talk-text muted" : "talk-text"}>{deleted ? "Deleted" : message.message}</p>
      )}
      {attachments.map((file) => (
        <Attachment key={file.id} file={file} />
      ))}
      <span className="talk-foot">
        <span className="muted">
          <time dateTime={timestamp}>{clockOf(timestamp)}</time>
          {edited && !deleted && " · edited"}
        </span>
        {!deleted && !editing && (
          <span className="talk-acts">
            <button className="quiet" onClick={() => onReply(message)}>
              Reply<span className="visually-hidden"> to {briefly(message)}</span>
            </button>
            {mine && (
              <>
                <button className="quiet" onClick={() => setEditing(true)}>
                  Edit<span className="visually-hidden"> {briefly(message)}</span>
                </button>
                <button className="quiet" onClick={() => does(messaging.delete(conversation_id, id))}>
                  Delete<span className="visually-hidden"> {briefly(message)}</span>
                </button>
              </>
            )}
          </span>
        )}
      </span>
    </li>
  );
}

function Editing({ message, does, onEnd }: { message: Message; does: Props["does"]; onEnd: () => void }) {
  const [text, setText] = useState(message.message);
  return (
    <form
      className="talk-editing"
      onSubmit={(event) => {
        event.preventDefault();
        does(messaging.edit(message.conversation_id, message.id, text).then(onEnd));
      }}
    >
      <textarea
        aria-label="Edit your message"
        value={text}
        maxLength={4000}
        rows={2}
        autoFocus
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onEnd();
        }}
      />
      <span className="row">
        <button className="primary" disabled={text.trim() === ""}>
          Save
        </button>
        <button type="button" onClick={onEnd}>
          Cancel
        </button>
      </span>
    </form>
  );
}
